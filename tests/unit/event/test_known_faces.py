from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import FaceDataError
from curation.event import known_faces
from curation.event.known_faces import KnownFaces
from curation.settings import Settings, load_settings
from curation.storage.analysis_store import STORE_NAME, AnalysisStore
from curation.storage.face_data_file import FACE_DATA
from curation.storage.file_stamps import stamp_of
from tests.asset_values import SHA256, a_face_of_body

FACES = (a_face_of_body(0, 100.0, 10.0, 400.0),)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An event of one photo, whose content is known to the analysis store."""
    photo = tmp_path / "event_images/a.jpg"
    photo.parent.mkdir()
    photo.write_bytes(b"photo")
    (tmp_path / FACE_DATA).write_bytes(b"rows")
    loaded = load_settings(None, default_root=tmp_path)
    stamp = stamp_of(photo)
    assert stamp is not None
    AnalysisStore(loaded.io.state_dir).save_hash(stamp, SHA256)
    monkeypatch.setattr(known_faces, "_rows_by_photo", lambda path: {"a.jpg": FACES})
    return loaded


def test_faces_of_the_same_content_are_known(settings: Settings) -> None:
    assert KnownFaces(settings).of(["gone.jpg", "a.jpg"], SHA256) == FACES


def test_another_content_is_looked_at_anew(settings: Settings) -> None:
    assert KnownFaces(settings).of(["a.jpg"], "f" * 64) is None
    (settings.io.input_dir / "a.jpg").write_bytes(b"edited since")
    assert KnownFaces(settings).of(["a.jpg"], SHA256) is None


def test_uploads_and_events_without_a_clustering_have_none(settings: Settings, tmp_path: Path) -> None:
    assert KnownFaces(settings).of([], SHA256) is None
    (settings.io.state_dir / STORE_NAME).unlink()
    assert KnownFaces(settings).of(["a.jpg"], SHA256) is None


def test_a_broken_table_is_no_reason_to_fail(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise FaceDataError("broken")

    monkeypatch.setattr(known_faces, "_rows_by_photo", fail)
    assert KnownFaces(settings).of(["a.jpg"], SHA256) is None
