"""A catalogue: each movie by itself, kept at once, continued after a kill, gathered at the end."""

from __future__ import annotations

import csv
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.domain.faces.face import Box
from curation.domain.film.document import result_of_document
from curation.domain.film.movies import CatalogueReport
from curation.domain.report import Progress
from curation.errors import BusyError, CatalogueFileError, CurationError, RunInterruptedError, StorageError
from curation.pipelines.stage import ProgressListener
from curation.pipelines.video.catalogue import FINAL_FOLDER, STORED_FOLDER, CatalogueOptions, ItemListener
from curation.pipelines.video.inference import VideoInference
from curation.pipelines.video.options import PosterOptions
from curation.storage.locks import hold_catalogue
from tests.fake_inference import FakeLook, fake_inference, text_film
from tests.film_server import film_server
from tests.unit.pipelines.video.test_poster import poster_of

pytest.importorskip("pyarrow", reason="the extra video is not installed")

_RECORDS = "video_run.json"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A folder with two whole films, one that breaks off, one that is none, and a poster."""
    for name, content in {
        "a.mp4": text_film(3, 5),
        "b.mp4": text_film(7),
        "cut.mp4": text_film(3) + b" cut",
        "bad.mp4": b"no film",
        "poster.png": poster_of([(Box(20, 30, 60, 80), 5), (Box(200, 30, 60, 80), 9)]),
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def catalogue(folder: Path, rows: Sequence[str]) -> Path:
    path = folder / "catalogue.csv"
    path.write_text("\n".join(["item_id,trailer,poster", *rows]) + "\n", encoding="utf-8")
    return path


ROWS = ("one,a.mp4,poster.png", "two,b.mp4,", "three,,poster.png", "four,cut.mp4,none.png", "five,bad.mp4,")


def run(
    folder: Path,
    rows: Sequence[str] = ROWS,
    look: FakeLook | None = None,
    inference: VideoInference | None = None,
    *,
    istart: int = 0,
    istop: int | None = None,
    progress: ProgressListener | None = None,
    cancel: threading.Event | None = None,
    on_item: ItemListener | None = None,
    **options: Any,
) -> CatalogueReport:
    inference = inference or fake_inference(folder / "state", look)
    return inference.infer_pipeline(
        catalogue(folder, rows),
        istart,
        istop,
        options=CatalogueOptions(folder / "out", **options),
        progress=progress,
        cancel=cancel,
        on_item=on_item,
    )


def files(folder: Path) -> dict[str, bytes]:
    """All results but the record of the run, the lock, and what is beside them."""
    out = folder / "out"
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != _RECORDS and not path.name.startswith(".curation")
    }


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "out" / FINAL_FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_report_counts_every_movie_once(world: Path) -> None:
    report = run(world)
    assert (report.total, report.ok, report.partial, report.failed) == (5, 3, 1, 1)
    assert report.ok + report.partial + report.failed == report.total
    reasons = {item: reason for item, _, reason in report.problems}
    assert set(reasons) == {"four", "five"}
    assert "the film breaks off" in reasons["four"] and "there is no file" in reasons["four"]
    assert "no film" in reasons["five"]
    assert report.device == "cpu"


def test_what_is_kept_of_each_movie(world: Path) -> None:
    run(world)
    stored = world / "out" / STORED_FOLDER
    document = json.loads((stored / "one_trailer_predictions.json").read_text())
    assert document["source"] == "a.mp4"
    with np.load(stored / "one_trailer_predictions.npz", allow_pickle=False) as arrays:
        result = result_of_document(document, arrays["embeddings"])
        assert arrays["cluster_ids"].tolist() == [0, 1]
    assert len(result.people) == 2
    poster = json.loads((stored / "one_poster_predictions.json").read_text())
    assert [face["status"] for face in poster["poster"]["faces"]] == ["matched", "unmatched"]
    with np.load(stored / "one_poster_predictions.npz", allow_pickle=False) as arrays:
        assert arrays["cropped_face_0"].tobytes().startswith(b"\xff\xd8")
    names = {path.name for path in stored.iterdir()}
    assert "one_trailer_predictions.parquet" in names
    assert not any(name.endswith(".pkl") or name.startswith("five_trailer") for name in names)


def test_the_catalogue_is_gathered(world: Path) -> None:
    from pyarrow import parquet

    run(world)
    rows = table(world, "predictions.csv")
    assert [(row["item_id"], row["cluster_id"], row["poster_faces"]) for row in rows] == [
        ("one", "0", "0"),
        ("one", "1", "1"),
        ("two", "0", ""),
        ("four", "0", ""),
    ]
    assert rows[0]["screen_time_s"] == "0.800"
    faces = table(world, "posters.csv")
    assert [(row["item_id"], row["status"]) for row in faces] == [
        ("one", "matched"),
        ("one", "unmatched"),
        ("three", "unmatched"),
        ("three", "unmatched"),
    ]
    final = world / "out" / FINAL_FOLDER
    assert parquet.read_table(final / "predictions.parquet").num_rows == 4
    assert parquet.read_table(final / "posters.parquet").num_rows == 4
    items = json.loads((final / "predictions.json").read_text())["items"]
    assert [item["item_id"] for item in items] == ["one", "two", "three", "four", "five"]
    assert [item["status"] for item in items] == ["ok", "ok", "ok", "partial", "failed"]
    assert len(items[0]["characters"]) == 2 and len(items[0]["poster_faces"]) == 2
    assert [row["status"] for row in table(world, "report.csv")] == ["ok", "ok", "ok", "partial", "failed"]


def test_a_second_run_does_only_what_failed(world: Path) -> None:
    run(world)
    before = files(world)
    look = FakeLook()
    told: list[tuple[str, bool]] = []
    report = run(world, look=look, on_item=lambda record, known: told.append((record.item_id, known)))
    assert report.reused == 3
    assert told == [("one", True), ("two", True), ("three", True), ("four", False), ("five", False)]
    assert look.looked_at == [text_film(3) + b" cut", b"no film"]
    assert files(world) == before
    (world / "none.png").write_bytes(poster_of([]))
    assert run(world).reused == 3
    assert run(world).reused == 4  # a film that breaks off is not looked at for ever


def test_other_files_settings_and_damaged_predictions_are_done_again(world: Path) -> None:
    rows = ("one,a.mp4,poster.png", "two,b.mp4,")
    run(world, rows)
    assert run(world, rows).reused == 2
    os.utime(world / "a.mp4", (1, 1))
    assert run(world, rows).reused == 2  # the same content
    (world / "a.mp4").write_bytes(text_film(3))
    assert run(world, rows).reused == 1
    other = fake_inference(world / "state", posters=PosterOptions(distance=0.5))
    assert run(world, rows, inference=other).reused == 0
    assert run(world, rows, inference=other).reused == 2
    stored = world / "out" / STORED_FOLDER
    for damage in ("one_trailer_predictions.npz", "one_item.json", "one_poster_predictions.parquet"):
        (stored / damage).write_bytes(b"{}")
        assert run(world, rows, inference=other).reused == 1
    (stored / "one_poster_predictions.json").unlink()
    assert run(world, rows, inference=other).reused == 1


def test_a_movie_that_fails_now_leaves_nothing_of_an_earlier_run(world: Path) -> None:
    run(world, ["one,a.mp4,"])
    (world / "a.mp4").write_bytes(b"no film any more")
    run(world, ["one,a.mp4,"])
    assert [path.name for path in (world / "out" / STORED_FOLDER).iterdir()] == ["one_item.json"]
    assert table(world, "predictions.csv") == []


def test_parts_of_a_catalogue_are_gathered_together(world: Path) -> None:
    first = run(world, ROWS[:3], istart=0, istop=1)
    assert (first.total, first.warnings != ()) == (1, True)
    assert "2 of the 3 movies" in first.warnings[0]
    second = run(world, ROWS[:3], istart=1)
    assert (second.total, second.warnings) == (2, ())
    assert [row["item_id"] for row in table(world, "report.csv")] == ["one", "two", "three"]
    whole = files(world)
    run(world, ROWS[:3])
    assert files(world) == whole


@pytest.mark.parametrize(("istart", "istop"), [(-1, None), (5, None), (2, 2), (3, 1), (0, 0), (0, -1)])
def test_ranges_without_a_movie(world: Path, istart: int, istop: int | None) -> None:
    with pytest.raises(CatalogueFileError, match="there is no movie from"):
        run(world, istart=istart, istop=istop)
    assert not (world / "out").exists()


def test_a_wrong_catalogue_begins_nothing(world: Path) -> None:
    look = FakeLook()
    with pytest.raises(CatalogueFileError):
        run(world, [*ROWS, "one,a.mp4,"], look)
    assert look.looked_at == []
    assert not (world / "out").exists()


def test_pickles_are_written_on_asking_and_never_read(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(world, ROWS[:1])
    run(world, ROWS[:1], with_pickle=True)
    content = (world / "out" / STORED_FOLDER / "one_trailer_predictions.pkl").read_bytes()
    plain = pickle.loads(content)
    assert set(plain) == {"aggregated_estimations", "embedded_faces", "flattened_faces_perso_ids"}
    assert b"numpy" not in content and b"curation" not in content  # plain values only

    def never(*_: object, **__: object) -> object:
        raise AssertionError("a pickle was read")

    monkeypatch.setattr(pickle, "loads", never)
    monkeypatch.setattr(pickle, "load", never)
    assert run(world, ROWS[:1], with_pickle=True).reused == 1
    run(world, ROWS[:1])
    assert not list((world / "out" / STORED_FOLDER).glob("*.pkl"))


def test_fetched_films_are_removed(world: Path) -> None:
    with film_server() as server:
        inference = fake_inference(world / "state", urls="any", resolve=lambda *_: ["127.0.0.1"])
        rows = [f"one,{server.gives('/a.mp4?token=secret', text_film(3))},", f"two,{server.address}/none,"]
        report = run(world, rows, inference=inference)
        assert (report.ok, report.failed) == (1, 1)
        assert list((world / "state" / "fetched_media").iterdir()) == []
        assert run(world, rows, inference=inference).reused == 1
        assert not any(b"secret" in content for content in files(world).values())
        assert len(server.requests) == 3  # the known one is not fetched again


def test_progress_and_cancelling(world: Path) -> None:
    told: list[Progress] = []
    run(world, progress=told.append)
    assert [(each.done, each.total) for each in told if each.phase == "movies"] == [(n, 5) for n in range(6)]
    assert told[-1].failed == 1
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(RunInterruptedError):
        run(world, cancel=cancel)


def test_errors_of_the_machine_end_the_run_and_keep_what_is_done(world: Path) -> None:
    look = FakeLook()
    look.errors[text_film(7)] = StorageError("the disk is full")
    with pytest.raises(StorageError):
        run(world, look=look)
    assert run(world, look=FakeLook()).reused == 1


def test_two_runs_on_one_folder_do_not_mix(world: Path) -> None:
    with hold_catalogue(world / "out"), pytest.raises(BusyError, match="a catalogue of films"):
        run(world)


def test_the_peak_memory_of_each_movie(world: Path) -> None:
    report = run(world, ROWS[:2], memory_profile=True)
    assert [item for item, _ in report.peak_mb] == ["one", "two"]
    assert all(megabytes > 1 for _, megabytes in report.peak_mb)
    record = json.loads((world / "out" / FINAL_FOLDER / _RECORDS).read_text())
    assert set(record["peak_memory_mb"]) == {"one", "two"}
    assert record["device"] == "cpu"


def test_films_and_posters_are_drawn_over_while_they_are_there(world: Path) -> None:
    drawn: list[tuple[str, str]] = []
    run(
        world,
        ROWS[:1],
        draw_film=lambda path, _, target: drawn.append((path.name, target.name)),
        draw_poster=lambda path, _, __, target: drawn.append((path.name, target.name)),
    )
    assert drawn == [("a.mp4", "one_trailer.mp4"), ("poster.png", "one_poster.jpg")]


_PROGRAM = """
import sys, time
from pathlib import Path
from curation.pipelines.video.catalogue import CatalogueOptions
from tests.fake_inference import FakeLook, fake_inference
folder = Path(sys.argv[1])
look = FakeLook()
look.before = lambda: (print("looking", flush=True), time.sleep(float(sys.argv[2])))
options = CatalogueOptions(folder / "out")
fake_inference(folder / "state", look).infer_pipeline(folder / "catalogue.csv", options=options)
print("done", flush=True)
"""


def test_after_a_kill_the_same_bytes(world: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    looks = 3
    rows = [f"m{number},{'ab'[number % 2]}.mp4,poster.png" for number in range(4)]
    catalogue(world, rows)
    arguments = [sys.executable, "-c", _PROGRAM, str(world), "0.05"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(looks):
        assert process.stdout.readline() == "looking\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    report = run(world, rows)
    assert (report.ok, report.reused >= looks - 1) == (4, True)
    killed = files(world)
    other = tmp_path_factory.mktemp("whole")
    for name in ("a.mp4", "b.mp4", "poster.png"):
        (other / name).write_bytes((world / name).read_bytes())
    run(other, rows)
    assert files(other) == killed


def test_errors_have_codes() -> None:
    assert CatalogueFileError.exit_code == 3
    assert issubclass(CatalogueFileError, CurationError)
