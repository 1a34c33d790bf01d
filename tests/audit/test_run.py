from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaint_policy.audit import Audit, read_mapping, run_audit
from complaint_policy.audit.columns import frame_zone
from complaint_policy.audit.row_blocks import _ROWS as CHUNK
from complaint_policy.errors import ComplaintPolicyError, InputError, MappingError, UsageError
from complaint_policy.zones import zone_named
from tests.audit.fake import FakePolicy

AS_OF = datetime(2024, 2, 1)
RECORDS: list[dict[str, Any]] = [
    {"id": "a", "received_at": "2024-01-01T10:00", "responded_at": "2024-01-03T10:00", "category": "network"},
    {"id": "b", "received_at": "soon"},
    {"id": "c", "received_at": "2024-01-01T10:00", "responded_at": "2024-01-08T12:00", "category": "tarif"},
    {"id": "a", "received_at": "2024-01-30", "root_cause": "x", "category": "tariff", "handler": "张三"},
]


def audit(source: Any = RECORDS, **more: Any) -> Audit:
    return run_audit(more.pop("policy", None) or FakePolicy(), source, as_of=AS_OF, **more)


def test_the_decisions_table() -> None:
    decisions = audit().decisions

    assert decisions.columns == [
        "row",
        "id",
        "status",
        "severity",
        "owner",
        "DL-answer.outcome",
        "DL-answer.due_at",
        "RQ-cause.outcome",
        "PN-late.amount",
    ]
    assert decisions["row"].to_list() == [0, 2, 3]
    assert decisions["DL-answer.outcome"].to_list() == ["met", "breached", "pending"]
    assert decisions["PN-late.amount"].to_list() == [None, Decimal("100.00"), None]
    assert decisions.schema["DL-answer.due_at"] == pl.Datetime("us", "Asia/Shanghai")
    assert decisions["DL-answer.due_at"][0].isoformat() == "2024-01-06T10:00:00+08:00"


def test_local_times_are_shown_only_by_a_table_of_zones_that_agrees_with_ours() -> None:
    for name in ("Asia/Shanghai", "America/New_York", "Europe/Dublin", "America/Vancouver", "Factory", "UTC"):
        shown = frame_zone(name)
        moment = pl.Series([datetime(2027, 1, 15, 12)]).dt.replace_time_zone("UTC").dt.convert_time_zone(shown)
        wall = moment.dt.replace_time_zone(None)[0]

        assert shown in (name, "UTC")
        assert wall == zone_named(shown).to_wall(datetime(2027, 1, 15, 12))
    assert frame_zone("Asia/Shanghai") == "Asia/Shanghai"
    assert frame_zone("Factory") == "UTC"


def test_columns_on_request() -> None:
    decisions = audit([{"id": "a", "received_at": "2024-01-01"}], columns=("severity.possible", "missing")).decisions

    assert decisions["severity.possible"].to_list() == [["general"]]
    assert decisions["DL-answer.missing"].to_list() == [["responded_at"]]
    assert decisions["DL-answer.outcome"].to_list() == ["indeterminate"]
    with pytest.raises(UsageError, match=r"severity\.possible, missing"):
        audit(columns=("due_on",))


def test_rejects_say_where_and_why() -> None:
    rejected = audit().rejected

    assert rejected.to_dicts() == [
        {"row": 1, "source_row": 2, "id": "b", "reason": "no usable received_at", "reason_zh": "没有可用的受理时间",
         "field": "received_at"},
    ]  # fmt: skip


def test_a_column_that_is_absent_is_not_an_empty_cell() -> None:
    policy = FakePolicy()
    with_column = audit([{"received_at": "2024-01-01", "responded_at": None}], policy=policy).decisions
    without = audit([{"received_at": "2024-01-01"}], policy=policy).decisions

    assert with_column["DL-answer.outcome"].to_list() == ["breached"]
    assert without["DL-answer.outcome"].to_list() == ["indeterminate"]


def test_a_record_on_which_judging_fails_stops_nothing() -> None:
    policy = FakePolicy()
    policy.fails_on = "c"
    result = audit(policy=policy)

    assert result.decisions["row"].to_list() == [0, 3]
    assert "ZeroDivisionError" in result.rejected.filter(pl.col("row") == 2)["reason"][0]


def test_a_decision_of_which_a_part_fails_leaves_no_trace() -> None:
    class Lazy(FakePolicy):
        def evaluate(self, record: Any, **more: Any) -> Any:
            decision = super().evaluate(record, **more)
            if record["id"] == "c":
                del decision.penalties
            return decision

    result = audit(policy=Lazy())

    assert result.decisions["row"].to_list() == [0, 3]
    assert "AttributeError" in result.rejected.filter(pl.col("row") == 2)["reason"][0]


def test_a_decision_again() -> None:
    result = audit()

    assert result.decision("c").outcomes["DL-answer"] == "breached"
    assert result.decision(3).outcomes["RQ-cause"] == "met"
    for which, words in (
        ("a", "2 records"),
        ("b", "was rejected"),
        ("z", "no record"),
        (1, "row 1 was rejected"),
        (99, "row 99"),
    ):
        with pytest.raises(UsageError, match=words):
            result.decision(which)


def test_a_decision_of_a_file_that_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,received_at\na,2024-01-01\n")
    result = audit(path)
    assert result.decision("a").complaint_id == "a"

    path.write_text("id,received_at\na,2024-01-02 \n")
    with pytest.raises(InputError, match="changed"):
        result.decision("a")


def test_without_polars_the_extra_is_named() -> None:
    code = "import sys; sys.modules['polars'] = None; import complaint_policy.audit"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "MissingExtra" in done.stderr
    assert "pip install 'complaint-policy[audit]'" in done.stderr


def test_the_portfolio_is_empty() -> None:
    assert dict(audit().portfolio) == {}


def test_progress_tells_rows_and_share(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,received_at\n" + "".join(f"{n},2024-01-01\n" for n in range(2500)))
    told: list[tuple[int, float | None]] = []
    audit(path, progress=lambda rows, share: told.append((rows, share)))

    assert [rows for rows, _ in told] == [1000, 2000, 2500]
    assert told[-1][1] == 1.0
    assert all(share is None or 0 <= share <= 1 for _, share in told)


def test_progress_of_a_log_is_told_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("case,at\n" + "".join(f"{n % 7},2024-01-01\n" for n in range(2500)))
    text = "format: 1\nfields: {id: {column: case}, received_at: {column: at}}\nevents: {case: case}\n"
    told: list[int] = []
    audit(path, mapping=read_mapping(text), progress=lambda rows, share: told.append(rows))

    assert told == [1000, 2000, 2500]


def test_many_chunks_keep_their_order() -> None:
    rows = [{"id": str(n), "received_at": "2024-01-01"} for n in range(CHUNK * 2 + 7)]
    decisions = audit(pl.DataFrame(rows)).decisions

    assert decisions["id"].to_list() == [r["id"] for r in rows]
    assert decisions["row"].to_list() == list(range(len(rows)))


def test_every_source_gives_the_same_decisions(tmp_path: Path) -> None:
    frame = pl.DataFrame(RECORDS)
    frame.write_csv(tmp_path / "a.csv")
    frame.write_csv(tmp_path / "a.tsv", separator="\t")
    frame.write_ndjson(tmp_path / "a.jsonl")
    frame.write_parquet(tmp_path / "a.parquet")
    expected = audit().decisions
    names = ("a.csv", "a.tsv", "a.jsonl", "a.parquet")
    sources: list[Any] = [
        frame,
        frame.lazy(),
        frame.to_arrow(),
        iter(RECORDS),
        *(tmp_path / n for n in names),
        str(tmp_path / "a.csv"),
    ]

    for source in sources:
        assert audit(source).decisions.equals(expected), source


def test_typed_columns_are_read_as_they_are() -> None:
    frame = pl.DataFrame(
        {"id": [1, 2], "received_at": [datetime(2024, 1, 1, 10)] * 2, "responded_at": [date(2024, 1, 4), None]}
    )
    decisions = audit(frame).decisions

    assert decisions["id"].to_list() == ["1", "2"]
    assert decisions["DL-answer.outcome"].to_list() == ["met", "breached"]


def test_without_receipt_the_call_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,recieved_at\n1,2024-01-01\n")

    with pytest.raises(InputError, match="did you mean 'recieved_at'"):
        audit(path)
    with pytest.raises(UsageError, match="as_of"):
        run_audit(FakePolicy(), RECORDS, as_of=date(2024, 1, 1))  # type: ignore[arg-type]


def test_no_records_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,received_at\n")
    sources: list[Any] = [[], pl.DataFrame(), tmp_path / "a.csv"]
    for source in sources:
        result = audit(source)

        assert result.decisions.height == 0
        assert result.summary().identity.holds
        assert result.summary().render("zh")


def test_a_mapping_that_fits_neither_policy_nor_table(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Created,Key\n2024-01-01,1\n")
    good = "format: 1\nfields: {id: {column: Key}, received_at: {column: Created}}\n"
    mapping = tmp_path / "m.yaml"
    mapping.write_text(good)

    assert audit(path, mapping=mapping).decisions.height == 1
    assert audit(path, mapping=str(mapping)).decisions.height == 1
    with pytest.raises(MappingError, match="did you mean 'Created'"):
        audit(path, mapping=read_mapping(good.replace("Created", "Createt")))
    with pytest.raises(MappingError, match="no field 'idd'"):
        audit(path, mapping=read_mapping(good.replace("{id:", "{idd:")))


def test_decisions_are_written_while_they_are_made(tmp_path: Path) -> None:
    rows = [{"id": str(n), "received_at": "2024-01-01"} for n in range(CHUNK + 3)]
    kept = audit(rows).decisions
    for name in ("d.csv", "d.parquet", "d.jsonl"):
        result = audit(rows, decisions_to=tmp_path / name, keep=False)

        assert result.summary().identity.decided == len(rows)
        with pytest.raises(UsageError, match="keep=False"):
            _ = result.decisions
        assert result.decision(5).complaint_id == result.decision("5").complaint_id == "5"
    assert pl.read_parquet(tmp_path / "d.parquet").equals(kept)
    assert pl.read_csv(tmp_path / "d.csv").height == pl.read_ndjson(tmp_path / "d.jsonl").height == len(rows)


def test_a_failure_leaves_no_file_behind(tmp_path: Path) -> None:
    def stop(rows: int, share: float | None) -> None:
        raise KeyboardInterrupt

    rows = [{"id": str(n), "received_at": "2024-01-01"} for n in range(CHUNK + 3)]
    for name in ("d.csv", "d.parquet", "d.jsonl", "d.xlsx"):
        (tmp_path / name).write_text("before")
        with pytest.raises(KeyboardInterrupt):
            audit(rows, decisions_to=tmp_path / name, progress=stop)
        assert (tmp_path / name).read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 4


CELL = st.one_of(
    st.sampled_from(["", " ", "?", "a", "2024-01-01", "x,y", 'q"', "two\nlines", "2024-13-01"]), st.text(max_size=3)
)
LOG = """\
format: 1
blank: ["?"]
fields: {id: {column: c0}, received_at: {column: c1}, status: {column: c2}}
rows: {where: {c2: [a, "", "?", "two\\nlines"]}}
"""
FOLD = LOG + "events: {case: c0, order: {column: c1}, take: {received_at: earliest}}\n"


@given(
    rows=st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=12),
    mapping=st.sampled_from([LOG, FOLD]),
    tail=st.sampled_from(["", "\n", '1,"open', "1,2"]),
)
def test_every_source_row_is_decided_rejected_or_folded(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], mapping: str, tail: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "identity.csv"
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["c0", "c1", "c2"])
    writer.writerows(rows)
    path.write_bytes((text.getvalue() + tail).encode("utf-8", "replace"))
    result = audit(path, mapping=read_mapping(mapping))
    identity = result.summary().identity

    expected = len(rows) + (1 if tail.strip() else 0)
    assert identity.rows == expected
    assert identity.decided + identity.rejected + identity.folded == expected
    assert identity.decided == result.decisions.height
    assert identity.rejected == result.rejected.height
    positions = result.decisions["row"].to_list() + result.rejected["row"].to_list()
    if mapping is LOG:
        assert sorted(positions) == list(range(expected))
    assert len(set(positions)) == len(positions)


def test_an_event_log_is_judged_by_case() -> None:
    text = """
format: 1
fields:
  id: {column: case}
  received_at: {column: at}
  responded_at: {column: at}
events:
  case: case
  take: {received_at: first}
  where: {responded_at: {what: [answer]}}
"""
    rows = [
        {"case": "A", "at": "2024-01-01T00:00", "what": "new"},
        {"case": "B", "at": "2024-01-01T00:00", "what": "new"},
        {"case": "A", "at": "2024-01-03T00:00", "what": "answer"},
        {"case": "B", "at": "2024-01-20T00:00", "what": "answer"},
        {"case": "", "at": "2024-01-20T00:00", "what": "answer"},
    ]
    result = audit(rows, mapping=read_mapping(text))
    identity = result.summary().identity

    assert dict(result.decisions.select("id", "DL-answer.outcome").iter_rows()) == {"A": "met", "B": "breached"}
    assert (identity.rows, identity.decided, identity.rejected, identity.folded) == (5, 2, 1, 2)
    assert result.decision("B").deadlines[0].over_by == timedelta(days=14)


@given(
    content=st.one_of(
        st.binary(max_size=60),
        st.text(alphabet='id,"\n\r\t\0;|x2024-01T:é断{}[]', max_size=60).map(lambda t: t.encode("utf-8")),
        st.text(alphabet='"id:,{}[]0\n ', max_size=40).map(lambda t: t.encode("utf-16")),
        st.binary(max_size=40).map(lambda b: b"id,received_at\n" + b),
        st.binary(max_size=40).map(lambda b: b"\x1f\x8b" + b),
        st.binary(max_size=40).map(lambda b: b"PK\x03\x04" + b),
    ),
    suffix=st.sampled_from([".csv", ".tsv", ".jsonl", ".json", ".xlsx", ".parquet", ".csv.gz"]),
)
def test_no_file_makes_an_audit_fail_but_by_our_errors(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(content)
    try:
        result = audit(path)
    except ComplaintPolicyError as error:
        assert error.render("en")
        assert error.render("zh")
    else:
        assert result.summary().identity.holds
        assert result.summary().render("zh")
