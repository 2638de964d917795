"""`python -m curation unfound`: the list, what changes, and exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.cli.main import main
from tests.fake_workflow import FakeEvent, fake_event

PICKED = {"pick": "picked"}


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    """Two names and a pick, of which one name and the pick are about photos that are away."""
    with fake_event(tmp_path) as event:
        for person, photos in {0: 3, 1: 2}.items():
            for number in range(photos):
                event.add(f"{person}_{number}.png", person, seed=number)
        event.cluster()
        (zero,), (one,) = event.ids()[0], event.ids()[1]
        event.label({str(one): {"name": "Anna", "category": "main"}, str(zero): "other"})
        picks = {"version": 1, "photos": {"1_0.png": PICKED, "0_1.png": {"pick": "rejected"}}}
        (event.output / "picks.json").write_text(json.dumps(picks))
        event.cluster()
        for number in range(2):
            (event.photos / f"1_{number}.png").unlink()
        event.cluster()
        (tmp_path / "config.yaml").write_text(
            "io: {input_dir: photos, output_dir: elsewhere, state_dir: state}\n", encoding="ascii"
        )
        yield event


def unfound(event: FakeEvent, *options: str) -> int:
    return main(["--config", str(event.folder / "config.yaml"), "unfound", "--output", str(event.output), *options])


def listed(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert unfound(event, "--json") == 0
    return list(json.loads(capsys.readouterr().out))


def test_the_list(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> None:
    assert unfound(event) == 0
    told, label, pick = capsys.readouterr().out.splitlines()
    assert told.startswith("1 pick and 1 name find nobody: their photos are not in the folder.")
    assert label.strip() == "label 1 (Anna, 1_0.png, 1_1.png): their photos are not in the folder"
    assert pick.strip().startswith("pick ") and "(picked, 1_0.png)" in pick


def test_as_json(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> None:
    label, pick = listed(event, capsys)
    assert (label["kind"], label["id"], label["name"], label["why"]) == ("label", "1", "Anna", "away")
    assert pick["photos"] == ["1_0.png"]


def test_forget(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> None:
    assert unfound(event, "--forget", "label", "1") == 0
    assert "forgot label 1 (Anna" in capsys.readouterr().out
    assert json.loads((event.output / "cluster_labels.json").read_text()) == {"0": "other"}
    assert unfound(event, "--forget", "pick", "1_0.png") == 0
    capsys.readouterr()
    assert unfound(event) == 0
    assert capsys.readouterr().out.strip() == "everything that you said finds somebody"


def test_give(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> None:
    assert unfound(event, "--give", "label", "1", "0") == 0
    assert "to 0" in capsys.readouterr().out
    labels = json.loads((event.output / "cluster_labels.json").read_text())
    assert labels == {"0": {"name": "Anna", "category": "main"}}
    (pick,) = listed(event, capsys)
    assert unfound(event, "--give", "pick", pick["id"], "0_2.png", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    picks = json.loads((event.output / "picks.json").read_text())["photos"]
    assert picks == {"0_1.png": {"pick": "rejected"}, "0_2.png": PICKED}


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--forget", "label", "0"), 3, "that finds nobody"),
        (("--forget", "name", "0"), 2, "is not a kind"),
        (("--give", "label", "1", "Anna"), 2, "is not the id of a person"),
        (("--give", "label", "1", "99"), 3, "there is no person 99"),
        (("--give", "pick", "1_0.png", "0_1.png"), 3, "of its own"),
        (("--give", "pick", "1_0.png", "z.png"), 3, "no photo z.png"),
    ],
)
def test_what_is_refused(
    event: FakeEvent, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], code: int, words: str
) -> None:
    before = event.snapshot()
    assert unfound(event, *options) == code
    assert words in capsys.readouterr().err
    assert event.snapshot() == before


def test_before_clustering(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> None:
    assert unfound(event, "--output", str(event.folder / "none")) == 3
    assert "not clustered yet" in capsys.readouterr().err
