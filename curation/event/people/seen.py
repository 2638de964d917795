"""The user's answers about people without a face: people_seen.json, and which photos they are about now."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from curation.domain.faces.face import Box
from curation.domain.labelling.answers import with_counting
from curation.domain.labelling.labels import same_name
from curation.domain.labelling.people_seen import PEOPLE_SEEN_VERSION, PersonSeen, SeenAnswer, parse_people_seen
from curation.event.file_cache import Derived, FileCache
from curation.event.said_words import SaidWords
from curation.settings import Settings
from curation.storage.said.people_seen_file import PEOPLE_SEEN, people_seen_content, read_people_seen
from curation.storage.together.new_files import NewFiles

__all__ = ["NewAnswer", "SeenNow", "SeenPeople", "name_key"]


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """What the user answers.

    Attributes:
        image_path: Of the photo.
        body: Bounds of the body in pixels of the upright full-size photo.
        size: Width and height of the photo, in pixels.
        name: Who was suggested.
        answer: Accepted or refused.
    """

    image_path: str
    body: Box
    size: tuple[int, int]
    name: str
    answer: SeenAnswer


@dataclass(frozen=True, slots=True, eq=False)
class SeenNow:
    """The answers that count, by the paths that their photos have now.

    Attributes:
        by_photo: Those about a photo, in the order in which they were given.
    """

    by_photo: Mapping[str, tuple[PersonSeen, ...]]

    def names(self, image_path: str) -> tuple[str, ...]:
        """Who is on a photo without a face, as the user accepted, each once."""
        accepted = (seen for seen in self.by_photo.get(image_path, ()) if seen.answer is SeenAnswer.ACCEPTED)
        return tuple({same_name(seen.name): seen.name for seen in accepted}.values())

    def keys_by_photo(self) -> dict[str, tuple[str, ...]]:
        """Keys of these people, see `curation.domain.labelling.labels.Person`, by path."""
        return {path: tuple(map(name_key, names)) for path in self.by_photo if (names := self.names(path))}


_NOTHING = SeenNow({})


def name_key(name: str) -> str:
    """The key that a person with a name has, see `curation.domain.labelling.labels.Person`."""
    return f"name:{same_name(name)}"


class SeenPeople:
    """people_seen.json of one event. Thread-safe, but changes need the lock of the corrections."""

    def __init__(self, settings: Settings, words: SaidWords) -> None:
        """Remember the paths; nothing is read yet.

        Args:
            settings: Name the folders.
            words: What the answers are about.
        """
        self._words = words
        self._file = FileCache(settings.io.output_dir / PEOPLE_SEEN, read_people_seen)
        self._now: Derived[SeenNow] = Derived()

    def written(self) -> Mapping[str, PersonSeen]:
        """All answers by id, also those that were undone or whose photos are not found.

        Raises:
            PeopleSeenError: If people_seen.json is not valid.
            StorageError: If it cannot be read.
        """
        return self._file.get() or _NO_ANSWERS

    def now(self) -> SeenNow:
        """The answers that count where their photos are now: the same object until something changes.

        Raises what `written` raises.
        """
        written = self.written()
        if not written:
            return _NOTHING
        said = self._words.said()
        return self._now.get((written, said), lambda: self._placed(written))

    def _placed(self, written: Mapping[str, PersonSeen]) -> SeenNow:
        said = self._words.said()
        by_photo: dict[str, list[PersonSeen]] = {}
        for id_, seen in written.items():
            anchor = said.seen.get(id_)
            # Given since the last run or change: it is about the photo that has this path.
            path = seen.image_path if anchor is None else said.photo_now(anchor.photo)
            if path is not None and not seen.undone:
                by_photo.setdefault(path, []).append(seen)
        return SeenNow({path: tuple(answers) for path, answers in by_photo.items()})

    def added(self, new: NewAnswer, earlier: Sequence[str]) -> tuple[dict[str, PersonSeen], dict[str, bool]]:
        """All answers with a new one; nothing is written.

        Args:
            new: The answer.
            earlier: Ids of answers that it replaces; they are kept, but undone.

        Returns:
            The answers by id, and for each that changed whether it counted before.

        Raises:
            PeopleSeenError: If people_seen.json is not valid, or would not be with this answer.
            StorageError: If it cannot be read.
        """
        people = dict(self.written())
        counted = {id_: True for id_ in earlier if id_ in people and not people[id_].undone}
        people |= {id_: replace(people[id_], undone=True) for id_ in counted}
        id_ = uuid.uuid4().hex[:12]
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        seen = PersonSeen(id_, at, new.image_path, new.body, new.size, new.name, new.answer)
        # What the reader refuses is not written.
        people |= parse_people_seen({"version": PEOPLE_SEEN_VERSION, "people": [seen.to_json()]})
        return people, {**counted, id_: False}

    def counting(self, counting: Mapping[str, bool]) -> tuple[dict[str, PersonSeen], dict[str, bool]]:
        """All answers with some taken back, or given again; nothing is written.

        Args:
            counting: Whether each answer is to count, by id; ids that are not there are skipped.

        Returns:
            As of `added`. Raises what `added` raises.
        """
        return with_counting(self.written(), counting)

    def write(self, new: NewFiles, people: Mapping[str, PersonSeen]) -> None:
        """Write all answers among the new files of a change; call it while changes of the event are locked.

        Raises:
            StorageError: If they cannot be written.
        """
        new.add_word(self._file.path, people_seen_content(people))


_NO_ANSWERS: dict[str, PersonSeen] = {}
