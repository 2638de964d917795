from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.bootstrap import build_attribute_files
from curation.domain.attributes.documents import image_of_document
from curation.domain.attributes.values import AttributedFace, ImageAttributes
from curation.domain.faces.face import Box
from curation.errors import PhotoUnreadableError, SettingsError, StorageError
from curation.settings import load_settings
from curation.settings.services import StoreSettings
from curation.storage.atomic import TEMPORARY_SUFFIX
from curation.storage.attribute_files import AttributeFiles
from tests.attribute_values import a_face, a_sex, an_age, an_image
from tests.conftest import PROJECT_ROOT
from tests.processes import wait_until

WHEN = datetime(2026, 1, 31, 12, 30, 15, 999, tzinfo=UTC)


def picture(format_name: str, seed: int = 0) -> bytes:
    array = np.random.default_rng(seed).integers(90, 110, (480, 640, 3), dtype=np.uint8)
    stream = BytesIO()
    Image.fromarray(array).save(stream, format_name)
    return stream.getvalue()


JPEG, PNG = picture("JPEG"), picture("PNG")


def image_of(content: bytes) -> ImageAttributes:
    faces = (
        a_face(),
        a_face(1, Box(300, 100, 90, 120), attributes=replace(a_face().attributes, sex=a_sex("female", is_known=False))),
    )
    return replace(an_image(*faces), sha256=hashlib.sha256(content).hexdigest())


def files_in(folder: Path, **store: object) -> AttributeFiles:
    settings = load_settings(None, default_root=folder, overrides={"services": {"store": store}})
    return build_attribute_files(settings)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_writes_a_picture_and_a_document_in_both_forms(tmp_path: Path) -> None:
    image = image_of(JPEG)
    paths = files_in(tmp_path).write(JPEG, image, WHEN)
    sha256 = image.sha256
    names = [f"saved_data/{sha256}.jpg", f"saved_data/{sha256}.json", f"output/{sha256}.jpg", f"output/{sha256}.json"]
    assert paths == tuple(tmp_path / name for name in names)
    assert sorted(snapshot(tmp_path)) == sorted(names)
    faces, results = (json.loads((tmp_path / name).read_text("ascii")) for name in names[1::2])
    assert (faces["timestamp"], faces["image_path"]) == ("2026-01-31T12:30:15+00:00", names[0])
    assert faces["redis_key"] == f"image:{sha256}"
    assert (results["redis_key"], results["image_path"]) == (sha256, f"./{names[2]}")
    assert image_of_document(faces["curation"]) == image_of_document(results["curation"]) == image


def test_the_form_results_keeps_a_jpeg_as_it_came_and_the_form_faces_draws_on_it(tmp_path: Path) -> None:
    annotated, _, original, _ = files_in(tmp_path).write(JPEG, image_of(JPEG), WHEN)
    assert original.read_bytes() == JPEG
    with Image.open(annotated) as drawn, Image.open(BytesIO(JPEG)) as plain:
        assert drawn.size == plain.size == (640, 480)
        difference = np.abs(np.asarray(drawn, dtype=int) - np.asarray(plain, dtype=int)).max(axis=2)
    assert difference[30:80, 20].min() > 60, "the box's left side"
    assert difference[300:, 100:].max() < 30


def test_other_formats_are_kept_as_jpeg(tmp_path: Path) -> None:
    *_, original, _ = files_in(tmp_path).write(PNG, image_of(PNG), WHEN)
    with Image.open(original) as kept, Image.open(BytesIO(PNG)) as plain:
        assert (kept.format, kept.size) == ("JPEG", (640, 480))
        assert np.abs(np.asarray(kept, dtype=int) - np.asarray(plain, dtype=int)).max() < 25


def test_contents_are_the_bytes_that_are_written(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    told = files.contents(PNG, image_of(PNG), WHEN)
    assert not list(tmp_path.iterdir()), "nothing is written"
    assert [file.path for file in told] == list(files.write(PNG, image_of(PNG), WHEN))
    assert all(file.path.read_bytes() == file.content for file in told)


def test_the_same_picture_again_changes_the_time_only(tmp_path: Path) -> None:
    files_in(tmp_path).write(JPEG, image_of(JPEG), WHEN)
    before = snapshot(tmp_path)
    files_in(tmp_path).write(JPEG, image_of(JPEG), WHEN.replace(hour=13))
    after = snapshot(tmp_path)
    changed = [name for name in before if before[name] != after[name]]
    assert [Path(name).parent.name for name in changed] == ["saved_data"]
    lines = zip(before[changed[0]].splitlines(), after[changed[0]].splitlines(), strict=True)
    assert [b"timestamp" in old for old, new in lines if old != new] == [True]


def test_other_readers_replace_the_document(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    files.write(JPEG, image_of(JPEG), WHEN)
    older = replace(image_of(JPEG), faces=aged(image_of(JPEG), 70.0))
    _, document, *_ = files.write(JPEG, older, WHEN)
    assert json.loads(document.read_text())["faces"][0]["agegender"]["age"] == 70


def aged(image: ImageAttributes, years: float) -> tuple[AttributedFace, ...]:
    return tuple(replace(face, attributes=replace(face.attributes, age=an_age(years))) for face in image.faces)


def test_settings_choose_forms_folders_and_what_stands_for_the_unknown(tmp_path: Path) -> None:
    files = files_in(tmp_path, shapes=["results"], results_dir=str(tmp_path / "a" / "b"), unsure="nothing")
    paths = files.write(JPEG, image_of(JPEG), WHEN, disagreements=["face 1 was found by landmarks only"])
    assert [path.parent for path in paths] == [tmp_path / "a" / "b"] * 2
    document = json.loads(paths[1].read_text())
    assert document["image_path"] == f"./b/{paths[0].name}"
    assert document["results"]["agegender_service"]["gender"] == ["Male", None]
    assert document["curation"]["disagreements"] == ["face 1 was found by landmarks only"]


def test_both_forms_cannot_share_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="one folder"):
        files_in(tmp_path, faces_dir="both", results_dir="both")
    StoreSettings(shapes=("faces",), faces_dir=Path("both"), results_dir=Path("both"))


def test_attributes_of_another_picture_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="another picture"):
        files_in(tmp_path).write(JPEG, image_of(PNG), WHEN)
    assert not list(tmp_path.iterdir())


def test_a_broken_picture_writes_nothing(tmp_path: Path) -> None:
    broken = JPEG[:5000]
    with pytest.raises(PhotoUnreadableError):
        files_in(tmp_path).write(broken, image_of(broken), WHEN)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_and_leaves_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = files_in(tmp_path)
    files.write(JPEG, image_of(JPEG), WHEN)
    before = snapshot(tmp_path)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full: free some space"):
        files.write(JPEG, image_of(JPEG), WHEN.replace(hour=13))
    assert snapshot(tmp_path) == before


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "saved_data").write_text("x")
    with pytest.raises(StorageError, match="saved_data"):
        files_in(tmp_path).write(JPEG, image_of(JPEG), WHEN)


def test_threads_may_write_the_same_picture(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        for _ in range(5):
            files.write(JPEG, image_of(JPEG), WHEN.replace(minute=number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert len(snapshot(tmp_path)) == 4
    for path in (tmp_path / "saved_data").glob("*.json"):
        json.loads(path.read_text())


_WRITER = """
import sys
from pathlib import Path
from tests.unit.storage.test_attribute_files import JPEG, WHEN, files_in, image_of
files, number = files_in(Path(sys.argv[1])), 0
while True:
    files.write(JPEG, image_of(JPEG), WHEN.replace(minute=number % 60))
    number += 1
"""


def test_a_killed_process_leaves_old_or_new_files_and_the_next_one_sweeps_up(tmp_path: Path) -> None:
    document = tmp_path / "output" / f"{image_of(JPEG).sha256}.json"
    for round_number in range(4):
        document.unlink(missing_ok=True)
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], cwd=PROJECT_ROOT)
        try:
            wait_until(document.exists, "the first files")
            threading.Event().wait(0.03 + 0.02 * round_number)
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        for path in tmp_path.rglob("*.json"):
            json.loads(path.read_text())
            assert path.with_suffix(".jpg").exists()
        for path in (tmp_path / "output").glob("*.jpg"):
            assert path.read_bytes() == JPEG
    (tmp_path / "saved_data" / f".x.jpg.4194300{TEMPORARY_SUFFIX}").write_bytes(b"")
    files_in(tmp_path).write(JPEG, image_of(JPEG), WHEN)
    assert len(snapshot(tmp_path)) == 4
