"""Which events this machine knows, in a small file that may be edited by hand: `io.state_dir/events.json`.

    {"version": 1, "events": [{"input": "/media/photos/Anna", "output": "/home/me/curation/curated/Anna",
                               "id": "anna-1f0c27aa", "opened_at": "2026-06-20T21:14:03.512+00:00"}]}

`name` may be added to an event, and `hidden: true` takes it off the list. Events of `make run` and the sample event are
found by their run records, and need no entry.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from curation.errors import CurationError, EventNotFoundError, EventsFileError, EventTakenError
from curation.jobs.events.known_event import EVENT_ID_PATTERN, KnownEvent, event_id_of, event_name_of
from curation.jobs.job import utc_now
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS, NotValidError
from curation.parsing.plain_files import read_plain
from curation.settings import EventPlaces, Settings, event_places, is_address, own_event, place_key, sample_places
from curation.settings.event_places import CURATED_FOLDER
from curation.storage.atomic import explained, write_bytes
from curation.storage.locks import hold_file_lock
from curation.storage.run_records import CLUSTERING_RUN, read_run_record

__all__ = ["EVENTS_FILE", "EventRegistry"]

logger = logging.getLogger(__name__)

EVENTS_FILE = "events.json"
_VERSION = 1
_LONGEST_NAME = 200

_Entry = dict[str, Any]


class EventRegistry:
    """The events that this machine knows. May be used by several threads, and by several processes."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings of the service; nothing is read yet."""
        self._settings = settings
        self._path = settings.io.state_dir / EVENTS_FILE

    def known(self) -> tuple[KnownEvent, ...]:
        """All of them: that of the settings, those that were opened, the last one first, then others by name.

        A file that is not valid is logged, and what can be found without it is listed.

        Raises:
            StorageError: If the file cannot be read.
        """
        try:
            entries = self._entries()
        except EventsFileError as error:
            logger.warning("%s", error)
            entries = []
        own = self._of_settings(entries)
        seen = {own.event_id}
        opened, found = [], []
        for entry in entries:
            event = _event_of(entry)
            if not entry.get("hidden") and event.event_id not in seen:
                opened.append(event)
            seen.add(event.event_id)
        for places in self._found():
            event = KnownEvent(event_id_of(places), event_name_of(places), places)
            if event.event_id not in seen:
                seen.add(event.event_id)
                found.append(event)
        opened.sort(key=lambda event: event.opened_at, reverse=True)
        found.sort(key=lambda event: (event.name.casefold(), event.event_id))
        return (own, *opened, *found)

    def find(self, event_id: str) -> KnownEvent:
        """The event with this id.

        Raises:
            EventNotFoundError: If there is none.
            StorageError: If the file cannot be read.
        """
        for event in self.known():
            if event.event_id == event_id:
                return event
        raise EventNotFoundError(f"there is no event {event_id} here; GET /events lists all")

    def open(self, folder: str, output: str | None = None) -> tuple[KnownEvent, bool]:
        """Put an event on the list, or find it there; it is now the one that was opened last.

        Args:
            folder: Folder or address of the photos; it need not exist.
            output: The same of the results; None for the place of `event_places`, or one beside it if that has the
                results of other photos of the same name.

        Returns:
            The event, and whether it is new on the list.

        Raises:
            EventTakenError: If the results of other photos lie in `output`.
            EventsFileError: If the file is not valid.
            StorageError: If it cannot be read or written.
            BusyError: If another process holds its lock for half a minute.
        """
        with hold_file_lock(self._path.with_suffix(".lock")):
            entries = self._entries()
            before = {event.event_id: event for event in self.known()}
            places = self._free_places(folder, output, before.values())
            event_id = next((one.event_id for one in before.values() if _same(one.places, places)), event_id_of(places))
            others = [entry for entry in entries if _event_of(entry).event_id != event_id]
            entry = next((entry for entry in entries if _event_of(entry).event_id == event_id), {})
            kept = {key: value for key, value in entry.items() if key != "hidden"}
            known = before.get(event_id)
            at = known.places if known is not None else places
            self._write(
                [*others, kept | {"input": at.input, "output": at.output, "id": event_id, "opened_at": utc_now()}]
            )
        return self.find(event_id), event_id not in before

    def remove(self, event_id: str) -> None:
        """Take an event off the list; nothing else is deleted. It comes back when it is opened again.

        Raises:
            EventNotFoundError: If there is none.
            EventTakenError: If it is the event of the settings, which is always there.
            EventsFileError: If the file is not valid.
            StorageError: If it cannot be read or written.
            BusyError: If another process holds its lock for half a minute.
        """
        with hold_file_lock(self._path.with_suffix(".lock")):
            event = self.find(event_id)
            if event.is_default:
                raise EventTakenError(
                    "this is the event of config.yaml, which is always on the list; change io.input_dir there"
                )
            entries = [entry for entry in self._entries() if _event_of(entry).event_id != event_id]
            if any(_same(event.places, places) for places in self._found()):
                places = {"input": event.places.input, "output": event.places.output}
                entries.append({**places, "id": event_id, "hidden": True})
            self._write(entries)

    def _free_places(self, folder: str, output: str | None, known: Any) -> EventPlaces:
        places = event_places(self._settings, folder, output)
        if not self._is_of_others(places, known):
            return places
        if output is not None:
            raise EventTakenError(
                f"{places.output} has the results of other photos; name another folder for the results of this event"
            )
        # As for files that are uploaded twice: a number that nobody has.
        number = 2
        while self._is_of_others(numbered := replace(places, output=f"{places.output} ({number})"), known):
            number += 1
        return numbered

    def _is_of_others(self, places: EventPlaces, known: Any) -> bool:
        key = place_key(places.output)
        found = [event.places for event in known if place_key(event.places.output) == key]
        if not found and not is_address(places.output):
            found = list(_recorded(Path(places.output)))
        return any(place_key(other.input) != place_key(places.input) for other in found)

    def _of_settings(self, entries: list[_Entry]) -> KnownEvent:
        places = own_event(self._settings)
        entry = next((entry for entry in entries if _same(_event_of(entry).places, places)), {})
        name, opened = str(entry.get("name") or event_name_of(places)), str(entry.get("opened_at") or "")
        return KnownEvent(str(entry.get("id") or event_id_of(places)), name, places, opened, is_default=True)

    def _found(self) -> Iterator[EventPlaces]:
        """Events that were looked through by commands: their results lie in known places."""
        sample = sample_places(self._settings)
        folders = [Path(sample.output)]
        try:
            folders += sorted(path for path in Path(sample.output).with_name(CURATED_FOLDER).iterdir() if path.is_dir())
        except OSError as error:
            logger.debug("no events are found: %s", error)
        for folder in folders:
            yield from _recorded(folder)

    def _entries(self) -> list[_Entry]:
        try:
            content = read_plain(self._path)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise explained(error, self._path, "read") from error
        except NotValidError as error:
            raise EventsFileError(f"{self._path} is not valid ({error}): restore it, or move it away") from error
        return _parsed(content, self._path)

    def _write(self, entries: list[_Entry]) -> None:
        text = json.dumps({"version": _VERSION, "events": entries}, indent=2, ensure_ascii=True)
        write_bytes(self._path, text.encode() + b"\n")


def _parsed(content: bytes, path: Path) -> list[_Entry]:
    """The entries of the file.

    Raises:
        EventsFileError: If it is not valid; says where, and what may stand there.
    """
    where = f"{path} is not valid"
    try:
        data = parse_json(content)
    except PARSER_ERRORS as error:
        raise EventsFileError(f"{where} ({error}): correct it, or move it away") from error
    if not isinstance(data, dict) or data.get("version") != _VERSION or not isinstance(data.get("events"), list):
        raise EventsFileError(f'{where}: it must hold {{"version": {_VERSION}, "events": [...]}}')
    for number, entry in enumerate(data["events"]):
        problem = _problem(entry)
        if problem:
            raise EventsFileError(f"{where}: events[{number}]{problem}")
    return list(data["events"])


_CHECKS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "input": (lambda value: _is_place(value), "a folder from the root, or an address such as s3://bucket/folder"),
    "output": (lambda value: _is_place(value), "a folder from the root, or an address such as s3://bucket/folder"),
    "id": (lambda value: isinstance(value, str) and re.fullmatch(EVENT_ID_PATTERN, value) is not None, "as a-b-1"),
    "name": (lambda value: isinstance(value, str) and len(value) <= _LONGEST_NAME, "a text"),
    "opened_at": (lambda value: isinstance(value, str), "a time, as text"),
    "hidden": (lambda value: isinstance(value, bool), "true or false"),
}


def _problem(entry: Any) -> str:
    if not isinstance(entry, dict):
        return ' must be an object with "input" and "output"'
    for key in ("input", "output"):
        if key not in entry:
            return f" has no {key!r}"
    for key, value in entry.items():
        if key in _CHECKS and not _CHECKS[key][0](value):
            return f".{key}: {value!r} stands there; it must be {_CHECKS[key][1]}"
    return ""


def _is_place(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value and (is_address(value) or Path(value).is_absolute())


def _event_of(entry: _Entry) -> KnownEvent:
    places = EventPlaces(entry["input"], entry["output"])
    name, opened = str(entry.get("name") or event_name_of(places)), str(entry.get("opened_at") or "")
    return KnownEvent(str(entry.get("id") or event_id_of(places)), name, places, opened)


def _same(one: EventPlaces, other: EventPlaces) -> bool:
    if one == other:
        return True
    return place_key(one.input) == place_key(other.input) and place_key(one.output) == place_key(other.output)


def _recorded(output_dir: Path) -> Iterator[EventPlaces]:
    """The event whose results lie in a folder, by its run record; nothing where there is none."""
    try:
        record = read_run_record(output_dir / CLUSTERING_RUN) or {}
        place = record["settings"]["io"]["input_dir"]
    except (CurationError, KeyError, TypeError) as error:
        logger.debug("%s: %s", output_dir, error)
        return
    if _is_place(place):
        yield EventPlaces(place, str(output_dir))
