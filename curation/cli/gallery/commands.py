"""`curation gallery …`: people who are known beyond one event."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.cli.gallery.keeping import rescue_gallery
from curation.cli.terminal import printable
from curation.errors import KnownPersonNotFoundError, SettingsError
from curation.settings import Settings, with_places

if TYPE_CHECKING:
    from curation.event.known_people.enrolment import Enrolled
    from curation.event.known_people.forgetting import EventForgetting, Forgotten
    from curation.event.known_people.open_gallery import OpenGallery
    from curation.gallery.store import GalleryStore, KnownPerson

__all__ = ["add_commands"]

_DESCRIPTION = (
    "People who are recognised in new events. Faces are sensitive data: ask the people first, see docs/gallery.md. "
    "PERSON is a name, in upper or lower case, or the id that the list shows."
)
_FEWEST = 3


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands `gallery …` to a parser."""
    parser = groups.add_parser("gallery", help="people who are known beyond one event", description=_DESCRIPTION)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    add = _command(commands, "add", _add, "put labelled people of an output folder into the gallery")
    add.add_argument("names", nargs="*", metavar="NAME", help="whom; without a name everybody who has one")
    _folders(add)

    _command(commands, "list", _list, "who is in the gallery")

    show = _command(commands, "show", _show, "one person with all faces")
    show.add_argument("person", metavar="PERSON")

    merge = _command(commands, "merge", _merge, "make one person of two")
    merge.add_argument("person", metavar="PERSON", help="whose faces go to the other one")
    merge.add_argument("into", metavar="INTO", help="whose name stays")

    rename = _command(commands, "rename", _rename, "give a person another name")
    rename.add_argument("person", metavar="PERSON")
    rename.add_argument("name", metavar="NAME")

    remove = _command(commands, "remove-face", _remove_face, "take a wrong face away from a person, for good")
    remove.add_argument("person", metavar="PERSON")
    remove.add_argument("face", metavar="FACE", help="the id of the face, as `gallery show` tells it")

    forget = _command(commands, "forget", _forget, "remove a person for good, and say where traces are left")
    forget.add_argument("person", metavar="PERSON")
    forget.add_argument("--yes", action="store_true", help="do not ask")
    forget.add_argument(
        "--output",
        action="append",
        metavar="DIR",
        help="output folder or address of an event that has proposals, can be given more than once (default: "
        "io.output_dir)",
    )

    export = _command(commands, "export", _export, "write what is known of people into a folder: JSON and faces")
    export.add_argument("person", nargs="?", metavar="PERSON", help="whom; without it everybody")
    export.add_argument("--to", type=Path, required=True, metavar="DIR", help="a new folder")

    check = _command(commands, "check", _check, "whether the gallery is whole, and who is not recognised well")
    _folders(check)

    rescue = _command(commands, "rescue", rescue_gallery, "save what is whole of a damaged gallery into a new one")
    rescue.add_argument(
        "--to", type=Path, required=True, metavar="NEW", help="a new folder; the old one stays as it is"
    )


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace, Settings], int],
    what: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}. {_DESCRIPTION}")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(command=run)
    return parser


def _folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--input", metavar="DIR", help="folder or address of the photos (default: io.input_dir)")
    parser.add_argument("--output", metavar="DIR", help="output folder or address (default: io.output_dir)")


@contextmanager
def _opened(settings: Settings, *, needs_on: bool = False) -> Iterator[OpenGallery]:
    from curation.event.known_people.open_gallery import OpenGallery

    gallery = OpenGallery(settings, needs_on=needs_on)
    try:
        yield gallery
    finally:
        gallery.close()


def _add(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.event.catalog import Catalog
    from curation.event.known_people.enrolment import Enrolment
    from curation.event.known_people.recognition import EventRecognition
    from curation.storage.working_copy.opening import edited_outputs

    settings = with_places(settings, input_dir=arguments.input, output_dir=arguments.output)
    with _opened(settings, needs_on=True) as gallery, edited_outputs(settings):
        catalog = Catalog(settings)
        enrolment = Enrolment(settings, catalog, gallery, EventRecognition(settings, catalog, gallery))
        added = enrolment.add(arguments.names or None)
    if arguments.json:
        _print_json({"people": [_enrolled_json(one) for one in added]})
        return 0
    if not added:
        print("nobody of this event has a name: give names on the page People, or in the labels file")
    for one in added:
        if one.person is None:
            print(f"{printable(one.name)}: no face is good enough, or the photos changed since the clustering")
        else:
            faces = one.person.exemplars
            few = "; with fewer than 3 faces the name is only asked" if faces < _FEWEST else ""
            print(f"{printable(one.name)}: {_counted(faces, 'face')} in the gallery, {one.before} before{few}")
    return 0


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    with _opened(settings) as gallery:
        people = gallery.store().people()
    if arguments.json:
        _print_json({"people": [_person_json(person) for person in people]})
        return 0
    if not people:
        print("the gallery is empty: `curation gallery add` puts the labelled people of an event into it")
    for person in people:
        events = ", ".join(map(printable, person.events))
        print(f"{printable(person.name)} ({person.person_id}): {_counted(person.exemplars, 'face')}, {events}")
    return 0


def _show(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.event.known_people.copies import person_json

    with _opened(settings) as gallery:
        store = gallery.store()
        person = _person(store, arguments.person)
        faces = store.exemplars(person.person_id)
    if arguments.json:
        _print_json(person_json(person, faces))
        return 0
    print(f"{printable(person.name)} ({person.person_id}), {person.category or 'no category'}")
    print(f"  added {person.added}, last seen {person.last_seen}")
    for face in faces:
        print(f"  face {face.exemplar_id}: {printable(face.event)}, quality {face.quality:.2f}, {face.engine}")
    return 0


def _merge(arguments: argparse.Namespace, settings: Settings) -> int:
    with _opened(settings) as gallery:
        store = gallery.store()
        person, into = _person(store, arguments.person), _person(store, arguments.into)
        if person.person_id == into.person_id:
            raise SettingsError(f"{arguments.person!a} and {arguments.into!a} are one person already")
        merged = store.merge(person.person_id, into.person_id, max_exemplars=settings.gallery.max_exemplars)
    _tell(arguments, merged, f"{printable(person.name)} is {printable(merged.name)} now")
    return 0


def _rename(arguments: argparse.Namespace, settings: Settings) -> int:
    with _opened(settings) as gallery:
        store = gallery.store()
        person = _person(store, arguments.person)
        renamed = store.rename(person.person_id, arguments.name)
    _tell(arguments, renamed, f"{printable(person.name)} is called {printable(renamed.name)} now")
    return 0


def _remove_face(arguments: argparse.Namespace, settings: Settings) -> int:
    with _opened(settings) as gallery:
        store = gallery.store()
        person = _person(store, arguments.person)
        if arguments.face not in {face.exemplar_id for face in store.exemplars(person.person_id)}:
            raise KnownPersonNotFoundError(
                f"{printable(person.name)} has no face {arguments.face!a}; `curation gallery show` lists the faces"
            )
        store.remove_exemplar(person.person_id, arguments.face)
        left = store.person(person.person_id)
    _tell(arguments, left, f"the face is gone; {printable(left.name)} has {_counted(left.exemplars, 'face')} left")
    return 0


def _forget(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.event.known_people.forgetting import forget_person
    from curation.storage.working_copy.opening import edited_outputs

    with _opened(settings) as gallery, ExitStack() as stack:
        person = _person(gallery.store(), arguments.person)
        if not arguments.yes and not _is_confirmed(person):
            print("nothing was changed", file=sys.stderr)
            return SettingsError.exit_code
        places = [_at_output(settings, output) for output in arguments.output or [None]]
        told = [stack.enter_context(edited_outputs(place)) for place in places]
        done = forget_person(gallery, person, [_forgetting(place, gallery) for place in places])
    for sentence in (sentence for sentences in told for sentence in sentences):
        print(f"note: {sentence}", file=sys.stderr)
    if arguments.json:
        _print_json(_forgotten_json(done))
    else:
        _print_forgotten(done)
    return 0


def _is_confirmed(person: KnownPerson) -> bool:
    if not sys.stdin.isatty():
        raise SettingsError("forget asks before it removes somebody for good; without a terminal write --yes")
    told = f"Forget {printable(person.name)} with {_counted(person.exemplars, 'face')} for good? Write yes: "
    return input(told).strip().lower() == "yes"


def _at_output(settings: Settings, output: str | None) -> Settings:
    """The settings of an event by its output folder, whose run record says where the photos are."""
    from curation.storage.run_records import CLUSTERING_RUN, read_run_record

    if output is None:
        return settings
    record = read_run_record(Path(output) / CLUSTERING_RUN) if Path(output).is_dir() else None
    photos = (record or {}).get("input_dir")
    return with_places(settings, input_dir=photos if isinstance(photos, str) else None, output_dir=output)


def _forgetting(settings: Settings, gallery: OpenGallery) -> EventForgetting:
    from curation.event.catalog import Catalog
    from curation.event.known_people.forgetting import EventForgetting
    from curation.event.known_people.recognition import EventRecognition
    from curation.event.people.edits import PeopleEdits

    catalog = Catalog(settings)
    edits = PeopleEdits(settings, catalog)
    return EventForgetting(settings, catalog, edits, EventRecognition(settings, catalog, gallery))


def _export(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.event.known_people.copies import export_people

    with _opened(settings) as gallery:
        store = gallery.store()
        people = store.people() if arguments.person is None else [_person(store, arguments.person)]
        place = export_people(store, people, arguments.to.absolute())
    if arguments.json:
        _print_json({"folder": str(place), "people": len(people)})
    else:
        print(f"{_counted(len(people), 'person', 'people')} written to {printable(str(place))}")
    return 0


def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.errors import GalleryError, NotClusteredError
    from curation.event.catalog import Catalog
    from curation.event.known_people.recognition import EventRecognition
    from curation.gallery.sqlite_database import RESCUE
    from curation.storage.working_copy.opening import edited_outputs

    settings = with_places(settings, input_dir=arguments.input, output_dir=arguments.output)
    with _opened(settings) as gallery, edited_outputs(settings):
        store = gallery.store()
        if damage := store.check():
            raise GalleryError(f"the gallery is damaged: {'; '.join(damage)}. Copy a backup there, or see {RESCUE}")
        people = store.people()
        try:
            embedder = EventRecognition(settings, Catalog(settings), gallery).embedder()[1]
        except NotClusteredError:
            embedder = ""
        faces = {person.person_id: store.exemplars(person.person_id) for person in people}
    of_embedder = {id_: sum(face.embedder == embedder for face in mine) for id_, mine in faces.items()}
    few = [person.name for person in people if embedder and 0 < of_embedder[person.person_id] < _FEWEST]
    other = [person.name for person in people if embedder and not of_embedder[person.person_id]]
    broken = [
        (person.name, face.exemplar_id)
        for person in people
        for face in faces[person.person_id]
        if not face.chip_jpeg.startswith(b"\xff\xd8") or not 0.9 < float(face.vector @ face.vector) < 1.1
    ]
    total = sum(map(len, faces.values()))
    if arguments.json:
        damaged = [{"name": name, "face_id": face} for name, face in broken]
        _print_json(
            {"people": len(people), "faces": total, "few_faces": few, "other_weights": other, "broken_faces": damaged}
        )
        return 1 if broken else 0
    print(f"{_counted(len(people), 'person', 'people')}, {_counted(total, 'face')}: all can be read")
    if few:
        print(f"with fewer than {_FEWEST} faces the name is only asked: {', '.join(map(printable, few))}")
    if other:
        names = ", ".join(map(printable, other))
        print(f"known by other weights only, so not recognised in this event; add them again from one: {names}")
    for name, face in broken:
        print(f"face {face} of {printable(name)} is damaged: curation gallery remove-face {printable(name)!r} {face}")
    return 1 if broken else 0


def _person(store: GalleryStore, text: str) -> KnownPerson:
    found = store.find(text) if text.strip() else None
    if found is not None:
        return found
    by_id = [person for person in store.people() if person.person_id == text]
    if not by_id:
        raise KnownPersonNotFoundError(f"the gallery has nobody called {text!a}; `curation gallery list` lists all")
    return by_id[0]


def _tell(arguments: argparse.Namespace, person: KnownPerson, text: str) -> None:
    if arguments.json:
        _print_json(_person_json(person))
    else:
        print(text)


def _print_forgotten(done: Forgotten) -> None:
    print(f"{printable(done.person.name)} is forgotten. Removed: {'; '.join(map(printable, done.removed))}")
    if done.left:
        print("Traces may be left in:")
    for trace in done.left:
        print(f"  {printable(str(trace.path))}: {printable(trace.what)}; {trace.todo}")
    if done.events:
        events = ", ".join(map(printable, done.events))
        print(f"Also in the output folders of: {events}; `--output DIR` names them, and backups are yours to clear")


def _forgotten_json(done: Forgotten) -> dict[str, Any]:
    return {
        "person_id": done.person.person_id,
        "removed": list(done.removed),
        "left": [{"path": str(one.path), "what": one.what, "todo": one.todo} for one in done.left],
        "other_events": list(done.events),
    }


def _enrolled_json(one: Enrolled) -> dict[str, Any]:
    person = None if one.person is None else _person_json(one.person)
    return {"name": one.name, "faces_before": one.before, "person": person}


def _person_json(person: KnownPerson) -> dict[str, Any]:
    return {
        "person_id": person.person_id,
        "name": person.name,
        "category": person.category,
        "faces": person.exemplars,
        "events": list(person.events),
        "added": person.added,
        "last_seen": person.last_seen,
    }


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _print_json(data: dict[str, Any] | Sequence[Any]) -> None:
    print(json.dumps(data, indent=2))
