"""`python -m curation words`: files of words that cannot be read, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.cli.main import main
from tests.fake_workflow import FakeEvent, fake_event

DAMAGED = b'{"0": {"name": "An'


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    """An event whose labels were scored, so that their last good version is kept."""
    with fake_event(tmp_path) as event:
        event.add("a.png", 0)
        event.add("b.png", 0)
        (tmp_path / "config.yaml").write_text("io: {input_dir: photos, state_dir: state}\n", encoding="ascii")
        event.cluster()
        event.label({"0": {"name": "Anna", "category": "main"}})
        event.score()
        yield event


def words(event: FakeEvent, *options: str) -> int:
    return main(["--config", str(event.folder / "config.yaml"), "words", "--output", str(event.output), *options])


def test_the_way_back(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> None:
    path = event.output / "cluster_labels.json"
    good = path.read_bytes()
    assert words(event) == 0
    assert "all labels, corrections, picks and answers can be read" in capsys.readouterr().out
    path.write_bytes(DAMAGED)
    assert words(event) == 1
    assert "words --back cluster_labels.json" in capsys.readouterr().out
    assert words(event, "--json") == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["file"], told["code"]) == ("labels", "labels_invalid")
    assert words(event, "--back", "cluster_labels.json") == 2  # nobody is there to say yes
    assert path.read_bytes() == DAMAGED
    assert words(event, "--back", "picks.json", "--yes") == 3
    assert "no file of words that cannot be read" in capsys.readouterr().err
    assert words(event, "--back", "cluster_labels.json", "--yes") == 0
    assert "the damaged one is cluster_labels.json.damaged-1" in capsys.readouterr().out
    assert path.read_bytes() == good
    assert (event.output / "cluster_labels.json.damaged-1").read_bytes() == DAMAGED


def test_without_an_earlier_version_nothing_is_changed(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> None:
    path = event.output / "picks.json"
    path.write_bytes(DAMAGED)
    assert words(event, "--back", "picks.json", "--yes") == 3
    assert "correct it by hand" in capsys.readouterr().err
    assert path.read_bytes() == DAMAGED
