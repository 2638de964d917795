"""`curation video`: who is in a film, when, and on the poster."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.cli.terminal import ProgressBars, print_line, printable
from curation.cli.video.batch import add_batch, add_device, video_inference
from curation.cli.video.event import add_event, add_frames
from curation.cli.video.files import (
    RESULTS,
    Keeping,
    Visuals,
    file_stem,
    folders_of,
    shown_name,
    write_faces,
    write_film,
)
from curation.cli.video.tables import film_lines, poster_lines
from curation.errors import InputError, PhotoError, SettingsError
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.domain.film.people import PosterResult, TrailerResult
    from curation.event.film.event_people import EventPeople
    from curation.pipelines.video.inference import VideoInference

__all__ = ["add_commands"]

_OTHER_NAMES = {"vtt": "webvtt", "webvtt": "vtt"}
_TOLD_EVERY_S = 10.0


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group `video` to a parser."""
    parser = groups.add_parser(
        "video",
        help="who is in a film, when, and on its poster",
        description="Finds the characters of films: when each of them is on screen, how large, and which faces of a "
        "poster are theirs. docs/video.md leads through it, and says what the results are worth.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_trailer(commands)
    _add_poster(commands)
    _add_item(commands)
    add_batch(commands)
    _add_export(commands)
    schema = commands.add_parser("schema", help="print the JSON schema of result.json")
    schema.set_defaults(command=_print_schema)
    add_event(commands)
    add_frames(commands)


def _add_trailer(commands: Any) -> None:
    trailer = commands.add_parser(
        "trailer",
        help="the characters of films",
        description="Looks at films and writes who is in them: result.json with all that was found, a picture of each "
        "character, and tables. Only what is new is looked at; Ctrl-C keeps what is done. Exit code 1 if some films "
        "could not be used.",
    )
    trailer.add_argument("clips", nargs="+", metavar="CLIP", help="film files; addresses if video.urls allows them")
    trailer.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help=f"folder of the results; with several films a folder in it for each (default: {RESULTS}/NAME)",
    )
    trailer.add_argument(
        "--people", type=Path, metavar="DIR", help="output folder of an event: characters join its people, and names"
    )
    trailer.add_argument("--formats", metavar="LIST", help="also for players and editors, such as vtt,otio; see export")
    trailer.add_argument("--parquet", action="store_true", help="also the tables as Parquet")
    trailer.add_argument("--visuals", action="store_true", help="also the film with boxes and names drawn in; slow")
    add_device(trailer)
    trailer.set_defaults(command=_trailer)


def _add_poster(commands: Any) -> None:
    poster = commands.add_parser(
        "poster",
        help="the characters on posters",
        description="Matches the faces of posters with the characters of a film that was looked at before.",
    )
    poster.add_argument("posters", nargs="+", metavar="PICTURE", help="picture files, or addresses")
    poster.add_argument("--trailer", type=Path, required=True, metavar="RESULT", help="result.json, or its folder")
    poster.add_argument("--select", metavar="IDS", help="compare with these characters only, such as 0,3")
    poster.add_argument("--output", type=Path, metavar="DIR", help="write posters.csv and the faces into this folder")
    poster.add_argument("--visuals", action="store_true", help="also the posters with boxes and names drawn in")
    add_device(poster)
    poster.set_defaults(command=_poster)


def _add_item(commands: Any) -> None:
    item = commands.add_parser(
        "item", help="a film with its poster", description="Looks at a film and its poster, and writes both."
    )
    item.add_argument("--trailer", metavar="CLIP", default="", help="film file or address")
    item.add_argument("--poster", metavar="PICTURE", default="", help="picture file or address")
    item.add_argument("--output", type=Path, metavar="DIR", help=f"folder of the results (default: {RESULTS}/NAME)")
    item.add_argument("--people", type=Path, metavar="DIR", help="output folder of an event, see trailer")
    item.add_argument("--formats", metavar="LIST", help="also for players and editors, see export")
    item.add_argument("--parquet", action="store_true", help="also the tables as Parquet")
    item.add_argument("--visuals", action="store_true", help="also film and poster with boxes and names drawn in")
    add_device(item)
    item.set_defaults(command=_item)


def _add_export(commands: Any) -> None:
    export = commands.add_parser(
        "export",
        help="a result for players and editors",
        description="Writes a result that is there already as subtitles, markers or chapters.",
    )
    export.add_argument("result", type=Path, metavar="RESULT", help="result.json, or its folder")
    export.add_argument("--formats", required=True, metavar="LIST", help="such as vtt,otio; `all` for all")
    export.add_argument("--output", type=Path, metavar="DIR", help="folder (default: that of the result)")
    export.add_argument("--named-only", action="store_true", help="leave out people without a name, and other guests")
    export.add_argument(
        "--start-timecode", default="", metavar="CODE", help="of the first picture, such as 01:00:00:00"
    )
    export.set_defaults(command=_export)


def _trailer(arguments: argparse.Namespace, settings: Settings) -> int:
    formats = _formats(arguments.formats)
    people = _people(arguments.people, settings)
    inference = video_inference(settings, arguments, None if people is None else people.engine)
    joining = _joining(people, inference)
    folders = folders_of(arguments.clips, arguments.output)
    done: list[tuple[str, TrailerResult]] = []
    failed: list[tuple[str, str]] = []
    bars = ProgressBars()
    try:
        for clip, folder in zip(arguments.clips, folders, strict=True):
            shown = shown_name(clip)
            visuals = Visuals(folder, bars, settings) if _draws(arguments, settings) else None
            keep = Keeping(folder, shown, formats, visuals, settings)
            try:
                result = inference.infer_on_trailer(clip, progress=bars, on_film=keep, **joining)
            except (PhotoError, InputError) as error:
                bars.close()
                failed.append((shown, str(error)))
                print_line(f"  failed: {printable(shown)}: {error}")
                continue
            bars.close()
            done.append((shown, result))
            for line in film_lines(shown, result):
                print_line(line)
            print_line(f"  written to {folder}")
    finally:
        bars.close()
    if done or len(failed) > 1:
        _write_tables(
            arguments.output or (folders[0] if len(folders) == 1 else RESULTS), done, failed, parquet=arguments.parquet
        )
    return 1 if failed else 0


def _poster(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.storage.video.result_files import read_result
    from curation.storage.video.tables import PosterOf

    trailer = read_result(arguments.trailer)
    selected = _selected(arguments.select, trailer)
    inference = video_inference(settings, arguments, trailer.engine)
    _check_weights(inference, trailer, arguments.trailer)
    folder: Path = arguments.output or RESULTS / "posters"
    writes = arguments.output is not None or arguments.visuals
    bars = ProgressBars()
    prefix = "" if len(arguments.posters) == 1 else "{:03d}_"
    done: list[PosterOf] = []
    failed = 0
    for number, where in enumerate(arguments.posters):
        shown = shown_name(where)
        try:
            stem = f"{prefix.format(number)}{Path(file_stem(where)).stem}"
            draw = None
            if arguments.visuals:
                draw = partial(Visuals(folder, bars, settings).poster, name=f"{stem}_annotated")
            poster = inference.infer_on_poster(where, trailer, selected=selected, progress=bars, on_poster=draw)
        except PhotoError as error:
            bars.close()
            print_line(f"  failed: {printable(shown)}: {error}")
            failed += 1
            continue
        bars.close()
        done.append(PosterOf(shown, "", poster))
        for line in poster_lines(shown, poster, trailer):
            print_line(line)
        if writes:
            write_faces(folder, stem, poster)
    if writes and done:
        from curation.storage.atomic import write_bytes
        from curation.storage.video.table_rows import PosterRow, poster_row
        from curation.storage.video.tables import POSTERS, table_bytes

        rows = [poster_row(each.poster_path, each.item_id, face) for each in done for face in each.result.faces]
        write_bytes(folder / POSTERS, table_bytes(PosterRow, rows))
        print_line(f"written to {folder}")
    return 1 if failed else 0


def _item(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.domain.film.movies import Movie

    if not arguments.trailer and not arguments.poster:
        raise SettingsError("name a film with --trailer, a poster with --poster, or both")
    formats = _formats(arguments.formats)
    people = _people(arguments.people, settings)
    inference = video_inference(settings, arguments, None if people is None else people.engine)
    joining = _joining(people, inference)
    named = file_stem(arguments.trailer or arguments.poster)
    folder: Path = arguments.output or RESULTS / named
    bars = ProgressBars()
    visuals = Visuals(folder, bars, settings) if _draws(arguments, settings) else None
    try:
        result = inference.predict_one_item(
            Movie(named, arguments.trailer, arguments.poster),
            progress=bars,
            on_film=None if visuals is None else visuals.film,
            on_poster=None if visuals is None else visuals.poster,
            **joining,
        )
    finally:
        bars.close()
    for problem in result.problems:
        print_line(f"  failed: {problem}" if result.has_failure else f"  note: {problem}")
    if result.trailer is not None:
        shown = shown_name(arguments.trailer)
        write_film(folder, result.trailer, result.poster, shown, formats, settings)
        for line in film_lines(shown, result.trailer):
            print_line(line)
    if result.poster is not None:
        for line in poster_lines(shown_name(arguments.poster), result.poster, result.trailer):
            print_line(line)
        write_faces(folder, "poster", result.poster)
    if result.trailer is not None or result.poster is not None:
        _write_item_tables(folder, named, arguments, result.trailer, result.poster)
        print_line(f"  written to {folder}")
    return 1 if result.has_failure else 0


def _export(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.storage.video.exports import write_exports
    from curation.storage.video.result_files import read_result, read_source

    formats = _formats(arguments.formats)
    result = read_result(arguments.result)
    written = write_exports(
        arguments.output or (arguments.result if arguments.result.is_dir() else arguments.result.parent),
        result,
        formats,
        source=read_source(arguments.result),
        named_only=arguments.named_only,
        start_timecode=arguments.start_timecode,
    )
    for path in written:
        print_line(f"written: {path}")
    return 0


def _people(folder: Path | None, settings: Settings) -> EventPeople | None:
    """The people of an event, with the names that the user gave them."""
    if folder is None:
        return None
    from curation.event.film.event_people import people_of_event

    io = settings.io.model_copy(update={"output_dir": folder.absolute()})
    return people_of_event(settings.model_copy(update={"io": io}))


def _joining(people: EventPeople | None, inference: VideoInference) -> dict[str, Any]:
    """Whom characters join, as arguments; the same networks must have embedded both."""
    if people is None:
        return {}
    spec = inference.setup.engine
    if people.engine not in (None, spec.name) or any(
        people.weights.get(file.name) not in (None, file.sha256) for file in spec.weights
    ):
        raise SettingsError(
            "the photos of the event were looked at with other model files than those of now, so people cannot be "
            "compared: run the clustering again"
        )
    return {"known": people.known, "labels": people.labels, "first_new_id": people.first_new_id}


def _write_tables(
    folder: Path, films: Sequence[tuple[str, TrailerResult]], failed: Sequence[tuple[str, str]], *, parquet: bool
) -> None:
    from curation.storage.video.tables import write_tables

    write_tables(folder, films, failed=failed, parquet=parquet)


def _write_item_tables(
    folder: Path,
    item_id: str,
    arguments: argparse.Namespace,
    trailer: TrailerResult | None,
    poster: PosterResult | None,
) -> None:
    from curation.storage.video.tables import PosterOf, write_tables

    films = [] if trailer is None else [(shown_name(arguments.trailer), trailer)]
    posters = [] if poster is None else [PosterOf(shown_name(arguments.poster), item_id, poster)]
    write_tables(folder, films, posters, parquet=arguments.parquet)


def _draws(arguments: argparse.Namespace, settings: Settings) -> bool:
    return bool(arguments.visuals or settings.video.store_visuals)


def _check_weights(inference: VideoInference, trailer: TrailerResult, path: Path) -> None:
    """Faces of a poster can be compared with those of a film only if the same network embedded both."""
    mine = {file.sha256 for file in inference.setup.poster_engine.weights}
    its = {sha256 for _, sha256 in trailer.weights}
    if trailer.engine != inference.setup.poster_engine.name or not mine <= its:
        raise SettingsError(
            f"{path} was made with other model files than those of now; look at the film again: "
            "python -m curation video trailer"
        )


def _print_schema(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.domain.film.documents.schema import film_schema

    print(json.dumps(film_schema(), indent=2))
    return 0


def _formats(text: str | None) -> tuple[str, ...]:
    if not text:
        return ()
    from curation.storage.video.exports import EXPORT_FORMATS

    known = tuple(EXPORT_FORMATS)
    if text.strip() == "all":
        return known
    asked = [part.strip() for part in text.split(",")]
    named = tuple(dict.fromkeys(name if name in known else _OTHER_NAMES.get(name, name) for name in asked))
    unknown = [name for name in named if name not in known]
    if unknown:
        raise SettingsError(f"there is no format {', '.join(map(repr, unknown))}; there are {', '.join(known)}, or all")
    return named


def _selected(text: str | None, trailer: TrailerResult) -> frozenset[int] | None:
    if text is None:
        return None
    there = {person.cluster_id for person in trailer.people}
    try:
        ids = frozenset(int(part) for part in text.split(","))
    except ValueError as error:
        raise SettingsError(f"--select takes the numbers of characters, such as 0,3, not {text!r}") from error
    if not ids <= there:
        missing = ", ".join(map(str, sorted(ids - there)))
        raise SettingsError(f"the film has no character {missing}; it has {', '.join(map(str, sorted(there)))}")
    return ids
