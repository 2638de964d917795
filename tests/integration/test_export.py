"""The command `python -m curation export` as a process: killed, interrupted, and run again."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from curation.domain.judging.picks import PhotoPick, Pick, Picks
from curation.storage.locks import hold_export
from curation.storage.said.picks_file import PICKS, write_picks
from tests.photo_files import four_corners, save
from tests.processes import Run, wait_until
from tests.service import write_face_data

PHOTOS = 1500


@pytest.fixture
def event(tmp_path: Path) -> Path:
    """A clustered event of many photos, which are one on the disk, all of them picked."""
    photos = tmp_path / "photos"
    photos.mkdir()
    first = save(photos / "p0000.jpg", four_corners(), "JPEG")
    names = [first.name]
    for number in range(1, PHOTOS):
        path = photos / f"p{number:04d}.jpg"
        path.hardlink_to(first)
        names.append(path.name)
    write_face_data(tmp_path / "out", [(name, 0) for name in names[:3]])
    (tmp_path / "out" / "cluster_labels.json").write_text(
        '{"0": {"name": "Zoë", "category": "main"}}', encoding="utf-8"
    )
    write_picks(tmp_path / "out" / PICKS, Picks({name: PhotoPick(Pick.PICKED, 5) for name in names}))
    (tmp_path / "config.yaml").write_text(
        "io: {input_dir: photos, output_dir: out, state_dir: state}\n", encoding="ascii"
    )
    return tmp_path


def begin(event: Path, project_root: Path, *options: str) -> Run:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "curation",
        "--config",
        event / "config.yaml",
        "export",
        "--no-contact-sheet",
    ]
    return Run([*command, *options], cwd=project_root, variables={})


def exports(event: Path) -> list[Path]:
    folder = event / "out" / "export"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def content(path: Path) -> bytes:
    return (path / "photos" / "p0000.jpg").read_bytes()


@pytest.mark.parametrize("mode", ["copy", "zip"])
def test_a_killed_export_is_not_there_and_the_next_one_clears_away_after_it(
    event: Path, project_root: Path, mode: str
) -> None:
    before = content(event)
    run = begin(event, project_root, "--mode", mode, "--name", "Party")
    wait_until(lambda: exports(event), "an export begins")
    run.send(signal.SIGKILL)
    run.finish()
    (left,) = exports(event)
    assert left.name.startswith(".Party") and left.name.endswith(".curation-tmp")

    done = begin(event, project_root, "--mode", mode, "--name", "Party").finish()
    assert done.code == 0, done.stderr
    assert f"{PHOTOS} of {PHOTOS} photos exported" in done.stdout
    assert [path.name for path in exports(event)] == ["Party.zip" if mode == "zip" else "Party"]
    assert content(event) == before


def test_an_interrupted_export_leaves_nothing(event: Path, project_root: Path) -> None:
    run = begin(event, project_root)
    wait_until(lambda: exports(event), "an export begins")
    run.send(signal.SIGINT)
    assert run.finish().code == 130
    assert exports(event) == []


def test_two_exports_at_a_time_are_one_too_many(event: Path, project_root: Path) -> None:
    with hold_export(event / "out", caller="somebody else"):
        done = begin(event, project_root).finish()
    assert done.code == 6 and "an export by somebody else" in done.stderr
    assert exports(event) == []
