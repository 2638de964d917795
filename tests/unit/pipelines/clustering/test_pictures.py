from __future__ import annotations

import pytest
from PIL import Image

from curation.errors import StorageError
from curation.storage.face_data_file import FACE_DATA
from tests.fake_workflow import FakeEvent


def test_pictures_of_a_failed_run_are_removed_later(wedding: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    from curation.storage.cluster_pictures import ClusterPictures

    def stop(self: ClusterPictures) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(ClusterPictures, "finish", stop)
        with pytest.raises(StorageError):
            wedding.cluster()
    (wedding.photos / "sub" / "d.png").unlink()
    (wedding.output / FACE_DATA).unlink()
    wedding.cluster()
    names = {path.name for path in (wedding.output / "output_clusters").glob("*.jpg")}
    assert names == {"cluster_0.jpg", "cluster_1.jpg", "cluster_2.jpg"}


def test_the_pictures_can_be_opened(wedding: FakeEvent) -> None:
    wedding.cluster(clustering={"samples_per_cluster": 2, "thumbnail_px": 64})
    pictures = list((wedding.output / "output_clusters").rglob("*.jpg"))
    assert len(pictures) == 4 + 2 + 2 + 2 + 1
    for path in pictures:
        with Image.open(path) as picture:
            picture.load()
            assert max(picture.size) <= 64
