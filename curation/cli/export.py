"""`curation export`: exports the best or picked photos."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from curation.errors import SettingsError
from curation.settings import Settings, with_places

if TYPE_CHECKING:
    from curation.domain.report import Progress

__all__ = ["add_commands"]


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `export` to a parser."""
    parser = groups.add_parser(
        "export",
        help="export photos: copies, links or a ZIP file",
        description="Exports the photos that you picked (or the best ones) to a new folder, with ratings, names and "
        "face regions for other programs, a table and a contact sheet. The originals are never changed. "
        "With --beside-originals no photo is copied: XMP sidecars are written beside the originals, and "
        "--undo takes them back. Exit code 1 if some photos could not be exported.",
    )
    parser.add_argument("--input", metavar="DIR", help="folder or address of the photos (default: io.input_dir)")
    parser.add_argument("--output", metavar="DIR", help="output folder or address (default: io.output_dir)")
    parser.add_argument("--to", type=Path, metavar="DIR", help="folder to export to (default: io.export_dir)")
    parser.add_argument("--best", type=_count, metavar="N", help="the best N photos instead of those that you picked")
    parser.add_argument(
        "--mode",
        choices=["copy", "hardlink", "zip"],
        default="copy",
        help="how the photos are exported (default: copy)",
    )
    parser.add_argument(
        "--name", default="", metavar="NAME", help="name of the new folder or ZIP file (default: the time)"
    )
    parser.add_argument(
        "--no-embed", action="store_true", help="do not write metadata into copies (hard links never get any)"
    )
    parser.add_argument("--sidecars", action="store_true", help="also write NAME.jpg.xmp, for digiKam and darktable")
    parser.add_argument("--raw", action="store_true", help="also export the RAW files of the photos")
    parser.add_argument(
        "--no-companions",
        action="store_true",
        help="leave behind what belongs to the photos (the moving part of Live Photos, voice memos, edits of other "
        "programs such as .AAE, .pp3, .dop), and only name it",
    )
    parser.add_argument("--no-csv", action="store_true", help="write no photos.csv")
    parser.add_argument("--no-contact-sheet", action="store_true", help="write no contact_sheet.html")
    parser.add_argument(
        "--for",
        dest="program",
        choices=["lightroom", "digikam", "darktable", "immich", "windows"],
        help="the program that will read it: decides which sidecars there are, and what is written for it",
    )
    beside = parser.add_argument_group("sidecars beside the originals")
    beside.add_argument(
        "--beside-originals",
        action="store_true",
        help="write XMP sidecars beside your originals, which themselves stay as they are; needs --for",
    )
    beside.add_argument("--all", action="store_true", help="about all photos that you said something about")
    beside.add_argument("--dry-run", action="store_true", help="only list what would be written")
    beside.add_argument(
        "--undo",
        nargs="?",
        const="last",
        metavar="RUN",
        help="take back what a run wrote: the last one, or that of this name in OUTPUT/sidecar_backups",
    )
    parser.set_defaults(command=_export)


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return count


def _export(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.bootstrap import build
    from curation.domain.choosing.export import ExportMode, ExportRequest
    from curation.domain.choosing.programs import Program

    settings = with_places(settings, input_dir=arguments.input, output_dir=arguments.output, export_dir=arguments.to)
    io = settings.io
    if arguments.to is not None and io.exports.resolve().is_relative_to(io.input_dir.resolve()):
        raise SettingsError(
            f"{io.exports} lies among the photos, where exports would be taken for photos: choose another folder"
        )
    if arguments.beside_originals or arguments.undo:
        return _beside(arguments, settings)
    if arguments.dry_run or arguments.all:
        raise SettingsError("--dry-run and --all need --beside-originals")
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
            program=None if arguments.program is None else Program(arguments.program),
            companions=not arguments.no_companions,
        )
    except ValueError as error:
        raise SettingsError(str(error)) from error
    with _photo_bar() as progress:
        report = build(settings).run_export(request, progress=progress)
    for failure in report.failures:
        print(f"failed: {failure.image_path}: {failure.reason}", file=sys.stderr)
    for warning in report.warnings:
        print(f"note: {warning}", file=sys.stderr)
    more = [f"{count} {what}" for count, what in ((report.raw_files, "RAW"), (report.companions, "companion")) if count]
    files = f", with {' and '.join(more)} files" if more else ""
    print(f"{report.exported} of {report.total} photos exported to {report.path}{files}")
    return 1 if report.failed else 0


def _beside(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write sidecars beside the originals, list them, or take them back."""
    from datetime import datetime

    from curation.bootstrap import build
    from curation.domain.choosing.programs import Program
    from curation.domain.choosing.sidecars import SidecarAction, SidecarRequest, WhichPhotos
    from curation.pipelines.export.beside.writing import new_name
    from curation.storage.sidecars.lists import read_list

    if arguments.program is None and not arguments.undo:
        raise SettingsError("name the program that will read the sidecars: --for lightroom, digikam, darktable, immich")
    if arguments.all and arguments.best is not None:
        raise SettingsError("either --all or --best, not both")
    request = SidecarRequest(
        Program(arguments.program or Program.DIGIKAM),
        which=WhichPhotos.ALL if arguments.all else WhichPhotos.PICKED,
        best=arguments.best,
        dry_run=arguments.dry_run,
        name=new_name(datetime.now()),
        undo=arguments.undo or "",
    )
    with _photo_bar() as progress:
        report = build(settings).run_sidecars(request, progress=progress)
    found = read_list(settings.event_dir, request.name, offset=0, limit=sys.maxsize)
    for entry in found[1] if found is not None else ():
        if entry.action is SidecarAction.REFUSED:
            print(f"refused: {entry.file}: {entry.reason}", file=sys.stderr)
        else:
            print(f"{entry.action}: {entry.file}")
        for note in entry.notes:
            print(f"note: {entry.file}: {note}", file=sys.stderr)
    if request.undo:
        print(f"{report.removed} sidecars removed, {report.restored} put back as they were, {report.refused} left")
    else:
        would = "would be " if request.dry_run else ""
        print(
            f"{report.new} sidecars {would}new, {report.merged} {would}merged, {report.unchanged} unchanged, "
            f"{report.refused} refused; nothing to say about {report.silent} of {report.total} photos"
        )
        if report.outputs:
            print(f"backup: {report.outputs[0]}; take it back with --undo")
    return 1 if report.refused else 0


@contextmanager
def _photo_bar() -> Iterator[Callable[[Progress], None]]:
    """A progress bar in photos; hidden if standard error is not a terminal."""
    from tqdm import tqdm

    with tqdm(unit=" photos", disable=not sys.stderr.isatty()) as bar:

        def show(progress: Progress) -> None:
            bar.set_description(progress.phase, refresh=False)
            bar.total = progress.total
            bar.update(progress.done - bar.n)

        yield show
