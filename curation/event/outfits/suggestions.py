"""Suggestions who the people without a face are, by what they wear, and the user's answers to them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curation.domain.faces.face import Box
from curation.domain.faces.ids import face_id, photo_id
from curation.domain.faces.index import EventIndex
from curation.domain.labelling.labels import Labels
from curation.domain.labelling.people_seen import PersonSeen, SeenAnswer
from curation.domain.outfits.lookalikes import Lookalike, LookalikeRules, Lookalikes, Spread, Worn, lookalikes
from curation.errors import SuggestionNotFoundError
from curation.event.catalog import Catalog
from curation.event.file_cache import Derived
from curation.event.outfits.search import EventBodies, OutfitSearch, PhotoBodies, body_of, named
from curation.event.people.edits import PeopleEdits
from curation.event.people.seen import NewAnswer, SeenNow, name_key
from curation.settings import Settings
from curation.storage.assets.picture_bodies import Body

__all__ = ["SUGGESTION_ID_PATTERN", "LearntFrom", "OutfitSuggester", "OutfitSuggestion", "OutfitSuggestions"]

SUGGESTION_ID_PATTERN = r"^[0-9a-f]{16}$"
_SWITCHED_OFF = "suggestions by clothes are switched off: assets.outfit_suggestions in config.yaml"
_NO_RULES = LookalikeRules()


@dataclass(frozen=True, slots=True)
class LearntFrom:
    """The body that a suggestion was learnt from.

    Attributes:
        image_path: Of its photo.
        asset_id: Of its picture.
        person_index: Of the body.
        box: Bounds of the body.
        size: Width and height of its photo, in pixels.
        face_id: Of its face; None if it is one that the user accepted.
    """

    image_path: str
    asset_id: str
    person_index: int
    box: Box
    size: tuple[int, int]
    face_id: str | None


@dataclass(frozen=True, slots=True)
class OutfitSuggestion:
    """Somebody without a face who may be a person with a name.

    Attributes:
        id: 16 hex digits.
        image_path: Of the photo.
        asset_id: Of its picture.
        person_index: Of the body.
        box: Bounds of the body, in pixels of the upright full-size photo.
        size: Width and height of that photo.
        name: Who it may be.
        person: Key of that person.
        likeness: How alike the clothes are, in [0, 1].
        learnt_from: The body with a face that it is most like.
    """

    id: str
    image_path: str
    asset_id: str
    person_index: int
    box: Box
    size: tuple[int, int]
    name: str
    person: str
    likeness: float
    learnt_from: LearntFrom


@dataclass(frozen=True, slots=True)
class OutfitSuggestions:
    """All suggestions of an event, the likeliest first, and why there are no more.

    Attributes:
        found: Without those that were answered.
        without_face: How many bodies without a face have clothes that could be read.
        spread: How well people can be told by their clothes; the people by names.
    """

    found: tuple[OutfitSuggestion, ...]
    without_face: int
    spread: Spread


class OutfitSuggester:
    """Suggests who people without a face are. Nothing is written unless the user answers. Thread-safe."""

    def __init__(self, settings: Settings, catalog: Catalog, search: OutfitSearch, edits: PeopleEdits) -> None:
        """Remember the parts; nothing is read yet.

        Args:
            settings: Of the service.
            catalog: Of the event.
            search: Of the event.
            edits: Through which answers are written, so that they can be undone.
        """
        self._is_on = settings.assets.outfit_suggestions
        self._catalog = catalog
        self._search = search
        self._edits = edits
        self._labels: Labels | None = None
        self._found: Derived[OutfitSuggestions] = Derived()
        self._left: Derived[OutfitSuggestions] = Derived()

    def suggestions(self) -> OutfitSuggestions:
        """All suggestions that were not answered: the same object until something changes.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If cluster_labels.json is not valid.
            PeopleSeenError: If people_seen.json is not valid.
            StorageError: If a file or the database cannot be read.
        """
        if not self._is_on:
            return OutfitSuggestions((), 0, Spread(off=_SWITCHED_OFF))
        bodies, event, labels = self._search.event_bodies(), self._catalog.event(), self._catalog.labels()
        if self._labels != labels:
            self._labels = labels  # they are parsed anew each time
        labels = self._labels or labels
        found = self._found.get((bodies, event, labels), lambda: self._find(bodies, event, labels))
        seen = self._catalog.seen.now()
        return self._left.get((found, seen), lambda: _unanswered(found, bodies, seen))

    def answer(self, suggestion_id: str, answer: SeenAnswer) -> OutfitSuggestion:
        """Write the user's answer; `PeopleEdits.undo` takes it back.

        Args:
            suggestion_id: Of one of `suggestions`.
            answer: Accepted or refused.

        Returns:
            The suggestion.

        Raises:
            SuggestionNotFoundError: If there is no such suggestion, or it was answered. Also what `suggestions` raises.
            BusyError: If another process has locked the corrections for long.
        """
        for one in self.suggestions().found:
            if one.id == suggestion_id:
                self._edits.answer_seen(NewAnswer(one.image_path, one.box, one.size, one.name, answer), ())
                return one
        raise SuggestionNotFoundError(
            f"there is no suggestion {suggestion_id}; it may have been answered, or the event has changed"
        )

    def _find(self, bodies: EventBodies, event: EventIndex, labels: Labels) -> OutfitSuggestions:
        times = self._catalog.times().taken_s
        places: list[tuple[PhotoBodies, Body, int]] = []
        worn: list[Worn] = []
        names: dict[str, str] = {}
        dimensions = _usual_length(bodies.photos)
        for number, photo in enumerate(bodies.photos):
            for body, row, has_face in zip(photo.picture.bodies, photo.rows, photo.has_face, strict=True):
                if body.signature is None or len(body.signature) != dimensions:
                    continue
                cluster = int(event.cluster_ids[row]) if row >= 0 else -1
                person = labels.person(cluster)
                if has_face and person is None:
                    continue  # a face that is nobody's tells nothing, and is no person without a face
                if named(labels, cluster) is not None and person is not None:
                    names[person.key] = person.display_name
                places.append((photo, body, row))
                time = times.get(photo.image_path)
                worn.append(Worn(number, time, body.signature, None if person is None else person.key))
        result = lookalikes(worn, frozenset(names), _NO_RULES)
        found = tuple(_suggestion(one, places, event, names) for one in result.found)
        return OutfitSuggestions(found, sum(body.person is None for body in worn), _with_names(result, names, labels))


def _usual_length(photos: Sequence[PhotoBodies]) -> int:
    """The length of most signatures: records of an older version may have others."""
    lengths = Counter(len(b.signature) for p in photos for b in p.picture.bodies if b.signature is not None)
    return lengths.most_common(1)[0][0] if lengths else 0


def _suggestion(
    one: Lookalike, places: Sequence[tuple[PhotoBodies, Body, int]], event: EventIndex, names: Mapping[str, str]
) -> OutfitSuggestion:
    photo, body, _ = places[one.body]
    source, like, row = places[one.learnt_from]
    text = f"{photo.image_path}\0{tuple(body.box)}\0{one.person}"
    return OutfitSuggestion(
        id=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        image_path=photo.image_path,
        asset_id=photo.picture.asset_id,
        person_index=body.person_index,
        box=body.box,
        size=(photo.picture.width, photo.picture.height),
        name=names[one.person],
        person=one.person,
        likeness=1.0 - one.distance,
        learnt_from=LearntFrom(
            source.image_path,
            source.picture.asset_id,
            like.person_index,
            like.box,
            (source.picture.width, source.picture.height),
            face_id(photo_id(source.image_path), event.rows[row].face_index) if row >= 0 else None,
        ),
    )


def _with_names(result: Lookalikes, names: Mapping[str, str], labels: Labels) -> Spread:
    """The spread with people by name instead of by key."""
    spread = result.spread

    def told(key: str) -> str:
        cluster = key.removeprefix("cluster:")
        person = labels.person(int(cluster)) if cluster.isdecimal() else None
        return names.get(key) or (person.display_name if person is not None else key)

    alike = {told(key): tuple(map(told, others)) for key, others in spread.alike.items()}
    return Spread(spread.tried, spread.right, spread.wrong, alike, spread.off)


def _unanswered(found: OutfitSuggestions, bodies: EventBodies, seen: SeenNow) -> OutfitSuggestions:
    if not seen.by_photo:
        return found
    photos = {photo.image_path: photo for photo in bodies.photos}
    left = tuple(
        one
        for one in found.found
        if not any(_settles(answer, one, photos[one.image_path]) for answer in seen.by_photo.get(one.image_path, ()))
    )
    return OutfitSuggestions(left, found.without_face, found.spread)


def _settles(answer: PersonSeen, one: OutfitSuggestion, photo: PhotoBodies) -> bool:
    """Whether an answer is one to this suggestion: about this body, or about where this person is on the photo."""
    is_person = name_key(answer.name) == one.person
    if answer.answer is SeenAnswer.ACCEPTED and is_person:
        return True
    body = body_of(answer, photo)
    is_body = body is not None and body.person_index == one.person_index
    return is_body and (answer.answer is SeenAnswer.ACCEPTED or is_person)
