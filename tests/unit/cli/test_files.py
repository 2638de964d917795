"""`python -m curation files`: the list, JSON, and exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.cli.main import main
from curation.cli.terminal import print_files
from curation.domain.files.broken import BrokenFile
from curation.domain.files.health import FaultKind
from tests.fake_workflow import FakeEvent, fake_event


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path) as event:
        event.add("whole.png", 0)
        (tmp_path / "config.yaml").write_text("io: {input_dir: photos, state_dir: state}\n", encoding="ascii")
        yield event


def files(event: FakeEvent, *options: str) -> int:
    return main(["--config", str(event.folder / "config.yaml"), "files", "--output", str(event.output), *options])


def test_before_clustering(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> None:
    assert files(event) == 3
    assert "run the clustering first" in capsys.readouterr().err


def test_all_whole(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> None:
    event.cluster()
    assert files(event) == 0
    assert capsys.readouterr().out == "1 photo: all files are whole\n"
    assert files(event, "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_broken_and_absent(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> None:
    (event.photos / "em\npty.jpg").touch()
    (event.photos / ".far.heic.icloud").write_bytes(b"bplist00")
    event.cluster()
    capsys.readouterr()
    assert files(event) == 1
    assert capsys.readouterr().out.splitlines() == [
        "1 file is broken: copy it again before you format the card",
        "1 photo is not on this disk (it is in iCloud only): download or copy it, and run again",
        "  em\\npty.jpg: the file is empty",
        "  far.heic: it is in iCloud only: download it (Finder, Download Now)",
    ]
    assert files(event, "--json") == 1
    assert [file["fault"] for file in json.loads(capsys.readouterr().out)] == ["empty", "placeholder"]


def test_a_run_prints_the_first_ones_that_did_not_fail(capsys: pytest.CaptureFixture[str]) -> None:
    cut = [BrokenFile(f"{k}.dng", FaultKind.CUT, "cut off", "its preview", is_analysed=True) for k in range(22)]
    failed = BrokenFile("z.jpg", FaultKind.EMPTY, "the file is empty")  # was told among the failures
    print_files([*cut, failed], "out/file_health.csv")
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[0]) == (21, "  broken: 0.dng: cut off (still good: its preview)")
    assert lines[-1] == "  ... and 2 more, see out/file_health.csv"
