"""`curation PHOTOS`, `curation run` and `curation serve`: what they hand on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from curation.cli import everything, quickstart
from curation.cli.main import main

OTHERS = ("export", "weights")


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    calls: list[list[str]] = []

    def note(words: Sequence[str]) -> int:
        calls.append(list(words))
        return 0

    monkeypatch.setattr(quickstart, "main", note)
    return calls


def test_a_folder_is_looked_through_and_shown(called: list[list[str]], tmp_path: Path) -> None:
    assert main([str(tmp_path), "--output", "results", "--engine", "dlib", "--open", "no"]) == 0
    place = ["--input", str(tmp_path), "--output", "results"]
    assert called == [["run", *place, "--engine", "dlib"], ["serve", *place, "--open", "no"]]


def test_a_failed_stage_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(quickstart, "main", lambda words: 3 if words[0] == "run" else 0)
    assert main([str(tmp_path)]) == 3


def test_each_of_the_two_alone(called: list[list[str]]) -> None:
    assert main(["run", "s3://bucket/day", "--workers", "2"]) == 0
    assert main(["serve", "/photos"]) == 0
    assert main([]) == 0
    assert called == [
        ["run", "--input", "s3://bucket/day", "--workers", "2"],
        ["serve", "--input", "/photos", "--open", "yes"],
        ["serve", "--open", "yes"],
    ]


@pytest.mark.parametrize(
    ("words", "is_one"),
    [
        (["export", "--help"], False),
        (["./export"], True),
        (["~/photos"], True),
        (["s3://bucket/day"], True),
        (["phtos"], False),
        (["--config", "file", "export"], False),
        (["--help"], False),
    ],
)
def test_commands_come_before_folders_of_their_names(
    words: list[str], is_one: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "export").mkdir()
    monkeypatch.chdir(tmp_path)
    assert everything.handles(words, OTHERS) is is_one


def test_a_folder_that_is_just_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Anna's wedding").mkdir()
    monkeypatch.chdir(tmp_path)
    assert everything.handles(["Anna's wedding"], OTHERS)


def test_what_is_no_command_and_no_folder_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["phtos"])
    assert ended.value.code == 2
    assert "phtos" in capsys.readouterr().err
