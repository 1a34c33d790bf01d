"""Real records against shipped policies and further example policies: what is found, and that nothing is decided which the data cannot decide.

Everything on the right of a comparison is counted from the file by Python's csv module alone.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from complaint_policy import load_policy
from complaint_policy.audit import Audit, load_mapping, run_audit
from complaint_policy.audit.records import Counts, RecordStream
from complaint_policy.audit.sources import open_source
from complaint_policy.cases import run_cases
from complaint_policy.coerce import read_moment
from tests.examples.test_real_records import DATA, REAL, needs_records


@cache
def rows(file: str) -> list[dict[str, str]]:
    path = DATA / file
    text = gzip.decompress(path.read_bytes()) if file.endswith(".gz") else path.read_bytes()
    return list(csv.DictReader(text.decode("utf-8-sig").splitlines(keepends=True)))


def audited(file: str, mapping: str, as_of: str, columns: tuple[str, ...] = ()) -> Audit:
    loaded = load_mapping(REAL / mapping)
    return run_audit(load_policy(loaded.policy_reference() or ""), DATA / file, as_of=as_of, mapping=loaded, columns=columns)


def outcomes(audit: Audit, rule: str) -> dict[str, str]:
    return dict(zip(audit.decisions["id"], audit.decisions[f"{rule}.outcome"], strict=True))


@needs_records
def test_a_bank_at_the_bureau() -> None:
    """The day of the first answer is not published: no flag of the Bureau is contradicted, for nothing is decided.  Who has had no
    final response for 60 days is known of the complaints in progress."""
    audit = audited("cfpb_bank_2017_2023.csv.gz", "cfpb_portal/mapping_bank.yaml", "2023-08-29T00:00")
    assert set(outcomes(audit, "DL-respond").values()) == {"indeterminate"}
    found = outcomes(audit, "DL-final")
    for row in rows("cfpb_bank_2017_2023.csv.gz"):
        waiting = row["Company response to consumer"] == "In progress"
        # The file ends with 28 August 2023; day 60 of a complaint sent on 29 June is that day.
        late = date.fromisoformat(row["Date received"]) + timedelta(60) <= date(2023, 8, 28)
        assert found[row["Complaint ID"]] == ("indeterminate" if not waiting else "breached" if late else "pending")
        assert not waiting or row["Timely response?"] == "Unknown"
    assert Counter(found.values()) == {"indeterminate": 48660, "pending": 1332, "breached": 8}


@needs_records
@pytest.mark.parametrize(
    ("file", "mapping", "as_of", "late_flags"),
    [("cfpb_all_companies_2014.csv", "mapping_2014", "2014-11-15T00:00", 161), ("cfpb_narratives_2023.csv.gz", "mapping_narratives", "2024-06-05T00:00", 107)],
)
def test_other_files_of_the_bureau(file: str, mapping: str, as_of: str, late_flags: int) -> None:
    """The flag says that so many answers were late; the policy knows no day of any answer, and says neither yes nor no."""
    audit = audited(file, f"cfpb_portal/{mapping}.yaml", as_of)
    found = outcomes(audit, "DL-respond")
    flagged = [row["Complaint ID"] for row in rows(file) if row["Timely response?"] == "No"]
    assert len(flagged) == late_flags
    assert {found[number] for number in flagged} == set(found.values()) == {"indeterminate"}
    final = outcomes(audit, "DL-final")
    assert all((final[r["Complaint ID"]] == "pending") == ("In progress" in (r.get("Company response"), r.get("Company response to consumer"))) for r in rows(file) if r["Complaint ID"] in final)


@needs_records
@pytest.mark.parametrize(
    ("file", "mapping", "first"),
    [("comcast_telecom_2015.csv", "fcc/mapping.yaml", date(2020, 1, 1)), ("zh_gov_messages_replies.csv.gz", "petitions/mapping.yaml", date(2022, 5, 1))],
)
def test_no_record_is_judged_by_a_rule_that_was_not_in_force(file: str, mapping: str, first: date) -> None:
    audit = audited(file, mapping, "2026-01-01T00:00")
    assert audit.decisions.height == 0
    assert audit.rejected.height == len(rows(file))
    assert set(audit.rejected["reason"].str.slice(0, 19)) == {"no version in force"}
    assert load_policy(load_mapping(REAL / mapping).policy_reference() or "").versions[0].effective == first


@needs_records
def test_day_first_dates_are_read_day_first() -> None:
    """``Date`` is 04-06-15, ``Date_month_year`` says which of the two is the month."""
    mapping = load_mapping(REAL / "fcc/mapping.yaml")
    policy = load_policy(mapping.policy_reference() or "")
    said = {row["Ticket #"]: datetime.strptime(row["Date_month_year"], "%d-%b-%y").date() for row in rows("comcast_telecom_2015.csv")}
    stream = RecordStream(open_source(DATA / "comcast_telecom_2015.csv", mapping.input), mapping, policy.zone)
    read = {entry.id: read_moment(entry.record["received_at"], policy.zone) for entry in stream.entries(Counts())}
    assert {number: policy.zone.to_wall(moment).date() for number, moment in read.items() if isinstance(moment, datetime)} == said


@needs_records
def test_animals_in_new_york() -> None:
    audit = audited("nyc311_animal_health_2010_2025.csv.gz", "new_york/mapping_animals.yaml", "2025-12-31T00:00")

    def moment(text: str) -> datetime | None:
        return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p") if text else None

    table = rows("nyc311_animal_health_2010_2025.csv.gz")
    read = [(r["Unique Key"], moment(r["Created Date"]), moment(r["Closed Date"]), moment(r["Due Date"])) for r in table]
    late = {key for key, created, closed, due in read if created and closed and due and created <= closed and closed > due}
    before = {key for key, created, closed, due in read if created and closed and due and closed < created}
    still = {key for key, _, closed, due in read if due and not closed}
    assert (len(late), len(before), len(still)) == (174, 2, 2058)
    found = outcomes(audit, "DL-instant")
    assert {key for key, outcome in found.items() if outcome == "breached"} == late
    # Closed in 1900: a slip of the keyboard keeps and breaks nothing.
    assert {key for key, outcome in found.items() if outcome == "indeterminate"} == before
    assert {key for key, outcome in outcomes(audit, "DL-open-too").items() if outcome == "breached"} == late | still


@needs_records
def test_incidents() -> None:
    audit = audited("incident_log_made_sla.csv", "incidents/mapping.yaml", "2017-03-01T00:00")
    cases: dict[str, list[dict[str, str]]] = {}
    for row in rows("incident_log_made_sla.csv"):
        cases.setdefault(row["number"], []).append(row)
    flags = outcomes(audit, "RQ-flag")
    assert flags == {number: "met" if events[-1]["made_sla"] == "TRUE" else "breached" for number, events in cases.items()}
    assert Counter(flags.values()) == {"met": 296, "breached": 260}
    never = {number for number, events in cases.items() if all(event["assigned_to"] == "?" for event in events)}
    at_end = {number for number, events in cases.items() if events[-1]["assigned_to"] == "?"}
    # The last name that was written down is taken; 15 incidents had one and ended without.
    assert (len(never), len(at_end)) == (124, 139)
    assert {number for number, outcome in outcomes(audit, "RQ-owner").items() if outcome == "breached"} == never
    lost = {number for number, events in cases.items() if events[-1]["resolved_at"] == "?"}
    assert {number for number, outcome in outcomes(audit, "RQ-order").items() if outcome == "indeterminate"} == lost
    # 29 February 15:54 to 4 March 07:58 are 3 days, 16 hours and 4 minutes: 88 hours and 4 minutes, flagged in time.
    assert [number for number, outcome in outcomes(audit, "RQ-88").items() if outcome == "breached"] == ["INC0000372"]


@needs_records
def test_claims_against_an_authority() -> None:
    audit = audited("tsa_claims_2014.csv", "tsa/mapping.yaml", "2016-01-01T00:00")
    filled = [row for row in rows("tsa_claims_2014.csv") if row["Claim Number"]]
    assert (audit.decisions.height, audit.rejected.height) == (len(filled), 280)
    amounts = outcomes(audit, "RQ-amount")
    assert Counter(amounts.values()) == {"met": 2575, "not_applicable": 1853}
    assert {row["Claim Number"] for row in filled if row["Disposition"] == "-"} == {number for number, outcome in amounts.items() if outcome == "not_applicable"}
    assert sum(outcome == "breached" for outcome in outcomes(audit, "AD-window").values()) == 9


@needs_records
def test_cars() -> None:
    audit = audited("nhtsa_complaints_api.json", "cars/mapping.yaml", "2026-01-01T00:00")
    records = json.loads((DATA / "nhtsa_complaints_api.json").read_text("utf-8"))
    worst = {str(r["odiNumber"]) for r in records if r["crash"] or r["fire"] or r["injuries"]}
    found = dict(zip(audit.decisions["id"], audit.decisions["severity"], strict=True))
    assert {number for number, level in found.items() if level == "critical"} == worst
    # Received on 1 January 1901, as the file has it.
    assert audit.rejected["id"].to_list() == ["10359712"]
    flat = audited("nhtsa_flat_cmpl_sample.txt", "cars/mapping_flat.yaml", "2026-01-01T00:00")
    # Nine with a crash, a fire or somebody hurt; where no number of injured is written, nobody knows that nobody was.
    assert Counter(flat.decisions["severity"].to_list()) == {"critical": 9, "general": 14, None: 25}


@pytest.mark.parametrize("name", ["incidents", "tsa", "cars"])
def test_the_cases_beside_the_rules_come_true(name: str) -> None:
    results = run_cases(load_policy(Path(REAL / name / "policy.yaml")))
    assert results
    assert [(r.name, [d.message.en for d in r.differences]) for r in results if not r.passed] == []
