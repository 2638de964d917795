"""`curation assets`: pictures taken apart into people, cut-outs, clothes and colours."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from curation.cli.terminal import ProgressBars, counted, print_line, printable
from curation.domain.assets.states import AssetState
from curation.domain.bodies.composition import CutAt
from curation.domain.outfits.outfit import ColourName
from curation.errors import AssetNotFoundError, PhotoError, SettingsError
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.domain.assets.asset import Asset, AssetQuery
    from curation.event.outfits.search import OutfitSearch
    from curation.jobs.assets.asset_jobs import AssetJobs

__all__ = ["add_commands"]

_PAGE = 500
_SHOWN = 20
_ID = re.compile(r"[0-9a-f]{32}")


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group `assets` to a parser."""
    parser = groups.add_parser(
        "assets",
        help="take pictures apart: people, cut-outs, clothes and colours",
        description="Takes pictures apart into people, poses, masks, cut-outs, clothes and colours. docs/assets.md "
        "says what each of them is worth, and what not to use them for.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_show(commands)
    _add_export(commands)
    delete = commands.add_parser("delete", help="delete records with their files; pictures of yours stay")
    delete.add_argument("ids", nargs="+", metavar="ID|FILE", help="ids of records, or picture files")
    delete.set_defaults(command=_delete)
    schema = commands.add_parser("schema", help="print the JSON schema of records")
    schema.set_defaults(command=_print_schema)


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser(
        "run",
        help="take pictures apart; only what is new is done",
        description="Takes pictures apart. Ctrl-C keeps what is done, the same command does the rest. Exit code 1 if "
        "some pictures failed; those that were rejected are only listed.",
    )
    run.add_argument("paths", nargs="*", type=Path, metavar="FOLDER|FILE", help="pictures, or folders of them")
    run.add_argument("--event", action="store_true", help="the photos of the event, with the faces that were found")
    run.add_argument("--cutouts", choices=["off", "auto", "fine"], help="default: assets.cutouts")
    run.add_argument("--download", action="store_true", help="download missing model files")
    run.set_defaults(command=_run, adapted=_with_cutouts)


def _add_show(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    show = commands.add_parser("show", help="print what was found in a picture")
    show.add_argument("id", metavar="ID|FILE", help="id of a record, or a picture file")
    show.add_argument("--json", action="store_true", help="the whole record")
    show.set_defaults(command=_show)


def _add_export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = commands.add_parser(
        "export",
        help="write cut-outs and records into a folder",
        description="Writes cut-outs and records with readable names; nothing is overwritten. With --top, --bottom, "
        "--cut-at or --person only the people that are meant are written, each alone.",
    )
    export.add_argument("--to", type=Path, required=True, metavar="DIR", help="folder to write to")
    colours = [name.value for name in ColourName]
    export.add_argument("--top", choices=colours, metavar="COLOUR", help=f"above the hips; of {', '.join(colours)}")
    export.add_argument("--bottom", choices=colours, metavar="COLOUR", help="below the hips")
    export.add_argument("--cut-at", choices=[place.value for place in CutAt], help="where the edge cuts the body")
    export.add_argument("--person", metavar="NAME", help="a person of the event, by name")
    export.add_argument("--no-json", action="store_true", help="write no records")
    export.add_argument("--no-cutouts", action="store_true", help="write no cut-outs")
    export.set_defaults(command=_export)


def _with_cutouts(arguments: argparse.Namespace, settings: Settings) -> Settings:
    if arguments.cutouts is None:
        return settings
    assets = settings.assets.model_copy(update={"cutouts": arguments.cutouts})
    return settings.model_copy(update={"assets": assets})


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.bootstrap import originals_of

    if not arguments.paths and not arguments.event:
        raise SettingsError("name pictures or folders, or give --event for the photos of the event")
    jobs = _jobs(settings, allow_download=arguments.download)
    bars = ProgressBars()
    seen: dict[str, str] = {}
    unread = 0
    originals = originals_of(settings)
    try:
        for path, name, image_path in _pictures(arguments, settings):
            try:
                with originals.at_hand(path) as opened:
                    content = opened.read_bytes()
            except PhotoError as error:
                print_line(f"  failed: {printable(name)}: {error}")
                unread += 1
                continue
            except OSError as error:
                print_line(f"  failed: {printable(str(path))}: {error.strerror or error}")
                unread += 1
                continue
            seen.setdefault(jobs.submit(content, name, image_path=image_path).id, name)
        jobs.run_until_done(progress=bars)
        bars.close()
        return _summed_up([(name, jobs.get(each)) for each, name in seen.items()], unread)
    finally:
        bars.close()
        jobs.close()


def _pictures(arguments: argparse.Namespace, settings: Settings) -> Iterator[tuple[Path, str, str | None]]:
    """Path, name, and path within the event of each picture."""
    from curation.photos.files.listing import list_photos
    from curation.workflow import event_listing

    if arguments.event:
        for photo in event_listing(settings).photos:
            yield photo.path, photo.path.name, photo.image_path
    for path in arguments.paths:
        if path.is_dir():
            skip = settings.io.skip_raw_with_jpeg
            for photo in list_photos(path, exclude=[settings.assets.dir], skip_raw_with_jpeg=skip).photos:
                yield photo.path, photo.path.name, None
        else:
            yield path, path.name, None


def _summed_up(assets: Sequence[tuple[str, Asset]], unread: int) -> int:
    counts = {state: sum(asset.state is state for _, asset in assets) for state in AssetState}
    for state, word in ((AssetState.REJECTED, "rejected"), (AssetState.FAILED, "failed")):
        ended = [(name, asset) for name, asset in assets if asset.state is state]
        for name, asset in ended[:_SHOWN]:
            print_line(f"  {word}: {printable(name)}: {asset.message} ({asset.code})")
        if len(ended) > _SHOWN:
            print_line(f"  ... and {len(ended) - _SHOWN} more were {word}")
    people = sum(len((asset.document or {}).get("people", ())) for _, asset in assets)
    print_line(
        f"{counted(counts[AssetState.COMPLETED], 'picture')} with {people} {'person' if people == 1 else 'people'}, "
        f"{counts[AssetState.REJECTED]} rejected, {counts[AssetState.FAILED] + unread} failed"
    )
    return 1 if counts[AssetState.FAILED] or unread else 0


def _show(arguments: argparse.Namespace, settings: Settings) -> int:
    jobs = _jobs(settings)
    try:
        asset = jobs.get(_id_of(arguments.id, jobs))
    finally:
        jobs.close()
    if arguments.json and asset.document is not None:
        from curation.domain.attributes.documents import document_text

        print(document_text(asset.document), end="")
    else:
        for line in _told(asset):
            print_line(line)
    return 0


def _told(asset: Asset) -> Iterator[str]:
    yield f"{printable(asset.name)}  {asset.id}  {asset.state.value}"
    if asset.message:
        yield f"  {asset.message} ({asset.code})"
    if asset.document is None:
        return
    from curation.domain.assets.document import record_of_document
    from curation.photos.looks.asset_picture import label_of

    record = record_of_document(asset.document)
    for person in record.people:
        yield f"  person {label_of(person)}"
    for note in record.notes:
        yield f"  note: {note}"


def _id_of(text: str, jobs: AssetJobs) -> str:
    """The id of a record that the user named by its id or by the picture."""
    if _ID.fullmatch(text) and not Path(text).exists():
        return text
    from curation.domain.assets.asset import asset_id

    try:
        content = Path(text).read_bytes()
    except OSError as error:
        raise AssetNotFoundError(f"{text} is neither an id of a record nor a picture that can be read") from error
    found = asset_id(hashlib.sha256(content).hexdigest(), jobs.work.settings_hash)
    try:
        return jobs.get(found).id
    except AssetNotFoundError as error:
        raise AssetNotFoundError(
            f"there is no record of {text} with the settings and weights of now; `python -m curation assets run` makes "
            "it, and records of other settings are found by their ids"
        ) from error


def _delete(arguments: argparse.Namespace, settings: Settings) -> int:
    jobs = _jobs(settings)
    try:
        for text in arguments.ids:
            jobs.delete(_id_of(text, jobs))
    finally:
        jobs.close()
    print_line(f"{counted(len(arguments.ids), 'record')} deleted")
    return 0


def _print_schema(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.domain.assets.schema import asset_schema

    print(json.dumps(asset_schema(), indent=2))
    return 0


def _export(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.jobs.assets.exporting import ExportWishes, exported

    jobs = _jobs(settings)
    written = there = 0
    try:
        people = None if arguments.person is None else _event_people(settings)
        query = _query(arguments, people)
        wishes = ExportWishes(arguments.to, cutouts=not arguments.no_cutouts, records=not arguments.no_json)
        name_of = _nobody if people is None else people.name_of
        for asset in _found(jobs, query):
            for _, is_new in exported(asset, jobs, query, wishes, name_of):
                written += is_new
                there += not is_new
    finally:
        jobs.close()
    note = f"; {there} were there already" if there else ""
    print_line(f"{counted(written, 'file')} written to {arguments.to}{note}")
    return 0


def _nobody(asset: Asset, person_index: int) -> None:
    return None


def _event_people(settings: Settings) -> OutfitSearch:
    from curation.event.catalog import Catalog
    from curation.event.outfits.search import OutfitSearch
    from curation.storage.assets.opening import open_asset_store

    return OutfitSearch(settings, Catalog(settings), open_asset_store(settings))


def _query(arguments: argparse.Namespace, people: OutfitSearch | None) -> AssetQuery:
    from curation.domain.assets.asset import AssetQuery

    return AssetQuery(
        state=AssetState.COMPLETED,
        top=None if arguments.top is None else ColourName(arguments.top),
        bottom=None if arguments.bottom is None else ColourName(arguments.bottom),
        cut_at=None if arguments.cut_at is None else CutAt(arguments.cut_at),
        people=None if people is None else people.named_people(arguments.person),
    )


def _found(jobs: AssetJobs, query: AssetQuery) -> Iterator[Asset]:
    offset, total = 0, 1
    while offset < total:
        total, assets = jobs.find(query, limit=_PAGE, offset=offset)
        if not assets:
            return
        yield from assets
        offset += len(assets)


def _jobs(settings: Settings, *, allow_download: bool = False) -> AssetJobs:
    from curation.jobs.assets.building import build_asset_jobs

    return build_asset_jobs(settings, allow_download=allow_download)
