"""A parent as a process of its own, which a test may interrupt or kill: `python -m ... URL FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from curation.workers.distributed.broker import BrokerOptions
from curation.workers.distributed.pool import CeleryPool
from curation.workers.serial import SerialPool
from tests.celery_workers import PoolWork
from tests.integration import pool_tasks


def main() -> int:
    """Run tasks that take long; the exit code of an interruption is 130."""
    url, folder = sys.argv[1:]
    work = PoolWork(Path(folder))
    with CeleryPool(BrokerOptions(url, ahead=8), work, here=lambda: SerialPool(pool_tasks.set_up, (folder,))) as pool:
        try:
            for number, _ in enumerate(pool.run(pool_tasks.slow, [[0.3, n] for n in range(200)], timeout_s=30)):
                (Path(folder) / f"seen{number}").touch()
        except KeyboardInterrupt:
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
