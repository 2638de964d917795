"""The photos that the image is tried with, and what the program makes of them outside of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .containers import CheckFailed

__all__ = ["Differences", "Event", "differences"]

USER = 10001
SHOTS = (
    "IMG_0001.jpg",
    "IMG_0003.jpg",
    "IMG_0005.jpg",
    "IMG_0008.png",
    "IMG_0009.webp",
    "IMG_0010.heic",
    "evening/IMG_0015.jpg",
)
"""Of the sample event: every format, one to three people."""
REAL_PHOTOS = 6
WEIGHTS = ("retinaface.onnx", "arcface_weights.onnx")
RUN_RECORDS = frozenset({"clustering_run.json", "scoring_run.json", "video_run.json"})
"""They tell when, where and how long."""


@dataclass(frozen=True, slots=True)
class Differences:
    """How two folders of results compare: the names of what differs or is in one of them only."""

    compared: int
    different: tuple[str, ...]


def differences(expected: Path, found: Path, only: Sequence[str] = ()) -> Differences:
    """Compare the files of two folders, but for run records and locks; `only` names files and folders."""
    left, right = _contents(expected, only), _contents(found, only)
    different = sorted(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))
    return Differences(len(left), tuple(different))


def _contents(folder: Path, only: Sequence[str]) -> dict[str, bytes]:
    names = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        str(name): path.read_bytes()
        for name, path in names.items()
        if name.name not in RUN_RECORDS and not name.name.endswith("lock") and (not only or name.parts[0] in only)
    }


class Event:
    """Photos and results in a folder of the test."""

    def __init__(self, scratch: Path, root: Path) -> None:
        """Take the folder, and that of the program."""
        self._scratch, self._root = scratch, root
        self._outside: dict[str, Path] = {}

    def made(self) -> Path:
        """Photos that are made of those which packages bring."""
        folder = self._scratch / "photos"
        if not folder.is_dir():
            all_of_them = self._scratch / "sample"
            code = "import sys, pathlib; from curation.photos.sample_event import build_sample_event as build; "
            self._call("-c", code + "build(pathlib.Path(sys.argv[1]))", str(all_of_them))
            for name in SHOTS:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(all_of_them / name, folder / name)
        return folder

    def real(self) -> tuple[Path, Path] | None:
        """A few real photos, and a folder with weights; None where they are not on this machine."""
        data = Path(os.environ.get("CURATION_TEST_DATA", self._root.parent / "shared"))
        weights = data / "weights/deepface_home/.deepface/weights"
        photos = sorted((data / "photos/groups").rglob("*.jpg"))[:REAL_PHOTOS]
        if not photos or not all((weights / name).is_file() for name in WEIGHTS):
            return None
        models, folder = self._scratch / "models", self._scratch / "real"
        for target, sources in ((models, [weights / name for name in WEIGHTS]), (folder, photos)):
            target.mkdir()
            for source in sources:
                shutil.copyfile(source, target / source.name)
        return folder, models

    def folder_of_container(self, name: str) -> Path:
        """A folder for /data of a container."""
        folder = self._scratch / f"data-{name}"
        folder.mkdir()
        os.chown(folder, USER, USER)
        return folder

    def outside(self, engine: str, photos: Path | None = None, models: Path | None = None) -> Path:
        """The results of both stages on this machine, without a container.

        Raises:
            CheckFailed: If a stage fails.
        """
        if engine not in self._outside:
            own = self._scratch / f"outside-{engine}"
            environment = {
                "CURATION_IO__STATE_DIR": str(own / "state"),
                "CURATION_IO__MODELS_DIR": str(models or own / "models"),
                "CURATION_ENGINE__DOWNLOAD": "false",
            }
            for script in ("run_clustering.py", "run_scoring.py"):
                where = ("--input", str(photos or self.made()), "--output", str(own / "results"))
                self._call(script, *where, "--engine", engine, environment=environment)
            self._outside[engine] = own / "results"
        return self._outside[engine]

    def compare(self, found: Path, engine: str, only: Sequence[str] = ()) -> int:
        """Hold a folder of results against those of outside; how many files are the same.

        Raises:
            CheckFailed: If one differs.
        """
        compared = differences(self.outside(engine), found, only)
        if compared.different:
            raise CheckFailed(f"not as outside: {', '.join(compared.different)}")
        return compared.compared

    def _call(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self._root,
            env={**os.environ, "PYTHONPATH": str(self._root), **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CheckFailed(f"{arguments[0]} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
