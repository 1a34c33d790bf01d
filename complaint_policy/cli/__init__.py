"""The command ``complaint-policy``; docs/cli.md describes it.

Needs ``pip install 'complaint-policy[cli]'``; only ``audit`` needs more (the extra ``audit``).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from complaint_policy.cli.language import language_of
from complaint_policy.errors import MissingExtra

__all__ = ["main"]

_WRONG = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status: 0 fine, 1 findings the caller asked to fail on, 2 something is wrong."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    language = language_of(given, os.environ)
    try:
        # Nothing of the terminal's libraries is needed before the command is known.
        import click  # noqa: F401 (asks whether it is there)
        import rich  # noqa: F401 (asks whether it is there)
    except ImportError as error:
        package = (error.name or "click").partition(".")[0]
        sys.stderr.write(f"complaint-policy: {MissingExtra(package, 'cli').render(language)}\n")
        return _WRONG
    from complaint_policy.cli.app import run

    return run(given, language)
