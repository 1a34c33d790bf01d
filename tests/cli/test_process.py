"""The command as a process: start-up, pipes, encodings, missing parts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import AS_OF, LATE

ROOT = Path(__file__).parents[2]


def process(*arguments: object, code: str | None = None, **settings: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHONIO", "PYTHONUTF8"))}
    environment |= {"PYTHONPATH": str(ROOT), "COLUMNS": "100"} | settings.pop("env", {})
    start = ["-m", "complaint_policy"] if code is None else ["-c", code]
    return subprocess.run([sys.executable, *start, *map(str, arguments)], capture_output=True, env=environment, timeout=60, check=False, **settings)


def test_as_a_module_and_in_any_folder(tmp_path: Path) -> None:
    ran = process("check", "cn/telecom", cwd=tmp_path)
    assert ran.returncode == 0
    assert ran.stdout.startswith(b"cn/telecom: no problems (")
    assert ran.stderr == b""
    assert process("check", "cn/telecon", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("command", [["check", "cn/telecom"], ["list"], ["explain", "cn/telecom", "DL-respond"]])
def test_only_audit_loads_tables(command: list[str]) -> None:
    code = (
        "import sys; from complaint_policy.cli import main; status = main(sys.argv[1:]);"
        "sys.stderr.write(' '.join(m for m in ('polars', 'pyarrow', 'rich.progress', 'rich.markdown', 'pygments') if m in sys.modules))"
    )
    assert process(*command, code=code).stderr == b""


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra(missing: str) -> None:
    code = f"import sys; sys.modules['{missing}'] = None; from complaint_policy.cli import main; sys.exit(main(sys.argv[1:]))"
    ran = process("list", code=code)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert ran.stderr.decode() == f"complaint-policy: this needs the package '{missing}': pip install 'complaint-policy[cli]'\n"
    assert "此功能需要软件包" in process("list", "--lang", "zh", code=code).stderr.decode("utf-8")


def test_audit_without_its_extra(tmp_path: Path) -> None:
    code = "import sys; sys.modules['polars'] = None; from complaint_policy.cli import main; sys.exit(main(sys.argv[1:]))"
    ran = process("audit", "cn/telecom", "x.csv", "--as-of", "now", code=code)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"pip install 'complaint-policy[audit]'" in ran.stderr
    assert process("check", "cn/telecom", code=code).returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["schema"], 0),
        (["list"], 0),
        (["list", "--format", "json"], 0),
        (["--help"], 0),
        (["check", "cn/telecon"], 2),
        (["explain", "--code", "no-code", "--format", "json"], 2),
    ],
)
def test_a_closed_pipe_is_quiet_and_keeps_the_status(arguments: list[str], status: int) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
        command = [sys.executable, "-m", "complaint_policy", *arguments]
        ran = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, env=environment, timeout=60, check=False)
    finally:
        os.close(write)
    assert ran.returncode == status
    assert b"Traceback" not in ran.stderr
    assert b"Broken" not in ran.stderr


def test_standard_input_and_chinese(policy: Path) -> None:
    ran = process("evaluate", policy, "-", "--as-of", AS_OF, "--fail-on", "breached", input=json.dumps(LATE).encode(), env={"LANG": "zh_CN.UTF-8"})
    assert ran.returncode == 1
    assert ran.stdout.decode("utf-8").startswith("投诉 T-1：违反\n")


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "utf-16", "latin-1"])
def test_any_encoding_of_the_terminal(policy: Path, encoding: str) -> None:
    record = json.dumps({**LATE, "id": "编号 é 😀"}).encode()
    env = {"PYTHONIOENCODING": encoding}
    page = process("evaluate", policy, "-", "--as-of", AS_OF, "--lang", "zh", input=record, env=env)
    assert (page.returncode, page.stderr) == (0, b"")
    data = process("evaluate", policy, "-", "--as-of", AS_OF, "--format", "json", input=record, env=env)
    assert json.loads(data.stdout.decode(encoding))["complaint_id"] == "编号 é 😀"


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\x1b.yaml"
    Path(os.fsdecode(name)).write_text("a: 1\n")
    command = [os.fsencode(sys.executable), b"-m", b"complaint_policy", b"check", name]
    ran = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}, timeout=60, check=False)
    assert ran.returncode == 2
    assert b"\x1b" not in ran.stdout
    assert b"\xff" not in ran.stdout
    assert b"Traceback" not in ran.stderr
