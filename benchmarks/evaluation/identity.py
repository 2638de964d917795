"""Recognising photos and faces after they were edited: crops, turns, sizes, light and colours, other files.

Edits are made of real photos and of frames of films (`ground_truth.photo_edits`), all under other names and without
times. Analyses are kept under the scratch folder, by the names of photo and edit.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.tables import Table
from curation.domain.identity.face_matching import matched_faces
from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.identity.photo_matching import recognised_photos
from curation.engines.base import FaceEngine
from curation.photos.files.decoding import open_photo
from curation.photos.looks.miniature import miniature
from ground_truth.array_photo import ArrayPhoto
from ground_truth.engines import engine_at
from ground_truth.errors import Unavailable
from ground_truth.evaluation import Evaluation
from ground_truth.photo_edits import EDITS, Picture
from ground_truth.splits import in_test_half

__all__ = ["tables"]

_ENGINE = "retinaface-arcface"
_SETS: Mapping[str, int] = MappingProxyType(
    {"groups": 3, "codebasics_sports": 6, "five_celebs": 4, "deepface_pairs": 2, "lfw": 80, "blur_focus200": 2}
)
"""Of how many photos of the test half one is used."""
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_LONG_SIDE_PX = 1400
_VIDEOS = ("yakhyo_friends/in_video.mp4", "wolfgang/WolfgangLanger_Pexels.mp4")
_RUN, _RUN_EVERY = 4, 60  # frames of a made burst, and how many frames lie between the bursts
_FRAME_STEP = 3  # 8 frames a second
_BURST_EDITS = ("JPEG at half the size", "brighter by 0.7 stops", "black and white, smaller", "cropped to 65 %")
_SAME_PLACE = 0.6  # distances of the eyes


class _Edited(NamedTuple):
    """An edited photo and the name of the one that it was made of."""

    source: str
    look: PhotoLook


class _Photos(NamedTuple):
    """Looks of photos, and of their edits by kind."""

    originals: dict[str, PhotoLook]
    edits: dict[str, list[_Edited]]


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Measure."""
    engine = engine_at(_ENGINE, evaluation.models)
    looks = _Looks(engine, evaluation.scratch / f"identity-{_ENGINE}.pickle")
    stills = _edited(_stills(evaluation), tuple(EDITS), looks)
    yield _stills_table(stills, verbose=evaluation.verbose)
    frames = _edited(_frames(evaluation), _BURST_EDITS, looks)
    yield _bursts_table(frames, verbose=evaluation.verbose)
    yield _faces_table(stills)
    if "dlib" in evaluation.engines:
        other = _Looks(engine_at("dlib", evaluation.models), evaluation.scratch / "identity-dlib.pickle")
        yield _engines_table(evaluation, stills, other)


class _Looks:
    """Looks of pictures, analysed once."""

    def __init__(self, engine: FaceEngine, kept_in: Path) -> None:
        self._engine, self._path = engine, kept_in
        self._known: dict[str, PhotoLook] = {}
        if kept_in.exists():
            self._known = pickle.loads(kept_in.read_bytes())

    def of(self, name: str, make: Callable[[], Picture]) -> PhotoLook:
        """The look of a picture, which is made only if it is not known."""
        if name not in self._known:
            picture = make()
            faces = self._engine.analyse(ArrayPhoto(picture))
            self._known[name] = PhotoLook(
                image_path=f"{hashlib.sha256(name.encode()).hexdigest()[:12]}.webp",
                width=picture.shape[1],
                height=picture.shape[0],
                capture_time=None,
                miniature=miniature(_reduced(picture, 1024)),
                boxes=np.array([face.box for face in faces], dtype=np.float64).reshape(-1, 4),
                landmarks=np.array([face.landmarks.as_array() for face in faces], dtype=np.float64).reshape(-1, 5, 2),
                vectors=np.array([face.embedding for face in faces], dtype=np.float32).reshape(len(faces), -1)
                if faces
                else np.zeros((0, 0), dtype=np.float32),
            )
        return self._known[name]

    def keep(self) -> None:
        """Write what is known."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_bytes(pickle.dumps(self._known))


def _reduced(picture: Picture, long_side_px: int) -> Picture:
    scale = long_side_px / max(picture.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(picture)
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _stills(evaluation: Evaluation) -> Iterator[tuple[str, Callable[[], Picture]]]:
    some = False
    for name, step in _SETS.items():
        try:
            folder = evaluation.set_folder(name)
        except Unavailable:
            continue
        some = True
        paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _SUFFIXES]
        for path in [path for path in paths if in_test_half(path.relative_to(folder).as_posix())][::step]:
            yield f"{name}/{path.relative_to(folder).as_posix()}", partial(_opened, path)
    if not some:
        raise Unavailable("there are no photos to edit")


def _opened(path: Path) -> Picture:
    return _reduced(open_photo(path, max_megapixels=120).full().array, _LONG_SIDE_PX)


def _frames(evaluation: Evaluation) -> Iterator[tuple[str, Callable[[], Picture]]]:
    """Bursts: runs of frames of films, those that a hash puts into the test half."""
    for name in _VIDEOS:
        video = cv2.VideoCapture(str(evaluation.set_folder("videos") / name))
        number = 0
        while True:
            there, frame = video.read()
            if not there:
                break
            run, place = divmod(number, _RUN_EVERY)
            if place % _FRAME_STEP == 0 and place // _FRAME_STEP < _RUN and in_test_half(f"{name}:{run}"):
                yield f"{name}:{run}:{number:05}", partial(np.ascontiguousarray, frame[..., ::-1])
            number += 1
        video.release()


def _edited(pictures: Iterator[tuple[str, Callable[[], Picture]]], kinds: Sequence[str], looks: _Looks) -> _Photos:
    photos = _Photos({}, {kind: [] for kind in kinds})
    for name, make in pictures:
        made: list[Picture] = []

        def picture(make: Callable[[], Picture] = make, made: list[Picture] = made) -> Picture:
            if not made:
                made.append(make())
            return made[0]

        photos.originals[name] = looks.of(name, picture)
        for kind in kinds:
            random = np.random.default_rng(int.from_bytes(hashlib.sha256(f"{name} {kind}".encode()).digest()[:4]))
            look = looks.of(
                f"{name} {kind}",
                partial(_made, kind, picture, random),
            )
            photos.edits[kind].append(_Edited(name, look))
    looks.keep()
    for name in _held_twice(photos.originals):
        del photos.originals[name]
    for kind in kinds:
        photos.edits[kind][:] = [edited for edited in photos.edits[kind] if edited.source in photos.originals]
    return photos


def _made(kind: str, picture: Callable[[], Picture], random: np.random.Generator) -> Picture:
    return EDITS[kind](picture(), random)


def _held_twice(originals: Mapping[str, PhotoLook]) -> list[str]:
    """Names of photos that look exactly like an earlier one."""
    names = list(originals)
    doubled = []
    for row, name in enumerate(names):
        earlier = [originals[other] for other in names[:row] if other not in doubled]
        if earlier and recognised_photos([originals[name]], earlier):
            doubled.append(name)
    return doubled


def _outcome(
    missing: Sequence[str], originals: Mapping[str, PhotoLook], candidates: Sequence[_Edited]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Names of the photos that were found, and pairs of names that were matched wrongly."""
    found = recognised_photos([originals[name] for name in missing], [edited.look for edited in candidates])
    pairs = [(missing[row], candidates[one.candidate].source) for row, one in found.items()]
    return [name for name, other in pairs if name == other], [pair for pair in pairs if pair[0] != pair[1]]


def _stills_table(photos: _Photos, *, verbose: bool) -> Table:
    names = list(photos.originals)
    faced = {name for name in names if len(photos.originals[name].boxes)}
    rows = []
    for kind, edited in photos.edits.items():
        right, wrong = _outcome(names, photos.originals, edited)
        gone = set(names[::2])
        _, wrong_without = _outcome(names, photos.originals, [one for one in edited if one.source not in gone])
        if verbose:
            print(kind, "missed:", *sorted(set(names) - set(right)), "wrong:", *wrong, *wrong_without)
        with_face = {one.source for one in edited if len(one.look.boxes)} & faced
        rows.append(
            [
                kind,
                f"{len(right)} of {len(names)}",
                f"{len(with_face & set(right))} of {len(with_face)}",
                str(len(wrong)),
                f"{len(wrong_without)} of {len(gone)}",
            ]
        )
    return Table(
        f"{len(names)} photos of the test half, edited, renamed and without times ({_ENGINE}): how many were found, "
        "how many of those that show a face before and after, how many were taken for another photo, and how many "
        "were so when every other edited photo was left out.",
        ["edit", "found", "found, with a face", "wrong", "wrong, if the true one is not there"],
        rows,
    )


def _bursts_table(photos: _Photos, *, verbose: bool) -> Table:
    names = list(photos.originals)
    rows = []
    for kind, edited in photos.edits.items():
        for timed in (False, True):
            originals, candidates = photos.originals, edited
            if timed:
                originals = {name: replace(look, capture_time=_time(name)) for name, look in originals.items()}
                candidates = [_Edited(name, replace(look, capture_time=_time(name))) for name, look in edited]
            right, wrong = _outcome(names, originals, candidates)
            gone = set(names[1::2])
            rest = [one for one in candidates if one.source not in gone]
            _, wrong_known = _outcome(names, originals, rest)
            _, wrong_unknown = _outcome(sorted(gone), originals, rest)
            if verbose:
                print(kind, "wrong:", *wrong, *wrong_known, *wrong_unknown)
            rows.append(
                [
                    kind,
                    "yes" if timed else "no",
                    f"{len(right)} of {len(names)}",
                    str(len(wrong)),
                    f"{len(wrong_known)} of {len(gone)}",
                    f"{len(wrong_unknown)} of {len(gone)}",
                ]
            )
    return Table(
        f"Bursts of {_RUN} frames at 8 a second, from two films, {len(names)} frames, edited and renamed; with times "
        "down to the fraction of a second or without any. Then every other frame was left out: how many of them were "
        "taken for a neighbour, if the neighbours are known too, and if only the edited neighbours are there.",
        ["edit", "times", "found", "wrong", "wrong, left out", "wrong, left out, neighbours never seen"],
        rows,
    )


def _time(name: str) -> str:
    """A time from the number of a frame."""
    milliseconds = int(name.rpartition(":")[2]) * 1000 // 24 + 7  # a fraction of zero reads as if there were none
    return f"2026-06-01T12:00:{milliseconds // 1000 % 60:02}.{milliseconds % 1000:03}"


def _faces_table(photos: _Photos) -> Table:
    """Faces found in the edited photos, against the nearest vectors of one person."""
    rows = []
    for kind, edited in photos.edits.items():
        faces = matched = odd = 0
        for name, look in edited:
            old = photos.originals[name]
            pairs = matched_faces(old, look)
            by_place = matched_faces(_without_vectors(old), _without_vectors(look))
            faces += len(pairs)
            matched += sum(by_place.get(row) == other for row, other in pairs.items())
            odd += sum(row in pairs and pairs[row] != other for row, other in by_place.items())
        rows.append([kind, str(faces), f"{matched} of {faces}", str(odd)])
    return Table(
        f"Faces of the same photos ({_ENGINE}) that are found again in the edited photo, and how many of them are also "
        "found by their place alone, without vectors; and how many the place alone gives to another face.",
        ["edit", "faces found again", "by place alone", "another by place"],
        rows,
    )


def _without_vectors(look: PhotoLook) -> PhotoLook:
    return replace(look, vectors=np.zeros((len(look.boxes), 0), dtype=np.float32))


def _engines_table(evaluation: Evaluation, photos: _Photos, other: _Looks) -> Table:
    """Faces of one photo as two engines see them."""
    faces = same = nearest = 0
    pictures = dict(_stills(evaluation))
    names = [name for name in photos.originals if not name.startswith("blur")][::2]
    for name in names:
        old = photos.originals[name]
        new = _without_vectors(other.of(name, pictures[name]))
        pairs = matched_faces(_without_vectors(old), new)
        both = _near(old.landmarks, new.landmarks)
        faces += len(both)
        same += sum(pairs.get(row) == column for row, column in both.items())
        nearest += sum(row in both and both[row] != column for row, column in pairs.items())
    other.keep()
    return Table(
        f"{len(names)} unedited photos as {_ENGINE} and dlib see them: faces whose middles are mutually nearest and "
        f"within {_SAME_PLACE:g} distances of the eyes, how many of them are matched, and how many otherwise.",
        ["faces that both see", "matched", "matched otherwise"],
        [[str(faces), str(same), str(nearest)]],
    )


def _near(first: NDArray[np.float64], second: NDArray[np.float64]) -> dict[int, int]:
    if not len(first) or not len(second):
        return {}
    far = np.linalg.norm(first.mean(axis=1)[:, None] - second.mean(axis=1)[None], axis=2)
    far /= np.linalg.norm(first[:, 0] - first[:, 1], axis=1)[:, None] + 1e-6
    return {
        row: int(column)
        for row, column in enumerate(far.argmin(axis=1))
        if far[row, column] <= _SAME_PLACE and far[:, column].argmin() == row
    }
