from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from curation.domain.faces.face import Box
from curation.domain.identity.said import AsidePick, FacePlace, Missing, Said, SaidLabel, SaidPhoto, SaidPick
from curation.domain.identity.settling import Words
from curation.domain.identity.unfound import UnfoundKind, Why
from curation.domain.judging.picks import NO_PICKS, PhotoPick, Pick, Picks
from curation.domain.labelling.corrections import CorrectedFace, Correction, CorrectionKind
from curation.errors import CorrectionsError, FaceDataError, LabelsError, PicksError
from curation.pipelines.said.words import (
    labels_json,
    picks_now,
    placed,
    read_picks_now,
    read_placed_corrections,
    read_words,
    settle,
    unfound_json,
    words_unfound,
)
from curation.settings import Settings
from curation.storage.said.corrections_file import CORRECTIONS, write_corrections
from curation.storage.said.grouping_answers import GROUPING_ANSWERS
from curation.storage.said.picks_file import PICKS, write_picks
from curation.storage.said.said_file import read_said, write_said
from tests.service import make_settings

HERE, THERE = Box(1, 2, 30, 40), Box(100, 2, 30, 40)
FIVE, TWO, NO = PhotoPick(Pick.PICKED, 5), PhotoPick(None, 2), PhotoPick(Pick.REJECTED)
FIVE_JSON, TWO_JSON, NO_JSON = {"pick": "picked", "rating": 5}, {"rating": 2}, {"pick": "rejected"}


def correction(
    *faces: CorrectedFace, others: Sequence[CorrectedFace] = (), undone: bool = False, cluster: int = -1
) -> Correction:
    kind = CorrectionKind.NOT_A_FACE if cluster < 0 else CorrectionKind.SAME_PERSON
    return Correction("c", "2024", kind, faces, tuple(others), cluster, undone)


# Corrections.


def test_faces_are_placed_where_they_are_now() -> None:
    said = Said(
        {
            "A": SaidPhoto("a.jpg", now="moved.jpg", faces={HERE: HERE}),
            "B": SaidPhoto("b.jpg", ("B2",), "b.webp", faces={HERE: THERE, THERE: None}),
            "C": SaidPhoto("c.jpg", missing=Missing.REPLACED, faces={HERE: None}),
        },
        corrections={
            "c": {
                ("a.jpg", HERE): ("A", HERE),
                ("b.jpg", HERE): ("B", HERE),
                ("b.jpg", THERE): ("B", THERE),
                ("c.jpg", HERE): ("C", HERE),
                ("d.jpg", HERE): ("D", HERE),
            }
        },
    )
    names = [("a.jpg", HERE), ("b.jpg", HERE), ("b.jpg", THERE), ("c.jpg", HERE), ("d.jpg", HERE), ("new.jpg", HERE)]
    faces = [CorrectedFace(path, box, was=4) for path, box in names]
    (after,) = placed([correction(*faces[:3], others=faces[3:], cluster=4)], said)
    assert [face.place for face in after.faces] == [("moved.jpg", HERE), ("b.webp", THERE), None]
    assert [face.place for face in after.others] == [None, None, ("new.jpg", HERE)]
    assert [face.is_found for face in after.faces + after.others] == [True, True, False, False, False, True]
    # What the file says stays, so that it can be written again.
    assert [(face.image_path, face.facial_area, face.was) for face in after.faces + after.others] == [
        (*name, 4) for name in names
    ]
    assert placed([], said) == ()


def test_corrections_are_read_with_their_places(tmp_path: Path) -> None:
    write_corrections(tmp_path, [correction(CorrectedFace("a.jpg", HERE, 3))])
    write_said(
        tmp_path,
        Said({"A": SaidPhoto("a.jpg", now="b.jpg", faces={HERE: THERE})}, {}, {"c": {("a.jpg", HERE): ("A", HERE)}}),
    )
    (read,) = read_placed_corrections(tmp_path)
    assert read.faces[0].place == ("b.jpg", THERE)
    assert not read.applied
    (read,) = read_placed_corrections(tmp_path, {"corrections": ["c"]})
    assert read.applied


# Picks.


def now(picks: Mapping[str, PhotoPick], said: Said) -> dict[str, PhotoPick]:
    return dict(picks_now(Picks(picks), said).by_path)


def test_picks_follow_their_photos() -> None:
    said = Said(
        {
            "A": SaidPhoto("a.jpg", now="moved.jpg"),
            "B": SaidPhoto("b.jpg", ("B2",), "b.webp", certainty=0.9),
            "C": SaidPhoto("c.jpg", missing=Missing.REPLACED),
        },
        picks={"a.jpg": SaidPick(FIVE_JSON, "A"), "b.jpg": SaidPick(TWO_JSON, "B"), "c.jpg": SaidPick(NO_JSON, "C")},
    )
    picks = {"a.jpg": FIVE, "b.jpg": TWO, "c.jpg": NO}
    assert now(picks, said) == {"moved.jpg": FIVE, "b.webp": TWO}
    assert picks_now(NO_PICKS, Said()) == NO_PICKS


def test_a_pick_without_an_anchor_is_about_the_photo_at_its_path() -> None:
    said = Said({"A": SaidPhoto("a.jpg", now="moved.jpg")}, picks={"a.jpg": SaidPick(FIVE_JSON, "A")})
    assert now({"new.jpg": TWO}, said) == {"new.jpg": TWO}
    # It was changed since it got its anchor: what the file says now is about what the user saw.
    assert now({"a.jpg": TWO}, said) == {"a.jpg": TWO}


def test_of_two_picks_of_one_photo_the_one_under_its_name_now_counts() -> None:
    said = Said(
        {"A": SaidPhoto("a.jpg", now="moved.jpg")},
        picks={"a.jpg": SaidPick(FIVE_JSON, "A"), "moved.jpg": SaidPick(NO_JSON, "A")},
    )
    for picks in ({"a.jpg": FIVE, "moved.jpg": NO}, {"moved.jpg": NO, "a.jpg": FIVE}):
        assert now(picks, said) == {"moved.jpg": NO}


def test_two_photos_that_changed_their_names() -> None:
    said = Said(
        {"A": SaidPhoto("a.jpg", now="b.jpg"), "B": SaidPhoto("b.jpg", now="a.jpg")},
        picks={"a.jpg": SaidPick(FIVE_JSON, "A"), "b.jpg": SaidPick(NO_JSON, "B")},
    )
    assert now({"a.jpg": FIVE, "b.jpg": NO}, said) == {"b.jpg": FIVE, "a.jpg": NO}


def test_a_pick_that_was_put_aside_counts_when_its_photo_is_back() -> None:
    picks = {"a.jpg": SaidPick(TWO_JSON, "X")}
    aside = (AsidePick("a.jpg", FIVE_JSON, "A"),)
    away = {"X": SaidPhoto("a.jpg", now="a.jpg"), "A": SaidPhoto("a.jpg", missing=Missing.REPLACED)}
    assert now({"a.jpg": TWO}, Said(away, picks=picks, aside=aside)) == {"a.jpg": TWO}
    back = {**away, "A": SaidPhoto("a.jpg", now="back.jpg")}
    assert now({"a.jpg": TWO}, Said(back, picks=picks, aside=aside)) == {"a.jpg": TWO, "back.jpg": FIVE}
    # One of its own counts more.
    own = {**picks, "back.jpg": SaidPick(NO_JSON, "A")}
    assert now({"a.jpg": TWO, "back.jpg": NO}, Said(back, picks=own, aside=aside))["back.jpg"] == NO


def test_picks_are_read_with_where_their_photos_are(tmp_path: Path) -> None:
    assert read_picks_now(tmp_path) == NO_PICKS
    write_picks(tmp_path / PICKS, Picks({"a.jpg": FIVE}))
    said = Said({"A": SaidPhoto("a.jpg", now="b.jpg")}, picks={"a.jpg": SaidPick(FIVE_JSON, "A")})
    write_said(tmp_path, said)
    assert dict(read_picks_now(tmp_path).by_path) == {"b.jpg": FIVE}


# Reading the user's files.


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = make_settings(tmp_path)
    made.io.output_dir.mkdir()
    return made


ANSWER = {"image_path": "a.jpg", "facial_area": [1, 2, 30, 40]}


def write_all(output: Path) -> None:
    (output / "cluster_labels.json").write_text('{"0": "main", "x": 1, "-1": "main"}')
    write_corrections(output, [correction(CorrectedFace("a.jpg", HERE), others=[CorrectedFace("b.jpg", THERE)])])
    write_picks(output / PICKS, Picks({"a.jpg": FIVE}))


def test_all_words_are_read(settings: Settings) -> None:
    assert read_words(settings) == Words()
    write_all(settings.io.output_dir)
    words = read_words(settings)
    assert words.labels == {0: "main"}
    assert words.corrections == {"c": [("a.jpg", HERE), ("b.jpg", THERE)]}
    assert words.answers is None
    assert words.picks == {"a.jpg": FIVE_JSON}


BROKEN = [
    ("cluster_labels.json", LabelsError, "labels"),
    (CORRECTIONS, CorrectionsError, "corrections"),
    (GROUPING_ANSWERS, FaceDataError, "answers"),
    (PICKS, PicksError, "picks"),
]


@pytest.mark.parametrize(("name", "error", "part"), BROKEN)
def test_a_broken_file_is_an_error_or_left_as_it_is(
    settings: Settings, caplog: pytest.LogCaptureFixture, name: str, error: type[Exception], part: str
) -> None:
    write_all(settings.io.output_dir)
    whole = read_words(settings)
    (settings.io.output_dir / name).write_text('{"0": ')
    with pytest.raises(error, match=name):
        read_words(settings)
    with caplog.at_level(logging.INFO):
        words = read_words(settings, is_strict=False)
    assert name in caplog.text
    assert getattr(words, part) is None
    for other in {"labels", "corrections", "picks"} - {part}:
        assert getattr(words, other) == getattr(whole, other)


def test_labels_of_any_form_are_kept_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({"1": "main", "2": {"name": "Anna"}, "03": None, "1" * 12: "main", "\u0663": "main"}))
    assert labels_json(path) == {1: "main", 2: {"name": "Anna"}}
    path.write_text("[1]")
    assert labels_json(path) == {}


@pytest.mark.parametrize("content", ["[]", "null", '"main"'])
def test_labels_that_are_no_object_take_no_word_away(settings: Settings, content: str) -> None:
    write_all(settings.io.output_dir)
    (settings.io.output_dir / "cluster_labels.json").write_text(content)
    with pytest.raises(LabelsError, match=r"must be a JSON object(.|\n)*Correct it first"):
        read_words(settings)
    assert read_words(settings, is_strict=False).labels is None


class Event:
    """One photo with one face, which is person 0."""

    def photo_key(self, image_path: str) -> str | None:
        return "A" if image_path == "a.jpg" else None

    def shown_faces(self, cluster: int) -> Sequence[FacePlace]:
        return [("a.jpg", HERE)] if cluster == 0 else []

    def box_at(self, image_path: str, box: Box) -> Box | None:
        return HERE if (image_path, box) == ("a.jpg", HERE) else None


def test_settling_writes_what_the_words_are_about(settings: Settings) -> None:
    output = settings.io.output_dir
    write_all(output)
    said = settle(settings, Event())
    assert said == read_said(output)
    assert said.labels == {0: SaidLabel("main", (("A", HERE),))}
    assert said.corrections == {"c": {("a.jpg", HERE): ("A", HERE)}}
    assert said.picks == {"a.jpg": SaidPick(FIVE_JSON, "A")}
    # A broken file keeps its words, a deleted one too: they are about something when it is back.
    (output / "cluster_labels.json").write_text("{")
    (output / PICKS).unlink()
    assert settle(settings, Event(), is_strict=False) == said
    with pytest.raises(LabelsError, match="so that no label is lost"):
        settle(settings, Event())
    assert read_said(output) == said


# What finds nobody.


def test_only_what_the_files_still_say_is_reported(settings: Settings) -> None:
    said = Said(
        {"A": SaidPhoto("a.jpg", missing=Missing.AWAY, faces={HERE: None})},
        {0: SaidLabel("main", (("A", HERE),)), 1: SaidLabel("other", (("A", HERE),))},
        {"c": {("a.jpg", HERE): ("A", HERE)}},
        {"a.jpg": SaidPick(FIVE_JSON, "A"), "b.jpg": SaidPick(NO_JSON, "A")},
        (AsidePick("z.jpg", TWO_JSON, "A"),),
    )
    one = correction(CorrectedFace("a.jpg", HERE))
    words = Words(labels={0: "main"}, picks={"a.jpg": FIVE_JSON})
    found = words_unfound(said, words, [one], (), {}, ())
    assert [(word.kind, word.id) for word in found] == [
        (UnfoundKind.LABEL, "0"),
        (UnfoundKind.CORRECTION, "c"),
        (UnfoundKind.PICK, "a.jpg"),
        (UnfoundKind.PICK, "aside:A"),
    ]
    assert {word.why for word in found} == {Why.AWAY}
    undone = correction(CorrectedFace("a.jpg", HERE), undone=True)
    assert words_unfound(said, Words(), [undone], (), {}, ()) == ()
    assert unfound_json(found)[0] == {"kind": "label", "id": "0", "said": "main", "why": "away", "photos": ["a.jpg"]}


def test_a_person_whose_faces_the_user_gave_to_another_one_is_not_reported() -> None:
    said = Said({"A": SaidPhoto("a.jpg", now="b.jpg", faces={HERE: HERE})}, {0: SaidLabel("main", (("A", HERE),))})
    merge = correction(CorrectedFace("b.jpg", HERE), cluster=1)
    words = Words(labels={0: "main"})
    assert words_unfound(said, words, [merge], {1}, {("b.jpg", HERE): 1}, {"b.jpg"}) == ()
    assert len(words_unfound(said, words, [], {1}, {("b.jpg", HERE): 1}, {"b.jpg"})) == 1
