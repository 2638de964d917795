"""Assets without networks and a database: pictures are taken apart in memory, as if people stood in a row."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, UnidentifiedImageError

from curation.api.http.assets.desk import AssetDesk
from curation.domain.assets.asset import Asset, AssetQuery, asset_id
from curation.domain.assets.document import asset_document, cutout_name, record_of_document
from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.assets.states import AssetState, FailCode, RejectCode
from curation.domain.bodies.composition import Composition, CutAt
from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.bodies.pose import Pose, PoseLandmark
from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.domain.outfits.outfit import ColourName, Garment, GarmentColour, GarmentPart, Outfit
from curation.errors import AssetNotFoundError, PersonNotFoundError
from curation.event.catalog import Catalog
from curation.settings import Settings

__all__ = ["SETTINGS_HASH", "FakeAssets", "FakePeople", "people_picture"]

SETTINGS_HASH = "5e" * 32
_RGB = {
    ColourName.RED: (196, 38, 44),
    ColourName.BLACK: (28, 28, 30),
    ColourName.BLUE: (44, 88, 180),
    ColourName.WHITE: (238, 238, 234),
    ColourName.GREEN: (52, 128, 70),
    ColourName.BEIGE: (214, 194, 160),
}
_OUTFITS = (
    (ColourName.RED, ColourName.BLACK),
    (ColourName.BLUE, ColourName.WHITE),
    (ColourName.GREEN, ColourName.BEIGE),
)
# Where the 33 landmarks of somebody who stands upright are, in shares of the body's box.
_STANDING = (
    (0.50, 0.08), (0.52, 0.06), (0.54, 0.06), (0.56, 0.06), (0.48, 0.06), (0.46, 0.06), (0.44, 0.06), (0.59, 0.07),
    (0.41, 0.07), (0.53, 0.11), (0.47, 0.11), (0.72, 0.20), (0.28, 0.20), (0.84, 0.35), (0.16, 0.35), (0.88, 0.49),
    (0.12, 0.49), (0.90, 0.53), (0.10, 0.53), (0.89, 0.54), (0.11, 0.54), (0.86, 0.52), (0.14, 0.52), (0.62, 0.51),
    (0.38, 0.51), (0.62, 0.73), (0.38, 0.73), (0.62, 0.93), (0.38, 0.93), (0.60, 0.96), (0.40, 0.96), (0.68, 0.98),
    (0.32, 0.98),
)  # fmt: skip


def people_picture(count: int, *, width: int = 480, height: int = 360, seed: int = 0, kind: str = "JPEG") -> bytes:
    """A painted picture of people in a row, in the outfits that `FakeAssets` tells of; `seed` changes the bytes."""
    image = Image.new("RGB", (width, height), (150 + seed % 80, 172, 190))
    draw = ImageDraw.Draw(image)
    for place in range(count):
        _paint(draw, _box(place, count, width, height), place)
    file = io.BytesIO()
    image.save(file, kind, comment=str(seed))
    return file.getvalue()


class FakePeople:
    """The first person of each picture has a name."""

    def __init__(self, name: str | None, assets: FakeAssets) -> None:
        self._name = name
        self._assets = assets

    def named_people(self, name: str) -> frozenset[tuple[str, int]]:
        if self._name is None or name.casefold() != self._name.casefold():
            raise PersonNotFoundError(f"there is no person {name!r}; known: {self._name}")
        return frozenset((asset_id, 0) for asset_id in self._assets.rows)

    def name_of(self, asset: Asset, person_index: int) -> str | None:
        return self._name if person_index == 0 else None


class FakeAssets:
    """Stands for AssetJobs. The number of people in a picture is the first digit of its name, else one.

    Names with "stuck" wait for `finish`, those with "broken" fail, those with "tries" fail the first time; files that
    are no picture are rejected at once, those with "nobody" after a while.
    """

    def __init__(self, folder: Path, *, takes_s: float = 0.0) -> None:
        self.folder = folder
        self.takes_s = takes_s
        self.rows: dict[str, Asset] = {}
        self.missing = ""
        self.is_started = self.is_stopped = False
        self.error: Exception | None = None
        self._version = 0
        self._guard = threading.RLock()

    def opened(self, settings: Settings, catalog: Catalog, *, name: str | None = "Anna") -> AssetDesk:
        """What the service is given."""
        return AssetDesk(self, FakePeople(name, self), missing=lambda: self.missing)

    # What the service asks

    def submit(self, content: bytes | Path, name: str, *, image_path: str | None = None) -> Asset:
        self._fail()
        data = content if isinstance(content, bytes) else content.read_bytes()
        digest = sha256(data).hexdigest()
        new_id = asset_id(digest, SETTINGS_HASH)
        paths = () if image_path is None else (image_path,)
        with self._guard:
            known = self.rows.get(new_id)
            if known is not None:
                known = self._write(replace(known, image_paths=tuple(sorted({*known.image_paths, *paths}))))
                return known
            now = _now()
            row = Asset(new_id, digest, SETTINGS_HASH, name, paths, AssetState.PENDING, None, "", 0, now, now, 0)
            refusal = _refusal(data)
            if refusal is not None:
                code, message = refusal
                return self._write(replace(row, state=AssetState.REJECTED, code=code.value, message=message))
            folder = self.folder / new_id
            folder.mkdir(parents=True)
            (folder / "original").write_bytes(data)
            row = self._write(row)
        threading.Thread(target=self._work, args=(new_id,), daemon=True).start()
        return row

    def get(self, asset_id: str) -> Asset:
        self._fail()
        if asset_id not in self.rows:
            raise AssetNotFoundError(f"there is no asset {asset_id}")
        return self.rows[asset_id]

    def find(self, query: AssetQuery, *, limit: int, offset: int = 0) -> tuple[int, Sequence[Asset]]:
        self._fail()
        found = [row for row in reversed(self.rows.values()) if _answers(row, query)]
        return len(found), found[offset : offset + limit]

    def file(self, asset_id: str, name: str) -> Path:
        path = self.folder / asset_id / name
        if not path.is_file():
            raise AssetNotFoundError(f"there is no {name} of asset {asset_id}")
        return path

    def delete(self, asset_id: str) -> None:
        self.get(asset_id)
        with self._guard:
            del self.rows[asset_id]
            folder = self.folder / asset_id
            for path in folder.glob("*"):
                path.unlink()
            if folder.is_dir():
                folder.rmdir()

    def retry(self, asset_id: str) -> Asset:
        row = self._write(replace(self.get(asset_id), state=AssetState.PENDING, code=None, message="", attempts=0))
        threading.Thread(target=self._work, args=(asset_id, 2), daemon=True).start()
        return row

    def changes(self, after_version: int, *, limit: int) -> Sequence[Asset]:
        self._fail()
        changed = sorted((row for row in list(self.rows.values()) if row.version > after_version), key=_version)
        return [replace(row, document=None) for row in changed[:limit]]

    def counts(self) -> Mapping[AssetState, int]:
        states = [row.state for row in list(self.rows.values())]
        return {state: states.count(state) for state in AssetState}

    def start(self) -> None:
        self.is_started = True

    def stop(self) -> None:
        self.is_stopped = True

    # What happens in the background

    def finish(self, asset_id: str) -> Asset:
        """Take a picture apart."""
        with self._guard:
            row = self.rows[asset_id]
            folder = self.folder / asset_id
            with Image.open(folder / "original") as image:
                width, height = image.size
            digits = [sign for sign in row.name if sign.isdigit()]
            count = int(digits[0]) if digits else 1
            record = _record(row.sha256, width, height, count)
            _write_files(folder, record)
            return self._write(replace(row, state=AssetState.COMPLETED, document=asset_document(record)))

    def settled(self, asset_id: str, wait_s: float = 10.0) -> Asset:
        """The row when nothing will change it any more."""
        end_s = time.monotonic() + wait_s
        while not self.rows[asset_id].state.is_final:
            assert time.monotonic() < end_s, self.rows[asset_id]
            time.sleep(0.005)
        return self.rows[asset_id]

    def _work(self, asset_id: str, attempt: int = 1) -> None:
        time.sleep(self.takes_s)
        with self._guard:
            if asset_id not in self.rows:
                return
            row = self._write(replace(self.rows[asset_id], state=AssetState.PROCESSING, attempts=attempt))
        time.sleep(self.takes_s)
        with self._guard:
            if asset_id not in self.rows or "stuck" in row.name:
                return
            if "broken" in row.name or ("tries" in row.name and attempt == 1):
                message = "the worker that worked on it ended three times: it needs more memory than there is"
                self._write(replace(row, state=AssetState.FAILED, code=FailCode.WORKER_LOST.value, message=message))
            elif "nobody" in row.name:
                message = "nobody is in the picture"
                self._write(replace(row, state=AssetState.REJECTED, code=RejectCode.NO_PERSON.value, message=message))
            else:
                self.finish(asset_id)

    def _write(self, row: Asset) -> Asset:
        with self._guard:
            self._version += 1
            self.rows[row.id] = replace(row, version=self._version, updated_at=_now())
            return self.rows[row.id]

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


def _version(row: Asset) -> int:
    return row.version


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _refusal(data: bytes) -> tuple[RejectCode, str] | None:
    try:
        with Image.open(io.BytesIO(data)) as image:
            short = min(image.size)
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return RejectCode.UNREADABLE, "the file is not a picture, or it is damaged"
    if short < 256:
        return RejectCode.TOO_SMALL, f"its shorter side has {short} pixels, fewer than the 256 of assets.min_side_px"
    return None


def _answers(row: Asset, query: AssetQuery) -> bool:
    if query.state is not None and row.state is not query.state:
        return False
    if query.image_paths is not None and not query.image_paths.intersection(row.image_paths):
        return False
    asks_people = any(part is not None for part in (query.top, query.bottom, query.cut_at, query.people))
    if not asks_people:
        return True
    if row.document is None:
        return False
    return any(_is_asked_for(row, person, query) for person in record_of_document(row.document).people)


def _is_asked_for(row: Asset, found: PersonRecord, query: AssetQuery) -> bool:
    outfit = found.outfit
    if query.people is not None and (row.id, found.person.person_index) not in query.people:
        return False
    if query.cut_at is not None and found.composition.cut_at is not query.cut_at:
        return False
    worn = (None, None) if outfit is None else (outfit.top.colours[0].name, outfit.bottom.colours[0].name)
    return all(wanted is None or wanted is name for wanted, name in zip((query.top, query.bottom), worn, strict=True))


def _box(place: int, count: int, width: int, height: int) -> Box:
    room = width / max(count, 1)
    w = int(min(room * 0.8, height * 0.42))
    return Box(int(room * place + (room - w) / 2), int(height * 0.06), w, int(height * 0.88))


def _record(digest: str, width: int, height: int, count: int) -> AssetRecord:
    people = tuple(_person(place, _box(place, count, width, height), width, height) for place in range(count))
    several = tuple(cutout_name(place) for place in range(count)) if count > 1 else ()
    return AssetRecord(
        sha256=digest,
        width=width,
        height=height,
        people=people,
        files=("annotated.jpg", "clothes.png", "cutout.png", *several, "mask.png"),
        engine="fake",
        weights=(("fake.onnx", "a" * 64),),
        notes=() if count < 3 else ("the face of the third person is too small for an age",),
    )


def _person(place: int, box: Box, width: int, height: int) -> PersonRecord:
    top, bottom = _OUTFITS[place % len(_OUTFITS)]
    is_from_behind = place == 2
    points = tuple(PoseLandmark(box.x + box.w * x, box.y + box.h * y, 0.0, 0.97) for x, y in _STANDING)
    face = Box(int(box.x + box.w * 0.4), int(box.y + box.h * 0.02), int(box.w * 0.2), int(box.h * 0.13))
    five = FiveLandmarks(*(Point(points[at].x, points[at].y) for at in (5, 2, 0, 10, 9)))
    return PersonRecord(
        person=Person(
            person_index=place,
            box=box,
            confidence=0.93,
            pose=Pose(points, 0.98),
            face=None if is_from_behind else FaceOfBody(place, face, five, 0.9),
        ),
        composition=Composition(
            cut_at=CutAt.FEET if place == 1 else CutAt.NONE,
            cut_certainty=0.9,
            headroom=None if is_from_behind else 0.06,
            frame_share=box.w * box.h / (width * height),
            tilt_deg=3.0,
            overlapped_by=(1,) if is_from_behind else (),
        ),
        outfit=Outfit(
            top=Garment(
                GarmentPart.TOP,
                (GarmentColour(top, 0.8, _RGB[top]), GarmentColour(ColourName.WHITE, 0.2, _RGB[ColourName.WHITE])),
                0.9,
                5000,
            ),
            bottom=Garment(GarmentPart.BOTTOM, (GarmentColour(bottom, 1.0, _RGB[bottom]),), 0.8, 4000),
        ),
        clothes_share=0.7,
        mask_confidence=0.95,
        clothes_confidence=0.9,
    )


def _paint(draw: ImageDraw.ImageDraw, box: Box, place: int, *, mask: str = "") -> None:
    top, bottom = (_RGB[name] for name in _OUTFITS[place % len(_OUTFITS)])
    painted: dict[str, tuple[Any, Any, Any]] = {
        "": ((222, 178, 150), top, bottom),
        "person": (255, 255, 255),
        "clothes": (0, 255, 255),
    }
    fills = painted[mask]
    x, y, w, h = box
    draw.ellipse((x + w * 0.38, y, x + w * 0.62, y + h * 0.16), fill=fills[0])
    draw.rounded_rectangle((x + w * 0.25, y + h * 0.17, x + w * 0.75, y + h * 0.53), w * 0.1, fill=fills[1])
    for side in (0.3, 0.53):
        draw.rectangle((x + w * side, y + h * 0.52, x + w * (side + 0.17), y + h * 0.98), fill=fills[2])


def _write_files(folder: Path, record: AssetRecord) -> None:
    size = (record.width, record.height)
    with Image.open(folder / "original") as opened:
        picture = opened.convert("RGB")
    masks = {}
    for kind, name in (("person", "mask.png"), ("clothes", "clothes.png")):
        masks[kind] = Image.new("L", size)
        for each in record.people:
            _paint(ImageDraw.Draw(masks[kind]), each.person.box, each.person.person_index, mask=kind)
        masks[kind].save(folder / name)
    _cut(picture, masks["person"]).save(folder / "cutout.png")
    for each in record.people if len(record.people) > 1 else ():
        x, y, w, h = each.person.box
        one = Image.new("L", size)
        _paint(ImageDraw.Draw(one), each.person.box, each.person.person_index, mask="person")
        cut = _cut(picture, one).crop((x, y, x + w, y + h))
        cut.save(folder / cutout_name(each.person.person_index))
    picture.save(folder / "annotated.jpg")


def _cut(picture: Image.Image, mask: Image.Image) -> Image.Image:
    pixels = np.dstack([np.asarray(picture), np.asarray(mask)])
    pixels[pixels[..., 3] == 0] = 0
    return Image.fromarray(pixels, "RGBA")
