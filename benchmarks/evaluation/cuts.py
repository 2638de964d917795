"""Cuts of films: on clips whose cuts were read off frame by frame, and on films assembled from footage and photos.

The constants were chosen on yakhyo, hamilton and films assembled from these two; the others were not used.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.tables import Table
from curation.domain.film.times import Interval
from curation.photos.files.decoding import open_photo
from curation.video.frame import ClipFrame
from curation.video.opening import open_clip
from curation.video.shots import with_cuts
from ground_truth.errors import Unavailable
from ground_truth.evaluation import Evaluation
from ground_truth.films.cuts import LABELLED_CUTS, AssembledFilm, CutCount, assembled, counted, slowly_moved
from ground_truth.films.writing import FilmFile, write_film

__all__ = ["tables"]

Picture = NDArray[np.uint8]
_SIZE = (320, 180)
_TUNED_ON = ("yakhyo_friends/in_video.mp4", "hamilton/short_hamilton_clip.mp4")
_HELD_OUT = ("wolfgang/WolfgangLanger_Pexels.mp4", "containers/avi.avi", "containers/webm.webm")
_PHOTOS = 30
_PHOTO_PX = 800
_KEPT_PX = 16
_FILMS_OF_A_KIND = 2
_PLAIN_CHANGE = 12.0
_PLAIN_TIMES = 2.5


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Measure."""
    clips = evaluation.data / "photos" / "videos"
    missing = [name for name in LABELLED_CUTS if not (clips / name).is_file()]
    if missing:
        raise Unavailable(f"{clips} lacks {', '.join(missing)}")
    yield _clips_table(clips)
    tuned = _footage(clips, _TUNED_ON)
    photos = _photos(evaluation.data)
    held_out = [*_footage(clips, _HELD_OUT), *(slowly_moved(photo, number) for number, photo in enumerate(photos[:5]))]
    stills = [piece[len(piece) // 2] for piece in tuned]
    yield _assembled_table(
        "of the footage of the two clips that the constants were chosen on",
        assembled(tuned, stills, seed=1, count=_FILMS_OF_A_KIND),
    )
    yield _assembled_table(
        f"of other footage and of {len(photos)} photos of photos/groups, on which nothing was chosen",
        assembled(held_out, photos, seed=2, count=_FILMS_OF_A_KIND),
    )


def _clips_table(clips: Path) -> Table:
    rows = []
    for name, times in LABELLED_CUTS.items():
        frames = _frames(clips / name)
        places = frozenset(_nearest(frames, time) for time in times)
        used = "yes" if name in _TUNED_ON else "no"
        found, plain = counted(_found(frames), places), counted(_plainly(frames), places)
        rows.append([name, used, str(len(frames)), *_cells(found), *_cells(plain)])
    return Table(
        "Clips whose cuts were read off frame by frame. Right: found at the very picture. Beside it the usual rule: a "
        f"mean difference of the samples above {_PLAIN_CHANGE:g} and above {_PLAIN_TIMES:g} times that of the pictures "
        "beside.",
        ("clip", "constants chosen on it", "pictures", *_HEADER, *(f"usual rule: {name}" for name in _HEADER)),
        rows,
    )


def _assembled_table(material: str, films: Iterable[AssembledFilm]) -> Table:
    ours: dict[str, CutCount] = {}
    plain: dict[str, CutCount] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, film in enumerate(films):
            path = Path(folder) / f"{number}.mp4"
            timed = ((Fraction(place, film.fps), picture) for place, picture in enumerate(film.pictures))
            write_film(path, FilmFile(), _SIZE, Fraction(film.fps), timed)
            frames = _frames(path)
            for counts, rule in ((ours, _found), (plain, _plainly)):
                count = counted(rule(frames), film.cuts, unclear=film.unclear, late=film.late)
                counts[film.name] = counts.get(film.name, CutCount()) + count
            path.unlink()
    rows = [[name, *_cells(count), *_cells(plain[name])] for name, count in ours.items()]
    total = sum(ours.values(), CutCount())
    rows.append(["**all**", *_cells(total), *_cells(sum(plain.values(), CutCount()))])
    return Table(
        f"Films assembled {material}, {_FILMS_OF_A_KIND} of each kind: F {total.f1:.3f}.",
        ("kind", *_HEADER, *(f"usual rule: {name}" for name in _HEADER)),
        rows,
    )


_HEADER = ("right", "false", "missed")


def _cells(count: CutCount) -> list[str]:
    return [str(count.right), str(count.false), str(count.missed)]


def _frames(path: Path) -> list[ClipFrame]:
    """All frames of a film, with nothing but their samples."""
    with open_clip(path) as clip:
        return [frame.held(_KEPT_PX) for frame in clip.frames()]


def _nearest(frames: Sequence[ClipFrame], time: Fraction) -> int:
    """Number of the frame that is shown nearest to a time that was rounded when it was written down."""
    return int(np.argmin([abs(float(frame.time - time)) for frame in frames]))


def _found(frames: Sequence[ClipFrame]) -> list[int]:
    return [frame.number for frame, begins in with_cuts(frames) if begins][1:]


def _plainly(frames: Sequence[ClipFrame]) -> list[int]:
    samples = [frame.sample().astype(np.int16) for frame in frames]
    changes = [float(np.abs(after - before).mean()) for before, after in pairwise(samples)]
    found = []
    for number, change in enumerate(changes):
        beside = [*changes[max(0, number - 2) : number], *changes[number + 1 : number + 3]]
        if change > _PLAIN_CHANGE and change > _PLAIN_TIMES * sum(beside) / max(len(beside), 1):
            found.append(number + 1)
    return found


def _footage(clips: Path, names: Sequence[str]) -> list[list[Picture]]:
    """The shots of clips, as pictures of 320 x 180."""
    pieces = []
    for name in names:
        ends = [Fraction(0), *LABELLED_CUTS[name], Fraction(10**6)]
        with open_clip(clips / name) as clip:
            for start, end in pairwise(ends):
                pieces.append([_small(frame) for frame in clip.frames(Interval(start, end))])
    return pieces


def _small(frame: ClipFrame) -> Picture:
    full = frame.picture.full().array
    return np.asarray(cv2.resize(full, _SIZE, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _photos(data: Path) -> list[Picture]:
    """Every other one of the first photos of groups of people."""
    paths = sorted((data / "photos" / "groups").rglob("*.jpg"))[: 2 * _PHOTOS : 2]
    if not paths:
        raise Unavailable(f"{data / 'photos' / 'groups'} has no photo")
    return [open_photo(path, max_megapixels=200).reduced(_PHOTO_PX).array for path in paths]
