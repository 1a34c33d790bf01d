from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from complaint_policy.audit import load_mapping, mapping_schema, read_mapping
from complaint_policy.audit.mapping import ColumnMapping, by_name, check_against_columns, check_against_policy
from complaint_policy.audit.messages import MAPPING_PROBLEMS
from complaint_policy.errors import InputError, MappingError
from tests.audit.fake import FakePolicy

WHOLE = """\
format: 1
mapping: test/whole
title: {en: All keys, zh: 全部键}
policy: ./policy.yaml
input: {encoding: gbk, delimiter: tab, header: 3, type: csv, quotes: none, sheet: S}
blank: ["?", "-", N/A]
fields:
  id: {column: Key}
  received_at: {columns: [Day, Time], join: " ", format: ["%m/%d/%y %I:%M %p", "%m/%d/%y"]}
  due: {column: Due, format: "%m/%d/%Y", as: date}
  category: {column: Kind, values: {Wire: network, 1: tariff, No: ""}, otherwise: other}
  urgent: {column: Hot, values: {Yes: "true", No: "false"}, blank: []}
  channel: {constant: web}
  responded_at: {column: At}
rows: {skip_blank: false, where: {State: [Open, Closed], Year: 2024}}
events:
  case: Key
  order: {column: Updated, format: "%d-%m-%Y %H:%M"}
  take: {responded_at: earliest, urgent: any}
  where: {responded_at: {Activity: [Reply, Answer]}}
"""


def wrong(text: str) -> str:
    with pytest.raises(MappingError) as caught:
        read_mapping(text, "m.yaml")
    for problem in caught.value.problems:
        assert problem.message.zh != problem.message.en
    return str(caught.value)


def test_every_key_is_read() -> None:
    mapping = read_mapping(WHOLE, "dir/m.yaml")

    assert (mapping.name, mapping.title and mapping.title.zh) == ("test/whole", "全部键")
    assert mapping.policy_reference() == Path("dir/policy.yaml")
    options = mapping.input
    assert (options.encoding, options.delimiter, options.header, options.header_line) == ("gbk", "\t", True, 3)
    assert (options.kind, options.quoted, options.sheet) == ("csv", False, "S")
    assert mapping.blank == {"?", "-", "N/A"}
    assert not mapping.skip_blank
    assert [(f.column, sorted(f.values)) for f in mapping.where] == [("State", ["Closed", "Open"]), ("Year", ["2024"])]
    received = mapping.field("received_at")
    assert received is not None
    assert (received.columns, [f.text for f in received.formats]) == (
        ("Day", "Time"),
        ["%m/%d/%y %I:%M %p", "%m/%d/%y"],
    )
    category = mapping.field("category")
    assert category is not None
    assert (category.values, category.otherwise) == ({"Wire": "network", "1": "tariff", "No": ""}, "other")
    urgent, channel, due = (mapping.field(n) for n in ("urgent", "channel", "due"))
    assert urgent is not None
    assert urgent.blank == frozenset()
    assert channel is not None
    assert channel.constant == "web"
    assert due is not None
    assert due.as_date
    assert mapping.events is not None
    assert (mapping.events.case, mapping.events.order) == ("Key", "Updated")
    assert mapping.events.take == {"responded_at": "earliest", "urgent": "any"}
    assert mapping.events.where["responded_at"].values == {"Reply", "Answer"}
    policy = FakePolicy()
    assert check_against_policy(mapping, policy.fields, policy.zone, policy.currency) == ()


def test_a_file_names_itself_and_a_shipped_policy(tmp_path: Path) -> None:
    path = tmp_path / "nyc.yaml"
    path.write_text("format: 1\npolicy: cn/telecom\nfields: {received_at: {column: At}}\n")
    mapping = load_mapping(path)

    assert (mapping.name, mapping.policy_reference()) == ("nyc", "cn/telecom")
    with pytest.raises(InputError):
        load_mapping(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fields: {received_at: {column: A}}", ["missing-key", "'format'"]),
        ("format: 2\nfields: {received_at: {column: A}}", ["m.yaml:1:9", "unknown-word", "'2'"]),
        ("format: 1\nfeilds: {}", ["m.yaml:2:1", "unknown key 'feilds'", "did you mean 'fields'?", "'fields'"]),
        ("format: 1\nfields: {}", ["nothing stands here"]),
        ("format: 1\nfields: {received_at: {column: A}, x: {colum: B}}", ["m.yaml:2:40", "mean 'column'"]),
        ("format: 1\nfields: {received_at: A}", ["m.yaml:2:23", "a mapping of keys and values"]),
        ("format: 1\nfields: {received_at: {column: A, constant: 1}}", ["exactly one of"]),
        ("format: 1\nfields: {received_at: {format: '%Y'}}", ["exactly one of", "%m"]),
        ("format: 1\nfields: {received_at: {column: A, format: '%d.%m.%Y %Q'}}", ["m.yaml:2:43", "'%Q'"]),
        ("format: 1\nfields: {id: {column: A}}", ["m.yaml:2:1", "received_at"]),
        ("format: 1\nfields: {received_at: {constant: x, as: date}}", ["no meaning beside a constant"]),
        ("format: 1\nfields: {received_at: {column: A, otherwise: x}}", ["belongs to 'values'"]),
        ("format: 1\nfields: {received_at: {column: A, as: day}}", ["'day'", "one of: date"]),
        ("format: 1\ninput: {encoding: utf-9}\nfields: {received_at: {column: A}}", ["m.yaml:2:19", "utf-9"]),
        ("format: 1\ninput: {delimiter: '::'}\nfields: {received_at: {column: A}}", ["one character"]),
        ("format: 1\ninput: {header: maybe}\nfields: {received_at: {column: A}}", ["'maybe' does not have the form"]),
        ("format: 1\ninput: {type: cvs}\nfields: {received_at: {column: A}}", ["did you mean 'csv'"]),
        ("format: 1\nfields: {received_at: {column: A}}\nevents: {take: {x: last}}", ["'case' is missing"]),
        ("format: 1\nfields: {received_at: {column: A}}\nevents: {case: C, take: {recieved_at: last}}",
         ["m.yaml:3:26", "did you mean 'received_at'"]),
        ("format: 1\nfields: {received_at: {column: A}}\nevents: {case: C, where: {received_at: {A: x, B: y}}}",
         ["one column"]),
        ("format: 1\nformat: 1\nfields: {received_at: {column: A}}", ["m.yaml:1:1", "m.yaml:2:1"]),
        ("- a", ["a mapping of keys and values"]),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_refused_at_the_place(text: str, words: list[str]) -> None:
    message = wrong(text)

    for word in words:
        assert word in message


def test_what_would_be_left_out_silently_is_a_problem() -> None:
    formats = ", ".join(["'%d.%m.%Y'"] * 20)
    many = "format: 1\nmapping: m\nfields: {received_at: {column: A, format: [%s]}}\n"
    assert len(getattr(read_mapping(many % formats).field("received_at"), "formats", ())) == 20
    assert "mapping-too-many-formats more than 20 date formats" in wrong(many % (formats + ", '%Y/%m/%d'"))
    twice = wrong('format: 1\nmapping: m\nfields: {received_at: {column: A}, upheld: {column: u, values: {"A": "true", " A ": "false"}}}\n')
    assert "value-twice 'A' stands here twice" in twice
    assert "unknown encoding" in wrong('format: 1\nmapping: m\ninput: {encoding: "a\\0b"}\nfields: {received_at: {column: A}}\n')


def test_all_problems_come_at_once() -> None:
    message = wrong("format: 1\nx: 1\ninput: {typ: csv}\nfields: {received_at: {colum: A}}")

    assert len(message.splitlines()) == 3


def test_a_mapping_is_checked_against_the_policy() -> None:
    text = (
        WHOLE.replace("  id: {column: Key}", "  ids: {column: Key}\n  handler: {column: H, as: date}")
        .replace("Wire: network", "Wire: netwrok")
        .replace("urgent: any", "responded_at: any")
        .replace("responded_at: earliest, ", "urgent: earliest, ")
    )
    policy = FakePolicy()
    problems = check_against_policy(read_mapping(text), policy.fields, policy.zone, policy.currency)

    shown = "\n".join(map(str, problems))
    assert "no field 'ids' (did you mean 'id'?)" in shown
    assert "'handler' is of type string" in shown
    assert "'netwrok' is no value of the field 'category'" in shown
    assert "(did you mean 'network'?)" in shown
    assert "'earliest' cannot be taken of 'urgent'" in shown
    assert "'any' cannot be taken of 'responded_at'" in shown
    assert len(problems) == 5


def test_columns_the_table_lacks_are_named_with_the_nearest() -> None:
    mapping = read_mapping(WHOLE, "m.yaml")
    present = ["KEY", "Day", "Time", "Due", "Kind", "Hot", "At", "State", "Year", "Updated"]
    problems = check_against_columns(mapping, present)

    shown = [str(p) for p in problems]
    assert shown[0] == "m.yaml:8:16: mapping-no-column the table has no column 'Key' (did you mean 'KEY'?)"
    assert any("'Activity'" in s and "known: KEY, Day" in s for s in shown)
    assert len(shown) == 3


def test_without_a_mapping_names_decide() -> None:
    mapping = by_name(["id", "Received_at", "received_at", "other"], FakePolicy.fields)

    assert isinstance(mapping, ColumnMapping)
    assert [f.name for f in mapping.fields] == ["id", "received_at"]


def test_the_schema_is_closed_and_has_only_known_keywords() -> None:
    schema = mapping_schema()
    Draft202012Validator.check_schema(schema)
    known = {"$schema", "$ref", "$defs", "title", "description", "type", "enum", "properties", "required"}
    known |= {"additionalProperties", "items", "minItems", "minLength", "minProperties", "pattern"}

    def walk(node: object, *, names: bool = False) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                assert names or key in known, key
                walk(value, names=key in ("properties", "$defs") and not names)
            if node.get("type") == "object" and not names:
                assert "additionalProperties" in node
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(schema)


def test_every_message_exists_in_both_languages() -> None:
    assert all(text.en and text.zh for text in MAPPING_PROBLEMS.values())
