"""`python -m curation video`: what its commands print, write and refuse; films and networks are stood in for."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.cli.main import main
from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.faces.face import Box
from curation.errors import StorageError
from curation.pipelines.video.inference import VideoInference
from curation.storage.video.result_files import read_poster, read_result, write_result
from curation.storage.video.tables import read_people, read_posters, read_videos
from tests.fake_inference import FakeLook, fake_inference, film_of, text_film
from tests.unit.pipelines.video.test_poster import poster_of

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def look() -> FakeLook:
    return FakeLook()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, look: FakeLook) -> list[Any]:
    """The settings and arguments for which an inference was built."""
    calls: list[Any] = []

    def build(settings: Any, **kinds: Any) -> VideoInference:
        calls.append((settings, kinds))
        return fake_inference(tmp_path / "state", look)

    monkeypatch.setattr("curation.bootstrap.build_video", build)
    return calls


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: list[Any]) -> Run:
    (tmp_path / "config.yaml").write_text("{}\n", encoding="ascii")
    (tmp_path / "good.mp4").write_bytes(text_film(3, 5))
    (tmp_path / "cut.mp4").write_bytes(text_film(3) + b" cut")
    (tmp_path / "bad.mp4").write_bytes(b"no film")
    (tmp_path / "poster.png").write_bytes(poster_of([(Box(20, 30, 60, 80), 5), (Box(200, 30, 60, 80), 7)]))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["--config", "config.yaml", "video", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_a_trailer(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("trailer", "good.mp4", "--output", "out", "--parquet")
    assert code == 0
    assert (tmp_path / "out" / "video_people.parquet").is_file()
    assert "good.mp4: 0:10.0, 1280 x 720, 1 shot, 2 appearances, 2 characters" in out
    assert "#0         0.80 s     8.0%   0:00.0  0:00.8  1" in out
    assert len(read_result(tmp_path / "out").people) == 2
    assert [row.video_path for row in read_people(tmp_path / "out")] == ["good.mp4", "good.mp4"]


def test_several_films_and_those_that_fail(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "good.mp4").write_bytes(text_film(7))
    code, out, _ = run(
        "trailer", "good.mp4", "other/good.mp4", "cut.mp4", "bad.mp4", "none.mp4", ".", "--output", "out"
    )
    assert code == 1
    for words in (
        *("failed: bad.mp4: bad.mp4 is no film", "failed: none.mp4: there is no file", "failed: .: . is a folder"),
        "partial: the film breaks off after 2.0 s",
    ):
        assert words in out
    assert len(read_result(tmp_path / "out" / "good.mp4").people) == 2
    assert len(read_result(tmp_path / "out" / "good.mp4-2").people) == 1
    rows = read_videos(tmp_path / "out")
    assert [(row.video_path, str(row.status)) for row in rows][2:] == [
        ("cut.mp4", "partial"),
        ("bad.mp4", "failed"),
        ("none.mp4", "failed"),
        (".", "failed"),
    ]


def test_by_default_results_lie_beside_each_other(run: Run, tmp_path: Path) -> None:
    assert run("trailer", "good.mp4")[0] == 0
    assert (tmp_path / "film_results" / "good.mp4" / "result.json").is_file()


def test_formats_by_name(run: Run, tmp_path: Path) -> None:
    assert run("trailer", "good.mp4", "--output", "out", "--formats", "vtt, edl")[0] == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"names.vtt", "markers.edl"}
    code, out, _ = run("export", "out", "--formats", "all", "--output", "all", "--start-timecode", "01:00:00:00")
    assert code == 0
    assert "markers.otio" in out
    assert "01:00:00" in (tmp_path / "all" / "markers.edl").read_text()
    code, _, err = run("trailer", "good.mp4", "--formats", "vtt,mp3")
    assert code == 2
    assert "there is no format 'mp3'; there are " in err
    assert run("export", "nowhere", "--formats", "vtt")[0] == 3


def test_posters_of_a_result(run: Run, tmp_path: Path) -> None:
    run("trailer", "good.mp4", "--output", "out")
    code, out, _ = run("poster", "poster.png", "bad.mp4", "--trailer", "out/result.json", "--output", "posters")
    assert code == 1
    assert "poster.png: 400 x 600, 2 faces, 1 of characters, 1 of nobody" in out
    assert "nobody of the film" in out and "failed: bad.mp4" in out
    assert [str(row.status) for row in read_posters(tmp_path / "posters")] == ["matched", "unmatched"]
    assert len(list((tmp_path / "posters" / "poster_faces").iterdir())) == 2


def test_posters_against_selected_characters(run: Run) -> None:
    run("trailer", "good.mp4", "--output", "out")
    assert "0 of characters" in run("poster", "poster.png", "--trailer", "out", "--select", "0")[1]
    assert "1 of characters" in run("poster", "poster.png", "--trailer", "out", "--select", "0,1")[1]
    for ids, told in (("7", "the film has no character 7; it has 0, 1"), ("x", "takes the numbers of characters")):
        code, _, err = run("poster", "poster.png", "--trailer", "out", "--select", ids)
        assert code == 2 and told in err


def test_a_result_of_other_weights_is_refused(run: Run, tmp_path: Path) -> None:
    write_result(tmp_path / "out", replace(film_of(3), engine="another"))
    code, _, err = run("poster", "poster.png", "--trailer", "out")
    assert code == 2
    assert "look at the film again" in err


def test_an_item(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("item", "--trailer", "good.mp4", "--poster", "poster.png", "--output", "out")
    assert code == 0
    assert "2 characters" in out and "1 of nobody" in out
    poster = read_poster(tmp_path / "out")
    assert poster is not None and poster.unmatched == 1
    assert [row.cluster_id for row in read_posters(tmp_path / "out")] == [1, None]
    code, out, _ = run("item", "--trailer", "bad.mp4", "--poster", "poster.png", "--output", "out2")
    assert code == 1 and "failed: trailer: bad.mp4 is no film" in out
    assert run("item", "--poster", "poster.png", "--output", "out3")[0] == 0
    assert run("item")[0] == 2


def test_a_catalogue(run: Run, tmp_path: Path) -> None:
    (tmp_path / "films.csv").write_text(
        "item_id;trailer;poster\na;good.mp4;poster.png\nb;cut.mp4;\nc;bad.mp4;none.png\n"
    )
    code, out, _ = run("batch", "films.csv", "--output", "out", "--memory-profile")
    assert code == 1
    for words in (
        *("partial: b: trailer: the film breaks off", "failed: c: trailer: bad.mp4 is no film", "memory: a: "),
        *("failed: c: poster: there is no file", "3 movies: 1 whole, 1 in part, 1 failed; "),
    ):
        assert words in out
    with (tmp_path / "out" / "outputs" / "final_predictions" / "predictions.csv").open(
        encoding="utf-8-sig", newline=""
    ) as file:
        assert [row["item_id"] for row in csv.DictReader(file)] == ["a", "a", "b"]
    code, out, _ = run("batch", "films.csv", "--output", "out", "--istop", "2")
    assert code == 0
    assert "2 movies: 1 whole, 1 in part, 0 failed, 2 of them known from an earlier run" in out


def test_wrong_catalogues_are_told_before_anything_is_loaded(run: Run, tmp_path: Path, asked: list[Any]) -> None:
    (tmp_path / "films.csv").write_text("item_id,trailer,poster\n,good.mp4,\n")
    code, _, err = run("batch", "films.csv")
    assert code == 3 and "line 2: there is no id" in err
    assert run("batch", "none.csv")[0] == 3
    assert asked == []


def test_ages_and_sexes_where_they_were_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch, look: FakeLook) -> None:
    known = FaceAttributes(
        age=AgeEstimate(40.2, 30, 50, 0.7, True, (40.0,), (1.0,), "made"),
        sex=ClassEstimate("female", 0.97, ("female", "male"), (0.97, 0.03), "made"),
    )

    def with_attributes(path: Path, **_: Any) -> Any:
        result = film_of(3, 5)
        first, second = result.people
        unsure = FaceAttributes(sex=ClassEstimate(None, 0.5, ("female", "male"), (0.5, 0.5), "made"))
        people = (replace(first, attributes=known, name="Anna\n\x1b[31m"), replace(second, attributes=unsure))
        return replace(result, people=people)

    monkeypatch.setattr(FakeLook, "__call__", lambda self, path, **kinds: with_attributes(path, **kinds))
    out = run("trailer", "good.mp4", "--output", "out")[1]
    assert "40 (30 to 50)" in out and "female (0.97)" in out and "cannot tell" in out
    assert "\x1b" not in out and "Anna\\n" in out


def test_the_device_and_downloads_are_passed_on(run: Run, asked: list[Any]) -> None:
    run("trailer", "good.mp4", "--output", "out", "--device", "cuda", "--download")
    settings, kinds = asked[-1]
    assert settings.video.device == "cuda"
    assert kinds["allow_download"] is True
    run("trailer", "good.mp4", "--output", "out")
    assert asked[-1][0].video.device == "auto" and asked[-1][1]["allow_download"] is False


def test_errors_of_the_machine_keep_their_code(run: Run, look: FakeLook) -> None:
    look.errors[text_film(3, 5)] = StorageError("the disk is full")
    code, _, err = run("trailer", "good.mp4")
    assert code == 5 and "the disk is full" in err


def test_people_of_an_event_that_is_not_there(run: Run, tmp_path: Path) -> None:
    code, _, err = run("trailer", "good.mp4", "--people", str(tmp_path))
    assert code == 3
    assert "name the output folder of a clustered event" in err


def test_without_the_extra_it_says_how_to_get_it(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "films.csv").write_text("item_id,trailer,poster\na,good.mp4,\n")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, err = run("batch", "films.csv")
    assert code == 2
    assert "needs the extra video" in err and "pip install 'curation[video]'" in err


def test_visuals_are_drawn_while_the_film_is_there(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(
        "curation.video.annotated.annotate",
        lambda path, result, target, **_: drawn.append(f"{path.name} {target.relative_to(tmp_path)}"),
    )
    monkeypatch.chdir(tmp_path)
    run("trailer", "good.mp4", "--output", str(tmp_path / "out"), "--visuals")
    assert drawn == ["good.mp4 out/annotated.mp4"]


@pytest.mark.parametrize("command", ["trailer", "poster", "item", "batch", "export"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["video", command, "--help"])
    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out


def test_results_are_documents_of_the_published_version(run: Run, tmp_path: Path) -> None:
    run("trailer", "good.mp4", "--output", "out")
    assert json.loads((tmp_path / "out" / "result.json").read_text())["source"] == "good.mp4"
