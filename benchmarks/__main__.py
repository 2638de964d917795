"""Run all benchmarks, or some, and print one table: `python -m benchmarks ../shared [--models DIR] [NAME ...]`.

How a benchmark looks: `benchmarks.report`. Figures of one row compare with each other, as they come from one run;
figures of different machines or days do not. The exit code is 1 if a benchmark failed, never because of a figure.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from importlib import import_module

from benchmarks.report import BenchmarkRows, Unavailable, add_folders, models_folder, print_rows

BENCHMARKS: tuple[str, ...] = (
    "scaling",
    "repeat_runs",
    "service",
    "pages",
    "picking",
    "peers",
    "clustering",
    "detection",
    "profile_photo",
    "dlib_networks",
    "expressions",
)
"""Modules of this package that offer `rows`, in the order of the table. A new benchmark adds its name here."""


def main() -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_folders(parser)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)} (default: all)")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    failed = False
    print_rows(())
    for name in options.names or BENCHMARKS:
        began = time.perf_counter()
        rows: BenchmarkRows = import_module(f"benchmarks.{name}").rows
        try:
            print_rows(rows(options.data, models_folder(options), quick=not options.full), header=False)
        except Unavailable as reason:
            print(f"{name}: cannot be measured here: {reason}", file=sys.stderr)
        except Exception:  # the other benchmarks can still tell something
            failed = True
            print(f"{name} failed:\n{traceback.format_exc()}", file=sys.stderr)
        print(f"{name} took {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
