"""What the user corrected holds in every later clustering, and can be taken back after one."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from curation.domain.faces.face import FaceRow
from curation.domain.labelling.corrections import CorrectedFace, Correction, CorrectionKind, corrected_clusters
from curation.errors import CorrectionsError, OtherEventError
from curation.pipelines.clustering.check import EventGroupingCheck
from curation.pipelines.clustering.grouping import FaceGrouping
from curation.pipelines.said.words import read_placed_corrections
from curation.storage.face_data_file import EMBEDDINGS, read_embeddings
from curation.storage.photo_scores_file import PHOTO_SCORES
from curation.storage.said.corrections_file import read_corrections, write_corrections
from tests.fake_workflow import FakeEvent

SAME, DIFFERENT = CorrectionKind.SAME_PERSON, CorrectionKind.DIFFERENT_PEOPLE


def faces(event: FakeEvent, person: int, *, photos: Sequence[str] = ()) -> tuple[CorrectedFace, ...]:
    """The faces of a painted person, on some photos or all."""
    rows = event.rows()
    vectors = read_embeddings(event.output / EMBEDDINGS, rows)
    shown = corrected_clusters(rows, read_corrections(event.output)).tolist()
    return tuple(
        CorrectedFace(row.image_path, row.facial_area, cluster)
        for row, cluster in zip(rows, shown, strict=True)
        if int(vectors[row.embedding_row].argmax()) == person and (not photos or row.image_path in photos)
    )


def say(
    event: FakeEvent,
    kind: CorrectionKind,
    of: Iterable[CorrectedFace],
    others: Iterable[CorrectedFace] = (),
    cluster: int = -1,
) -> None:
    before = read_corrections(event.output)
    new = Correction(f"c{len(before)}", "2026-06-20", kind, tuple(of), tuple(others), cluster)
    write_corrections(event.output, [*before, new])


def take_back(event: FakeEvent, number: int = -1) -> None:
    corrections = list(read_corrections(event.output))
    corrections[number] = replace(corrections[number], undone=True)
    write_corrections(event.output, corrections)


def shown(event: FakeEvent) -> dict[int, set[int]]:
    """The clusters that each painted person is shown in."""
    rows = event.rows()
    vectors = read_embeddings(event.output / EMBEDDINGS, rows)
    out: dict[int, set[int]] = {}
    for row, cluster in zip(rows, corrected_clusters(rows, read_corrections(event.output)).tolist(), strict=True):
        out.setdefault(int(vectors[row.embedding_row].argmax()), set()).add(cluster)
    return out


def clusters_of(event: FakeEvent, person: int) -> list[tuple[str, int]]:
    rows: list[FaceRow] = event.rows()
    vectors = read_embeddings(event.output / EMBEDDINGS, rows)
    return [(row.image_path, row.cluster_id) for row in rows if int(vectors[row.embedding_row].argmax()) == person]


def test_a_merge_and_a_split_survive_clustering_again(wedding: FakeEvent) -> None:
    wedding.cluster()
    say(wedding, SAME, faces(wedding, 1), faces(wedding, 3), 1)
    say(wedding, DIFFERENT, faces(wedding, 0, photos=["a.png"]), faces(wedding, 0, photos=["b.png", "c.png"]), 4)
    at_once = shown(wedding)
    assert at_once == {0: {0, 4}, 1: {1}, 2: {2}, 3: {1}}
    assert wedding.ids() == {0: {0}, 1: {1}, 2: {2}, 3: {3}}
    report = wedding.cluster()
    assert wedding.ids() == at_once
    assert dict(clusters_of(wedding, 0))["a.png"] == 4
    assert (report.clusters, wedding.record()["next_cluster_id"]) == (4, 5)
    assert wedding.record()["corrections"] == ["c0", "c1"]
    # And again, with more photos of those whom the user spoke of.
    wedding.add("f.png", 1, 0, seed=3)
    wedding.add("g.png", 5, seed=3)
    wedding.cluster()
    assert wedding.ids() == {0: {0, 4}, 1: {1}, 2: {2}, 3: {1}, 5: {5}}
    assert dict(clusters_of(wedding, 1))["f.png"] == 1


def test_the_same_run_again_gives_the_same_bytes(wedding: FakeEvent) -> None:
    wedding.cluster()
    say(wedding, SAME, faces(wedding, 1), faces(wedding, 3), 1)
    say(wedding, CorrectionKind.NOT_A_FACE, faces(wedding, 2, photos=["a.png"]))
    wedding.cluster()
    before = wedding.snapshot()
    wedding.cluster()
    assert wedding.snapshot() == before


def test_a_correction_invalidates_the_cached_grouping(wedding: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    group = FaceGrouping._computed

    def counted(self: FaceGrouping, *args: object) -> object:
        asked.append(args)
        return group(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(FaceGrouping, "_computed", counted)
    wedding.cluster()
    wedding.cluster()
    assert len(asked) == 1
    say(wedding, SAME, faces(wedding, 1), faces(wedding, 3), 1)
    wedding.cluster()
    wedding.cluster()
    assert len(asked) == 2
    take_back(wedding)
    wedding.cluster()
    # The cached grouping of the first run is used again.
    assert len(asked) == 2


def test_a_merge_is_taken_back_after_a_run_had_followed_it(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"1": {"name": "Anna", "category": "main"}, "2": {"name": "Tom", "category": "main"}})
    say(wedding, SAME, faces(wedding, 1), faces(wedding, 2), 1)
    wedding.cluster()
    assert wedding.ids()[2] == {1}
    take_back(wedding)
    assert shown(wedding) == {0: {0}, 1: {1}, 2: {2}, 3: {3}}
    wedding.cluster()
    # Tom has his number, and so his name, again.
    assert wedding.ids() == {0: {0}, 1: {1}, 2: {2}, 3: {3}}
    wedding.cluster()
    assert wedding.ids() == {0: {0}, 1: {1}, 2: {2}, 3: {3}}


def test_ids_of_splits_that_were_taken_back_are_not_used_again(wedding: FakeEvent) -> None:
    wedding.cluster()
    say(wedding, DIFFERENT, faces(wedding, 0, photos=["a.png"]), faces(wedding, 0, photos=["b.png"]), 7)
    take_back(wedding)
    wedding.add("g.png", 5)
    wedding.cluster()
    assert wedding.ids()[5] == {8}
    assert wedding.record()["next_cluster_id"] == 9


def test_what_is_no_face_takes_no_part(wedding: FakeEvent) -> None:
    wedding.cluster()
    say(wedding, CorrectionKind.NOT_A_FACE, faces(wedding, 0, photos=["a.png", "b.png"]))
    report = wedding.cluster()
    assert wedding.ids()[0] == {0, -1}
    assert report.identified_faces == 8
    assert shown(wedding)[0] == {0, -2}


def test_a_statue_stays_one_when_it_is_photographed_again(wedding: FakeEvent) -> None:
    wedding.cluster()
    say(wedding, CorrectionKind.NOT_A_PERSON, faces(wedding, 2), (), 2)
    wedding.add("f.png", 2, seed=4)
    wedding.cluster()
    assert wedding.ids()[2] == {2}
    assert shown(wedding)[2] == {-2}


def test_two_who_were_joined_wrongly_are_parted(wedding: FakeEvent) -> None:
    # One distance for all, so large that everybody is one person.
    settings = {"clustering": {"distance_threshold": 1.9, "same_photo_penalty": 0.0}}
    wedding.cluster(**settings)
    assert wedding.ids() == {0: {0}, 1: {0}, 2: {0}, 3: {0}}
    of_all = faces(wedding, 0) + faces(wedding, 2) + faces(wedding, 3)
    say(wedding, DIFFERENT, faces(wedding, 1, photos=["a.png"]), of_all, 1)
    wedding.cluster(**settings)
    # The other faces of that person follow the one that the user showed.
    assert wedding.ids() == {0: {0}, 1: {1}, 2: {0}, 3: {0}}


def test_poor_faces_are_whom_the_user_says(wedding: FakeEvent) -> None:
    wedding.add("tiny.png", 3, face_px=20)
    wedding.cluster(clustering={"min_face_px": 40, "second_look": True})
    tiny = faces(wedding, 3, photos=["tiny.png"])
    assert tiny[0].was == -1
    say(wedding, SAME, faces(wedding, 0), tiny, 0)
    wedding.cluster(clustering={"min_face_px": 40, "second_look": True})
    assert dict(clusters_of(wedding, 3)) == {"sub/d.png": 3, "tiny.png": 0}


def test_corrections_without_a_table_still_hold(wedding: FakeEvent) -> None:
    wedding.cluster()
    say(wedding, SAME, faces(wedding, 1), faces(wedding, 3), 1)
    for name in ("face_data.csv", "embeddings.npy", "clustering_run.json"):
        (wedding.output / name).unlink()
    wedding.cluster()
    assert wedding.ids()[1] == wedding.ids()[3] == {1}


def test_corrections_follow_photos_that_are_renamed(wedding: FakeEvent) -> None:
    wedding.cluster()
    say(wedding, SAME, faces(wedding, 1), faces(wedding, 3), 1)
    say(wedding, DIFFERENT, faces(wedding, 0, photos=["a.png"]), faces(wedding, 0, photos=["b.png", "c.png"]), 4)
    wedding.cluster()
    (wedding.photos / "a.png").rename(wedding.photos / "best.png")
    (wedding.photos / "sub").rename(wedding.photos / "evening")
    wedding.cluster()
    assert wedding.ids() == {0: {0, 4}, 1: {1}, 2: {2}, 3: {1}}
    assert dict(clusters_of(wedding, 0))["best.png"] == 4
    # What the user said is not written over; where it is now stands beside it.
    named = {face.image_path for c in read_corrections(wedding.output) for face in c.faces + c.others}
    assert {"a.png", "sub/d.png"} <= named
    now = {face.place[0] for c in read_placed_corrections(wedding.output) for face in c.faces + c.others if face.place}
    assert {"best.png", "evening/d.png"} <= now
    assert "a.png" not in now
    before = wedding.snapshot()
    wedding.cluster()
    assert wedding.snapshot() == before
    take_back(wedding)
    wedding.cluster()
    assert wedding.ids()[0] == {0}


def test_corrections_of_another_event_are_refused(wedding: FakeEvent) -> None:
    wedding.cluster()
    say(wedding, SAME, faces(wedding, 1), faces(wedding, 3), 1)
    shutil.rmtree(wedding.photos)
    wedding.add("other.png", 6, 7)
    with pytest.raises(OtherEventError, match=r"corrections\.json"):
        wedding.cluster()


def test_a_broken_file_is_refused_before_any_work(wedding: FakeEvent) -> None:
    (wedding.output).mkdir()
    (wedding.output / "corrections.json").write_text("{", encoding="utf-8")
    with pytest.raises(CorrectionsError):
        wedding.cluster()
    assert wedding.engine.analysed == 0


def test_scores_follow_corrections_without_a_new_clustering(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"0": {"name": "Anna", "category": "main"}})
    say(wedding, SAME, faces(wedding, 0), faces(wedding, 3), 0)
    say(wedding, DIFFERENT, faces(wedding, 0, photos=["b.png"]), faces(wedding, 0, photos=["c.png"]), 4)
    say(wedding, CorrectionKind.NOT_A_FACE, faces(wedding, 1, photos=["a.png"]))
    wedding.label({"0": {"name": "Anna", "category": "main"}, "4": {"name": "Tom", "category": "important"}})
    wedding.score()
    with (wedding.output / PHOTO_SCORES).open(encoding="utf-8-sig", newline="") as file:
        rows = {row["image_path"]: row for row in csv.DictReader(file)}
    assert rows["sub/d.png"]["people"] == "Anna"
    assert rows["b.png"]["people"].startswith("Tom")
    counts = [rows["a.png"][f"{name}_count"] for name in ("main", "important", "other", "unknown")]
    assert counts == ["1", "0", "1", "0"]


def test_the_check_of_the_grouping_asks_about_what_is_shown(wedding: FakeEvent) -> None:
    wedding.cluster()
    say(wedding, SAME, faces(wedding, 0), faces(wedding, 1) + faces(wedding, 2) + faces(wedding, 3), 0)
    check = EventGroupingCheck(wedding.settings(), count=6)
    # Everybody is one person, so there is nobody outside to ask about.
    assert check.verdict().recall is None or check.verdict().recall.answers == 0  # type: ignore[union-attr]
    assert len(check.questions()) > 0


def test_clusters_of_a_run_without_corrections_are_as_ever(wedding: FakeEvent) -> None:
    wedding.cluster()
    before = wedding.snapshot()
    write_corrections(wedding.output, ())
    wedding.cluster()
    after = wedding.snapshot()
    assert json.loads(after.pop("corrections.json"))["corrections"] == []
    del after[".curation-good/corrections.json"]
    assert after == before
    assert np.all([row.cluster_id >= 0 for row in wedding.rows()])
