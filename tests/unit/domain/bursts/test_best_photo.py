from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from curation.domain.bursts.best_photo import event_bursts, mark_bursts, well_seen_people
from curation.domain.bursts.finding import BurstRules
from curation.domain.judging.photo_facts import ScoredFace, ScoringInput
from curation.domain.judging.photo_score import PhotoScore, failed_photo_score
from curation.domain.judging.scoring_rules import Rule, RuleMode, Rules, ScoringRules
from curation.domain.labelling.labels import Person
from curation.domain.measuring.measures import FaceMeasures
from tests.unit.domain.bursts.burst_values import look
from tests.unit.domain.judging.scoring_values import ANNA, BEN, TOM, face_measures, photo_measures, scored

TIME = datetime(2026, 6, 1, 12)
NO_VETO = ScoringRules(rules=Rules(require_main_eyes_open=Rule(RuleMode.OFF)))
Faces = Sequence[tuple[Person | None, FaceMeasures]]


def marked(
    photos: Mapping[str, Faces], rules: ScoringRules = NO_VETO, width: Mapping[str, int] | None = None
) -> dict[str, PhotoScore]:
    shots = {}
    for path, faces in photos.items():
        measures = replace(photo_measures(), capture_time=TIME, miniature=look(1), width=(width or {}).get(path, 4000))
        shots[path] = ScoringInput(measures, [ScoredFace(i, person, face) for i, (person, face) in enumerate(faces)])
    scores = [scored(faces, rules, path=path) for path, faces in photos.items()]
    scores.append(failed_photo_score("broken.jpg", "cut off"))
    result = mark_bursts(scores, shots, event_bursts(shots, BurstRules()), rules)
    assert [score.image_path for score in result] == [*photos, "broken.jpg"]
    assert (result[-1].burst_id, result[-1].best_of_burst) == (None, False)
    assert {score.burst_id for score in result[:-1]} == {1}
    assert sorted(score.burst_rank or 0 for score in result[:-1]) == list(range(1, len(result)))
    assert all(score.best_of_burst is (score.burst_rank == 1) for score in result)
    return {score.image_path: score for score in result}


def best(photos: Mapping[str, Faces], rules: ScoringRules = NO_VETO) -> str:
    return next(path for path, score in marked(photos, rules).items() if score.best_of_burst)


def test_open_eyes_of_main_people_come_before_a_smile() -> None:
    blink = [(ANNA, face_measures(eyes=0.1)), (BEN, face_measures())]
    serious = [(ANNA, face_measures(smile=0.0)), (BEN, face_measures(smile=0.0))]
    result = marked({"d/a.jpg": blink, "d/b.jpg": serious})
    assert result["d/b.jpg"].best_of_burst
    assert result["d/b.jpg"].results_string.endswith(" · best of 2")
    assert result["d/a.jpg"].results_string.endswith(" · b.jpg of the same burst is better: eyes open")


def test_main_people_come_before_important_ones() -> None:
    main_blinks = [(ANNA, face_measures(eyes=0.1)), (TOM, face_measures())]
    other_blinks = [(ANNA, face_measures()), (TOM, face_measures(eyes=0.1))]
    assert best({"a": main_blinks, "b": other_blinks}) == "b"


def test_nobody_is_missing() -> None:
    alone = [(ANNA, face_measures())]
    both = [(ANNA, face_measures(smile=0.2)), (BEN, face_measures(smile=0.2))]
    result = marked({"a": alone, "b": both})
    assert result["b"].best_of_burst
    assert result["a"].results_string.endswith("more people seen")


def test_the_sharper_one() -> None:
    result = marked({"a": [(ANNA, face_measures(focus=0.2))], "b": [(ANNA, face_measures(focus=0.9))]})
    assert result["b"].best_of_burst
    assert result["a"].results_string.endswith("sharper")


def test_a_turned_head() -> None:
    frontal, turned = face_measures(), face_measures(yaw_deg=60.0)
    assert best({"a": [(ANNA, turned)], "b": [(ANNA, frontal)]}) == "b"


def test_eyes_that_are_seen_are_better_than_hidden_ones_and_both_than_a_blink() -> None:
    seen, hidden, shut = (face_measures(eyes=value, smile=0.0 if value else 0.7) for value in (0.9, None, 0.0))
    photos = {"a": [(ANNA, shut)], "b": [(ANNA, hidden)], "c": [(ANNA, seen)]}
    assert best(photos) == "c"
    del photos["c"]
    assert best(photos) == "b"


def test_a_face_that_no_photo_shows_sharp_is_no_reason() -> None:
    happy = [(ANNA, face_measures(focus=0.38))]
    serious = [(ANNA, face_measures(focus=0.42, smile=0.0))]
    assert best({"a": serious, "b": happy}) == "b"


def test_a_vetoed_photo_is_never_best() -> None:
    rules = ScoringRules(rules=Rules(require_smile=Rule(RuleMode.VETO)))
    serious = [(TOM, face_measures(smile=0.4))]
    soft = [(TOM, face_measures(focus=0.1))]
    assert best({"a": serious, "b": soft}, rules) == "b"


def test_of_copies_the_larger_one_then_the_first_by_name() -> None:
    faces = [(ANNA, face_measures())]
    copies = marked({"a": faces, "b": faces}, width={"a": 3900})
    assert copies["b"].best_of_burst
    assert copies["a"].results_string.endswith("larger")
    equal = marked({"a": faces, "b": faces})
    assert equal["a"].best_of_burst
    assert equal["b"].results_string.endswith("the first of equals")


def test_a_better_photo_in_another_folder_is_named_with_it() -> None:
    faces = [(ANNA, face_measures())]
    result = marked({"day 1/a.jpg": faces, "day 2/a.jpg": faces})
    assert "day 1/a.jpg of the same burst is better" in result["day 2/a.jpg"].results_string


def test_photos_alone_are_best() -> None:
    score = scored([(ANNA, face_measures())], path="a.jpg")
    assert mark_bursts([score], {}, event_bursts({}, BurstRules()), NO_VETO) == [score]
    assert score.best_of_burst
    assert score.burst_id is None


def test_well_seen_people() -> None:
    faces = [
        ScoredFace(0, ANNA, face_measures(size_px=100)),
        ScoredFace(1, BEN, face_measures(size_px=30)),
        ScoredFace(2, TOM, face_measures(yaw_deg=-70.0)),
        ScoredFace(3, None, face_measures()),
    ]
    assert well_seen_people(faces) == {ANNA.key}
    assert well_seen_people([]) == frozenset()


def test_a_blown_frame_is_not_the_sharper_one() -> None:
    blown = [(ANNA, face_measures(focus=1.0, exposure=0.05))]
    normal = [(ANNA, face_measures(focus=0.7, exposure=0.95))]
    result = marked({"a": blown, "b": normal})
    assert result["b"].best_of_burst
    assert result["a"].results_string.endswith("better light")


def test_a_bracket_does_not_hide_a_blink_in_the_light() -> None:
    # The eyes of the blown frame cannot be told, so that it alone is not vetoed.
    shut, blown = face_measures(eyes=0.1, exposure=0.9), face_measures(eyes=None, exposure=0.1)
    assert best({"a": [(ANNA, blown)], "b": [(ANNA, shut)]}, ScoringRules()) == "b"


def test_a_person_in_the_dark_is_a_fault_where_others_are_lit() -> None:
    lit, dark = face_measures(exposure=0.9), face_measures(exposure=0.1)
    serious = face_measures(exposure=0.9, smile=0.0)
    assert best({"a": [(ANNA, lit), (BEN, dark)], "b": [(ANNA, serious), (BEN, serious)]}) == "b"


def test_a_dark_event_has_no_faults_of_exposure() -> None:
    happy = [(ANNA, face_measures(exposure=0.1))]
    serious = [(ANNA, face_measures(exposure=0.3, smile=0.0))]
    assert best({"a": serious, "b": happy}) == "b"


def test_a_laugh_with_closed_eyes_is_no_fault() -> None:
    laugh = [(ANNA, face_measures(eyes=0.1, smile=0.95))]
    serious = [(ANNA, face_measures(smile=0.0))]
    assert best({"a": serious, "b": laugh}) == "b"
    assert best({"a": laugh, "b": [(ANNA, face_measures(smile=0.95))]}) == "b"
