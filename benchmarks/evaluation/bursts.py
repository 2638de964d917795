"""Bursts: which photos are of one moment, and whether the best one is the one that a person would keep.

Labels were set by hand: `ground_truth/labels/bursts.csv` lists the near-duplicates of two sets and which of them are
worth keeping; the cuts of two videos are listed below. Synthetic bursts are sharp photos with worse versions of
themselves. Everything but the videos runs as run_clustering.py and run_scoring.py do, without labelled people.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.evaluation.tables import Table
from curation.bootstrap import build
from curation.domain.bursts.finding import BurstPhoto, BurstRules, find_bursts
from curation.domain.judging.photo_score import PhotoScore
from curation.photos.looks.miniature import miniature
from curation.storage.photo_scores_file import PHOTO_SCORES, read_photo_scores
from ground_truth.evaluation import Evaluation
from ground_truth.labels.bursts import labelled_bursts

__all__ = ["tables"]

Picture = NDArray[np.uint8]
Group = tuple[str, ...]

_ENGINE = "retinaface-arcface"
# Frames at which another view begins, and the scene of each view: for two views of one scene, either answer is right.
_VIDEOS: Mapping[str, tuple[Sequence[int], Sequence[int]]] = MappingProxyType(
    {
        "yakhyo_friends/in_video.mp4": ((0, 108, 270, 402, 456, 558), (0, 1, 2, 0, 2, 1)),
        "hamilton/short_hamilton_clip.mp4": ((0, 24, 84, 216), (0, 1, 2, 3)),
    }
)
_FRAME_STEP = 6
_LONGEST_PAIR_S = 3.0  # people move, so frames further apart need not be similar
_MADE_EVERY = 24
_START = datetime(2026, 6, 1, 12)


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Measure."""
    grouping: list[list[str]] = []
    for video_path, (cuts, views) in _VIDEOS.items():
        for timed in (True, False):
            grouping.append(_video(evaluation, video_path, cuts, views, timed=timed))
    chosen: list[list[str]] = []
    labelled = labelled_bursts()
    for name, groups in labelled.items():
        scores = _scored(evaluation, evaluation.set_folder(name), name)
        wanted = [tuple(group) for group in groups.values()]
        grouping.append([f"{name}: {len(scores)} photos, no times", *_figures(_pairs(wanted), _pairs(_found(scores)))])
        for group, keep in groups.items():
            chosen += _chosen(f"{name}: {group}", keep, scores)
    for kind, changes in (("bursts", _degradations()), ("brackets", _exposures())):
        with tempfile.TemporaryDirectory() as folder:
            made = _make(evaluation, Path(folder), changes)
            scores = _scored(evaluation, Path(folder), f"made-{kind}")
        wanted = [tuple(group) for group in made.values()]
        grouping.append(
            [f"synthetic {kind}: {len(scores)} photos with times", *_figures(_pairs(wanted), _pairs(_found(scores)))]
        )
        right = sum(_best(group, scores) == group[0] for group in wanted)
        chosen.append(
            [f"{len(made)} synthetic {kind}", str(len(wanted[0])), "the unchanged photo", f"{right} of {len(made)}"]
        )
    yield Table(
        "Pairs of photos in one burst: labelled, found, precision and recall. Frames of videos are 1/4 of a second "
        f"apart; pairs of one view up to {_LONGEST_PAIR_S:g} s apart are right, pairs of different views are wrong.",
        ["photos", "labelled pairs", "found pairs", "precision", "recall"],
        grouping,
    )
    yield Table(
        "The photo that is chosen as the best of each labelled group, and whether it is labelled as worth keeping.",
        ["group", "photos", "chosen", "right"],
        chosen,
    )


def _scored(evaluation: Evaluation, folder: Path, name: str) -> dict[str, PhotoScore]:
    output = evaluation.clustered(_ENGINE, folder, name).output
    settings = evaluation.settings(_ENGINE, io={"input_dir": folder.resolve(), "output_dir": output})
    build(settings).run_scoring()
    return {score.image_path: score for score in read_photo_scores(output / PHOTO_SCORES)}


def _found(scores: Mapping[str, PhotoScore]) -> list[Group]:
    groups: dict[int, list[str]] = defaultdict(list)
    for path, score in scores.items():
        if score.burst_id is not None:
            groups[score.burst_id].append(path)
    return [tuple(group) for group in groups.values()]


def _pairs(groups: Sequence[Group]) -> set[frozenset[str]]:
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def _figures(
    wanted: set[frozenset[str]], found: set[frozenset[str]], wrong: set[frozenset[str]] | None = None
) -> list[str]:
    """Labelled and found pairs, precision, recall; without `wrong`, every pair that is not labelled is wrong."""
    good = len(wanted & found)
    bad = len(found - wanted if wrong is None else found & wrong)
    precision = f"{good / (good + bad):.3f}" if good + bad else "-"
    return [str(len(wanted)), str(len(found)), precision, f"{good / len(wanted):.3f}"]


def _chosen(name: str, keep: Mapping[str, bool], scores: Mapping[str, PhotoScore]) -> list[list[str]]:
    """A row for each found burst with photos of the group; one row without a result if there is none."""
    bursts: dict[int, list[str]] = defaultdict(list)
    for path in keep:
        burst = scores[path].burst_id
        if burst is not None:
            bursts[burst].append(path)
    rows = []
    for paths in bursts.values():
        best = _best(paths, scores)
        # If no photo of the burst is worth keeping, the choice is neither right nor wrong.
        right = "-" if not any(keep[path] for path in paths) else "yes" if best and keep[best] else "no"
        rows.append([name, str(len(paths)), "another" if best is None else best.rpartition("/")[2], right])
    return rows or [[name, str(len(keep)), "not found as a burst", "-"]]


def _best(paths: Sequence[str], scores: Mapping[str, PhotoScore]) -> str | None:
    best = [path for path in paths if scores[path].burst_id is not None and scores[path].best_of_burst]
    return best[0] if len(best) == 1 else None


def _video(
    evaluation: Evaluation, video_path: str, cuts: Sequence[int], views: Sequence[int], *, timed: bool
) -> list[str]:
    """Bursts among the frames of a video, found without knowing the people."""
    video = cv2.VideoCapture(str(evaluation.set_folder("videos") / video_path))
    rate = float(video.get(cv2.CAP_PROP_FPS))
    photos, shot_of, time_of = [], {}, {}
    number = 0
    while True:
        there, frame = video.read()
        if not there:
            break
        if number % _FRAME_STEP == 0:
            path = f"{number:05}.jpg"
            height, width = frame.shape[:2]
            time = _START + timedelta(seconds=number / rate) if timed else None
            look = miniature(np.asarray(frame[..., ::-1], dtype=np.uint8))
            photos.append(BurstPhoto(path, time, width, height, look))
            shot_of[path] = sum(number >= cut for cut in cuts) - 1
            time_of[path] = number / rate
        number += 1
    video.release()
    wanted, wrong = set(), set()
    for a, b in combinations(shot_of, 2):
        if shot_of[a] == shot_of[b] and abs(time_of[a] - time_of[b]) <= _LONGEST_PAIR_S:
            wanted.add(frozenset((a, b)))
        elif views[shot_of[a]] != views[shot_of[b]]:
            wrong.add(frozenset((a, b)))
    found = _pairs(find_bursts(photos, BurstRules()))
    name = f"{video_path}: {len(photos)} frames, {'with' if timed else 'no'} times"
    return [name, *_figures(wanted, found, wrong)]


def _make(
    evaluation: Evaluation, folder: Path, changes: Mapping[str, Callable[[Picture], Picture]]
) -> dict[str, list[str]]:
    """Write bursts of a sharp photo and worse versions; returns the names of each, the unchanged one first."""
    source = evaluation.set_folder("codebasics_sports")
    made = {}
    paths = [path for path in sorted(source.rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg", ".png")]
    for number, path in enumerate(paths[::_MADE_EVERY]):
        with Image.open(path) as opened:
            opened.thumbnail((1600, 1600))
            picture = np.asarray(opened.convert("RGB"), dtype=np.uint8)
        group: list[str] = []
        # The unchanged photo is not always the first in time.
        order = list(changes)
        order = order[number % len(order) :] + order[: number % len(order)]
        for step, change in enumerate(order):
            name = f"IMG_{number:03}{step}.jpg"
            exif = Image.Exif()
            time = _START + timedelta(seconds=120 * number + 0.5 * step)
            exif.get_ifd(0x8769).update(
                {0x9003: time.strftime("%Y:%m:%d %H:%M:%S"), 0x9291: f"{time.microsecond // 1000:03}"}
            )
            Image.fromarray(changes[change](picture)).save(folder / name, quality=92, exif=exif)
            group.insert(0 if change == "unchanged" else len(group), name)
        made[path.name] = group
    return made


def _degradations() -> Mapping[str, Callable[[Picture], Picture]]:
    def moved(picture: Picture, by: float) -> Picture:
        height, width = picture.shape[:2]
        shift = np.array([[1, 0, by * width], [0, 1, by * height]], dtype=np.float32)
        return np.asarray(cv2.warpAffine(picture, shift, (width, height), borderMode=cv2.BORDER_REFLECT_101), np.uint8)

    def defocused(picture: Picture) -> Picture:
        sigma = max(picture.shape) / 250
        return moved(np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.uint8), 0.01)

    def shaken(picture: Picture) -> Picture:
        length = max(9, max(picture.shape) // 60)
        return moved(np.asarray(cv2.blur(picture, (length, 1)), dtype=np.uint8), -0.02)

    def too_dark(picture: Picture) -> Picture:
        return moved(np.asarray(picture * 0.35, dtype=np.uint8), 0.02)

    return {"unchanged": lambda picture: picture, "defocused": defocused, "shaken": shaken, "too dark": too_dark}


def _exposures() -> Mapping[str, Callable[[Picture], Picture]]:
    """An exposure bracket: two stops darker and brighter than the photo, in linear light."""

    def stops(picture: Picture, by: float) -> Picture:
        light = (picture / 255.0) ** 2.2 * 2.0**by
        return np.asarray(np.clip(light, 0, 1) ** (1 / 2.2) * 255, dtype=np.uint8)

    return {
        "unchanged": lambda picture: picture,
        "two stops darker": lambda picture: stops(picture, -2),
        "two stops brighter": lambda picture: stops(picture, 2),
    }
