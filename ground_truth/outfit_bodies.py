"""Bodies of people whose names are known by their faces, and the same bodies as if they had no face."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.assets.document import asset_document, record_of_document
from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.bodies.person import FaceOfBody
from curation.domain.faces.face import Box
from curation.domain.faces.geometry import box_iou
from curation.engines.base import FaceEngine
from curation.errors import AssetRejectedError
from curation.photos.files.decoding import open_photo_bytes
from curation.pipelines.assets.pipeline import AssetPipeline
from ground_truth.asset_pipelines import asset_setup_on
from ground_truth.engines import small_engine
from ground_truth.errors import Unavailable

__all__ = ["OutfitEvent", "OutfitPhoto", "album_events", "asset_pipeline", "clip_event", "hidden_body"]

_PROJECT = Path(__file__).parents[1]
_ONNX = Path("weights/onnx")
_EVERY_FRAME = 8
_PHOTOS_EACH = 16  # of an album, so that the measurement takes minutes
_SAME_FACE, _SAME_BODY = 0.4, 0.5
_CENTROID_LIKENESS = 0.40  # a face of an album is one of its people from this cosine on
_MAX_MEGAPIXELS = 200.0
_MARK = 1


@dataclass(frozen=True, slots=True, eq=False)
class OutfitPhoto:
    """A photo that was taken apart twice.

    Attributes:
        name: Of the photo.
        time_s: Of a clip's frame; None for photos.
        seen: Its record with the faces that were found.
        people: Who each person of `seen` is; None for a body without a face, and if nobody knows who it is. Somebody
            who is none of the named people begins with `?`.
        hidden: Its record with no faces, as if everybody were seen from behind.
    """

    name: str
    time_s: float | None
    seen: AssetRecord
    people: tuple[str | None, ...]
    hidden: AssetRecord


@dataclass(frozen=True, slots=True, eq=False)
class OutfitEvent:
    """Photos of one event, with the people that are known in it."""

    name: str
    photos: tuple[OutfitPhoto, ...]


def hidden_body(photo: OutfitPhoto, place: int) -> PersonRecord | None:
    """The body that a person of `seen` is in the record without faces; None if it was not found without its face."""
    box = photo.seen.people[place].person.box
    best = max(photo.hidden.people, key=lambda one: box_iou(box, one.person.box), default=None)
    return best if best is not None and box_iou(box, best.person.box) >= _SAME_BODY else None


def asset_pipeline(data: Path, scratch: Path) -> AssetPipeline:
    """The pipeline of assets on the weights of the test data, without cut-outs.

    Raises:
        Unavailable: If weights are missing.
    """
    return AssetPipeline(asset_setup_on(data, scratch, cutouts="off"))


class _Apart:
    """Takes photos apart, and keeps the records in a folder."""

    def __init__(self, data: Path, scratch: Path) -> None:
        self._data = data
        self._scratch = scratch
        self._folder = scratch / f"outfit records {_MARK}"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._pipeline: AssetPipeline | None = None
        self._engine: FaceEngine | None = None

    def both(self, name: str, content: Callable[[], bytes]) -> tuple[AssetRecord, AssetRecord, NDArray[np.float32]]:
        """The records with and without faces, and the embeddings of the faces by `face_index`."""
        path = self._folder / f"{name.replace('/', '_')}.json"
        if not path.exists():
            data = content()
            if self._pipeline is None or self._engine is None:
                self._pipeline = asset_pipeline(self._data, self._scratch)
                self._engine = small_engine(self._data)
            found = list(self._engine.analyse(open_photo_bytes(data, max_megapixels=_MAX_MEGAPIXELS)))
            found.sort(key=lambda face: face.box)
            faces = [FaceOfBody(number, face.box, face.landmarks, face.confidence) for number, face in enumerate(found)]
            kept = {
                "seen": asset_document(self._record(data, faces)),
                "hidden": asset_document(self._record(data, [])),
                "embeddings": [face.embedding.tolist() for face in found],
            }
            path.write_text(json.dumps(kept), encoding="utf-8")
        kept = json.loads(path.read_text(encoding="utf-8"))
        embeddings = np.asarray(kept["embeddings"], dtype=np.float32)
        return record_of_document(kept["seen"]), record_of_document(kept["hidden"]), embeddings

    def _record(self, data: bytes, faces: Sequence[FaceOfBody]) -> AssetRecord:
        assert self._pipeline is not None
        try:
            return self._pipeline.process(data, faces=faces).record
        except AssetRejectedError:
            return AssetRecord("0" * 64, 1, 1, ())


def clip_event(data: Path, scratch: Path, clip: str, labels: str) -> OutfitEvent:
    """Frames of a clip, with the names that were given to its faces by hand.

    Raises:
        Unavailable: If the clip or its labels are missing.
    """
    folder = data / "photos" / "videos"
    named: dict[int, list[tuple[str, Box]]] = defaultdict(list)
    times: dict[int, float] = {}
    try:
        with (folder / "labels" / f"{labels}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                frame = int(row["frame_index"])
                times[frame] = float(row["time_s"])
                if row["kind"] == "must":
                    named[frame].append((row["person"], Box(*(int(float(row[side])) for side in "xywh"))))
    except FileNotFoundError as error:
        raise Unavailable(f"{folder}/labels/{labels}.csv is missing") from error
    wanted = sorted(named)[::_EVERY_FRAME]
    frames = dict(_frames(folder / clip, wanted))
    apart = _Apart(data, scratch)
    photos = []
    for frame in wanted:
        seen, hidden, _ = apart.both(f"{labels}-{frame}", partial(_jpeg, frames.get(frame)))
        people = tuple(_named(one, named[frame]) for one in seen.people)
        photos.append(OutfitPhoto(f"{labels}-{frame}", times[frame], seen, people, hidden))
    return OutfitEvent(labels, tuple(photos))


def _frames(path: Path, wanted: Sequence[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    film = cv2.VideoCapture(str(path))
    try:
        number, left = 0, set(wanted)
        while left:
            is_read, picture = film.read()
            if not is_read:
                raise Unavailable(f"{path} has fewer frames than its labels")
            if number in left:
                left.remove(number)
                yield number, np.asarray(picture, dtype=np.uint8)
            number += 1
    finally:
        film.release()


def _jpeg(picture: NDArray[np.uint8] | None) -> bytes:
    if picture is None:
        raise Unavailable("a labelled frame is missing")
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return encoded.tobytes()


def _named(one: PersonRecord, named: Sequence[tuple[str, Box]]) -> str | None:
    face = one.person.face
    if face is None:
        return None
    name, box = max(named, key=lambda label: box_iou(face.box, label[1]), default=("", face.box))
    # Faces without a name may be of the named people, too: nothing is said of them.
    return name if name and box_iou(face.box, box) >= _SAME_FACE else None


def album_events(data: Path, scratch: Path, name: str, half: Callable[[str], str]) -> list[OutfitEvent]:
    """An album of labelled photos as events: `half` says which photos belong together.

    A face is one of the labelled people if its vector is near the mean of the largest faces of that person's photos.

    Raises:
        Unavailable: If the album is missing.
    """
    folder = data / "photos" / name
    if not (folder / "labels.csv").is_file():
        raise Unavailable(f"{folder} is missing")
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted((row["person"], row["path"]) for row in csv.DictReader(file))
    labels: dict[str, str] = {}
    for person in sorted({person for person, _ in rows}):
        labels |= dict.fromkeys([path for whose, path in rows if whose == person][:_PHOTOS_EACH], person)
    apart = _Apart(data, scratch)
    read = {path: apart.both(f"{name}-{path}", (folder / path).read_bytes) for path in sorted(labels)}
    means: dict[str, NDArray[np.float64]] = {}
    for person in sorted(set(labels.values())):
        vectors = [_largest(*read[path][::2]) for path in labels if labels[path] == person]
        stacked = np.array([vector for vector in vectors if vector is not None])
        if len(stacked):
            middle = np.median(stacked, axis=0)
            means[person] = middle / np.linalg.norm(middle)
    events: dict[str, list[OutfitPhoto]] = defaultdict(list)
    for path, (seen, hidden, embeddings) in read.items():
        people = tuple(_nearest(one, embeddings, means, path) for one in seen.people)
        events[half(path)].append(OutfitPhoto(path, None, seen, people, hidden))
    return [OutfitEvent(f"{name} {which}", tuple(photos)) for which, photos in sorted(events.items())]


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), dtype=np.float32)


def _largest(seen: AssetRecord, embeddings: NDArray[np.float32]) -> NDArray[np.float32] | None:
    faces = [one.person.face for one in seen.people if one.person.face is not None]
    best = max(faces, key=lambda face: face.box.w * face.box.h, default=None)
    return None if best is None else _unit(embeddings[best.face_index])


def _nearest(
    one: PersonRecord, embeddings: NDArray[np.float32], means: dict[str, NDArray[np.float64]], path: str
) -> str | None:
    face = one.person.face
    if face is None:
        return None
    vector = _unit(embeddings[face.face_index])
    best = max(means, key=lambda person: float(vector @ means[person]), default=None)
    if best is not None and float(vector @ means[best]) >= _CENTROID_LIKENESS:
        return best
    return f"?{path}:{face.face_index}"
