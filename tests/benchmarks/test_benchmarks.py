"""Every benchmark at a tiny size: that all contenders agree is asserted there, and how fast they are is nobody's business here.

Nothing the benchmarks compare with has to be installed: what is absent they leave out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import all as everything
import evaluate
import growth
import hand_summary
import plugin_facts
import polars as pl
import pytest
import records
import startup
import table_data
import tables
import workload


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))


def test_table_data() -> None:
    frame = table_data.table(2000).collect()
    assert frame.head(500).equals(table_data.table(500).collect())
    c = pl.col
    acts = ("acknowledged_at", "investigated_at", "responded_at", "closed_at")
    assert not frame.filter(pl.any_horizontal([c(act) < c("received_at") for act in acts]) | (c("followed_up_at") < c("closed_at"))).height
    assert not frame.filter(c("followed_up_at").is_not_null() & c("closed_at").is_null()).height
    assert 0 < frame["received_at"].null_count() < 200
    assert pl.read_parquet(table_data.parquet(2000)).equals(frame)
    assert pl.read_csv(table_data.csv(2000, ids=True))["id"].n_unique() == 2000


def test_tables(capsys: pytest.CaptureFixture[str]) -> None:
    tables.main(["--rows", "400", "--rounds", "0"])
    shown = capsys.readouterr().out
    assert "contenders equal on" in shown
    assert shown.count("summaries equal") == 2


def test_tables_shows_times_and_memory(capsys: pytest.CaptureFixture[str]) -> None:
    tables.main(["--rows", "200", "--rounds", "1", "--only", "parquet", "--name", "^complaint_policy$"])
    tables.main(["--rows", "200", "--only", "parquet", "--name", "^complaint_policy$", "--memory"])
    shown = capsys.readouterr().out
    assert re.search(r"^  complaint_policy +[\d,]+ +[\d.]+", shown, re.MULTILINE)
    assert re.search(r"^  complaint_policy +before +\d+ +peak +\d+", shown, re.MULTILINE)


def _later(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.when(pl.col("row") == 7).then(pl.col("due_close").dt.offset_by("1s")).otherwise(pl.col("due_close")).alias("due_close"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda frame: frame.with_columns(st_ack=pl.lit(0, pl.Int8)), "st_ack differs on"),
        (lambda frame: frame.head(30), "other rows than expected"),
        (_later, "due_close differs on 1 rows"),
    ],
)
def test_a_contender_that_differs_is_found(changed: Callable[[pl.DataFrame], pl.DataFrame], said: str) -> None:
    made = tables.contenders_of(tables.Tables(40, 1), "decisions")
    wanted = tables.comparable(made[tables.SAME](True)())
    assert 7 in wanted["row"]
    with pytest.raises(AssertionError, match=said):
        tables.assert_decisions("one", changed(wanted), wanted, wanted["row"])


def test_a_summary_that_differs_is_found() -> None:
    made = tables.contenders_of(tables.Tables(40, 1), "parquet")
    whole = made[tables.POLARS_WHOLE](False)()
    wrong: tables.Make = lambda numbered: lambda: whole | {"decided": 1}  # noqa: E731
    with pytest.raises(AssertionError, match="wrong: "):
        tables.check_summaries("parquet", made | {"wrong": wrong})
    assert hand_summary.of_library(made[tables.LIBRARY](False)()) == whole


def test_records(capsys: pytest.CaptureFixture[str]) -> None:
    records.main(["--records", "40", "--rounds", "1"])
    assert "contenders equal" in capsys.readouterr().out


def test_evaluate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate.py", "--records", "40", "--rounds", "1"])
    evaluate.main()
    assert "equal on 40 records" in capsys.readouterr().out


def test_startup(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["startup.py", "--runs", "1"])
    monkeypatch.setattr(startup, "POLICIES", ("cn/telecom",))
    startup.main()
    assert "cn/telecom" in capsys.readouterr().out


def test_growth(capsys: pytest.CaptureFixture[str]) -> None:
    growth.main(["--rows", "300", "--rules", "30", "--cells", "100", "--csv-rows", "3", "--table-rows", "200", "--rounds", "1", "--seconds", "3600"])
    shown = capsys.readouterr().out
    assert "refused" not in shown
    assert "left out" not in shown


def test_plugins(capsys: pytest.CaptureFixture[str]) -> None:
    plugin_facts.main(["--rows", "300", "--rounds", "1"])  # answers with and without them are compared in the run
    assert "300 rows, fact with columns" in capsys.readouterr().out


def test_growth_names_what_does_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(growth.growing((1, 10**6), 10**6, 0)) == [1]
    assert "1,000,000: left out" in capsys.readouterr().out


def test_the_policies_of_growth_have_as_many_rules_as_they_say() -> None:
    for count in growth.RULES:
        assert growth.rules_policy(count).count("{id: ") == count
    assert growth.cells_policy(400).count("{id: RS-") == 400


def test_all_of_them(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everything, "MODEST", (("records.py", "--records", "20", "--rounds", "0"),))
    assert everything.main([]) == 0
    monkeypatch.setattr(everything, "MODEST", (("table_data.py", "--rows", "many"),))
    assert everything.main([]) == 1
    assert "failed: table_data.py" in capfd.readouterr().out


def test_all_of_them_name_scripts_that_are_there() -> None:
    for script, *_ in (*everything.MODEST, *everything.FULL):
        assert (everything.HERE / script).is_file()


def test_the_workload_is_one() -> None:
    """The table and the records come from different generators and are judged by one policy and one set of constants."""
    assert table_data.table(10).collect_schema().names()[:15] == [name for name in workload.records(1)[0] if name != "id"]
