"""`python -m curation …`: the small commands beside run_clustering.py and run_scoring.py."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from curation.errors import (
    CurationError,
    RunInterruptedError,
    SettingsError,
    WeightsBrokenError,
    WeightsMissingError,
    comes_of_an_interruption,
)
from curation.settings import CONFIG_VARIABLE, Settings, load_settings

if TYPE_CHECKING:
    from curation.domain.grouping.check import Pair
    from curation.domain.report import Progress
    from curation.engines.weights.registry import WeightsStatus
    from curation.pipelines.clustering.check import EventGroupingCheck

__all__ = ["main"]

_PROJECT_ROOT = Path(__file__).resolve().parents[2]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments after the program's name; None takes those of the process.

    Returns:
        The exit code; see `curation.errors` (2 for wrong usage comes from argparse itself).
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=arguments.log_level.upper(), format="%(levelname)s %(message)s")
    command: Callable[[argparse.Namespace, Settings], int] = arguments.command
    try:
        named = arguments.config or os.environ.get(CONFIG_VARIABLE)
        settings = load_settings(Path(named) if named else None, default_root=_PROJECT_ROOT)
        return command(arguments, settings)
    except BrokenPipeError:
        # The reader (`| head`) has enough; without this the interpreter complains when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:
        if comes_of_an_interruption(error):
            print("interrupted; what was downloaded or answered so far is kept", file=sys.stderr)
            return RunInterruptedError.exit_code
        if isinstance(error, CurationError):
            print(f"error: {error}", file=sys.stderr)
            return error.exit_code
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m curation", description="Small commands of Curation.")
    parser.add_argument("--config", metavar="FILE", help="settings file (default: config.yaml of the project)")
    parser.add_argument(
        "--log-level", default="warning", choices=["debug", "info", "warning", "error"], help="default: %(default)s"
    )
    groups = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    weights = groups.add_parser("weights", help="the model files: list, fetch, verify")
    actions = weights.add_subparsers(title="commands", required=True, metavar="COMMAND")
    listing = actions.add_parser("list", help="every known model file: state, size, SHA-256, sources, licence")
    listing.set_defaults(command=_list_weights)
    fetching = actions.add_parser(
        "fetch",
        help="download model files",
        description="Download model files into io.models_dir; an interrupted download goes on where it stopped. "
        "Exit code 4 if no source gives a file.",
    )
    fetching.add_argument(
        "names", nargs="*", metavar="NAME", help="files, see `weights list` (default: all that are missing)"
    )
    fetching.set_defaults(command=_fetch_weights)
    verifying = actions.add_parser(
        "verify",
        help="read every model file and compare its hash",
        description="Read every model file that is there and compare its SHA-256 with the known one, or with that of "
        "its first download. Exit code 4 if one is broken or changed.",
    )
    verifying.set_defaults(command=_verify_weights)

    quality = groups.add_parser(
        "quality",
        help="how good the grouping is on your photos",
        description="Shows pairs of faces on a page and asks whether they are the same person; from some 50 answers it "
        "tells how pure (precision) and how complete (recall) the groups are. Answers are kept in the output folder.",
    )
    quality.add_argument("--output", type=Path, metavar="DIR", help="output folder of the run (default: io.output_dir)")
    quality.add_argument("--pairs", type=_pairs, default=50, metavar="N", help="questions (default: %(default)s)")
    quality.add_argument("--seed", type=int, default=0, metavar="N", help="another number asks about other faces")
    quality.add_argument("--answers", type=Path, metavar="FILE", help="answers that were saved on the page")
    quality.set_defaults(command=_check_quality)
    _add_export(groups)
    return parser


def _add_export(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    taking = groups.add_parser(
        "export",
        help="take photos home: copies, links or a ZIP file",
        description="Takes the photos that you picked (or the best ones) into a new folder, with ratings, names and "
        "face regions for other programs, a table and a contact sheet. The originals are never changed. "
        "Exit code 1 if some photos could not be taken.",
    )
    taking.add_argument("--input", type=Path, metavar="DIR", help="folder of the photos (default: io.input_dir)")
    taking.add_argument("--output", type=Path, metavar="DIR", help="output folder of the runs (default: io.output_dir)")
    taking.add_argument("--to", type=Path, metavar="DIR", help="folder that gets the export (default: io.export_dir)")
    taking.add_argument("--best", type=_count, metavar="N", help="the best N photos instead of those that you picked")
    taking.add_argument(
        "--mode", choices=["copy", "hardlink", "zip"], default="copy", help="how the photos are taken (default: copy)"
    )
    taking.add_argument("--name", default="", metavar="NAME", help="of the new folder or ZIP file (default: the time)")
    taking.add_argument("--no-embed", action="store_true", help="leave JPEG copies as they are (hard links always are)")
    taking.add_argument("--sidecars", action="store_true", help="also write NAME.jpg.xmp, for digiKam and darktable")
    taking.add_argument("--raw", action="store_true", help="take the RAW files beside the photos along")
    taking.add_argument("--no-csv", action="store_true", help="write no photos.csv")
    taking.add_argument("--no-contact-sheet", action="store_true", help="write no contact_sheet.html")
    taking.set_defaults(command=_export)


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("from 1 on")
    return count


def _export(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.bootstrap import build
    from curation.domain.choosing.export import ExportMode, ExportRequest

    given = {"input_dir": arguments.input, "output_dir": arguments.output, "export_dir": arguments.to}
    changes = {key: path.absolute() for key, path in given.items() if path is not None}
    io = settings.io.model_copy(update=changes)
    settings = settings.model_copy(update={"io": io})
    if arguments.to is not None and io.exports.resolve().is_relative_to(io.input_dir.resolve()):
        raise SettingsError(
            f"{io.exports} lies among the photos, where exports would be taken for photos: name another"
        )
    mode = ExportMode(arguments.mode)
    try:
        request = ExportRequest(
            best=arguments.best,
            mode=mode,
            name=arguments.name,
            embed=not arguments.no_embed and mode is not ExportMode.HARDLINK,
            sidecars=arguments.sidecars,
            raw_files=arguments.raw,
            csv=not arguments.no_csv,
            contact_sheet=not arguments.no_contact_sheet,
        )
    except ValueError as error:
        raise SettingsError(str(error)) from error
    with _photo_bar() as progress:
        report = build(settings).run_export(request, progress=progress)
    for failure in report.failures:
        print(f"failed: {failure.image_path}: {failure.reason}", file=sys.stderr)
    for warning in report.warnings:
        print(f"note: {warning}", file=sys.stderr)
    print(f"{report.exported} of {report.total} photos taken to {report.path}")
    return 1 if report.failed else 0


@contextmanager
def _photo_bar() -> Iterator[Callable[[Progress], None]]:
    """A progress bar in photos; silent when nobody watches."""
    from tqdm import tqdm

    with tqdm(unit=" photos", disable=not sys.stderr.isatty()) as bar:

        def progress(told: Progress) -> None:
            bar.set_description(told.phase, refresh=False)
            bar.total = told.total
            bar.update(told.done - bar.n)

        yield progress


def _pairs(text: str) -> int:
    count = int(text)
    if not 2 <= count <= 1000:
        raise argparse.ArgumentTypeError("from 2 to 1000")
    return count


def _check_quality(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.pipelines.clustering.check import EventGroupingCheck, told

    if arguments.output is not None:
        io = settings.io.model_copy(update={"output_dir": arguments.output.absolute()})
        settings = settings.model_copy(update={"io": io})
    check = EventGroupingCheck(settings, count=arguments.pairs, seed=arguments.seed)
    if arguments.answers is not None:
        print(f"{check.take_answers(arguments.answers)} answers taken over")
    while questions := check.questions():
        check.write_page(questions)
        print(f"open (or reload) {check.page_path}: it shows {len(questions)} pairs of faces by number")
        if not _asked(check, questions):
            break
    for name, words in told(check.verdict()).items():
        print(f"{name}: {words}")
    print(
        "precision: of a face's group, the share that is the same person; recall: of its person, the share in its group"
    )
    return 0


def _asked(check: EventGroupingCheck, questions: Sequence[Pair]) -> bool:
    """Ask in the terminal; gives False when the user has enough, or nobody is there."""
    answers = {"y": True, "n": False, "?": None}
    place = 0
    while place < len(questions):
        try:
            text = input(f"{place + 1} of {len(questions)}, same person? [y]es [n]o [?] cannot tell [b]ack [q]uit: ")
        except EOFError:
            print()
            return False
        key = text.strip().lower()[:1]
        if key == "q":
            return False
        if key == "b":
            place = max(0, place - 1)
        elif key in answers:
            check.answer(questions[place], answers[key])
            place += 1
    return True


def _list_weights(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.engines.weights.registry import status

    for found in status(settings.io.models_dir):
        _print_status(found)
        print(f"    for:     {found.known.purpose}")
        print(f"    licence: {found.known.licence}")
        for address in found.known.addresses:
            print(f"    from:    {address}")
        if found.known.package:
            print(f"    from:    the Python package {found.known.package}")
    return 0


def _verify_weights(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.engines.weights.registry import State, verify

    found = verify(settings.io.models_dir)
    for each in found:
        _print_status(each)
    bad = any(each.state in (State.BROKEN, State.CHANGED) for each in found)
    return WeightsBrokenError.exit_code if bad else 0


def _fetch_weights(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.engines.selection import fetch_checked
    from curation.engines.weights.registry import State, status

    models_dir = settings.io.models_dir
    names = arguments.names or [
        each.known.name for each in status(models_dir) if each.known.addresses and each.state is State.MISSING
    ]
    if not names:
        print(f"nothing to fetch: the weights are in {models_dir}")
    code = 0
    for name in names:
        try:
            with _bar(name) as progress:
                weights = fetch_checked(
                    name, models_dir, progress=progress, connect_timeout_s=settings.engine.connect_timeout_s
                )
        except (WeightsMissingError, WeightsBrokenError) as error:
            # The others may still be had.
            print(f"error: {error}", file=sys.stderr)
            code = error.exit_code
        else:
            print(f"{weights.path}  SHA-256 {weights.sha256}")
    return code


def _print_status(found: WeightsStatus) -> None:
    size = f"{found.size_bytes / 1e6:.1f} MB" if found.size_bytes is not None else "-"
    print(f"{found.known.name}  {found.state.value}  {size}  {found.path or ''}")
    if found.sha256:
        print(f"    sha256:  {found.sha256}")
    if found.remark:
        print(f"    note:    {found.remark}")


@contextmanager
def _bar(name: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """A progress bar in bytes; silent when nobody watches."""
    from tqdm import tqdm

    with tqdm(desc=name, unit="B", unit_scale=True, unit_divisor=1000, disable=not sys.stderr.isatty()) as bar:

        def progress(_: str, done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
