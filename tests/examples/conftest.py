"""The scripts of the examples are run by path, not installed: make them importable here."""

import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
sys.path[:0] = [str(EXAMPLES / "real"), str(EXAMPLES / "demo")]
