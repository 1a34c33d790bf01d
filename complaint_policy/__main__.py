"""``python -m complaint_policy``: the command line."""

import sys

from complaint_policy.cli import main

if __name__ == "__main__":
    sys.exit(main())
