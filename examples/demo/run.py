"""The demo: audit the invented complaints in Chinese and in English, then judge one record.

Usage: python run.py [OUTPUT_FOLDER]        (default: ./out)
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from make_demo import AS_OF

from complaint_policy import load_policy

HERE = Path(__file__).resolve().parent

# One record, as a ticket system would hand it over: a late installation in a town, not answered yet.
RECORD = {
    "id": "TS-1",
    "received_at": "2026-03-11 10:20",
    "category": "installation",
    "ordered_at": "2026-03-02 09:00",
    "installed_at": "2026-03-13 15:00",
    "published_install_days": 7,
    "installation_fee": "158.00元",
    "operator_at_fault": "是",
}


def shown(path: Path) -> str:
    """A path as short as it can be typed here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def audit(language: str, *more: str) -> int:
    """Run one audit on the command line, as anybody would type it; return its exit status."""
    words = ["audit", shown(HERE / "complaints.csv"), "--mapping", shown(HERE / "mapping.yaml")]
    words += ["--as-of", f"{AS_OF:%Y-%m-%dT%H:%M}", "--lang", language, *more]
    print("\n$ complaint-policy", *words, flush=True)
    return subprocess.run([sys.executable, "-m", "complaint_policy", *words], check=False).returncode  # noqa: S603 (our own command)


def main(output: Path) -> int:
    """Run the demo; the exit status is that of the first audit that failed."""
    output.mkdir(parents=True, exist_ok=True)
    files = ("--output", shown(output / "decisions.csv"), "--rejects", shown(output / "rejects.csv"))
    status = audit("zh", *files) or audit("en")
    if status:
        return status
    decision = load_policy("cn/telecom").evaluate(RECORD, as_of=AS_OF)
    print('\n>>> decision = load_policy("cn/telecom").evaluate(record, as_of=as_of)')
    for language in ("zh", "en"):
        print(f'>>> print(decision.explain("{language}"))', decision.explain(language), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "out").resolve()))
