"""A folder of painted photos that come, go and change, and a user who says things about them.

`SaidWorld` knows what each photo truly is, whatever its file is called and looks like now, and so what every label,
correction and pick must be about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation.domain.faces.face import Box, DetectedFace
from curation.domain.identity.unfound import UnfoundKind
from curation.domain.judging.picks import PhotoPick
from curation.domain.labelling.corrections import NOT_A_PERSON, CorrectionKind
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category
from curation.engines.base import PhotoPixels
from curation.errors import CurationError, OtherEventError, PhotosMissingError
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.drawing import FaceDrawing
from curation.event.people.edits import PeopleEdits
from curation.pipelines.said.words import read_picks_now
from tests.fake_workflow import CountingEngine, FakeEvent
from tests.fakes import FAKE_PEOPLE, FakeEngine, fake_spec, paint_face

__all__ = ["EDITS", "Killed", "SaidWorld", "TruePhoto"]

EDITS = ("smaller", "webp", "darker", "turned", "cropped")
_FACE_PX = 80
_DRAWN = Box(4, 4, 30, 30)  # in the scene, beside all faces
_PEOPLE = 6  # of the twelve that the engine can tell apart
_USER_FILES = ("cluster_labels.json", "corrections.json", "picks.json")


class Killed(BaseException):
    """The process was killed at a write."""


class OtherEngine(CountingEngine):
    """Draws smaller boxes and has other vectors, of another length."""

    def analyse(self, photo: PhotoPixels) -> Sequence[DetectedFace]:
        out = []
        for face in super().analyse(photo):
            x, y, w, h = face.box
            box = Box(x + w // 10, y + h // 8, w - w // 5, h - h // 6)
            out.append(DetectedFace(box, face.landmarks, face.confidence, face.embedding))
        return out

    @staticmethod
    def _embedding(array: NDArray[np.uint8], where: NDArray[np.bool_]) -> NDArray[np.float32]:
        vector = np.zeros(FAKE_PEOPLE + 4, dtype=np.float32)
        vector[(int(FakeEngine._embedding(array, where).argmax()) + 3) % FAKE_PEOPLE] = 1.0
        return vector


@dataclass
class TruePhoto:
    """What a photo truly is.

    Attributes:
        number: Of the photo.
        people: Whom it shows, from left to right.
        path: Where it lies; None while it is away or was taken out.
        kept: Where it lies outside the folder meanwhile.
        edits: What was done to it since it was added.
        pick: What the user said of it.
        reported: Whether its pick may be reported as unfound although it is there, since it was edited.
    """

    number: int
    people: tuple[int, ...]
    path: str | None
    kept: Path | None = None
    edits: tuple[str, ...] = ()
    pick: PhotoPick | None = None
    broken: bytes | None = None


@dataclass
class SaidWorld:
    """The folder, the outputs, and the truth."""

    folder: Path
    photos: list[TruePhoto] = field(default_factory=list)
    labels: dict[int, int] = field(default_factory=dict)
    is_strange: bool = False
    states: dict[object, bytes] = field(default_factory=dict)
    others: dict[tuple[int, int], int] = field(default_factory=dict)
    orphans: int = 0
    runs: int = 0
    drawn: set[int] = field(default_factory=set)  # numbers of the photos on which a face was drawn

    def __post_init__(self) -> None:
        self.event = FakeEvent(self.folder)
        self.away = self.folder / "away"
        self.away.mkdir()
        self._engines = (self.event.engine, OtherEngine(fake_spec()))
        self._specs = (self.event.spec, _other_spec(self.folder))
        self.engine = 0
        self.threshold: float | None = None

    # What happens to files.

    def present(self) -> list[TruePhoto]:
        return [photo for photo in self.photos if photo.path is not None]

    def readable(self) -> list[TruePhoto]:
        return [photo for photo in self.present() if photo.broken is None]

    def _one(self, choice: int, photos: Sequence[TruePhoto]) -> TruePhoto | None:
        return photos[choice % len(photos)] if photos else None

    def add(self, people: Sequence[int], folder: str, *, under: str | None = None) -> TruePhoto:
        number = len(self.photos)
        path = under or f"{folder}/IMG_{number:04}.png"
        photo = TruePhoto(number, tuple(person % _PEOPLE for person in people), path)
        self.event.write(path, _painted(number, photo.people))
        self.photos.append(photo)
        return photo

    def remove(self, choice: int) -> None:
        photo = self._one(choice, self.present())
        if photo is not None and photo.path is not None:
            photo.kept = self.away / f"{photo.number}{Path(photo.path).suffix}"
            (self.event.photos / photo.path).rename(photo.kept)
            photo.path = None

    def put_back(self, choice: int, folder: str) -> None:
        photo = self._one(choice, [photo for photo in self.photos if photo.kept is not None])
        if photo is not None and photo.kept is not None:
            photo.path = self._free(f"{folder}/back_{photo.number}{photo.kept.suffix}")
            self._move(photo.kept, photo.path)
            photo.kept = None

    def take_away(self, folder: str) -> None:
        """A sub-folder is unplugged."""
        inside = [photo for photo in self.present() if photo.path and photo.path.startswith(f"{folder}/")]
        for photo in inside:
            assert photo.path is not None
            photo.kept = self.away / photo.path
            photo.kept.parent.mkdir(parents=True, exist_ok=True)
            (self.event.photos / photo.path).rename(photo.kept)
            photo.path = None

    def plug_in(self) -> None:
        """All that was unplugged is there again, under its old path where that is free."""
        for photo in self.photos:
            if photo.kept is not None and photo.kept.parent != self.away:
                photo.path = self._free(photo.kept.relative_to(self.away).as_posix())
                self._move(photo.kept, photo.path)
                photo.kept = None

    def rename(self, choice: int, folder: str) -> None:
        photo = self._one(choice, self.present())
        if photo is not None and photo.path is not None:
            path = self._free(f"{folder}/renamed {photo.number}{Path(photo.path).suffix}")
            self._move(self.event.photos / photo.path, path)
            photo.path = path

    def swap(self, first: int, second: int) -> None:
        """Two photos change their names."""
        one, other = self._one(first, self.readable()), self._one(second, self.readable())
        if one is None or other is None or one is other or one.path is None or other.path is None:
            return
        if Path(one.path).suffix != Path(other.path).suffix:
            return
        (self.event.photos / one.path).rename(self.folder / "swapped")
        (self.event.photos / other.path).rename(self.event.photos / one.path)
        (self.folder / "swapped").rename(self.event.photos / other.path)
        one.path, other.path = other.path, one.path

    def replace(self, choice: int, people: Sequence[int]) -> None:
        """Another photo comes under the name of one that is taken away."""
        photo = self._one(choice, self.present())
        if photo is not None and photo.path is not None and photo.path.endswith(".png"):
            path = photo.path
            self.remove(self.present().index(photo))
            self.add(people, "", under=path)

    def edit(self, choice: int, how: str) -> None:
        photo = self._one(choice, self.readable())
        if photo is None or photo.path is None or how in photo.edits or len(photo.edits) > 1:
            return
        file = self.event.photos / photo.path
        with Image.open(file) as picture:
            edited = _edited(picture.convert("RGB"), how)
        if how == "webp":
            path = self._free(str(Path(photo.path).with_suffix(".webp")))
            file.unlink()
            edited.save(self.event.photos / path, quality=90)
            photo.path = path
        else:
            edited.save(file, quality=92)
        photo.edits += (how,)

    def break_file(self, choice: int) -> None:
        photo = self._one(choice, self.readable())
        if photo is not None and photo.path is not None:
            file = self.event.photos / photo.path
            photo.broken = file.read_bytes()
            file.write_bytes(photo.broken[:100])

    def mend_files(self) -> None:
        for photo in self.photos:
            if photo.broken is not None:
                file = photo.kept or self.event.photos / str(photo.path)
                file.write_bytes(photo.broken)
                photo.broken = None

    def _free(self, path: str) -> str:
        number = 0
        while (self.event.photos / path).exists():
            number += 1
            path = str(Path(path).with_stem(f"{Path(path).stem} {number}"))
        return path

    def _move(self, file: Path, path: str) -> None:
        target = self.event.photos / path
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target)

    # What runs.

    def run(self, *, threshold: float | None = None, engine: int = 0, killed_at: int | None = None) -> None:
        """A clustering run, after which everything must be where it belongs."""
        self.threshold, self.engine = threshold, engine
        self.event.engine, self.event.spec = self._engines[engine], self._specs[engine]
        before = self._user_files()
        clustering: dict[str, Any] = {} if threshold is None else {"distance_threshold": threshold}
        try:
            with _killing(killed_at):
                self.event.cluster(clustering=clustering)
        except Killed:
            assert self._user_files() == before
            return
        except (OtherEventError, PhotosMissingError):
            assert self._user_files() == before
            return
        self.runs += 1
        assert self._user_files() == before
        self.check(threshold, engine)

    def _user_files(self) -> dict[str, bytes]:
        files = (self.event.output / name for name in _USER_FILES)
        return {file.name: file.read_bytes() for file in files if file.exists()}

    # What the user says.

    def _catalog(self) -> Catalog:
        return Catalog(self.event.settings())

    def _truth(self) -> list[tuple[TruePhoto, int, int, str]]:
        """Photo, person, cluster and face id of each face in the table."""
        catalog = self._catalog()
        index = catalog.event()
        by_path = {photo.path: photo for photo in self.present()}
        out = []
        for place, row in enumerate(index.rows):
            photo = by_path.get(row.image_path)
            if photo is None:
                continue  # the folder has changed since the run
            if row.facial_area == _DRAWN:
                continue
            of_photo = [r for r in index.rows if r.image_path == row.image_path and r.facial_area != _DRAWN]
            if len(of_photo) != len(photo.people):
                continue
            person = self._person(photo, index.rows, row)
            face = next(e.face_id for e in index.faces_of_photo(_photo_id(row.image_path)) if e.row == row)
            out.append((photo, person, int(index.cluster_ids[place]), face))
        return out

    def _person(self, photo: TruePhoto, rows: Sequence[Any], row: Any) -> int:
        del rows
        vectors = np.load(self.event.output / "embeddings.npy")
        hue = int(vectors[row.embedding_row].argmax())
        return hue if vectors.shape[1] == FAKE_PEOPLE else (hue - 3) % FAKE_PEOPLE

    def is_current(self) -> bool:
        """Whether the tables are of the files as they are now, so that the user sees what is there."""
        if not (self.event.output / "face_data.csv").exists():
            return False
        return self.seen == self._files() and self.threshold is None and self.engine == 0

    seen: object = None

    def _files(self) -> object:
        return tuple(sorted((p.path or "", p.number, p.edits, p.broken is None) for p in self.present()))

    def label(self, choice: int) -> None:
        if not self.is_current():
            return
        truth = self._truth()
        clusters = sorted({cluster for _, _, cluster, _ in truth if cluster >= 0})
        if not clusters:
            return
        cluster = clusters[choice % len(clusters)]
        people = {person for _, person, c, _ in truth if c == cluster}
        if len(people) != 1:
            return
        (person,) = people
        if person in self.labels.values() and self.labels.get(cluster) != person:
            return
        if any(face[1] == person for face in self.others):
            return
        self._edits().change_labels(
            lambda _: (cluster,), LabelChange(name=f"Person {person}", category=Category.MAIN), "labelled"
        )
        self.labels[cluster] = person

    def _edits(self) -> PeopleEdits:
        return PeopleEdits(self.event.settings(), self._catalog())

    def correct(self, choice: int, kind: CorrectionKind) -> None:
        """One face is not a face, or is somebody else."""
        if not self.is_current():
            return
        found = [
            (photo, person, face)
            for photo, person, cluster, face in self._truth()
            if cluster >= 0
            and (photo.number, person) not in self.others
            and photo.people.count(person) == 1
            and person not in self.labels.values()
        ]
        if not found:
            return
        photo, person, face = found[choice % len(found)]
        catalog = self._catalog()
        edits = PeopleEdits(self.event.settings(), catalog)
        request = CorrectionRequest(kind, face_ids=(face,))
        with suppress(CurationError):  # the only face of a person cannot be split off
            _, cluster, _, _ = edits.correct(lambda next_id: plan_correction(catalog, request, next_id), "corrected")
            self.others[photo.number, person] = NOT_A_PERSON if kind is CorrectionKind.NOT_A_FACE else cluster

    def draw(self, choice: int) -> None:
        """A face is drawn where no engine finds one."""
        photo = self._one(choice, [photo for photo in self.readable() if not photo.edits])
        if not self.is_current() or photo is None or photo.path is None or photo.number in self.drawn:
            return
        settings, catalog = self.event.settings(), self._catalog()
        reader = self.event.workflow().picture_faces
        edits, analyses = PeopleEdits(settings, catalog), AnalysisLookup(settings, catalog)
        FaceDrawing(settings, catalog, edits, analyses, reader).draw(_photo_id(photo.path), _DRAWN)
        reader.close()
        self.drawn.add(photo.number)

    def pick(self, choice: int, pick: PhotoPick, *, killed_at: int | None = None) -> None:
        if not self.is_current():
            return
        photo = self._one(choice, self.readable())
        if photo is None or photo.path is None:
            return
        is_seen = photo.pick is None or photo.path in read_picks_now(self.event.output).by_path
        if not is_seen:
            self.orphans += 1  # the edited photo was not recognised: the user sees no pick, and the old one stays
        said = pick if pick != PhotoPick() else None
        try:
            with _killing(killed_at):
                self._catalog().ranked.change(lambda _: {str(photo.path): pick})
        except Killed:
            kept = read_picks_now(self.event.output).by_path.get(str(photo.path))
            assert kept in ((photo.pick, said) if is_seen else (None, said)), f"{photo} has the pick {kept}"
            said = kept if is_seen or kept is not None else photo.pick
        photo.pick = said

    # What must hold.

    def check(self, threshold: float | None, engine: int) -> None:
        self.seen = self._files()
        truth = self._truth()
        unfound = {(word["kind"], word["id"]) for word in self.event.record()["unfound"]}
        self._check_picks({id_ for kind, id_ in unfound if kind == UnfoundKind.PICK.value})
        self._check_labels(truth, unfound, is_default=threshold is None)
        self._check_corrections(truth, is_default=threshold is None)
        self._check_drawn()
        self._check_same_again(threshold, engine)

    def _check_picks(self, unfound: set[str]) -> None:
        now = read_picks_now(self.event.output).by_path
        by_path = {photo.path: photo for photo in self.readable()}
        for path, pick in now.items():
            assert path in by_path, f"a pick of {path}, which is not there"
            assert by_path[path].pick == pick, f"{path} is photo {by_path[path].number}, which has no such pick"
        missing = [p for p in self.photos if p.pick is not None and p.path not in now]
        for photo in missing:
            assert photo.path is None or photo.broken or photo.edits, f"the pick of {photo} is not found"
        extra = len(unfound) - len(missing)
        assert 0 <= extra <= self.orphans, f"{len(missing)} picks find nobody, {unfound} are reported"

    def _check_labels(
        self, truth: Sequence[tuple[TruePhoto, int, int, str]], unfound: set[tuple[str, str]], *, is_default: bool
    ) -> None:
        # With other settings the faces of somebody who was not found may be with others.
        named = {person for cluster, person in self.labels.items() if any(c == cluster for _, _, c, _ in truth)}
        for cluster, person in self.labels.items():
            inside = [(photo.number, p) for photo, p, c, _ in truth if c == cluster]
            wrong = [(number, p) for number, p in inside if p != person and (is_default or p in named)]
            assert not wrong, f"cluster {cluster} is person {person}, but has {wrong}"
            is_reported = (UnfoundKind.LABEL.value, str(cluster)) in unfound
            assert bool(inside) is not is_reported, f"person {person} ({cluster}): {inside}, reported: {is_reported}"

    def _check_corrections(self, truth: Sequence[tuple[TruePhoto, int, int, str]], *, is_default: bool) -> None:
        split = {cluster: person for (_, person), cluster in self.others.items()}
        for photo, person, cluster, _ in truth:
            said = self.others.get((photo.number, person))
            if said is not None and not photo.edits:
                assert cluster == said, f"person {person} on photo {photo.number} is {said} and not {cluster}"
            elif said is None and cluster in split:
                # No correction fell on a face that it is not about. Other faces of somebody who was split off look the
                # same to the engine, so they may join.
                is_joined = cluster != NOT_A_PERSON and (split[cluster] == person or not is_default)
                assert is_joined, f"person {person} on photo {photo.number} is in {cluster}"

    def _check_drawn(self) -> None:
        rows = self._catalog().event().rows
        found = {row.image_path for row in rows if row.facial_area == _DRAWN}
        for photo in self.readable():
            is_drawn = photo.number in self.drawn
            if not photo.edits:
                assert (photo.path in found) is is_drawn, f"photo {photo.number}: {found}, drawn on {self.drawn}"

    def _check_same_again(self, threshold: float | None, engine: int) -> None:
        files = self._user_files()
        key = (self._files(), threshold, engine, files.get("cluster_labels.json"), files.get("corrections.json"))
        table = (self.event.output / "face_data.csv").read_bytes()
        if any(photo.edits for photo in self.present()):
            return  # what was recognised once stays recognised
        assert self.states.setdefault(key, table) == table, "the same photos, words and settings gave other clusters"


def _photo_id(path: str) -> str:
    from curation.domain.faces.ids import photo_id

    return photo_id(path)


def _other_spec(folder: Path) -> Any:
    from dataclasses import replace

    from curation.engines.base import WeightsFile

    return replace(fake_spec(), name="other", weights=(WeightsFile("other.onnx", folder / "other.onnx", "c" * 64),))


@contextmanager
def _killing(at: int | None) -> Iterator[None]:
    """Kill the process at this file that appears, counted from 0: neither it nor any later one appears."""
    if at is None:
        yield
        return
    replace, count = Path.replace, [0]

    def counted(self: Path, target: Path) -> Path:
        count[0] += 1
        if count[0] > at:
            raise Killed
        return replace(self, target)

    with mock.patch.object(Path, "replace", counted):
        yield


def _painted(number: int, people: Sequence[int]) -> NDArray[np.uint8]:
    """A photo with a grey scene of its own and faces under dark patches, so that they are sharp."""
    random = np.random.default_rng(number + 1)
    width, height = 40 + len(people) * (_FACE_PX + 40), _FACE_PX + 80
    scene = cv2.resize(
        random.integers(60, 200, (5, 6)).astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC
    )
    array = np.repeat(scene[:, :, None], 3, axis=2).astype(np.uint8)
    for place, person in enumerate(people):
        paint_face(array, Box(40 + place * (_FACE_PX + 40), 40, _FACE_PX, _FACE_PX), person)
    dark = np.zeros((height, width, 1), dtype=bool)
    for _ in range(width * height // 400):
        x, y, w, h = (int(value) for value in random.integers((0, 0, 3, 3), (width, height, 16, 16)))
        dark[y : y + h, x : x + w] ^= True
    return np.where(dark, (array * 0.4).astype(np.uint8), array)


def _edited(picture: Image.Image, how: str) -> Image.Image:
    width, height = picture.size
    if how == "smaller":
        return picture.resize((width * 3 // 4, height * 3 // 4), Image.Resampling.BOX)
    if how == "darker":
        return picture.point(lambda level: level * 0.92)
    if how == "turned":
        return picture.transpose(Image.Transpose.ROTATE_90)
    if how == "cropped":
        return picture.crop((width // 20, height // 12, width - width // 25, height - height // 12))
    return picture
