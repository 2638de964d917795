"""More kills than the suite has time for: `python -m tests.many_machines.on_demand [--broker redis] [--kills 1000]`.

Ends with 1, the differences and the ends of all logs at the first run whose outputs are not those of the local pool.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.many_machines.killing import Event, Trial
from tests.many_machines.servers import RabbitBroker, RedisBroker
from tests.s3_server import S3Process, S3Server

_BROKERS: dict[str, type[RedisBroker | RabbitBroker]] = {"redis": RedisBroker, "rabbitmq": RabbitBroker}


def _shares(kills: int) -> dict[str, int]:
    """How many of each kind."""
    shares = {"worker": kills * 14 // 100, "broker": kills * 6 // 100, "coordinator": kills * 8 // 100}
    return {**shares, "child": kills - sum(shares.values())}


def main() -> int:
    """Run trials until there were so many kills."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", choices=sorted(_BROKERS), action="append", help="default: both in turn")
    parser.add_argument("--kills", type=int, default=1000, help="in all (default: %(default)s)")
    parser.add_argument("--kills-per-stage", type=int, default=50, help="default: %(default)s")
    parser.add_argument(
        "--pace", type=float, default=0.35, help="mean seconds between two kills (default: %(default)s)"
    )
    parser.add_argument("--nap", type=float, default=0.3, help="seconds a photo takes (default: %(default)s)")
    parser.add_argument("--photos", type=int, default=120, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of the first trial (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="curation-many-"))
    process = S3Process(folder)
    server = S3Server(process.endpoint, "event")
    os.environ |= {**server.environment, "NO_PROXY": "127.0.0.1"}
    kills = 0
    try:
        server.client().create_bucket(Bucket=server.bucket)
        event = Event(folder / "event", server.address, options.photos, server.environment)
        names = options.broker or sorted(_BROKERS)
        seed = options.seed
        while kills < options.kills:
            name = names[seed % len(names)]
            began = time.monotonic()
            with _BROKERS[name]() as broker:
                trial = Trial(
                    event,
                    broker,
                    f"{name}-{seed}",
                    kills_per_stage=_shares(options.kills_per_stage),
                    pace_s=options.pace,
                    nap_s=options.nap,
                    seed=seed,
                )
                trial.run()
            kills += trial.kills.all
            stages = ", ".join(
                f"{stage} {seconds:.0f} s ({trial.killing_s.get(stage, 0):.0f} s of kills)"
                for stage, seconds in trial.seconds.items()
            )
            seconds = time.monotonic() - began
            told = f"seed {seed}, {name}: the same bytes; {dict(trial.kills.of_kind)}; {stages}; {seconds:.0f} s"
            print(f"{told}; {kills} kills so far", flush=True)
            seed += 1
    except AssertionError as error:
        print(f"seed {seed}, {name}:\n{error}")
        return 1
    finally:
        process.stop()
        if options.keep:
            print(f"logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
