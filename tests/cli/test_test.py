"""``test``: the tests beside the rules, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from complaint_policy import shipped_policies
from tests.cli.conftest import Run


@pytest.fixture
def failing(policy: Path) -> Path:
    policy.write_text(
        policy.read_text("utf-8").replace("owner: warehouse, outcomes: {DL-respond: breached}", "owner: desk, outcomes: {DL-respond: met}"), encoding="utf-8"
    )
    return policy


def test_shipped_policies_pass(cli: Run) -> None:
    ran = cli("test", *shipped_policies(), "--format", "json")
    assert (ran.status, ran.data["failed"]) == (0, 0)
    assert ran.data["passed"] > 100
    assert [p["policy"] for p in ran.data["policies"]] == list(shipped_policies())


def test_all_pass(cli: Run, policy: Path) -> None:
    assert cli("test", policy) == (0, f"{policy}: 1 test passes\n", "")
    verbose = cli("test", policy, "-v")
    assert verbose.out.startswith(f"pass {policy}:")
    assert "Late by a day" in verbose.out


def test_a_failure_names_place_expected_and_found(cli: Run, failing: Path) -> None:
    ran = cli("test", failing)
    lines = ran.out.splitlines()
    number = next(i for i, line in enumerate(failing.read_text("utf-8").splitlines(), 1) if "expect:" in line)
    assert ran.status == 1
    assert lines[0].startswith(f"FAIL {failing}:")
    assert lines[0].endswith(": Late by a day")
    assert lines[1].strip().startswith(f"{failing}:{number}:")
    assert lines[1].endswith("owner: expected desk, found warehouse")
    assert lines[2].endswith("DL-respond: expected met, found breached")
    assert lines[-1] == f"{failing}: 1 of 1 tests fail"


def test_a_failure_in_chinese_and_as_data(cli: Run, failing: Path) -> None:
    ran = cli("test", failing, "--lang", "zh")
    assert "owner：应为desk，实为warehouse" in ran.out
    assert "1个测试中有1个失败" in ran.out
    data = cli("test", failing, "cn/base", "--format", "json").data
    assert data["failed"] == 1
    (test,) = data["policies"][0]["tests"]
    assert test["passed"] is False
    assert {"what": "owner", "expected": "desk", "found": "warehouse"}.items() <= test["differences"][0].items()


def test_coverage(cli: Run, policy: Path) -> None:
    ran = cli("test", policy, "--coverage")
    assert ran.status == 0
    assert "0 of 6 rules are proved in all four ways" in ran.out
    assert "DL-respond ✓ lacking lacking lacking" in ran.words
    coverage = {c["rule"]: c for c in cli("test", policy, "--coverage", "--format", "json").data["policies"][0]["coverage"]}
    assert coverage["DL-respond"] == {"rule": "DL-respond", "covered": ["hit"], "lacking": ["near_miss", "border", "missing"]}
    assert "接近而未命中" in cli("test", policy, "--coverage", "--lang", "zh").out


def test_no_tests(cli: Run, policy: Path) -> None:
    policy.write_text(policy.read_text("utf-8").partition("tests:")[0], encoding="utf-8")
    assert cli("test", policy) == (0, f"{policy}: no tests\n", "")


def test_a_wrong_policy_stops_the_run(cli: Run, policy: Path) -> None:
    policy.write_text("format: 1\n", encoding="utf-8")
    ran = cli("test", "cn/base", policy)
    assert ran.status == 2
    assert f"{policy}:" in ran.err
    assert not ran.out
