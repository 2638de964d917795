"""Measure the accuracy of the program and write the tables into docs/accuracy.md (`make eval`).

    python -m benchmarks.evaluation ../shared [--models DIR] [--engines NAME ...] [--scratch DIR] [SECTION ...]

Each section prints its tables and writes them between its markers in the document; a section whose data are missing is
skipped with the reason and keeps its old tables. The exit code is 1 if a section failed, never because of a figure.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

from benchmarks.evaluation.document import with_tables
from benchmarks.evaluation.tables import Section
from benchmarks.harness.report import models_folder
from ground_truth.errors import Unavailable
from ground_truth.evaluation import ENGINES, Evaluation

SECTIONS: tuple[str, ...] = (
    "who_is_who",
    "questions",
    "unreadable",
    "found_faces",
    "close_ups",
    "eyes",
    "smiles",
    "focus",
    "bursts",
    "identity",
    "known",
    "judgements",
    "own_event",
    "attributes",
    "people",
    "masks",
    "clothes",
    "composition",
    "outfits",
    "cuts",
    "video",
)
"""Modules of this package that offer `tables`, in the order of the document; add new sections here."""

_DOCUMENT = Path(__file__).parents[2] / "docs" / "accuracy.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the sections; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.evaluation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="folder that holds photos/ and weights/ (CURATION_TEST_DATA)")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)} (default: all)")
    parser.add_argument("--models", type=Path, help="folder with the ONNX weights (default: of DATA/weights)")
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=ENGINES)
    parser.add_argument("--scratch", type=Path, help="cache analyses here, so that the next evaluation is quick")
    parser.add_argument("--workers", type=int, default=0, help="processes; 0 takes one per core")
    parser.add_argument("--document", type=Path, default=_DOCUMENT, help="default: docs/accuracy.md")
    parser.add_argument("--print-only", action="store_true", help="do not change the document")
    parser.add_argument("--verbose", action="store_true", help="print each case that went wrong, where a section can")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.sections) - set(SECTIONS))
    if unknown:
        parser.error(f"there is no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    with ExitStack() as stack:
        scratch = options.scratch or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        evaluation = Evaluation(
            options.data, models_folder(options), options.engines, scratch, options.workers, options.verbose
        )
        outcomes = [
            _measure(name, evaluation, None if options.print_only else options.document)
            for name in options.sections or SECTIONS
        ]
    return 0 if all(outcomes) else 1


def _measure(name: str, evaluation: Evaluation, document: Path | None) -> bool:
    began = time.perf_counter()
    section: Section = import_module(f"benchmarks.evaluation.{name}").tables
    tables = []
    try:
        for table in section(evaluation):
            tables.append(table)
            print(table.markdown(), flush=True)
    except Unavailable as reason:
        print(f"{name} is skipped: {reason}", file=sys.stderr)
        return True
    except Exception:  # the other sections still run
        print(f"{name} failed:\n{traceback.format_exc()}", file=sys.stderr)
        return False
    print(f"{name} took {time.perf_counter() - began:.0f} s", file=sys.stderr)
    if document is not None:
        text = with_tables(document.read_text(encoding="utf-8"), name, _made(evaluation), tables)
        document.write_text(text, encoding="utf-8")
    return True


def _made(evaluation: Evaluation) -> str:
    today = datetime.date.today().isoformat()
    version = platform.python_version()
    return f"Measured {today} by `make eval` (engines {', '.join(evaluation.engines)}; Python {version})."


if __name__ == "__main__":
    sys.exit(main())
