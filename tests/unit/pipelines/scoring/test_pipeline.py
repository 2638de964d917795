from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from curation.domain.faces.face import Box
from curation.domain.measuring.measures import PhotoMeasures
from curation.errors import FaceDataError, LabelsError, PhotosMissingError, PicksError, StorageError
from curation.storage.analysis_store import AnalysisStore
from curation.storage.face_data_file import FACE_DATA
from curation.storage.photo_scores_file import PHOTO_SCORES, read_photo_scores
from curation.storage.said.picks_file import PICKS
from tests.fake_workflow import FakeEvent, fake_event, textured_photo, touch_later


def table(event: FakeEvent) -> dict[str, dict[str, str]]:
    with (event.output / PHOTO_SCORES).open(encoding="utf-8-sig", newline="") as file:
        return {row["image_path"]: row for row in csv.DictReader(file)}


def edit(event: FakeEvent, old: str, new: str) -> None:
    path = event.output / FACE_DATA
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_photo_has_a_row_also_without_labels(wedding: FakeEvent) -> None:
    wedding.cluster()
    report = wedding.score()
    rows = table(wedding)
    assert (report.total, report.scored, report.failed, report.labelled) == (5, 5, 0, False)
    assert [int(row["rank"]) for row in rows.values()] == [1, 2, 3, 4, 5]
    assert set(rows) == {"a.png", "b.png", "c.png", "e.png", "sub/d.png"}
    # Person 0 is on four photos and person 1 on three: they count as important; the others do not.
    assert (rows["a.png"]["important_count"], rows["a.png"]["other_count"]) == ("2", "1")
    assert (rows["sub/d.png"]["important_count"], rows["sub/d.png"]["other_count"]) == ("1", "1")
    assert list(rows)[-1] == "e.png"
    assert all(0 <= float(row["final_score"]) <= 1 and row["results_string"] for row in rows.values())
    assert [score.image_path for score in read_photo_scores(wedding.output / PHOTO_SCORES)] == list(rows)
    assert not wedding.scoring_record()["labelled_by_user"]


def test_both_forms_of_labels(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"0": "main", "1": {"name": "Anna", "category": "important"}})
    report = wedding.score()
    rows = table(wedding)
    assert (report.labelled, report.labelled_clusters, report.warnings) == (True, 2, ())
    assert [rows["a.png"][f"{name}_count"] for name in ("main", "important", "other", "unknown")] == list("1110")
    assert "Anna" in rows["a.png"]["people"]
    assert wedding.scoring_record()["labels"] == {"0": "main", "1": {"name": "Anna", "category": "important"}}


def test_the_category_of_what_the_labels_leave_out(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"0": "main"})
    wedding.score(scoring={"unlabelled_category": "important"})
    assert table(wedding)["a.png"]["important_count"] == "2"


def test_a_second_run_measures_nothing_and_gives_the_same_bytes(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.score()
    before, asked = wedding.snapshot(), wedding.predictor.asked
    assert asked == 10
    report = wedding.score()
    assert (report.reused, report.scored) == (5, 5)
    assert wedding.snapshot() == before
    assert wedding.predictor.asked == asked


def test_a_renamed_folder_is_not_measured_again(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.score()
    asked, scores = wedding.predictor.asked, (wedding.output / PHOTO_SCORES).read_bytes()
    renamed = wedding.photos.rename(wedding.folder / "renamed")
    report = wedding.score(io={"input_dir": renamed})
    assert (report.scored, wedding.predictor.asked) == (5, asked)
    assert (wedding.output / PHOTO_SCORES).read_bytes() == scores
    assert wedding.score(io={"input_dir": renamed}).reused == 5, "the files are known under their new names"


def test_other_rules_rank_anew_without_measuring(wedding: FakeEvent) -> None:
    wedding.write("z.png", textured_photo(400, 120, [(Box(40, 30, 60, 60), 0), (Box(200, 30, 60, 60), 4)]) // 2)
    wedding.cluster()
    wedding.label({"3": "main"})
    wedding.score()
    asked, first = wedding.predictor.asked, list(table(wedding))
    report = wedding.score(
        scoring={"rules": {"min_main_people": {"mode": "veto", "count": 1}}, "weights": {"people": 0.0}}
    )
    rows = table(wedding)
    assert report.reused == report.scored == 6
    assert wedding.predictor.asked == asked
    assert list(rows) != first or report.vetoed
    assert next(iter(rows)) == "sub/d.png"
    assert report.vetoed == 5
    assert wedding.scoring_record()["settings"]["scoring"]["rules"]["min_main_people"]["mode"] == "veto"


def test_labels_of_clusters_without_faces_are_told_and_kept(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"0": "main", "3": {"name": "Tom", "category": "main"}})
    (wedding.photos / "sub" / "d.png").unlink()
    wedding.cluster()
    report = wedding.score()
    assert any("1 name finds nobody" in warning for warning in report.warnings)
    assert any("Tom (person 3)" in warning and "sub/d.png" in warning for warning in report.warnings)
    assert "3" in wedding.scoring_record()["labels"]
    assert wedding.scoring_record()["warnings"] == list(report.warnings)


@pytest.mark.parametrize("labels", [{"17": "main"}, {"0": "mian"}, ["main"], {"0": {"category": "main", "nam": "x"}}])
def test_wrong_labels_are_refused_before_anything_is_measured(wedding: FakeEvent, labels: object) -> None:
    wedding.cluster()
    wedding.label(labels)
    with pytest.raises(LabelsError) as raised:
        wedding.score()
    assert raised.value.exit_code == 3
    assert wedding.predictor.asked == 0
    assert not (wedding.output / PHOTO_SCORES).exists()


def test_scoring_before_clustering(wedding: FakeEvent) -> None:
    with pytest.raises(FaceDataError, match=r"run_clustering\.py") as raised:
        wedding.score()
    assert raised.value.exit_code == 3
    assert not wedding.output.exists()


def test_a_table_edited_by_hand(wedding: FakeEvent) -> None:
    wedding.cluster()
    edit(wedding, "[140, 30, 60, 60]", "[140, 30, 60]")
    with pytest.raises(FaceDataError, match=r"line 3, column facial_area"):
        wedding.score()


def test_a_face_moved_by_hand_out_of_its_photo(wedding: FakeEvent) -> None:
    wedding.cluster()
    edit(wedding, "[140, 30, 60, 60]", "[14000, 30, 60, 60]")
    report = wedding.score()
    assert (report.scored, report.failed) == (4, 1)
    assert "outside" in table(wedding)["a.png"]["error"]


def test_rows_and_ids_changed_by_hand_count(wedding: FakeEvent) -> None:
    wedding.cluster()
    path = wedding.output / FACE_DATA
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:1] + lines[3:]))  # two faces of a.png are no faces
    wedding.label({"0": "main"})
    wedding.score()
    assert table(wedding)["a.png"]["main_count"] == "0"
    assert table(wedding)["a.png"]["other_count"] == "1"


def test_paths_that_leave_the_folder_are_refused(wedding: FakeEvent) -> None:
    wedding.cluster()
    edit(wedding, "sub/d.png", "../d.png")
    with pytest.raises(FaceDataError, match=r"\.\./d\.png"):
        wedding.score()


def test_a_photo_that_is_gone_is_a_row(wedding: FakeEvent) -> None:
    wedding.cluster()
    (wedding.photos / "b.png").unlink()
    report = wedding.score()
    assert (report.total, report.scored, report.failed) == (5, 4, 1)
    rows = table(wedding)
    assert list(rows)[-1] == "b.png"
    assert rows["b.png"]["final_score"] == ""
    assert "gone" in rows["b.png"]["error"]
    assert [failure["image_path"] for failure in wedding.scoring_record()["failures"]] == ["b.png"]
    (wedding.photos / "sub" / "d.png").unlink()
    assert wedding.score().failed == 2


def test_another_folder_of_photos_does_not_overwrite_the_scores(wedding: FakeEvent, tmp_path: Path) -> None:
    wedding.cluster()
    wedding.score()
    before = wedding.snapshot()
    with fake_event(tmp_path / "party") as party:
        party.add("p.png", 7)
        party.output = wedding.output
        with pytest.raises(PhotosMissingError, match="--input") as raised:
            party.score()
    assert str(wedding.photos) in str(raised.value)
    assert wedding.snapshot() == before


@pytest.mark.parametrize("already_scored", [True, False])
def test_a_photo_that_changed_after_the_clustering_is_a_row(wedding: FakeEvent, already_scored: bool) -> None:
    wedding.cluster()
    if already_scored:
        wedding.score()
    touch_later(wedding.add("b.png", 5, 6))
    touch_later(wedding.photos / "a.png")  # the same content
    report = wedding.score()
    assert [failure.image_path for failure in report.failures] == ["b.png"]
    assert "changed" in report.failures[0].reason
    wedding.cluster()
    assert wedding.score().failed == 0


def test_photos_that_failed_or_came_later(wedding: FakeEvent) -> None:
    (wedding.photos / "broken.jpg").write_bytes(b"no picture")
    wedding.cluster()
    wedding.add("new.png", 0)
    report = wedding.score()
    assert (report.total, report.scored, report.failed) == (6, 5, 1)
    assert report.new_photos == ("new.png",)
    assert any("1 photo came after the clustering and is not ranked" in warning for warning in report.warnings)
    assert list(table(wedding))[-1] == "broken.jpg"
    assert wedding.scoring_record()["new_photos"] == ["new.png"]


def test_without_the_run_record_photos_without_faces_are_told_to_be_missing(wedding: FakeEvent) -> None:
    wedding.cluster()
    (wedding.output / "clustering_run.json").unlink()
    report = wedding.score()
    assert report.total == 4
    assert any("clustering_run.json" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    "text",
    [
        '{"photos_without_faces": 3}',
        '{"photos_without_faces": [3]}',
        '{"failures": 3}',
        '{"failures": [3, {}], "analysis_key": 3, "next_cluster_id": "x"}',
    ],
)
def test_a_run_record_edited_by_hand_is_no_crash(wedding: FakeEvent, text: str) -> None:
    wedding.cluster()
    (wedding.output / "clustering_run.json").write_text(text)
    try:
        report = wedding.score()
    except FaceDataError as error:
        assert "clustering_run.json" in str(error)
    else:
        assert report.scored + report.failed == report.total == 4


def test_a_run_record_that_is_no_json(wedding: FakeEvent) -> None:
    wedding.cluster()
    (wedding.output / "clustering_run.json").write_text("{")
    with pytest.raises(StorageError, match="clustering_run"):
        wedding.score()


def test_a_lost_store_costs_time_only(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.score()
    before = wedding.snapshot()
    shutil.rmtree(wedding.folder / "state")
    report = wedding.score()
    assert (report.reused, report.scored) == (0, 5)
    assert wedding.snapshot() == before
    wedding.cluster()
    assert wedding.snapshot() == before


def test_measures_that_the_store_loses_are_told_and_made_again(
    wedding: FakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    wedding.cluster()
    real, lost = AnalysisStore.measures, {"b.png"}

    def measures(store: AnalysisStore, wanted: Mapping[str, tuple[str, str]]) -> dict[str, PhotoMeasures]:
        return {path: value for path, value in real(store, wanted).items() if path not in lost}

    monkeypatch.setattr(AnalysisStore, "measures", measures)
    report = wedding.score()
    assert (report.scored, report.failed) == (4, 1)
    assert "could not be read back" in table(wedding)["b.png"]["error"]
    lost.clear()
    report = wedding.score()
    assert (report.scored, report.failed, report.reused) == (5, 0, 5)
    assert not table(wedding)["b.png"]["error"]


def test_no_face_at_all(event: FakeEvent) -> None:
    event.add("a.png")
    event.add("b.png")
    event.cluster()
    report = event.score()
    assert (report.scored, report.faces) == (2, 0)


def test_the_record_holds_what_made_the_scores(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.score()
    record = wedding.scoring_record()
    assert record["stage"] == "scoring"
    assert record["input_dir"] == str(wedding.photos)
    assert record["engine"] == "fake"
    assert record["weights"]["landmarks.dat"] == "b" * 64
    assert set(record["weights"]) == {"landmarks.dat", "eyes.onnx", "smile.onnx"}
    assert record["counts"]["scored"] + record["counts"]["failed"] == record["counts"]["photos"]
    assert record["counts"]["faces"] == 10
    assert record["settings"]["scoring"]["weights"]["eyes"] == 3.0
    assert record["seconds"] >= 0
    assert "curation" in record["versions"]


def write_shot(event: FakeEvent, name: str, seconds: float, *, people: list[tuple[Box, int]]) -> None:
    """A JPEG with the time at which it was taken."""
    exif = Image.Exif()
    whole, fraction = divmod(seconds, 1)
    exif.get_ifd(0x8769).update({0x9003: f"2026:06:01 12:00:{int(whole):02}", 0x9291: f"{int(fraction * 1000):03}"})
    picture = textured_photo(400, 120, people)
    picture[:, :30] = (20, 60, 90)  # something to compare
    picture[60:, 300:] = 220
    Image.fromarray(picture).save(event.photos / name, quality=97, subsampling=0, exif=exif)


def test_photos_of_one_moment_are_a_burst(wedding: FakeEvent) -> None:
    left, right = Box(40, 30, 60, 60), Box(200, 30, 60, 60)
    write_shot(wedding, "shot1.jpg", 3.0, people=[(left, 0)])
    write_shot(wedding, "shot2.jpg", 3.25, people=[(left, 0), (right, 1)])
    write_shot(wedding, "shot3.jpg", 50.0, people=[(left, 0)])
    wedding.cluster()
    wedding.label({"0": "main", "1": "main"})
    wedding.score()
    rows = table(wedding)
    bursts = {name: (row["burst_id"], row["best_of_burst"]) for name, row in rows.items() if name.startswith("shot")}
    assert bursts == {"shot1.jpg": ("1", "false"), "shot2.jpg": ("1", "true"), "shot3.jpg": ("", "true")}
    assert rows["shot2.jpg"]["results_string"].endswith("best of 2")
    assert rows["shot1.jpg"]["results_string"].endswith("shot2.jpg of the same burst is better: more people seen")
    asked, marked = wedding.predictor.asked, (wedding.output / PHOTO_SCORES).read_bytes()
    wedding.score(scoring={"bursts": {"enabled": False}})
    assert {row["burst_id"] for row in table(wedding).values()} == {""}
    wedding.score()
    assert (wedding.output / PHOTO_SCORES).read_bytes() == marked, "from what was kept"
    assert wedding.predictor.asked == asked


def test_the_users_picks_win_over_the_score(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.score()
    worst = list(table(wedding))[-1]
    best = next(iter(table(wedding)))
    (wedding.output / PICKS).write_text(
        json.dumps({"version": 1, "photos": {worst: {"pick": "picked", "rating": 4}, best: {"pick": "rejected"}}}),
        encoding="utf-8",
    )
    wedding.score()
    rows = list(table(wedding).values())
    assert [(rows[0]["image_path"], rows[0]["pick"], rows[0]["rating"])] == [(worst, "picked", "4")]
    assert (rows[-1]["image_path"], rows[-1]["pick"], rows[-1]["rating"]) == (best, "rejected", "")
    assert {(row["pick"], row["rating"]) for row in rows[1:-1]} == {("", "")}


def test_wrong_picks_are_told_of_before_any_photo_is_measured(wedding: FakeEvent) -> None:
    wedding.cluster()
    (wedding.output / PICKS).write_text('{"version": 1, "photos": {"a.png": "picked"}}', encoding="utf-8")
    with pytest.raises(PicksError, match=r"picks\.json: the picks are not valid"):
        wedding.score()
    assert wedding.predictor.asked == 0
