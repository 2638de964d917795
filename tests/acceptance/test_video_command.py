"""`python -m curation video` as a user calls it: made films without weights, and a real clip with them."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.domain.film.times import Interval
from curation.storage.video.result_files import read_poster, read_result
from curation.storage.video.tables import read_people, read_tracks
from curation.video.opening import open_clip
from tests.conftest import PROJECT_ROOT
from tests.film_files import two_shots, write_film
from tests.processes import Finished, Run, wait_until

pytest.importorskip("av", reason="the extra video is not installed")

_FROM_S, _TO_S, _WIDTH = 7, 10, 480


@pytest.fixture
def folder(tmp_path: Path, test_data: Path) -> Path:
    """A folder with small real weights."""
    weights = test_data / "weights/deepface_home/.deepface/weights"
    (tmp_path / "models").mkdir()
    for name in ("retinaface.onnx", "arcface_weights.onnx"):
        if not (weights / name).is_file():
            pytest.skip(f"there is no {weights / name}")
        shutil.copy(weights / name, tmp_path / "models")
    return tmp_path


def start(folder: Path, arguments: Sequence[str | Path]) -> Run:
    return Run(
        [sys.executable, "-m", "curation", "video", *map(str, arguments)],
        cwd=folder,
        variables={
            "PYTHONPATH": str(PROJECT_ROOT),
            "CURATION_IO__STATE_DIR": str(folder / "state"),
            "CURATION_IO__MODELS_DIR": str(folder / "models"),
            "CURATION_PERFORMANCE__WORKERS": "1",
        },
    )


def video(folder: Path, *arguments: str | Path) -> Finished:
    return start(folder, arguments).finish()


def clip(test_data: Path, target: Path) -> Path:
    """Three seconds of a real film with two shots, at half its size."""

    def pictures() -> Iterator[np.ndarray]:
        with open_clip(test_data / "photos/videos/yakhyo_friends/in_video.mp4") as film:
            for frame in film.frames(Interval(Fraction(_FROM_S), Fraction(_TO_S))):
                picture = frame.picture.reduced(_WIDTH).array
                yield picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]

    return write_film(target, pictures(), fps=Fraction(24000, 1001), start=Fraction(1, 2), sound=True)


def collage(test_data: Path, names: Sequence[str], target: Path) -> Path:
    """A poster of stills, side by side."""
    stills = [Image.open(test_data / "photos/videos" / name).convert("RGB").resize((300, 300)) for name in names]
    page = Image.new("RGB", (320 * len(stills), 400), (20, 20, 60))
    for number, still in enumerate(stills):
        page.paste(still, (320 * number + 10, 50))
    page.save(target)
    return target


def test_a_real_clip_its_poster_and_what_editors_get(folder: Path, test_data: Path) -> None:
    film = clip(test_data, folder / "clip.mp4")
    done = video(folder, "trailer", film, "--output", "out", "--formats", "vtt,edl")
    assert done.code == 0, done.stderr
    result = read_result(folder / "out")
    assert "clip.mp4: 0:03.0, 480 x 270" in done.stdout
    assert 1 <= len(result.people) <= 4
    for track in read_tracks(folder / "out"):
        assert Fraction(1, 2) <= track.start_s < track.end_s <= Fraction(7, 2) + Fraction(1, 10)
    assert {path.name for path in (folder / "out").iterdir()} >= {"names.vtt", "markers.edl", "videos.csv", "faces"}
    poster = collage(
        test_data,
        ["yakhyo_friends/faces/Chandler.png", "hamilton/obama.jpg", "yakhyo_friends/faces/Chandler.png"],
        folder / "poster.png",
    )
    done = video(folder, "item", "--trailer", film, "--poster", poster, "--output", "item")
    assert done.code == 0, done.stderr
    found = read_poster(folder / "item")
    assert found is not None
    main_faces = [face for face in found.faces if face.occupied_area > 0.01]
    assert [face.cluster_id is None for face in main_faces] == [False, True, False]
    assert main_faces[0].cluster_id == main_faces[2].cluster_id
    assert read_people(folder / "item") == read_people(folder / "out")


def test_a_catalogue_is_continued_after_a_kill(folder: Path, test_data: Path) -> None:
    clip(test_data, folder / "clip.mp4")
    write_film(folder / "nobody.webm", two_shots())
    (folder / "text.mp4").write_text("no film")
    (folder / "films.csv").write_text("item_id,trailer,poster\nmade,nobody.webm,\nreal,clip.mp4,\nbad,text.mp4,\n")
    killed = start(folder, ["batch", "films.csv", "--output", "out"])
    wait_until((folder / "out/tmp/stored_predictions/made_item.json").exists, "the first movie is kept")
    killed.send(signal.SIGKILL, to_group=True)
    killed.finish()
    done = video(folder, "batch", "films.csv", "--output", "out", "--memory-profile")
    assert done.code == 1, done.stderr
    assert "3 movies: 2 whole, 0 in part, 1 failed, " in done.stdout
    final = folder / "out/outputs/final_predictions"
    with (final / "predictions.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {row["item_id"] for row in rows} == {"real"}
    record = json.loads((final / "video_run.json").read_text())
    assert 50 < record["peak_memory_mb"]["real"] < 1500


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    (tmp_path / "films.csv").write_text("item_id,film\na,b\n")
    done = video(tmp_path, "batch", "films.csv")
    assert done.code == 3
    assert "missing: trailer, poster" in done.stderr
    assert "Traceback" not in done.stderr
