"""Run all benchmarks, or some, and print one table: `python -m benchmarks ../shared [--models DIR] [NAME ...]`.

`benchmarks.harness.report` says what a benchmark is. The figures of one row can be compared, since they come from one
run; figures of different machines or days cannot. The exit code is 1 if a benchmark failed, never because of a figure.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from importlib import import_module

from benchmarks.harness.report import BenchmarkRows, add_folders, models_folder, print_rows
from ground_truth.errors import Unavailable

BENCHMARKS: tuple[str, ...] = (
    "scaling",
    "repeat_runs",
    "service",
    "pages",
    "tiles",
    "whole_files",
    "picking",
    "peers",
    "clustering",
    "detection",
    "profile_photo",
    "dlib_networks",
    "expressions",
    "attribute_services",
    "assets",
    "asset_database",
    "gallery",
    "video",
    "film_people",
    "workers",
    "scale_plan",
)
"""Modules of this package that offer `rows`, in the order of the table; add new benchmarks here."""


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
        except Exception:  # the other benchmarks still run
            failed = True
            print(f"{name} failed:\n{traceback.format_exc()}", file=sys.stderr)
        print(f"{name} took {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
