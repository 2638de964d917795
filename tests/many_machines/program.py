"""The scripts and the worker as users start them, but with the parts of `fake_parts`: `python -m ... STAGE [OPTIONS]`.

Processes that are spawned import this module too, so the parts are in their places there as well.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.many_machines.fake_parts import HOURS, install

install(Path(os.environ[HOURS]) if HOURS in os.environ else None)


def main() -> int:
    """Run a stage, or a worker."""
    command, *arguments = sys.argv[1:]
    if command == "clustering":
        import run_clustering

        return run_clustering.main(arguments)
    if command == "scoring":
        import run_scoring

        return run_scoring.main(arguments)
    from curation.cli.main import main as curation

    return curation([command, *arguments])


if __name__ == "__main__":
    sys.exit(main())
