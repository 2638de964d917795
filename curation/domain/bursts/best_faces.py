"""The best face of each person of a burst, and the frame in which most people look as good as they get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["BurstFrame", "BurstPerson", "FaceLimits", "GroupBurst", "SeenFace", "burst_sentence", "group_burst"]

_CLEARLY_SOFTER = 0.25  # than the same face elsewhere in the burst, in values of the measure; as for the best photo
_MOST_NAMED = 2  # people in a sentence
_BOTH = 2
_NO_FACE = (True, True, True)


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A face in one frame.

    Attributes:
        face_id: Its id.
        eyes: How open the eyes are, in [0, 1]; None if it cannot be told.
        smile: From neutral (0) to laughing (1); None if it cannot be told.
        focus: Its sharpness, in [0, 1]; None if it cannot be told.
        size_px: The shorter side of its box.
    """

    face_id: str
    eyes: float | None
    smile: float | None
    focus: float | None
    size_px: int

    @property
    def quality(self) -> float:
        """The mean of what can be told, in [0, 1]; 0 if nothing can."""
        known = [value for value in (self.eyes, self.smile, self.focus) if value is not None]
        return round(sum(known) / len(known), 4) if known else 0.0


@dataclass(frozen=True, slots=True)
class BurstFrame:
    """A photo of a burst.

    Attributes:
        image_path: Its path.
        faces: The face of each person in it, by the person's key.
    """

    image_path: str
    faces: Mapping[str, SeenFace]


@dataclass(frozen=True, slots=True)
class FaceLimits:
    """From which values on a face is as it should be.

    Attributes:
        eyes_open: Of the eyes.
        focus: Of the sharpness.
    """

    eyes_open: float
    focus: float


@dataclass(frozen=True, slots=True)
class BurstPerson:
    """A person in the frames of a burst.

    Attributes:
        key: The person's key.
        best: The path of the frame with the person's best face.
        open_in: The frames in which the eyes are open, in the order of the frames.
        closed_in: The frames in which they are closed.
        blurred_in: The frames in which the face is blurred, or clearly softer than in another frame.
        good_in: The frames in which the person looks as good as ever in this burst.
    """

    key: str
    best: str
    open_in: tuple[str, ...]
    closed_in: tuple[str, ...]
    blurred_in: tuple[str, ...]
    good_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupBurst:
    """The people of a burst.

    Attributes:
        people: Everybody who is in any of the frames, in the given order.
        counted: The keys of those who count for the best frame.
        best: The frame that is best for most of them; None if nobody counts.
        open_in: The frames in which the eyes of everybody who counts are open.
    """

    people: tuple[BurstPerson, ...]
    counted: tuple[str, ...]
    best: str | None
    open_in: tuple[str, ...]


def group_burst(
    frames: Sequence[BurstFrame],
    *,
    counted: Sequence[str],
    main: frozenset[str] = frozenset(),
    limits: FaceLimits,
) -> GroupBurst:
    """Compare the people of the frames.

    The best face of a person has open eyes and is sharp; among equals eyes that can be told win, then the mean of
    eyes, smile and focus. The best frame is the one in which most people who count have a face as good as their best:
    no closed eyes, blur or doubt that their best face has not. Ties go to the frame with more such main people, then by
    the mean quality of the faces, then by path. The order of the frames changes nothing but the order in the answer.

    Args:
        frames: The photos of one burst.
        counted: Keys of the people for whom the best frame is wanted; those who are in no frame are left out.
        main: Keys of the main people.
        limits: See `FaceLimits`.
    """
    sharpest = _sharpest(frames)
    keys = dict.fromkeys(key for frame in frames for key in frame.faces)
    people = tuple(_person(key, frames, sharpest.get(key, 0.0), limits) for key in keys)
    by_key = {person.key: person for person in people}
    counting = [by_key[key] for key in dict.fromkeys(counted) if key in by_key]
    best = None
    if counting:

        def order(frame: BurstFrame) -> tuple[int, int, float, str]:
            good = [person.key for person in counting if frame.image_path in person.good_in]
            seen = [frame.faces[person.key].quality for person in counting if person.key in frame.faces]
            return (
                -len(good),
                -sum(key in main for key in good),
                -round(sum(seen) / len(counting), 4),
                frame.image_path,
            )

        best = min(frames, key=order).image_path
    # Whose eyes can be told in no frame, as behind dark glasses, says nothing about any of them.
    told = [person for person in counting if person.open_in or person.closed_in]
    open_in = tuple(
        frame.image_path for frame in frames if told and all(frame.image_path in person.open_in for person in told)
    )
    return GroupBurst(people, tuple(person.key for person in counting), best, open_in)


def burst_sentence(burst: GroupBurst, frames: int, names: Mapping[str, str]) -> str:
    """What there is to say of the eyes of the people who count.

    Args:
        burst: The people of the burst.
        frames: The number of its photos.
        names: Of people, by key.

    Returns:
        Like `Everybody's eyes are open in 3 of 5; Anna's only in DSC_0412`; empty for fewer than two photos, or if
        nobody's eyes can be told.
    """
    people = [person for person in burst.people if person.key in burst.counted and (person.open_in or person.closed_in)]
    if frames < 2 or not people:
        return ""
    number = len(burst.open_in)
    whose = "Everybody's" if len(people) > 1 else _whose(names.get(people[0].key, "the person"), is_first=True)
    if number == frames:
        return f"{whose} eyes are open in {'both photos' if frames == _BOTH else f'all {frames}'}"
    first = f"{whose} eyes are open in {number or 'none'} of {frames}"
    if len(people) == 1:
        where = ", ".join(_stem(path) for path in burst.open_in)
        return f"{first}: {where}" if 0 < number <= _MOST_NAMED else first
    rare = sorted((person for person in people if len(person.open_in) <= 1), key=lambda person: len(person.open_in))
    notes = [
        f"{_whose(names.get(person.key, 'somebody'))} "
        + (f"only in {_stem(person.open_in[0])}" if person.open_in else "in none")
        for person in rare[:_MOST_NAMED]
    ]
    return "; ".join([first, *notes])


def _whose(name: str, *, is_first: bool = False) -> str:
    shown = name[:1].upper() + name[1:] if is_first else name
    return f"{shown}'s"


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _sharpest(frames: Sequence[BurstFrame]) -> dict[str, float]:
    found: dict[str, float] = {}
    for frame in frames:
        for key, face in frame.faces.items():
            found[key] = max(found.get(key, 0.0), face.focus or 0.0)
    return found


def _is_closed(face: SeenFace, limits: FaceLimits) -> bool:
    return face.eyes is not None and face.eyes < limits.eyes_open


def _is_blurred(face: SeenFace, sharpest: float, limits: FaceLimits) -> bool:
    return face.focus is not None and (face.focus < limits.focus or face.focus < sharpest - _CLEARLY_SOFTER)


def _faults(face: SeenFace | None, sharpest: float, limits: FaceLimits) -> tuple[bool, bool, bool]:
    """Closed eyes, blur, and eyes that cannot be told; a missing face has them all."""
    if face is None:
        return _NO_FACE
    return _is_closed(face, limits), _is_blurred(face, sharpest, limits), face.eyes is None


def _person(key: str, frames: Sequence[BurstFrame], sharpest: float, limits: FaceLimits) -> BurstPerson:
    seen = [(frame.image_path, frame.faces[key]) for frame in frames if key in frame.faces]
    faults = {path: _faults(face, sharpest, limits) for path, face in seen}
    best_path, _ = min(seen, key=lambda one: (faults[one[0]], -one[1].quality, -one[1].size_px, one[0]))
    return BurstPerson(
        key=key,
        best=best_path,
        open_in=tuple(path for path, face in seen if face.eyes is not None and not faults[path][0]),
        closed_in=tuple(path for path, _ in seen if faults[path][0]),
        blurred_in=tuple(path for path, _ in seen if faults[path][1]),
        good_in=tuple(path for path, _ in seen if faults[path] == faults[best_path]),
    )
