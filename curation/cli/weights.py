"""`curation weights`: the model files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from curation.errors import WeightsBrokenError, WeightsMissingError
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.engines.weights.inventory import WeightsStatus

__all__ = ["add_commands"]


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands `weights list`, `weights fetch` and `weights verify` to a parser."""
    weights = groups.add_parser("weights", help="the model files: list, fetch, verify")
    actions = weights.add_subparsers(title="commands", required=True, metavar="COMMAND")
    listing = actions.add_parser("list", help="list every known model file: state, size, SHA-256, sources, licence")
    listing.set_defaults(command=_list_weights)
    fetching = actions.add_parser(
        "fetch",
        help="download model files",
        description="Download model files into io.models_dir; an interrupted download continues where it stopped. "
        "Exit code 4 if a file cannot be downloaded from any source.",
    )
    fetching.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="files, see `weights list` (default: all of the engines that are missing)",
    )
    fetching.add_argument(
        "--reader",
        action="append",
        default=[],
        metavar="READER",
        help="the files of a reader of attributes: dlib, deepface or fairface; see docs/attributes.md",
    )
    fetching.add_argument(
        "--part",
        action="append",
        default=[],
        choices=["assets"],
        metavar="PART",
        help="the missing files of a part of the program: assets (those that the settings ask for); see "
        "docs/assets_people.md",
    )
    fetching.set_defaults(command=_fetch_weights)
    verifying = actions.add_parser(
        "verify",
        help="verify the hash of every model file",
        description="Compare the SHA-256 of every model file in io.models_dir with the known one, or with that of its "
        "first download. Exit code 4 if a file is broken or changed.",
    )
    verifying.set_defaults(command=_verify_weights)


def _list_weights(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.engines.weights.inventory import status

    for found in status(settings.io.models_dir):
        _print_status(found)
        print(f"    for:     {found.known.purpose}")
        print(f"    licence: {found.known.licence}")
        for address in found.known.addresses:
            print(f"    from:    {address}")
        if found.known.contract:
            print(f"    network: {found.known.contract}")
        if found.known.advice and found.sha256:  # of a missing file, the note says it
            print(f"    to get it: {found.known.advice}")
        if found.known.reader and found.sha256:
            print(f"    accuracy: {_measured(found.sha256)}")
        if found.known.package:
            print(f"    from:    the Python package {found.known.package}")
    return 0


def _measured(sha256: str) -> str:
    from curation.engines.attributes.measured import has_measurements

    if has_measurements(sha256):
        return "measured, see docs/accuracy.md"
    return 'not measured here, so that its answers are "cannot tell" with their probabilities'


def _verify_weights(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.engines.weights.inventory import WeightsState, verify

    found = verify(settings.io.models_dir)
    for each in found:
        _print_status(each)
    bad = any(each.state in (WeightsState.BROKEN, WeightsState.CHANGED) for each in found)
    return WeightsBrokenError.exit_code if bad else 0


def _fetch_weights(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.engines.attributes.selection import fetchable_files
    from curation.engines.selection import fetch_checked
    from curation.engines.weights.inventory import WeightsState, status

    models_dir = settings.io.models_dir
    names = [*arguments.names, *(name for reader in arguments.reader for name in fetchable_files(reader))]
    if arguments.part:
        names += _files_of_assets(settings)
    if not arguments.names and not arguments.reader and not arguments.part:
        # Attributes are sensitive, and pictures are taken apart by few: such files come only when they are named.
        names = [
            each.known.name
            for each in status(models_dir)
            if each.known.addresses
            and each.known.reader is None
            and each.known.part is None
            and each.state is WeightsState.MISSING
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
            # Go on: the other files may still be available.
            print(f"error: {error}", file=sys.stderr)
            code = error.exit_code
        else:
            print(f"{weights.path}  SHA-256 {weights.sha256}")
    return code


def _files_of_assets(settings: Settings) -> tuple[str, ...]:
    from curation.engines.bodies.selection import fetchable_files

    own = settings.assets
    return fetchable_files(
        settings.io.models_dir, pose=own.pose, cutouts=own.cutouts, fine_segmenter=own.fine_segmenter
    )


def _print_status(found: WeightsStatus) -> None:
    size = f"{found.size_bytes / 1e6:.1f} MB" if found.size_bytes is not None else "-"
    print(f"{found.known.name}  {found.state.value}  {size}  {found.path or ''}")
    if found.sha256:
        print(f"    sha256:  {found.sha256}")
    if found.compared_with:
        print(f"    checked: against {found.compared_with}")
    if found.remark:
        print(f"    note:    {found.remark}")


@contextmanager
def _bar(name: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """A progress bar in bytes; hidden if standard error is not a terminal."""
    from tqdm import tqdm

    with tqdm(desc=name, unit="B", unit_scale=True, unit_divisor=1000, disable=not sys.stderr.isatty()) as bar:

        def progress(_: str, done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
