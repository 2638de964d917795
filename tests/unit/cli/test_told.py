"""`python -m curation told`: the list, a dry run, and what is taken over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from curation.cli.main import main
from curation.storage.face_data_file import FACE_DATA, read_face_data
from tests.fake_workflow import FakeEvent, fake_event
from tests.unit.photos.told.making import mwg, packet


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    """Sidecars name a person in all three photos; one carries stars, one is rejected."""
    with fake_event(tmp_path) as event:
        for number in range(3):
            event.add(f"{number}.png", 0, seed=number)
        event.cluster()
        for number, row in enumerate(read_face_data(event.output / FACE_DATA)):
            path = event.photos / row.image_path
            with Image.open(path) as image:
                width, height = image.size
            x, y, w, h = row.facial_area
            region = ("Zoe\u0308", (x + w / 2) / width, (y + h / 2) / height, w / width, h / height)
            rating = ('xmp:Rating="4"', 'xmp:Rating="-1"', "")[number]
            path.with_suffix(".xmp").write_bytes(packet(mwg(region, size=(width, height)), rating))
        event.score()
        (tmp_path / "config.yaml").write_text(
            "io: {input_dir: photos, output_dir: elsewhere, state_dir: state}\n", encoding="ascii"
        )
        yield event


def told(event: FakeEvent, *options: str) -> int:
    return main(["--config", str(event.folder / "config.yaml"), "told", "--output", str(event.output), *options])


def content(event: FakeEvent, name: str) -> dict[str, Any]:
    path = event.output / name
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def test_the_list_and_a_dry_run_change_nothing(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(event, "--take-picks", "--take-names", "--dry-run") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "  0.png: 4 stars, Zo\u00eb"
    assert "picks to take over (--take-picks): 2 photos, 1 with stars, 0 picked, 1 rejected" in lines
    assert "name to take over (--take-names): person 0 is Zo\u00eb, named in 3 photos" in lines
    assert lines[-1] == "nothing was taken over (--dry-run)"
    assert not content(event, "picks.json") and not content(event, "cluster_labels.json")


def test_taking_over(event: FakeEvent, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(event, "--take-picks", "--take-names") == 0
    assert content(event, "picks.json")["photos"] == {"0.png": {"rating": 4}, "1.png": {"pick": "rejected"}}
    assert content(event, "cluster_labels.json") == {"0": {"name": "Zo\u00eb", "category": "important"}}
    capsys.readouterr()
    assert told(event, "--json") == 0
    left = json.loads(capsys.readouterr().out)
    assert (left["picks"], left["names"]) == ([], [])
    assert left["photos"]["1.png"] == {
        "rating": None,
        "pick": "rejected",
        "label": "",
        "people": ["Zo\u00eb"],
        "programs": [],
        "notes": [],
    }
