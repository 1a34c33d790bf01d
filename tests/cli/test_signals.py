"""A run that is ended from outside ends like one that is broken off: quietly, and with its status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "complaint_policy"]


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_audit_that_is_ended_leaves_nothing_behind(tmp_path: Path, number: int, status: int) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "format: 1\npolicy: t/s\neffective: {from: 2026-01-01}\ntimezone: Asia/Shanghai\ndeadlines: [{id: DL, from: received_at, to: closed_at, within: 2 days}]\n"
    )
    table = tmp_path / "table.jsonl"
    table.write_text('{"id": "A", "received_at": "2026-03-01T09:00"}\n' * 300_000)
    output = tmp_path / "out"
    output.mkdir()
    run = subprocess.Popen(
        [*COMMAND, "audit", policy, table, "--as-of", "2026-03-20T00:00", "-o", output / "decisions.csv"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        while not list(output.iterdir()) and run.poll() is None:
            time.sleep(0.01)  # what is written stands under a name of its own
        assert run.poll() is None
        run.send_signal(number)
        _, err = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode == status
    assert "Traceback" not in err
    assert list(output.iterdir()) == []
