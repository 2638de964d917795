"""Gives each word of the user anchors when it is first read, see `curation.domain.identity.said`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

from curation.domain.faces.face import Box
from curation.domain.identity.said import (
    ANSWERS,
    AsidePick,
    FaceAnchor,
    FacePlace,
    Missing,
    Said,
    SaidLabel,
    SaidPhoto,
    SaidPick,
    content_of,
    is_known_by_path,
    key_at,
    known_by_path,
)

__all__ = ["SeenEvent", "Words", "settled", "used_photos", "with_contents", "with_new_pick"]


NO_OTHERS: Mapping[str, str] = MappingProxyType({})


class SeenEvent(Protocol):
    """The event as the user saw it: the result of the last clustering, with the corrections laid over."""

    def photo_key(self, image_path: str) -> str | None:
        """The SHA-256 of a photo's content, or `known_by_path`; None if the event has no such photo."""

    def shown_faces(self, cluster: int) -> Sequence[FacePlace]:
        """Some faces of a cluster that show best who it is; empty if it has none."""

    def box_at(self, image_path: str, box: Box) -> Box | None:
        """The box of the face at a place of a photo; None if there is none."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the user's files say. None for a file that is not there or cannot be read: what it said is kept.

    Attributes:
        labels: By cluster id, in the form of cluster_labels.json.
        corrections: By id, path and box of all faces that the correction names.
        answers: Path and box of all faces in grouping_answers.json.
        picks: By path, in the form of picks.json.
        seen: By id, in the form of people_seen.json.
        odd_labels: Those whose key is no number of a person, by the key.
    """

    labels: Mapping[int, object] | None = None
    corrections: Mapping[str, Sequence[FacePlace]] | None = None
    answers: Sequence[FacePlace] | None = None
    picks: Mapping[str, object] | None = None
    seen: Mapping[str, Mapping[str, object]] | None = None
    odd_labels: Mapping[str, object] = field(default_factory=dict)


class _Photos:
    """The photos of `Said`, growing."""

    def __init__(self, said: Said, event: SeenEvent) -> None:
        self.said = dict(said.photos)
        self.event = event
        # New photos have no versions, so this stays true.
        self._edited: dict[tuple[str, str | None], str] = {}
        for key, photo in said.photos.items():
            for version in photo.versions:
                self._edited.setdefault((version, photo.now), key)

    def key(self, image_path: str) -> str | None:
        content = self.event.photo_key(image_path)
        if content is None:
            return None
        known = self._edited.get((content, image_path))
        if known is not None:
            return known
        key = key_at(self.said, content, image_path, self.event.photo_key)
        self.said.setdefault(key, SaidPhoto(image_path, now=image_path))
        return key

    def face(self, image_path: str, box: Box) -> FaceAnchor | None:
        """The anchor of the face at a place that was shown; None if there is no face."""
        found = self.event.box_at(image_path, box)
        key = None if found is None else self.key(image_path)
        if key is None or found is None:
            return None
        photo = self.said[key]
        # In a photo that was edited since, the face is known by its box in the photo as it was.
        before = next((old for old, now in photo.faces.items() if now == found and photo.now == image_path), found)
        if before not in photo.faces:
            now = found if photo.now == image_path else None
            self.said[key] = replace(photo, faces={**photo.faces, before: now})
        return key, before


def settled(said: Said, words: Words, event: SeenEvent) -> Said:
    """The same with anchors for all words that are new, and without those that the user took back.

    A word that changed keeps its anchors as far as they still are what it names: the user then saw the same person or
    photo.

    Args:
        said: Of the words as they were read last.
        words: As they are now.
        event: What the user saw when they were said.
    """
    about_faces = {id_: list(faces) for id_, faces in said.corrections.items()} if words.corrections is None else {}
    about_faces |= {ANSWERS: list(said.corrections.get(ANSWERS, ()))} if words.answers is None else {}
    about_faces |= {id_: list(faces) for id_, faces in (words.corrections or {}).items()}
    about_faces |= {ANSWERS: list(words.answers)} if words.answers is not None else {}
    if not about_faces.get(ANSWERS):
        about_faces.pop(ANSWERS, None)
    if _is_settled(said, words, about_faces, event):
        return said
    photos = _Photos(said, event)
    labels = dict(said.labels)
    if words.labels is not None:
        labels = {cluster: _label(said, photos, cluster, label) for cluster, label in words.labels.items()}
        labels |= _waiting(said, words, labels)
    corrections = {id_: _correction(photos, said.corrections.get(id_, {}), faces) for id_, faces in about_faces.items()}
    picks, aside = _picks(said, photos, words.picks)
    seen = dict(said.seen) if words.seen is None else _seen(said, photos, words.seen)
    out = Said(photos.said, labels, corrections, picks, aside, seen)
    return used_photos(out)


def _waiting(said: Said, words: Words, labels: Mapping[int, SaidLabel]) -> dict[int, SaidLabel]:
    """Labels that the file does not name any more, but may after a correction: one of its keys is wrong.

    Args:
        said: Of the words as they were read last.
        words: As they are now.
        labels: Of the numbers that the file names, with anchors.
    """
    gone = {cluster: label for cluster, label in said.labels.items() if cluster not in labels}
    if words.odd_labels:
        return gone
    # The same label under a number that nobody has: who was meant is known.
    nobodys = [label.said for label in labels.values() if not label.faces]
    return {cluster: label for cluster, label in gone.items() if label.said in nobodys}


def _is_settled(said: Said, words: Words, about_faces: Mapping[str, Sequence[FacePlace]], event: SeenEvent) -> bool:
    labels = {cluster: label.said for cluster, label in said.labels.items()}
    picks = {path: pick.said for path, pick in said.picks.items()}
    return (
        (words.labels is None or (labels == dict(words.labels) and all(label.faces for label in said.labels.values())))
        and said.corrections.keys() == about_faces.keys()
        and all(set(faces) <= said.corrections[id_].keys() for id_, faces in about_faces.items())
        and (words.picks is None or picks == dict(words.picks))
        and not any(
            is_known_by_path(pick.photo) and not is_known_by_path(event.photo_key(path) or pick.photo)
            for path, pick in said.picks.items()
        )
        and (words.seen is None or {id_: word.said for id_, word in said.seen.items()} == dict(words.seen))
        and not {pick.photo for pick in said.aside} & {pick.photo for pick in said.picks.values()}
    )


def _label(said: Said, photos: _Photos, cluster: int, label: object) -> SaidLabel:
    before = said.labels.get(cluster)
    if before is not None and before.faces and before.said == label:
        return before
    shown = photos.event.shown_faces(cluster)
    if before is None or not before.faces:
        anchors = (photos.face(*place) for place in shown)
        return SaidLabel(label, tuple(anchor for anchor in anchors if anchor is not None))
    # The label of a person who was labelled before: the same faces, as far as they are not with somebody else now.
    if not shown:
        return SaidLabel(label, before.faces)
    now = set(shown)
    kept = [face for face in before.faces if (place := said.face_now(face)) is None or place in now]
    added = [anchor for place in shown if (anchor := photos.face(*place)) is not None and anchor not in kept]
    return SaidLabel(label, tuple([*kept, *added][: max(len(before.faces), len(shown))]))


def _correction(
    photos: _Photos, before: Mapping[FacePlace, FaceAnchor], faces: Sequence[FacePlace]
) -> dict[FacePlace, FaceAnchor]:
    out: dict[FacePlace, FaceAnchor] = {}
    for place in faces:
        anchor = before.get(place) or photos.face(*place)
        if anchor is not None:
            out[place] = anchor
    return out


def _picks(
    said: Said, photos: _Photos, words: Mapping[str, object] | None
) -> tuple[dict[str, SaidPick], tuple[AsidePick, ...]]:
    if words is None:
        return dict(said.picks), said.aside
    picks: dict[str, SaidPick] = {}
    aside = list(said.aside)
    for path, word in words.items():
        before = said.picks.get(path)
        # The service was stopped while it put this pick aside for one of the photo that has the path now.
        put_aside = next((pick for pick in aside if (pick.image_path, pick.said) == (path, word)), None)
        if before is not None and before.said == word and not is_known_by_path(before.photo):
            picks[path] = before
        elif put_aside is not None:
            aside.remove(put_aside)
            picks[path] = SaidPick(word, put_aside.photo)
        else:
            key = photos.key(path)
            if key is None:
                key = before.photo if before is not None else known_by_path(path)
                photos.said.setdefault(key, SaidPhoto(path))
            if before is not None and key != before.photo and not is_known_by_path(before.photo):
                aside.append(AsidePick(path, before.said, before.photo))
            picks[path] = SaidPick(word, key)
    picked = {pick.photo for pick in picks.values()}
    return picks, tuple(pick for pick in aside if pick.photo not in picked)


def _seen(said: Said, photos: _Photos, words: Mapping[str, Mapping[str, object]]) -> dict[str, SaidPick]:
    out: dict[str, SaidPick] = {}
    for id_, word in words.items():
        path = str(word.get("image_path"))
        before = said.seen.get(id_)
        # Another answer of the same id is about the same photo, unless the file was edited to name another one.
        is_same = before is not None and isinstance(before.said, Mapping) and before.said.get("image_path") == path
        key = before.photo if before is not None and is_same and not is_known_by_path(before.photo) else None
        if key is None:
            key = photos.key(path) or known_by_path(path)
            photos.said.setdefault(key, SaidPhoto(path))
        out[id_] = SaidPick(word, key)
    return out


def used_photos(said: Said) -> Said:
    """The same without photos that no word is about."""
    faces = [face for label in said.labels.values() for face in label.faces]
    faces += [face for of_correction in said.corrections.values() for face in of_correction.values()]
    keys = {key for key, _ in faces} | {pick.photo for pick in said.picks.values()}
    keys |= {pick.photo for pick in said.aside} | {word.photo for word in said.seen.values()}
    return replace(said, photos={key: photo for key, photo in said.photos.items() if key in keys})


def with_new_pick(
    said: Said, image_path: str, word: object | None, content: str, others: Mapping[str, str] = NO_OTHERS
) -> Said:
    """The same with another pick of a photo that is there; what was said of another photo under its path is kept aside.

    Args:
        said: Of all words, settled.
        image_path: Of the photo that was picked.
        word: In the form of picks.json; None removes the pick.
        content: The SHA-256 of what lies under the path now, or `known_by_path`.
        others: The same of other paths: which may be copies.
    """
    picks, photos = dict(said.picks), dict(said.photos)
    aside: list[AsidePick] = []
    key = key_at(photos, content, image_path, others.get)
    of_picks = [AsidePick(path, pick.said, pick.photo) for path, pick in said.picks.items()]
    for pick in (*said.aside, *of_picks):
        is_here = said.photo_now(pick.photo) == image_path
        if is_here and pick in of_picks:
            del picks[pick.image_path]
        is_known = is_here and not is_known_by_path(pick.photo)
        if is_known and content not in (content_of(pick.photo), *photos[pick.photo].versions):
            # The file was replaced since the last run.
            photos[pick.photo] = _replaced(photos[pick.photo])
            aside.append(pick)
        elif is_known:
            key = pick.photo
            if pick in of_picks and pick.image_path != image_path and word is not None:
                aside.append(pick)  # only until picks.json has the new path, too: then it says nothing more
        elif pick in said.aside and not is_here:
            aside.append(pick)
    if word is not None:
        other = picks.get(image_path)
        if other is not None:
            aside.append(AsidePick(image_path, other.said, other.photo))
        picks[image_path] = SaidPick(word, key)
        photo = photos.get(key, SaidPhoto(image_path))
        if photo.now != image_path:
            photos[key] = SaidPhoto(image_path, photo.versions, image_path, faces=dict.fromkeys(photo.faces))
    out = replace(said, photos=photos, picks=picks, aside=tuple(aside))
    return used_photos(out)


def _replaced(photo: SaidPhoto) -> SaidPhoto:
    return replace(photo, now=None, missing=Missing.REPLACED, faces=dict.fromkeys(photo.faces))


def with_contents(said: Said, contents: Mapping[str, str]) -> Said:
    """The same with photos that were known by their path only known by their content, where that is certain enough.

    Args:
        said: With where the photos are now.
        contents: SHA-256 by path of the photos that are there.
    """
    keys = {
        key: key_at(said.photos, contents[photo.now], photo.now, contents.get)
        for key, photo in said.photos.items()
        if is_known_by_path(key)
        and photo.now is not None
        and photo.now in contents
        and all(box == now for box, now in photo.faces.items())
    }
    if not keys:
        return said
    photos: dict[str, SaidPhoto] = {}
    for old, photo in said.photos.items():
        key = keys.get(old, old)
        known = photos.get(key, photo)
        certainty = 1.0 if old in keys else photo.certainty
        photos[key] = replace(known, certainty=certainty, faces={**known.faces, **photo.faces})

    def anchor(face: FaceAnchor) -> FaceAnchor:
        return keys.get(face[0], face[0]), face[1]

    return Said(
        photos,
        {
            cluster: replace(label, faces=tuple(dict.fromkeys(map(anchor, label.faces))))
            for cluster, label in said.labels.items()
        },
        {id_: {place: anchor(face) for place, face in faces.items()} for id_, faces in said.corrections.items()},
        {path: replace(pick, photo=keys.get(pick.photo, pick.photo)) for path, pick in said.picks.items()},
        tuple(replace(pick, photo=keys.get(pick.photo, pick.photo)) for pick in said.aside),
        {id_: replace(word, photo=keys.get(word.photo, word.photo)) for id_, word in said.seen.items()},
    )
