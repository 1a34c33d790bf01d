"""A small policy, its records, and the command line run inside the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from complaint_policy.cli import main

POLICY = """\
format: 1
policy: test/shop
effective: {from: 2026-01-01}
title: {en: Shop complaints, zh: 商店投诉处理}
timezone: Asia/Shanghai
currency: CNY
sources:
  house: {title: {en: House rules, zh: 店规}, status: company}
calendars:
  workdays: {weekdays: mon-fri}
counting: {calendar: workdays}
record:
  fields:
    category: {type: enum, values: [goods, service]}
    loss: {type: money, title: {en: Loss, zh: 损失}}
roles:
  warehouse: {en: the warehouse, zh: 仓库}
  desk: {en: the desk, zh: 服务台}
severity:
  levels: [general, major]
  titles: {general: {en: general, zh: 一般}, major: {en: major, zh: 重大}}
  rules:
    - {id: SEV-major, title: {en: Great loss, zh: 损失较大}, level: major, when: {loss: {at_least: 1000}}}
  otherwise: general
responsibility:
  by: [category]
  rows:
    - {id: RS-goods, when: {category: goods}, owner: warehouse, informed: [desk]}
  otherwise: {owner: desk}
deadlines:
  - id: DL-respond
    title: {en: Answer the customer, zh: 答复客户}
    from: received_at
    to: responded_at
    within: 5 working days
    source: {ref: house, clause: '3'}
  - {id: DL-call, title: {en: Call the customer, zh: 回访客户}, from: closed_at, to: followed_up_at, within: 2 days}
requirements:
  - {id: RQ-cause, title: {en: Find the cause, zh: 查明原因}, when: {upheld: true}, require: {root_cause: present}, before: closed_at}
penalties:
  - id: PN-late
    title: {en: Late answer, zh: 逾期答复}
    for: [DL-respond]
    per: case
    payable_to: company
    range: [100, 500]
    amount: 200
    charge: {field: responsible_person}
    legal_basis: {en: House rules 3, zh: 店规第三条}
tests:
  - name: Late by a day
    # Monday 2 March + 5 working days: Monday 9 March.
    as_of: 2026-03-12T09:00
    record: {id: T-1, received_at: 2026-03-02T10:00, responded_at: 2026-03-10T08:00, category: goods, loss: 5, upheld: false}
    expect: {status: breached, severity: general, owner: warehouse, outcomes: {DL-respond: breached}}
    covers: {DL-respond: [hit]}
"""
LATE = {
    "id": "T-1",
    "received_at": "2026-03-02T10:00",
    "responded_at": "2026-03-10T08:00",
    "category": "goods",
    "loss": 1200.5,
    "upheld": False,
    "responsible_person": "张三",
}
GOOD = {
    "id": "T-2",
    "received_at": "2026-03-02T10:00",
    "responded_at": "2026-03-05T08:00",
    "closed_at": "2026-03-05T09:00",
    "followed_up_at": "2026-03-05T10:00",
    "category": "service",
    "loss": 3,
    "upheld": False,
}
AS_OF = "2026-03-12T09:00"


class Ran(NamedTuple):
    """How a run ended and what it printed."""

    status: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """Standard output without its line breaks and indents."""
        return " ".join(self.out.split())

    @property
    def data(self) -> Any:
        """The JSON on standard output, which must be all there is."""
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line in a clean environment, 100 columns wide."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "FORCE_COLOR", "COMPLAINT_POLICY_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: object) -> Ran:
        status = main([str(a) for a in arguments])
        out, err = capfd.readouterr()
        return Ran(status, out, err)

    return run


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The small policy as a file."""
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY, encoding="utf-8")
    return path


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Path]:
    """Writes records to a JSON file."""

    def write(data: Any = None, name: str = "record.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(LATE if data is None else data, ensure_ascii=False), encoding="utf-8")
        return path

    return write
