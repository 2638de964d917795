"""`python -m curation`, and `curation` where it is installed: every command."""

from __future__ import annotations

import sys

from curation.starting import end_when_interrupted

__all__ = ["run"]


def run() -> int:
    """Run the command that the process was started with; returns the exit code."""
    end_when_interrupted()
    from curation.cli.main import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
