"""Events with JPEGs of named people, and exports of them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from PIL import Image

from curation.domain.choosing.export import ExportReport, ExportRequest
from curation.domain.judging.picks import PhotoPick, Picks
from curation.storage.said.picks_file import PICKS, write_picks
from tests.fake_workflow import FakeEvent
from tests.photo_files import EXIF_TRANSPOSITIONS, exif_block

__all__ = ["ANNA", "BOB", "as_jpeg", "files_of", "pick", "prepared", "run", "state_of"]

ANNA, BOB = 1, 2


def as_jpeg(event: FakeEvent, name: str, *people: int, orientation: int = 1) -> Path:
    """A JPEG of these people, stored turned."""
    source = event.add("painted.png", *people)
    transposition = EXIF_TRANSPOSITIONS[orientation]
    with Image.open(source) as image:
        stored = image if transposition is None else image.transpose(transposition)
        path = event.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        stored.save(path, "JPEG", quality=97, subsampling=0, exif=b"Exif\0\0" + exif_block(orientation))
    source.unlink()
    return path


def prepared(event: FakeEvent) -> None:
    """Cluster the event, and name Anna and Bob."""
    event.cluster()
    ids = event.ids()
    labels = {}
    for person, name, category in ((ANNA, "Anna", "main"), (BOB, "Zoë <& Bob>", "important")):
        for cluster in ids.get(person, ()):
            labels[str(cluster)] = {"name": name, "category": category}
    event.label(labels)


def pick(event: FakeEvent, **said: PhotoPick) -> None:
    picks = Picks({name.replace("__", "."): one for name, one in said.items()})
    write_picks(event.output / PICKS, picks)


def run(event: FakeEvent, *image_paths: str, **options: object) -> ExportReport:
    request = replace(ExportRequest(image_paths), **options)  # type: ignore[arg-type]
    return event.workflow().run_export(request)


def files_of(report: ExportReport) -> list[str]:
    folder = Path(report.path)
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def state_of(folder: Path) -> dict[str, tuple[str, int]]:
    """Content and time of every file."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
