"""Events with labelled people, of which pairs of photos were judged by eye: their labels, photos and people."""

from __future__ import annotations

import csv
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageOps

from curation.domain.faces.face import Box, FaceRow
from ground_truth.errors import Unavailable
from ground_truth.evaluation import Evaluation
from ground_truth.labels.judgements import JudgedPhoto, Judgement, judged_photos
from ground_truth.labels.people import labelled_people
from ground_truth.spoiled_photos import spoiled

__all__ = ["EVENTS", "JudgedEvent", "JudgedEvents", "Place", "is_reserved"]

_MIDDLE = (0.5, 0.5)
_GEOMETRY = ("cut", "collage", "screenshot")  # recipes after which faces are elsewhere
_NAMED_SETS = ("codebasics_sports", "groups")
_ONE_PERSON_SETS = ("five_celebs", "deepface_pairs")
_VIDEO_LABELS: Mapping[str, str] = MappingProxyType(
    {"yakhyo_friends/in_video.mp4": "yakhyo.csv", "hamilton/short_hamilton_clip.mp4": "hamilton.csv"}
)


@dataclass(frozen=True, slots=True)
class JudgedEvent:
    """What a photographer knows of an event.

    Attributes:
        kind: What sort of event it is, for the tables.
        preset: The preset of scoring rules that suits it.
        labels: Category of each labelled person: main, important or other.
        reserved: Whether the event as a whole is reserved: no constant is chosen on it.
    """

    kind: str
    preset: str
    labels: Mapping[str, str]
    reserved: bool = False

    @property
    def main(self) -> set[str]:
        """The main people."""
        return {person for person, category in self.labels.items() if category == "main"}


def _event(kind: str, preset: str, main: str, important: str = "", *, reserved: bool = False) -> JudgedEvent:
    labels = dict.fromkeys(main.split(), "main") | dict.fromkeys(important.split(), "important")
    return JudgedEvent(kind, preset, MappingProxyType(labels), reserved)


EVENTS: Mapping[str, JudgedEvent] = MappingProxyType(
    {
        "sports, two of five": _event("sports", "sports", "serena_williams roger_federer", "maria_sharapova"),
        "sports, one of five": _event("sports", "sports", "lionel_messi", "virat_kohli"),
        "sports, a fifth": _event("a fifth", "sports", "maria_sharapova roger_federer"),
        "families": _event(
            "groups",
            "wedding",
            "Family1-Dad Family1-Mom Family1-Daughter Family1-Son",
            "Family2-Lady Family2-Man",
        ),
        "friends": _event("groups", "wedding", "vlado christina", "tasia"),
        "moods": _event("portraits", "portrait", "stock-emotions-a", "stock-emotions-b"),
        "cast": _event("groups", "wedding", "five-c five-d"),
        "visit": _event("conference", "conference", "obama biden"),
        "party, a fifth": _event("a fifth", "wedding", "madonna jerry_seinfeld"),
        "smiles, a fifth": _event("a fifth", "wedding", "ben_afflek mindy_kaling", "elton_john"),
        "summit": _event("conference", "conference", "Colin_Powell Hans_Blix", "Igor_Ivanov"),
        "show, two of six": _event("stills", "wedding", "Rachel Joey", "Monica"),
        "show, others": _event("stills", "wedding", "Ross Phoebe"),
        "stage": _event("stills", "conference", "Lin", "Obama"),
        "portraits of one": _event("portraits", "portrait", "df00"),
        "family day": _event("spoiled", "wedding", "Family1-Mom Family1-Daughter", "Family1-Dad Family1-Son"),
        "tour": _event("spoiled", "sports", "maria_sharapova lionel_messi"),
        "street": _event("spoiled", "portrait", "df01 df05", "df02"),
        "class": _event(
            "eyes shut",
            "wedding",
            "Erika_Harold Rubens_Barrichello Kim_Dae-jung Junichiro_Koizumi Jean_Chretien Celine_Dion "
            "Catherine_Zeta-Jones Will_Ferrell",
        ),
        "reunion": _event("no labels", "wedding", ""),
        "match": _event("sports", "sports", "serena_williams virat_kohli", "lionel_messi", reserved=True),
        "gala": _event("a fifth", "wedding", "Jennifer_Lopez Keanu_Reeves", "Pierce_Brosnan", reserved=True),
        "picnic": _event("groups", "wedding", "Family2-Lady Family2-Man", "Family3-Lady Family3-Man", reserved=True),
        "show, evening": _event("stills", "wedding", "Monica Chandler", "Joey", reserved=True),
    }
)
"""The events, by name."""


def is_reserved(pair: Judgement) -> bool:
    """Whether a pair is for reporting only: all pairs of a reserved event, and half of the others."""
    return EVENTS[pair.event].reserved or pair.in_reserved_half


class Place(NamedTuple):
    """Who is where in a photo: a position inside the face, as fractions of width and height.

    Without a position (None) the person is the largest face.
    """

    at: tuple[float, float] | None
    person: str


class JudgedEvents:
    """The events' photos in the folder of test data."""

    def __init__(self, evaluation: Evaluation) -> None:
        """Nothing is read before it is needed."""
        self._evaluation = evaluation

    @cached_property
    def _named(self) -> dict[str, dict[str, list[tuple[float, float, str]]]]:
        return {name: labelled_people(name) for name in _NAMED_SETS}

    @cached_property
    def _single(self) -> dict[str, dict[str, set[str]]]:
        return {name: self._evaluation.labels(name) for name in _ONE_PERSON_SETS}

    @cached_property
    def _videos(self) -> dict[str, dict[int, list[tuple[float, float, str]]]]:
        folder = self._evaluation.set_folder("videos") / "labels"
        faces: dict[str, dict[int, list[tuple[float, float, str]]]] = {}
        for video, labels in _VIDEO_LABELS.items():
            frames = faces[video] = defaultdict(list)
            with (folder / labels).open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    if row["kind"] == "must" and row["person"] not in ("?", "bg"):
                        x, y, w, h = (float(row[name]) for name in "xywh")
                        frames[int(row["frame_index"])].append((x + w / 2, y + h / 2, row["person"]))
        return faces

    def people(self, photo: JudgedPhoto) -> set[str]:
        """Everybody whose face the labels of the sets name in a photo; of a collage, in any part of it."""
        return {place.person for source in photo.sources for place in self._places(source)}

    def places(self, photo: JudgedPhoto) -> list[Place]:
        """Who is where in a photo; nothing where the recipe moves the faces."""
        return [] if photo.recipe in _GEOMETRY else self._places(photo.sources[0])

    def _places(self, source: str) -> list[Place]:
        name, _, path = source.partition("/")
        if name in _NAMED_SETS:
            return [Place((x, y), person) for x, y, person in self._named[name].get(path, [])]
        if name in _ONE_PERSON_SETS:
            return [Place(None, person) for person in sorted(self._single[name].get(path, set()))]
        if name == "lfw":
            return [Place(_MIDDLE, path.partition("/")[0])]
        if name == "videos":
            video, _, frame = path.rpartition(":")
            width, height = (1280, 720) if video.startswith("yakhyo") else (640, 360)
            return [Place((x / width, y / height), person) for x, y, person in self._videos[video].get(int(frame), [])]
        return []

    def materialise(self, name: str, folder: Path) -> dict[str, JudgedPhoto]:
        """Write the photos of an event into a folder: copies, frames of videos, and photos made worse.

        Photos that are there already stay as they are.

        Raises:
            Unavailable: If a photo is missing.
        """
        folder.mkdir(parents=True, exist_ok=True)
        photos = {photo.name: photo for photo in judged_photos()[name]}
        frames: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        for photo in photos.values():
            source = photo.sources[0]
            if (folder / photo.name).exists():
                continue
            if source.startswith("videos/"):
                video, _, number = source.removeprefix("videos/").rpartition(":")
                frames[video][int(number)].append(photo.name)
            elif not photo.recipe:
                shutil.copyfile(self._file(source), folder / photo.name)
            else:
                self._spoil(photo, folder / photo.name)
        for video, wanted in frames.items():
            _write_frames(self._file(f"videos/{video}"), wanted, folder)
        return photos

    def _file(self, source: str) -> Path:
        path = self._evaluation.data / "photos" / source
        if not path.is_file():
            raise Unavailable(f"{path} is missing")
        return path

    def _spoil(self, photo: JudgedPhoto, target: Path) -> None:
        pictures = []
        for source in photo.sources:
            with Image.open(self._file(source)) as opened:
                pictures.append(ImageOps.exif_transpose(opened).convert("RGB"))
        places = self._places(photo.sources[0])
        at = next((place.at or _MIDDLE for place in places), _MIDDLE)
        spoiled(photo.recipe, pictures, at).save(target, quality=92)

    def cluster_labels(
        self, name: str, photos: Mapping[str, JudgedPhoto], folder: Path, rows: Iterable[FaceRow]
    ) -> dict[str, dict[str, str]]:
        """The content of cluster_labels.json: each cluster takes the person whom most of its named faces show.

        A user who looks at the pictures of the clusters labels them so.

        Args:
            name: Name of the event.
            photos: Its photos, by file name.
            folder: Where they are.
            rows: The faces that the program found and clustered.
        """
        of_photo: dict[str, list[FaceRow]] = defaultdict(list)
        for row in rows:
            of_photo[row.image_path].append(row)
        shown: dict[int, Counter[str]] = defaultdict(Counter)
        for path, faces in of_photo.items():
            places = self.places(photos[path])
            if places:
                with Image.open(folder / path) as picture:
                    size = ImageOps.exif_transpose(picture).size
                for face, person in _matched(faces, places, size):
                    shown[face.cluster_id][person] += 1
        labels = {}
        for cluster, counts in sorted(shown.items()):
            person = counts.most_common(1)[0][0]
            if cluster >= 0 and person in EVENTS[name].labels:
                labels[str(cluster)] = {"name": person, "category": EVENTS[name].labels[person]}
        return labels


def _matched(faces: list[FaceRow], places: list[Place], size: tuple[int, int]) -> Iterator[tuple[FaceRow, str]]:
    """Each place goes to the nearest face whose box contains it; a place without a position to the largest face."""
    free = list(faces)
    for place in places:
        best = _face_at(free, place, size)
        if best is not None:
            free.remove(best)
            yield best, place.person


def _face_at(faces: list[FaceRow], place: Place, size: tuple[int, int]) -> FaceRow | None:
    if place.at is None:
        return max(faces, key=lambda face: face.facial_area.w * face.facial_area.h, default=None)
    x, y = place.at[0] * size[0], place.at[1] * size[1]
    holding = (face for face in faces if _contains(face.facial_area, x, y))
    return min(holding, key=lambda face: _away(face.facial_area, x, y), default=None)


def _contains(box: Box, x: float, y: float) -> bool:
    return box.x <= x <= box.x + box.w and box.y <= y <= box.y + box.h


def _away(box: Box, x: float, y: float) -> float:
    return float(np.hypot(x - box.x - box.w / 2, y - box.y - box.h / 2))


def _write_frames(video_path: Path, wanted: Mapping[int, list[str]], folder: Path) -> None:
    video = cv2.VideoCapture(str(video_path))
    number = 0
    while video.grab():
        if number in wanted:
            there, frame = video.retrieve()
            if there:
                for name in wanted[number]:
                    Image.fromarray(np.ascontiguousarray(frame[..., ::-1])).save(folder / name, quality=92)
        number += 1
    video.release()
