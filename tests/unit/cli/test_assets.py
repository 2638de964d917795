"""`python -m curation assets`: what needs no network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from curation.cli.main import main
from curation.domain.assets.schema import asset_schema
from curation.domain.assets.states import AssetState
from tests.fake_assets import fake_jobs, picture


class FakeJobs:
    """Ends every picture by what its content says."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.is_closed = False

    def submit(self, content: bytes, name: str, *, image_path: str | None = None) -> Any:
        self.names.append(name)
        return SimpleNamespace(id=content.decode())

    def get(self, asset_id: str) -> Any:
        state = AssetState(asset_id.split()[0])
        document: dict[str, Any] | None = {"people": [{}, {}]} if state is AssetState.COMPLETED else None
        return SimpleNamespace(state=state, document=document, message="why", code="code")

    def run_until_done(self, progress: Any) -> None:
        pass

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeJobs:
    fake = FakeJobs()
    monkeypatch.setattr("curation.jobs.assets.building.build_asset_jobs", lambda *_, **__: fake)
    (tmp_path / "config.yaml").write_text("{}\n", encoding="ascii")
    monkeypatch.chdir(tmp_path)
    return fake


def run(folder: Path, contents: Sequence[str]) -> int:
    for number, content in enumerate(contents):
        (folder / f"{number}.jpg").write_text(content)
    return main(["--config", "config.yaml", "assets", "run", *(f"{n}.jpg" for n in range(len(contents)))])


def test_counts_pictures_and_people(jobs: FakeJobs, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, ["COMPLETED 1", "COMPLETED 2", "REJECTED 3"]) == 0
    out = capsys.readouterr().out
    assert "rejected: 2.jpg: why (code)" in out
    assert "2 pictures with 4 people, 1 rejected, 0 failed" in out
    assert jobs.is_closed


def test_the_same_picture_twice_is_one(jobs: FakeJobs, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, ["COMPLETED 1", "COMPLETED 1"]) == 0
    assert "1 picture with 2 people" in capsys.readouterr().out


def test_failures_are_exit_1(jobs: FakeJobs, tmp_path: Path) -> None:
    assert run(tmp_path, ["COMPLETED 1", "FAILED 2"]) == 1


def test_a_file_that_is_not_there_is_listed(jobs: FakeJobs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", "config.yaml", "assets", "run", "none.jpg"]) == 1
    assert "failed: none.jpg" in capsys.readouterr().out
    assert jobs.is_closed


def test_something_must_be_named(jobs: FakeJobs) -> None:
    assert main(["--config", "config.yaml", "assets", "run"]) == 2


def test_prints_the_schema(jobs: FakeJobs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", "config.yaml", "assets", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == asset_schema()


@pytest.fixture
def worked(jobs: FakeJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A picture that was taken apart, with the real jobs and records, by work that needs no network."""
    monkeypatch.setattr("curation.jobs.assets.building.build_asset_jobs", lambda *_, **__: fake_jobs(tmp_path))
    path = tmp_path / "a.jpg"
    path.write_bytes(picture("ok", 1))
    assert main(["--config", "config.yaml", "assets", "run", "a.jpg"]) == 0
    return path


def test_a_record_is_shown_exported_and_deleted_by_its_picture(
    worked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*words: str) -> int:
        return main(["--config", "config.yaml", "assets", *words])

    capsys.readouterr()
    assert command("show", "a.jpg") == 0 and "COMPLETED" in capsys.readouterr().out
    assert command("show", "a.jpg", "--json") == 0
    assert json.loads(capsys.readouterr().out)["people"]
    assert command("export", "--to", "out") == 0
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".json", ".png"]
    assert command("delete", "a.jpg") == 0
    assert worked.exists() and not list((tmp_path / "assets").rglob("*.png"))
    assert command("show", "a.jpg") == 3
    assert "no record of a.jpg with the settings" in capsys.readouterr().err


def test_what_is_neither_a_record_nor_a_picture_is_told(worked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", "config.yaml", "assets", "show", "none.jpg"]) == 3
    assert "neither an id of a record nor a picture" in capsys.readouterr().err
