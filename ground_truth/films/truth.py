"""Who is where in each picture of a film: labels made by hand, or known because the film was made."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from curation.domain.faces.face import Box
from ground_truth.errors import Unavailable

__all__ = [
    "LABELLED_CLIPS",
    "LabelledFilm",
    "NamedFace",
    "TruePicture",
    "labelled_clip",
    "labelled_film",
    "picture_times",
    "write_labels",
]

LABELLED_CLIPS = MappingProxyType(
    {
        "yakhyo": "yakhyo_friends/in_video.mp4",
        "hamilton": "hamilton/short_hamilton_clip.mp4",
        "wolfgang": "wolfgang/WolfgangLanger_Pexels.mp4",
    }
)
"""Files of the clips that were labelled by hand; constants of the analysis of films were chosen on the first two."""

_MUST, _IGNORE = "must", "ignore"
_COLUMNS = ("frame_index", "time_s", "person", "kind", "x", "y", "w", "h")


class NamedFace(NamedTuple):
    """A face in one picture.

    Attributes:
        person: Whose it is.
        counts: Whether it has to be found; otherwise it may be found or not: from behind, cut off, hidden in part.
        box: In pixels of the upright picture.
    """

    person: str
    counts: bool
    box: Box


class TruePicture(NamedTuple):
    """A picture of a film.

    Attributes:
        number: In the order of presentation, 0-based.
        time_s: Since the container's start.
        duration_s: Until the next one.
        faces: All that are named.
    """

    number: int
    time_s: float
    duration_s: float
    faces: tuple[NamedFace, ...]


@dataclass(frozen=True, slots=True)
class LabelledFilm:
    """A film with its people.

    Attributes:
        name: For tables.
        path: The file.
        labels: The CSV with its faces, as `write_labels` writes it.
        pictures: All pictures, by time; those without a face too.
        kind: What it is, in words.
    """

    name: str
    path: Path
    labels: Path
    pictures: tuple[TruePicture, ...]
    kind: str = ""

    @property
    def people(self) -> tuple[str, ...]:
        """Names of those who have to be found, sorted."""
        return tuple(sorted({face.person for one in self.pictures for face in one.faces if face.counts}))

    @property
    def duration_s(self) -> float:
        """From the first to the end of the last picture."""
        return self.pictures[-1].time_s + self.pictures[-1].duration_s - self.pictures[0].time_s

    def appearances(self, person: str) -> list[tuple[int, int]]:
        """Runs of pictures in which a person has to be found: indices of the first and the last one of each."""
        there = [any(face.person == person and face.counts for face in one.faces) for one in self.pictures]
        edges = np.flatnonzero(np.diff([False, *there, False]))
        return [(int(first), int(end) - 1) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def labelled_clip(data: Path, name: str) -> LabelledFilm:
    """One of `LABELLED_CLIPS`.

    Raises:
        Unavailable: If the clip or its labels are missing.
    """
    folder = data / "photos" / "videos"
    return labelled_film(
        name, folder / LABELLED_CLIPS[name], folder / "labels" / f"{name}.csv", kind="labelled by hand"
    )


def labelled_film(name: str, path: Path, labels: Path, *, kind: str = "") -> LabelledFilm:
    """A film and the CSV with its faces, by number of the picture.

    Raises:
        Unavailable: If one of them is missing.
    """
    for needed in (path, labels):
        if not needed.is_file():
            raise Unavailable(f"{needed} is missing")
    faces: dict[int, list[NamedFace]] = defaultdict(list)
    with labels.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            box = Box(*(round(float(row[side])) for side in "xywh"))
            faces[int(row["frame_index"])].append(NamedFace(row["person"], row["kind"] == _MUST, box))
    pictures = [
        TruePicture(index, float(time), float(duration), tuple(faces.get(index, ())))
        for index, (time, duration) in enumerate(picture_times(path))
    ]
    if max(faces, default=0) >= len(pictures):
        raise Unavailable(f"{path} has fewer pictures than its labels")
    return LabelledFilm(name, path, labels, tuple(pictures), kind)


def picture_times(path: Path) -> list[tuple[Fraction, Fraction]]:
    """Time since the container's start and duration of each picture, from the packets alone, in seconds."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        start = Fraction(container.start_time or 0, av.time_base)
        base = stream.time_base or Fraction(1, 1000)
        times = sorted(packet.pts * base - start for packet in container.demux(stream) if packet.pts is not None)
    steps = [after - before for before, after in pairwise(times)]
    usual = Fraction(float(np.median([float(step) for step in steps]))) if steps else Fraction(1)
    return list(zip(times, [*steps, usual], strict=True))


def write_labels(path: Path, pictures: Iterable[tuple[int, float, Sequence[NamedFace]]]) -> None:
    """Write number, time and faces of each picture as the clips' own labels are written."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for index, time_s, faces in pictures:
            for face in faces:
                writer.writerow([index, f"{time_s:.4f}", face.person, _MUST if face.counts else _IGNORE, *face.box])
