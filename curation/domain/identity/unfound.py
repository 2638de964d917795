"""What the user said that finds nobody in the folder as it is now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from curation.domain.identity.said import AsidePick, FacePlace, Said, SaidPhoto
from curation.domain.labelling.labels import same_name

__all__ = [
    "Unfound",
    "UnfoundKind",
    "Why",
    "aside_id",
    "counts_told",
    "of_odd_labels",
    "told",
    "unfound",
    "unfound_told",
]


class UnfoundKind(StrEnum):
    """The kind of a word."""

    LABEL = "label"
    CORRECTION = "correction"
    PICK = "pick"
    SEEN = "seen"
    """An answer about a person without a face."""


class Why(StrEnum):
    """Why a word finds nobody; the first three are those of `Missing`."""

    AWAY = "away"
    REPLACED = "replaced"
    UNREADABLE = "unreadable"
    NO_FACE = "no_face"
    WITH_OTHERS = "with_others"
    CLIPS_AWAY = "clips_away"
    NO_PERSON = "no_person"
    OTHER_PICK = "other_pick"


_SHOWN = 10
_SHOWN_PATHS = 3
_REASONS = {
    Why.AWAY: "their photos are not in the folder",
    Why.REPLACED: "other photos lie under their names now",
    Why.UNREADABLE: "their photos could not be read in the last run",
    Why.NO_FACE: "their photos are there, but these faces were not found on them",
    Why.WITH_OTHERS: "their faces are there, but were grouped with other people in the last run",
    Why.CLIPS_AWAY: "they were in clips only, and these are not in the folder or were not looked at",
    Why.NO_PERSON: "nobody has these numbers; see whether they are right in cluster_labels.json",
    Why.OTHER_PICK: "another pick counts for the same photo; remove one of the two",
}


@dataclass(frozen=True, slots=True)
class Unfound:
    """A word of the user that finds nobody now. It is kept, and takes effect again when its photos are back.

    Attributes:
        kind: Of the word.
        id: The cluster id of a label, or its key if that is no id, the id of a correction, the path in picks.json of a
            pick; a pick that was put aside has the prefix `aside:` and its photo's key; of an answer its id in
            people_seen.json.
        said: The word: a label as in cluster_labels.json, the kind of a correction, a pick as in picks.json.
        why: Why it finds nobody.
        photos: Where its photos were when it was said, in ascending order; of a correction those of the side that is
            missing.
    """

    kind: UnfoundKind
    id: str
    said: object
    why: Why
    photos: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why nobody was found, as a clause: "their photos are not in the folder"."""
        return _REASONS[self.why]

    @property
    def is_aside(self) -> bool:
        """Whether it is a pick that was put aside, so that picks.json has no place for it."""
        return self.kind is UnfoundKind.PICK and self.photos != (self.id,)

    @property
    def name(self) -> str:
        """The word as people say it: "Anna", "person 7", "picked, 5 stars", "same person"."""
        if self.kind is UnfoundKind.LABEL:
            name = self.said.get("name") if isinstance(self.said, Mapping) else None
            return str(name) if name else f"person {self.id}"
        if self.kind is UnfoundKind.SEEN:
            return _answer_told(self.said)
        return str(self.said).replace("_", " ") if self.kind is UnfoundKind.CORRECTION else _pick_told(self.said)


def unfound(
    said: Said,
    corrections: Mapping[str, tuple[str, Sequence[FacePlace], Sequence[FacePlace]]],
    clusters: Collection[int],
    places: Mapping[FacePlace, int],
    picked: Collection[str],
    moved: Mapping[FacePlace, int],
    of_clips: Collection[int] = (),
) -> tuple[Unfound, ...]:
    """The words that find nobody.

    Args:
        said: All words with their anchors.
        corrections: For each correction that counts, its kind, its faces and its others, as corrections.json has them.
        clusters: The clusters that have faces, with the corrections laid over, and the people of the clips.
        places: The cluster of each face by path and box, with the corrections laid over.
        picked: Paths of all photos of the event, those that could not be read left out.
        moved: The cluster that corrections gave faces to, by where these are now.
        of_clips: The clusters of people who were in clips, but never on a photo.
    """
    out = []
    for cluster, label in sorted(said.labels.items()):
        if cluster in clusters:
            continue
        keys = sorted({key for key, _ in label.faces})
        there = [place for face in label.faces if (place := said.face_now(face)) is not None]
        if there and all(moved.get(place, cluster) != cluster for place in there):
            continue  # the user merged the person into another one
        name = _label_name(label.said)
        if name is not None and any(_named(said, places.get(place)) == name for place in there):
            continue  # another cluster with the same name has them
        is_there = bool(there)
        why = Why.WITH_OTHERS if is_there else _why(said, keys) if keys else Why.NO_PERSON
        if cluster in of_clips and not keys:
            if name is not None and any(_named(said, other) == name for other in clusters):
                continue  # meanwhile the person is on photos, too, as another cluster with the same name
            why = Why.CLIPS_AWAY
        out.append(Unfound(UnfoundKind.LABEL, str(cluster), label.said, why, _paths(said, keys)))
    for id_, (kind, faces, others) in corrections.items():
        anchors = said.corrections.get(id_, {})
        sides = [side for side in (faces, others) if side]
        lost = [side for side in sides if not any(_is_there(said, anchors.get(p), p, places) for p in side)]
        if lost:
            missing = [place for side in lost for place in side]
            keys = sorted({anchors[place][0] for place in missing if place in anchors})
            paths = _paths(said, keys) or tuple(sorted({path for path, _ in missing}))
            out.append(Unfound(UnfoundKind.CORRECTION, id_, kind, _why(said, keys), paths))
    counting = _counting(said)
    for path, pick in sorted(said.picks.items()):
        now = said.photo_now(pick.photo)
        if now not in picked:
            out.append(Unfound(UnfoundKind.PICK, path, pick.said, _why_pick(said, pick.photo), (path,)))
        elif now is not None and counting[now] != pick.said:
            out.append(Unfound(UnfoundKind.PICK, path, pick.said, Why.OTHER_PICK, (path,)))
    for pick_aside in said.aside:
        if said.photo_now(pick_aside.photo) not in picked:
            why = _why_pick(said, pick_aside.photo)
            out.append(Unfound(UnfoundKind.PICK, aside_id(pick_aside), pick_aside.said, why, (pick_aside.image_path,)))
    for id_, seen in said.seen.items():
        word = seen.said if isinstance(seen.said, Mapping) else {}
        if said.photo_now(seen.photo) not in picked and not word.get("undone"):
            photos = (str(word.get("image_path")),)
            out.append(Unfound(UnfoundKind.SEEN, id_, seen.said, _why_pick(said, seen.photo), photos))
    return tuple(out)


def _counting(said: Said) -> dict[str, object]:
    """The pick that counts for each photo that is there: of several, that under the name which the photo has now."""
    out: dict[str, object] = {}
    for path, pick in said.picks.items():
        now = said.photo_now(pick.photo)
        if now is not None and (now == path or now not in out):
            out[now] = pick.said
    return out


def of_odd_labels(labels: Mapping[str, object]) -> tuple[Unfound, ...]:
    """Labels whose key is no number of a person, by the key."""
    return tuple(Unfound(UnfoundKind.LABEL, key, label, Why.NO_PERSON, ()) for key, label in labels.items())


def _label_name(label: object) -> str | None:
    name = label.get("name") if isinstance(label, Mapping) else None
    return same_name(name) if isinstance(name, str) else None


def _named(said: Said, cluster: int | None) -> str | None:
    """The name of a cluster, in the form in which names are compared."""
    label = None if cluster is None else said.labels.get(cluster)
    return None if label is None else _label_name(label.said)


def aside_id(pick: AsidePick) -> str:
    """The id of a pick that was put aside, see `Unfound`."""
    return f"aside:{pick.photo}"


def _is_there(said: Said, anchor: tuple[str, object] | None, place: FacePlace, places: Collection[FacePlace]) -> bool:
    if anchor is None:
        return place in places
    return said.face_now((anchor[0], anchor[1])) is not None  # type: ignore[arg-type]


def _paths(said: Said, keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({said.photos[key].image_path for key in keys if key in said.photos}))


def _why(said: Said, keys: Iterable[str]) -> Why:
    """The reason that most of the photos have."""
    reasons = Counter(_why_photo(said.photos.get(key)) for key in keys)
    return max(Why, key=lambda why: reasons[why]) if reasons else Why.AWAY


def _why_pick(said: Said, key: str) -> Why:
    """A pick needs no face: if its photo is there but does not count, it could not be read."""
    why = _why_photo(said.photos.get(key))
    return Why.UNREADABLE if why is Why.NO_FACE else why


def _why_photo(photo: SaidPhoto | None) -> Why:
    if photo is None or (photo.now is None and photo.missing is None):
        return Why.AWAY
    if photo.now is not None:
        return Why.NO_FACE
    return Why(photo.missing.value) if photo.missing is not None else Why.AWAY


def told(words: Sequence[Unfound]) -> str:
    """What `counts_told` says, and that they are kept. Empty if all find somebody."""
    waits = ", and count again when their photos are back"
    is_waiting = any(word.why not in (Why.NO_PERSON, Why.OTHER_PICK) for word in words)
    return f"{counts_told(words)}. They are kept{waits if is_waiting else ''}" if words else ""


def counts_told(words: Sequence[Unfound]) -> str:
    """How many of which kind find nobody and why, in one clause; empty if all find somebody.

    For instance: "3 picks, 1 correction and 2 names find nobody: their photos are not in the folder".
    """
    if not words:
        return ""
    counts = Counter(_noun(word) for word in words)
    parts = [
        f"{counts[noun]} {noun if counts[noun] == 1 else noun + 's'}"
        for noun in ("pick", "correction", "answer", "name", "label")
        if counts[noun]
    ]
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    reasons = Counter(word.why for word in words)
    why = "; ".join(f"{_REASONS[w]}" + (f" ({reasons[w]})" if len(reasons) > 1 else "") for w in Why if reasons[w])
    verb = "finds" if len(words) == 1 else "find"
    return f"{listed} {verb} nobody: {why}"


def _noun(word: Unfound) -> str:
    if word.kind is UnfoundKind.LABEL:
        return "name" if isinstance(word.said, Mapping) and word.said.get("name") else "label"
    return "answer" if word.kind is UnfoundKind.SEEN else word.kind.value


def unfound_told(words: Sequence[Unfound]) -> tuple[str, ...]:
    """The sentence of `told`, and one line for each of the first words; nothing if all find somebody."""
    if not words:
        return ()
    lines = [": ".join(filter(None, (f"{_noun(word)} {_name(word)}", _some_paths(word.photos)))) for word in words]
    del lines[_SHOWN:]
    left = len(words) - len(lines)
    return (told(words), *lines, *([f"and {left} more; clustering_run.json lists all"] if left else []))


def _name(word: Unfound) -> str:
    name = word.said.get("name") if isinstance(word.said, Mapping) else None
    if word.kind is UnfoundKind.LABEL:
        return f"{name} (person {word.id})" if name else f"of person {word.id}"
    if word.kind is UnfoundKind.SEEN:
        return word.name
    return f"{word.said} ({word.id})" if word.kind is UnfoundKind.CORRECTION else _pick_told(word.said)


def _pick_told(said: object) -> str:
    pick = said if isinstance(said, Mapping) else {}
    stars = pick.get("rating")
    told_stars = "" if not stars else "1 star" if stars == 1 else f"{stars} stars"
    return ", ".join(part for part in (str(pick.get("pick") or ""), told_stars) if part)


def _answer_told(said: object) -> str:
    word = said if isinstance(said, Mapping) else {}
    name = str(word.get("name") or "")
    return f"not {name}" if word.get("answer") == "refused" else f"{name} without a face"


def _some_paths(paths: Sequence[str]) -> str:
    more = len(paths) - _SHOWN_PATHS
    return ", ".join(paths[:_SHOWN_PATHS]) + (f" and {more} more" if more > 0 else "")
