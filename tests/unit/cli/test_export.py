"""`python -m curation export`: options, exit codes and messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.cli.main import main
from curation.domain.judging.picks import PhotoPick, Pick, Picks
from curation.storage.said.picks_file import PICKS, write_picks
from tests.photo_files import four_corners, save
from tests.service import write_face_data, write_photo_scores

NAMES = ("a.jpg", "b.jpg", "c.jpg")


@pytest.fixture
def event(tmp_path: Path) -> Path:
    """Three photos, clustered and scored; b is picked, and c does not exist any more."""
    (tmp_path / "photos").mkdir()
    for name in NAMES[:2]:
        save(tmp_path / "photos" / name, four_corners(), "JPEG")
    write_face_data(tmp_path / "out", [(name, 0) for name in NAMES])
    write_photo_scores(tmp_path / "out", [{"image_path": name, "final_score": 0.9} for name in NAMES])
    write_picks(tmp_path / "out" / PICKS, Picks({"b.jpg": PhotoPick(Pick.PICKED)}))
    (tmp_path / "config.yaml").write_text(
        "io: {input_dir: photos, output_dir: out, state_dir: state}\n", encoding="ascii"
    )
    return tmp_path


def export(event: Path, *options: str) -> int:
    return main(["--config", str(event / "config.yaml"), "export", *options])


def test_the_picked_photos_are_exported(event: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(event, "--name", "Party", "--no-csv", "--no-contact-sheet") == 0
    folder = event / "out" / "export" / "Party"
    assert [path.name for path in folder.iterdir()] == ["b.jpg"]
    assert f"1 of 1 photos exported to {folder}" in capsys.readouterr().out


def test_a_photo_that_is_gone_exits_with_1_and_is_named(event: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(event, "--best", "3", "--mode", "zip", "--to", str(event / "usb"), "--name", "Party") == 1
    assert (event / "usb" / "Party.zip").is_file()
    printed = capsys.readouterr()
    assert "failed: c.jpg" in printed.err and "2 of 3 photos exported" in printed.out


def test_hard_links_need_no_other_option(event: Path) -> None:
    assert export(event, "--mode", "hardlink", "--name", "Party") == 0
    assert (event / "out" / "export" / "Party" / "b.jpg").samefile(event / "photos" / "b.jpg")


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--to", "photos/taken"), 2, "lies among the photos"),
        (("--name", "../up"), 2, "cannot be the name"),
        (("--output", "nowhere"), 3, "face_data.csv"),
    ],
)
def test_what_cannot_be_done(
    event: Path,
    options: tuple[str, str],
    code: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(event)
    assert export(event, *options) == code
    assert words in capsys.readouterr().err


def test_nothing_picked_exits_with_3(event: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_picks(event / "out" / PICKS, Picks({}))
    assert export(event) == 3
    assert "pick some" in capsys.readouterr().err


def test_sidecars_beside_the_originals(event: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sidecar = event / "photos" / "b.jpg.xmp"
    assert export(event, "--beside-originals") == 2 and "--for" in capsys.readouterr().err
    assert export(event, "--dry-run") == 2 and "--beside-originals" in capsys.readouterr().err
    assert export(event, "--beside-originals", "--for", "digikam", "--dry-run") == 0
    assert "new: b.jpg.xmp\n1 sidecars would be new" in capsys.readouterr().out and not sidecar.exists()
    assert export(event, "--beside-originals", "--for", "digikam") == 0
    assert "take it back with --undo" in capsys.readouterr().out and sidecar.exists()
    assert export(event, "--undo") == 0
    assert "1 sidecars removed" in capsys.readouterr().out and not sidecar.exists()
    assert export(event, "--undo") == 3
    assert export(event, "--beside-originals", "--for", "lightroom") == 1
    assert "refused: b.jpg: Lightroom reads this only inside the file" in capsys.readouterr().err


def test_an_export_for_a_program(event: Path) -> None:
    assert export(event, "--for", "darktable", "--name", "dt", "--no-csv", "--no-contact-sheet") == 0
    assert sorted(path.name for path in (event / "out" / "export" / "dt").iterdir()) == ["b.jpg", "b.jpg.xmp"]
