"""Long runs that break things: `make soak`, or `python -m tests.soak [PART...] [--minutes 30] [--seed 7]`.

Each part is run for that many minutes. A part that fails keeps its folder, prints the broken promise with its seed, and
the others still run; the exit code is then 1. docs/reliability.md lists the promises.
"""

from __future__ import annotations

import argparse
import importlib
import resource
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.soak.part import Soak, SoakFailed, SoakPart

_MODULES: tuple[str, ...] = (
    "commands",
    "damage",
    "edits",
    "files",
    "films",
    "kills",
    "load",
    "messages",
    "metadata",
    "pictures",
    "places",
    "readers",
    "requests",
    "roles",
    "service_load",
    "sockets",
    "storage",
    "task_bodies",
    "together",
)
"""Modules of this folder; each has a `PART`."""


def main() -> int:
    """Run the parts that were named, or all."""
    parts = {part.name: part for part in map(_part, _MODULES)}
    listed = "\n".join(f"  {part.name:14} {part.what}" for part in parts.values())
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak",
        description=__doc__,
        epilog=f"parts:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="default: all")
    parser.add_argument("--minutes", type=float, default=30.0, help="for each part (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="default: of the clock")
    options = parser.parse_args()
    unknown = sorted(set(options.parts) - set(parts))
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(parts)}")
    print(f"seed {options.seed}", flush=True)
    failed = [name for name in options.parts or parts if not _run(parts[name], options.minutes, options.seed)]
    if failed:
        print(f"broken: {', '.join(failed)}")
    return 1 if failed else 0


def _part(module: str) -> SoakPart:
    part = importlib.import_module(f"tests.soak.{module}").PART
    assert isinstance(part, SoakPart), module
    return part


def _run(part: SoakPart, minutes: float, seed: int) -> bool:
    lacking = part.lacking()
    if lacking:
        print(f"{part.name}: skipped: {lacking}", flush=True)
        return True
    folder = Path(tempfile.mkdtemp(prefix=f"curation-soak-{part.name}-"))
    begun = time.monotonic()
    soak = Soak(folder, seed, begun + 60.0 * minutes)
    used = _cpu_s()
    try:
        part.run(soak)
    except SoakFailed as error:
        said = f"BROKEN: {error}; kept in {folder}"
    except Exception:
        traceback.print_exc()
        said = f"FAILED, see above (seed {seed}); kept in {folder}"
    else:
        said = "all kept"
        shutil.rmtree(folder, ignore_errors=True)
    counts = ", ".join(f"{count:,} {what}" for what, count in sorted(soak.counts.items()))
    took = f"{time.monotonic() - begun:.0f} s, {_cpu_s() - used:.0f} s of processor time"
    print(f"{part.name}: {said}; {counts or 'nothing counted'}; {took}", flush=True)
    return said == "all kept"


def _cpu_s() -> float:
    """Of this process and of those that it waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    sys.exit(main())
