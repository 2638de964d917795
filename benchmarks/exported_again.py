"""What follows when a whole event is exported again: as smaller WebP files, with turned pixels and without metadata.

    python -m benchmarks.exported_again DATA [--models DIR] [--photos 400] [--rename]

A real event (codebasics_sports and groups together) is clustered and scored. A user names all people on two photos
and more, corrects 40 faces, picks or rates 80 photos. Then every photo is exported again and the old files are gone;
with `--rename`, under new names too. Both stages run again. A word has followed if it is on the same person, face or
photo; where a face is on the new photo is computed from the edit. Nothing of this is used to choose a constant.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from curation.bootstrap import build
from curation.domain.faces.face import Box, FaceRow
from curation.domain.faces.geometry import box_iou
from curation.domain.identity.said import Said
from curation.domain.judging.picks import PhotoPick, Pick
from curation.domain.labelling.corrections import CorrectionKind
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.edits import PeopleEdits
from curation.pipelines.said.words import read_picks_now, read_placed_corrections
from curation.settings import Settings, load_settings
from curation.storage.face_data_file import FACE_DATA, read_face_data
from curation.storage.run_records import CLUSTERING_RUN, read_run_record
from curation.storage.said.said_file import read_said

_CORRECTED, _PICKED = 40, 80
_SAME_FACE_IOU = 0.4  # of the place that the edit gives a face, and where it was found
_TURNS = (0, 1, 3)  # quarters; nobody exports a photo upside down


@dataclass(frozen=True)
class _Export:
    """How a photo was exported: its new path and size, before it was turned by quarters."""

    path: str
    before: tuple[int, int]
    size: tuple[int, int]
    quarters: int

    def placed(self, box: Box) -> Box:
        """Where a face is on the exported photo."""
        scale = self.size[0] / self.before[0]
        x, y, w, h = (side * scale for side in box)
        width, height = self.size
        for _ in range(self.quarters):  # counter-clockwise
            x, y, w, h = y, width - x - w, h, w
            width, height = height, width
        return Box(*(round(side) for side in (x, y, w, h)))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and print what followed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--photos", type=int, default=400)
    parser.add_argument("--engine", default="retinaface-arcface")
    parser.add_argument("--rename", action="store_true")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="curation-exported-") as folder:
        settings = _settings(Path(folder), options.models, options.engine)
        originals = _copied(options.data / "photos", settings.io.input_dir, options.photos)
        seconds = _run(settings)
        before = read_face_data(settings.io.output_dir / FACE_DATA)
        people = _speak(settings, before)
        exports = _exported(settings.io.input_dir, originals, rename=options.rename)
        again = _run(settings)
        print(f"{len(originals)} photos, {len(before)} faces; first run {seconds:.0f} s, again {again:.0f} s")
        _tell(settings, before, people, exports)
    return 0


def _settings(folder: Path, models: Path, engine: str) -> Settings:
    io = {"input_dir": folder / "photos", "output_dir": folder / "out", "state_dir": folder / "state"}
    engines = {"name": engine} if engine else {}
    return load_settings(
        None,
        default_root=folder,
        overrides={"io": {**io, "models_dir": models.resolve()}, "engine": engines},
    )


def _copied(source: Path, target: Path, count: int) -> list[str]:
    """Photos of the two sets in turn, with their pixels upright, so that places can be computed."""
    sets = [sorted((source / name).rglob("*.jpg")) for name in ("codebasics_sports", "groups")]
    chosen = [photo for photos in zip(*_padded(sets), strict=True) for photo in photos if photo is not None][:count]
    target.mkdir(parents=True)
    names = []
    for number, photo in enumerate(chosen):
        name = f"IMG_{number:04}.jpg"
        with Image.open(photo) as picture:
            ImageOps.exif_transpose(picture.convert("RGB")).save(target / name, quality=95)
        names.append(name)
    return names


def _padded(sets: Sequence[Sequence[Path]]) -> list[list[Path | None]]:
    longest = max(map(len, sets))
    return [[*photos, *[None] * (longest - len(photos))] for photos in sets]


def _run(settings: Settings) -> float:
    began = time.monotonic()
    workflow = build(settings)
    workflow.run_clustering()
    workflow.run_scoring()
    return time.monotonic() - began


def _speak(settings: Settings, rows: Sequence[FaceRow]) -> dict[int, set[tuple[str, Box]]]:
    """Name, correct and pick; returns the faces of each named person."""
    chance = random.Random(0)
    photos_of: dict[int, set[str]] = defaultdict(set)
    faces_of: dict[int, set[tuple[str, Box]]] = defaultdict(set)
    for row in rows:
        photos_of[row.cluster_id].add(row.image_path)
        faces_of[row.cluster_id].add((row.image_path, row.facial_area))
    named = sorted(cluster for cluster, photos in photos_of.items() if cluster >= 0 and len(photos) > 1)
    catalog = Catalog(settings)
    edits = PeopleEdits(settings, catalog)
    for cluster in named:
        change = LabelChange(name=f"Person {cluster}", category=Category.IMPORTANT)
        edits.change_labels(lambda _, cluster=cluster: (cluster,), change, "named")  # type: ignore[misc]
    event = catalog.event()
    faces = [entry for cluster in named for entry in event.faces_of_cluster(cluster)[1:]]
    for number, entry in enumerate(chance.sample(faces, min(_CORRECTED, len(faces)))):
        kind = CorrectionKind.NOT_A_FACE if number % 2 else CorrectionKind.DIFFERENT_PEOPLE
        request = CorrectionRequest(kind, face_ids=(entry.face_id,))
        edits.correct(lambda next_id, request=request: plan_correction(catalog, request, next_id), "corrected")  # type: ignore[misc]
        faces_of[entry.cluster_id].discard((entry.row.image_path, entry.row.facial_area))
    paths = sorted(score.image_path for score in catalog.photos())
    words = (PhotoPick(Pick.PICKED, 5), PhotoPick(Pick.REJECTED), PhotoPick(None, 3))
    picked = chance.sample(paths, min(_PICKED, len(paths)))
    catalog.ranked.change(lambda _: {path: words[number % 3] for number, path in enumerate(picked)})
    catalog.ranked.close()
    return {cluster: faces_of[cluster] for cluster in named}


def _exported(folder: Path, names: Sequence[str], *, rename: bool) -> dict[str, _Export]:
    """Export all photos again and delete the old files."""
    chance = random.Random(1)
    numbers = list(range(len(names)))
    chance.shuffle(numbers)
    out = {}
    for name, number in zip(names, numbers, strict=True):
        with Image.open(folder / name) as picture:
            part, quarters = chance.uniform(0.6, 0.8), chance.choice(_TURNS)
            size = (round(picture.width * part), round(picture.height * part))
            small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
            turned = Image.fromarray(np.rot90(np.asarray(small), quarters).copy())
            path = f"export {number:04}.webp" if rename else f"{Path(name).stem}.webp"
            turned.save(folder / path, quality=88)
            out[name] = _Export(path, picture.size, size, quarters)
        (folder / name).unlink()
    return out


def _tell(
    settings: Settings,
    before: Sequence[FaceRow],
    people: dict[int, set[tuple[str, Box]]],
    exports: dict[str, _Export],
) -> None:
    after = read_face_data(settings.io.output_dir / FACE_DATA)
    said = read_said(settings.io.output_dir)
    print(f"photos recognised: {_recognised(said, exports)}")
    now = _faces_now(before, after, exports)
    print(f"faces that the detector found again: {len(now)} of {len(before)}")
    print(f"names: {_names(after, people, now)}")
    print(f"corrected faces: {_corrections(settings, now, exports)}")
    print(f"picks: {_picks(settings, exports)}")
    record = read_run_record(settings.io.output_dir / CLUSTERING_RUN) or {}
    print(f"told to find nobody: {dict(Counter(word['kind'] for word in record['unfound']))}")


def _recognised(said: Said, exports: dict[str, _Export]) -> str:
    found = [photo for photo in said.photos.values() if photo.now is not None]
    right = sum(exports[photo.image_path].path == photo.now for photo in found)
    return f"{right} of {len(said.photos)}, wrong {len(found) - right}"


def _faces_now(
    before: Sequence[FaceRow], after: Sequence[FaceRow], exports: dict[str, _Export]
) -> dict[tuple[str, Box], FaceRow]:
    """The row of each old face on the exported photo."""
    on_photo: dict[str, list[FaceRow]] = defaultdict(list)
    for row in after:
        on_photo[row.image_path].append(row)
    out = {}
    for old in before:
        export = exports[old.image_path]
        wanted = export.placed(old.facial_area)
        best = max(on_photo[export.path], key=lambda row: box_iou(wanted, row.facial_area), default=None)
        if best is not None and box_iou(wanted, best.facial_area) >= _SAME_FACE_IOU:
            out[old.image_path, old.facial_area] = best
    return out


def _names(
    after: Sequence[FaceRow], people: dict[int, set[tuple[str, Box]]], now: dict[tuple[str, Box], FaceRow]
) -> str:
    """How many named people have their id again; a name is wrong if most of its faces are of others."""
    owner = {
        (row.image_path, row.face_index): cluster
        for cluster, faces in people.items()
        for f in faces
        if (row := now.get(f))
    }
    inside: dict[int, Counter[int | None]] = defaultdict(Counter)
    for row in after:
        if row.cluster_id in people:
            inside[row.cluster_id][owner.get((row.image_path, row.face_index))] += 1
    right = sum(bool(inside[cluster]) and inside[cluster].most_common(1)[0][0] in (cluster, None) for cluster in people)
    wrong = [c for c in people if inside[c] and inside[c].most_common(1)[0][0] not in (c, None)]
    faces = sum(len(f) for f in people.values())
    kept = sum(row.cluster_id == cluster for cluster, fs in people.items() for f in fs if (row := now.get(f)))
    return f"{right} of {len(people)} people, wrong {len(wrong)}; {kept} of {faces} of their faces have the same name"


def _corrections(settings: Settings, now: dict[tuple[str, Box], FaceRow], exports: dict[str, _Export]) -> str:
    right = wrong = lost = undetected = 0
    for correction in read_placed_corrections(settings.io.output_dir):
        (face,) = correction.faces
        row = now.get((face.image_path, face.facial_area))
        place = face.place
        if place is None:
            lost, undetected = lost + (row is not None), undetected + (row is None)
        elif row is not None and place == (row.image_path, row.facial_area):
            right += 1
        elif row is None and place[0] == exports[face.image_path].path:
            right += 1  # at a place of the right photo that overlaps too little to be judged
        else:
            wrong += 1
    return f"{right} right, {wrong} wrong, {lost} not found, {undetected} not found by the detector either"


def _picks(settings: Settings, exports: dict[str, _Export]) -> str:
    written = json.loads((settings.io.output_dir / "picks.json").read_text(encoding="utf-8"))["photos"]
    now = read_picks_now(settings.io.output_dir)
    wanted = {exports[path].path: word for path, word in written.items()}
    got = now.to_json()
    right = sum(got.get(path) == word for path, word in wanted.items())
    return f"{right} of {len(wanted)}, wrong {sum(path not in wanted for path in got)}"


if __name__ == "__main__":
    raise SystemExit(main())
