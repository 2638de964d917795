"""A service that works on assets with fake networks, as a process that tests kill: FOLDER.

It works until it is killed, or, with `--until-done` as the last argument, until no picture waits.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.fake_assets import QUICK, fake_jobs

__all__ = ["main"]


def main(folder: Path, *, until_done: bool) -> None:
    # So many tries that no picture fails only because services are killed all the time.
    limits = replace(QUICK, max_attempts=1000, lease_s=1.0)
    jobs = fake_jobs(folder, limits=limits, log=folder / "log")
    if until_done:
        jobs.run_until_done()
        jobs.close()
        return
    jobs.start()
    time.sleep(600)


if __name__ == "__main__":
    main(Path(sys.argv[1]), until_done=sys.argv[-1] == "--until-done")
