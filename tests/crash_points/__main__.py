"""`python -m tests.crash_points [SCENARIO...]`: kills at all crash points, or at some.

    --sample N    as many kills by chance for each scenario, instead of every crash point
    --seed S      of that chance
    --list        the scenarios

Prints a line for each scenario, and one for each broken promise; the exit code is 1 if there was one.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.crash_points.scenario import Scenario


def main() -> int:
    """Run the scenarios that were named, or all."""
    # Not above: worker processes import this module anew.
    from tests.crash_points.scenarios import ALL

    parser = argparse.ArgumentParser(
        prog="python -m tests.crash_points", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="SCENARIO")
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        for scenario in ALL:
            print(f"{scenario.name:20} {scenario.what}")
        return 0
    known = {scenario.name: scenario for scenario in ALL}
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        parser.error(f"no scenario {', '.join(unknown)}")
    results = [_try(known[name], options.sample, options.seed) for name in options.names or known]
    kills, broken = (sum(result[place] for result in results) for place in (0, 1))
    print(json.dumps({"kills": kills, "broken": broken, "scenarios": len(results)}), flush=True)
    return 1 if broken else 0


def _try(scenario: Scenario, sample: int, seed: int) -> tuple[int, int]:
    if scenario.lacking():
        print(f"{scenario.name:20} skipped: {scenario.lacking()}", flush=True)
        return 0, 0
    from tests.crash_points.trials import Broken, Trials

    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="curation-crash-"))
    kills = broken = points = 0
    try:
        trials = Trials(scenario, folder)
        points = len(trials.changes)
        chance = random.Random(f"{seed}/{scenario.name}")
        for trial in trials.some(chance, sample) if sample else trials.every():
            kills += trial.was_killed
            if trial.problems:
                broken += 1
                print(f"BROKEN {scenario.name}: {trial}", flush=True)
    except Broken as error:
        broken += 1
        print(f"BROKEN {error}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    took_s = time.monotonic() - begun
    print(f"{scenario.name:20} {points:5} points {kills:5} kills {broken:4} broken {took_s:6.1f} s", flush=True)
    return kills, broken


if __name__ == "__main__":
    sys.exit(main())
