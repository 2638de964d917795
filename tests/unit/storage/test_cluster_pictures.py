from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation.errors import StorageError
from curation.storage.cluster_pictures import ClusterPictures, sample_name, sweep_pictures

MANIFEST = ".curation-files.json"


def write(folder: Path, clusters: dict[int, list[str]], *, mark: bytes = b"jpeg") -> None:
    pictures = ClusterPictures(folder)
    pictures.expect(clusters)
    for cluster, names in clusters.items():
        pictures.write(cluster, mark, [(name, mark + name.encode()) for name in names])
    pictures.finish()


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST}


def test_the_best_face_and_the_samples(tmp_path: Path) -> None:
    write(tmp_path, {0: ["01_a.jpg", "02_b.jpg"], 7: ["01_c.jpg"]})
    assert files(tmp_path) == {
        "cluster_0.jpg",
        "cluster_0/01_a.jpg",
        "cluster_0/02_b.jpg",
        "cluster_7.jpg",
        "cluster_7/01_c.jpg",
    }
    assert set(json.loads((tmp_path / MANIFEST).read_text())) == files(tmp_path)


def test_stale_pictures_go_and_the_users_own_files_stay(tmp_path: Path) -> None:
    write(tmp_path, {0: ["01_a.jpg"], 1: ["01_b.jpg"], 2: ["01_c.jpg"]})
    own = {"cluster_99.jpg", "notes.txt", "cluster_1/mine.jpg", "cluster_1/sub/x.jpg"}
    for name in own:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"mine")
    write(tmp_path, {0: ["01_other.jpg"]})
    assert files(tmp_path) == own | {"cluster_0.jpg", "cluster_0/01_other.jpg"}
    assert not (tmp_path / "cluster_2").exists()


def test_unchanged_pictures_are_not_written_again(tmp_path: Path) -> None:
    write(tmp_path, {0: ["01_a.jpg"]})
    before = {name: (tmp_path / name).stat().st_ino for name in files(tmp_path)}
    write(tmp_path, {0: ["01_a.jpg"]})
    assert {name: (tmp_path / name).stat().st_ino for name in files(tmp_path)} == before
    write(tmp_path, {0: ["01_a.jpg"]}, mark=b"other")
    assert (tmp_path / "cluster_0.jpg").read_bytes() == b"other"


def test_a_run_that_was_killed_knows_its_pictures_the_next_time(tmp_path: Path) -> None:
    write(tmp_path, {0: ["01_a.jpg"]})
    killed = ClusterPictures(tmp_path)
    killed.expect({1: ["01_b.jpg"], 2: ["01_c.jpg"]})
    killed.write(1, b"x", [("01_b.jpg", b"x")])
    write(tmp_path, {3: ["01_d.jpg"]})
    assert files(tmp_path) == {"cluster_3.jpg", "cluster_3/01_d.jpg"}


def test_pictures_that_a_user_removed_are_no_fault(tmp_path: Path) -> None:
    write(tmp_path, {0: ["01_a.jpg"], 1: ["01_b.jpg"]})
    (tmp_path / "cluster_1.jpg").unlink()
    (tmp_path / "cluster_1" / "01_b.jpg").unlink()
    (tmp_path / "cluster_1").rmdir()
    write(tmp_path, {0: ["01_a.jpg"]})
    assert files(tmp_path) == {"cluster_0.jpg", "cluster_0/01_a.jpg"}


@pytest.mark.parametrize("note", ["", "[", "{}", "[1, null]", '["../precious.jpg", "/etc/x", "cluster_0/../a.jpg"]'])
def test_a_note_edited_by_hand_costs_no_file(tmp_path: Path, note: str) -> None:
    folder = tmp_path / "output_clusters"
    folder.mkdir()
    (tmp_path / "precious.jpg").write_bytes(b"mine")
    (folder / "a.jpg").write_bytes(b"mine")
    (folder / MANIFEST).write_text(note)
    write(folder, {0: ["01_a.jpg"]})
    assert (tmp_path / "precious.jpg").exists()
    assert files(folder) == {"a.jpg", "cluster_0.jpg", "cluster_0/01_a.jpg"}


def test_a_picture_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cluster_0").write_bytes(b"a file of the user")
    with pytest.raises(StorageError, match="cluster_0"):
        write(tmp_path, {0: ["01_a.jpg"]})
    assert (tmp_path / "cluster_0").read_bytes() == b"a file of the user"


def test_names_of_samples_are_plain() -> None:
    assert sample_name(1, "sub/IMG_0001.JPG", 0) == "01_IMG_0001_face0.jpg"
    assert sample_name(12, "Zoë & 写真/../\\udcff.jpg", 3) == "12_udcff_face3.jpg"
    assert sample_name(2, "写真.jpg", 0) == "02_photo_face0.jpg"
    assert len(sample_name(1, "x" * 255, 0)) < 80


def test_temporaries_among_the_pictures_are_swept(tmp_path: Path) -> None:
    write(tmp_path, {0: ["01_a.jpg"]})
    expected = files(tmp_path)
    for folder in (tmp_path, tmp_path / "cluster_0"):
        (folder / f".x.jpg.{2**22 + 1}.curation-tmp").touch()
    sweep_pictures(tmp_path)
    assert files(tmp_path) == expected
    sweep_pictures(tmp_path / "missing")
