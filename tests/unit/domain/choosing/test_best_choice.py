from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.choosing.best_choice import choose
from curation.domain.choosing.choice import Choice, ChoiceRequest
from curation.domain.choosing.coverage import coverage, people_of_photos
from curation.domain.judging.photo_facts import ScoredFace, ScoringInput
from curation.domain.judging.photo_score import PhotoScore, failed_photo_score
from curation.domain.judging.picks import PhotoPick, Pick, Picks
from curation.domain.judging.ranking import with_picks
from curation.domain.judging.scoring_rules import ScoringRules
from curation.domain.labelling.labels import Category, Person
from curation.domain.measuring.measures import FaceMeasures
from tests.unit.domain.judging.scoring_values import (
    ANNA,
    BEN,
    IDA,
    OLE,
    STRANGER,
    TOM,
    drawn_faces,
    face_measures,
    photo_measures,
    scored,
)
from tests.unit.domain.judging.test_ranking import drawn_picks

RULES = ScoringRules()
PEOPLE = (ANNA, BEN, TOM, IDA, OLE, STRANGER)
Faces = Sequence[tuple[Person | None, FaceMeasures]]
FINE = face_measures()


def event(
    photos: Sequence[Faces], picks: Picks | None = None, bursts: Sequence[int | None] = ()
) -> tuple[list[PhotoScore], dict[str, ScoringInput]]:
    """Photos named 0.jpg, 1.jpg, ..., ranked."""
    shots, scores = {}, []
    place: dict[int, int] = {}
    for number, faces in enumerate(photos):
        path = f"{number}.jpg"
        score = scored(faces, RULES, path=path)
        burst = bursts[number] if number < len(bursts) else None
        if burst is not None:
            place[burst] = place.get(burst, 0) + 1
            score = replace(score, burst_id=burst, burst_rank=place[burst], best_of_burst=place[burst] == 1)
        scores.append(score)
        shots[path] = ScoringInput(
            photo_measures(), [ScoredFace(i, person, face) for i, (person, face) in enumerate(faces)]
        )
    scores.append(failed_photo_score("broken.jpg", "cut off"))
    return with_picks(scores, picks or Picks(), RULES), shots


def chosen_from(
    request: ChoiceRequest, photos: Sequence[Faces], picks: Picks | None = None, bursts: Sequence[int | None] = ()
) -> Choice:
    ranked, shots = event(photos, picks, bursts)
    people = people_of_photos(shots, RULES.thresholds)
    return choose(request, ranked, people, coverage(ranked, people, PEOPLE), RULES)


def paths(choice: Choice) -> list[str]:
    return [photo.score.image_path for photo in choice.photos]


def reasons(choice: Choice, path: str) -> tuple[str, ...]:
    return next(photo.reasons for photo in choice.photos if photo.score.image_path == path)


def test_who_is_in_how_many_good_photos() -> None:
    ranked, shots = event(
        [
            [(ANNA, FINE), (TOM, face_measures(eyes=0.1))],
            [(ANNA, face_measures(eyes=0.1)), (TOM, FINE)],
            [(TOM, face_measures(focus=0.1)), (OLE, FINE)],
            [(IDA, face_measures(eyes=None)), (None, FINE)],
            [(TOM, FINE)],
        ],
        Picks({"3.jpg": PhotoPick(Pick.PICKED), "4.jpg": PhotoPick(Pick.REJECTED)}),
    )
    covered = coverage(ranked, people_of_photos(shots, RULES.thresholds), PEOPLE)
    assert [(one.person, len(one.photos), one.good, one.picked) for one in covered] == [
        (ANNA, 2, ("0.jpg",), 0),
        (BEN, 0, (), 0),
        (IDA, 1, ("3.jpg",), 1),
        # Anna blinks in 1.jpg, which is vetoed; 4.jpg is rejected.
        (TOM, 4, (), 0),
    ]


def test_everybody_is_in_though_others_score_higher() -> None:
    anna: Faces = [(ANNA, FINE), (BEN, FINE)]
    tom: Faces = [(TOM, face_measures(smile=0.0))]
    ida: Faces = [(IDA, face_measures(smile=0.1)), (TOM, face_measures(eyes=0.1))]
    choice = chosen_from(ChoiceRequest(3, main_at_least=1), [anna, anna, anna, tom, ida])
    assert set(paths(choice)) == {"0.jpg", "3.jpg", "4.jpg"}
    assert reasons(choice, "3.jpg") == ("the only good photo of Tom (important)",)
    assert "the one photo of Anna (main) that is asked for" in reasons(choice, "0.jpg")
    assert "number 1 of 6 in the ranking" in reasons(choice, "0.jpg")
    assert [(p.score.image_path, p.reason) for p in choice.passed] == [
        ("1.jpg", "made room for people who would not have been in often enough"),
        ("2.jpg", "made room for people who would not have been in often enough"),
    ]
    assert (choice.unmet, choice.proven) == ((), True)
    assert {one.covered.person.display_name: (one.chosen, one.wanted) for one in choice.people} == {
        "Anna": (1, 1),
        "Ben": (1, 1),
        "Ida": (1, 1),
        "Tom": (1, 1),
    }


def test_no_burst_twice() -> None:
    best: Faces = [(ANNA, FINE), (BEN, FINE)]
    good: Faces = [(ANNA, face_measures(smile=0.2)), (BEN, FINE)]
    nobody = ChoiceRequest(2, main_at_least=0, important_at_least=0)
    choice = chosen_from(nobody, [best, best, good], bursts=[1, 1, None])
    assert paths(choice) == ["0.jpg", "2.jpg"]
    assert reasons(choice, "0.jpg")[-1] == "the best of its burst of 2"
    assert [(p.score.image_path, p.reason) for p in choice.passed] == [("1.jpg", "0.jpg of the same burst is in")]
    twice = chosen_from(replace(nobody, one_per_burst=False), [best, best, good], bursts=[1, 1, None])
    assert paths(twice) == ["0.jpg", "1.jpg"]


def test_the_users_word_wins() -> None:
    plain: Faces = [(ANNA, FINE), (BEN, FINE)]
    poor: Faces = [(OLE, face_measures(eyes=0, smile=0, focus=0, exposure=0))]
    blink: Faces = [(ANNA, face_measures(eyes=0.0))]
    picks = Picks(
        {
            "0.jpg": PhotoPick(Pick.REJECTED),
            "3.jpg": PhotoPick(Pick.PICKED),
            "4.jpg": PhotoPick(Pick.PICKED, 3),
            "5.jpg": PhotoPick(None, 1),
        }
    )
    request = ChoiceRequest(4, main_at_least=1, important_at_least=0)
    choice = chosen_from(request, [plain, plain, plain, poor, blink, poor], picks)
    assert paths(choice) == ["4.jpg", "3.jpg", "5.jpg", "1.jpg"]
    assert reasons(choice, "4.jpg") == ("you picked it", "you gave it 3 stars")
    assert reasons(choice, "5.jpg")[0] == "you gave it 1 star"
    few = chosen_from(replace(request, count=1), [plain, plain, plain, poor, blink, poor], picks)
    assert paths(few) == ["4.jpg", "3.jpg"]
    assert few.unmet[0] == "you picked 2 photos, more than the 1 that are asked for; all of them are in"
    assert "Ben (main) is in 0 instead of 1: more do not fit into 1 photos with everybody else" in few.unmet


def test_what_cannot_be_met_is_said() -> None:
    anna: Faces = [(ANNA, FINE)]
    blink: Faces = [(BEN, face_measures(eyes=0.0))]
    choice = chosen_from(ChoiceRequest(9, main_at_least=3), [anna, anna, anna, blink, [(TOM, FINE)]], bursts=[1, 1, 1])
    assert choice.unmet == (
        "only 2 of the 9 photos: no more can be taken without taking a burst twice, the others are vetoed, rejected or "
        "unreadable",
        "Anna (main) has good photos of one moment only, 3 are asked for",
        "Ben (main) has no good photo; the only one is vetoed, rejected, soft or with closed eyes",
        "Ida (important) is in no photo that was measured",
    )
    two = chosen_from(ChoiceRequest(2, main_at_least=3), [anna, anna])
    assert "Anna (main) has 2 good photos, 3 are asked for" in two.unmet


def test_everybody_once_comes_before_somebody_often() -> None:
    photos: list[Faces] = [[(ANNA, FINE)], [(ANNA, FINE)], [(ANNA, FINE)], [(BEN, face_measures(smile=0.0))]]
    photos += [[(TOM, face_measures(smile=0.0, focus=0.5))]]
    choice = chosen_from(ChoiceRequest(3, main_at_least=3), photos)
    assert set(paths(choice)) == {"0.jpg", "3.jpg", "4.jpg"}
    assert set(paths(chosen_from(ChoiceRequest(2, main_at_least=3), photos))) == {"0.jpg", "3.jpg"}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(drawn_faces, max_size=8),
    drawn_picks,
    st.lists(st.none() | st.integers(1, 3), min_size=8, max_size=8),
    st.builds(ChoiceRequest, st.integers(1, 6), st.integers(0, 3), st.integers(0, 2), st.booleans()),
)
def test_any_choice_keeps_its_promises(
    photos: list[Faces], picks: Picks, bursts: list[int | None], request: ChoiceRequest
) -> None:
    ranked, shots = event(photos, picks, bursts)
    people = people_of_photos(shots, RULES.thresholds)
    covered = coverage(ranked, people, PEOPLE)
    choice = choose(request, ranked, people, covered, RULES)
    scores = [photo.score for photo in choice.photos]
    picked = [score for score in ranked if score.pick is Pick.PICKED and score.final_score is not None]
    assert len(scores) <= max(request.count, len(picked))
    assert {score.image_path for score in picked} <= {score.image_path for score in scores}
    assert [score.rank for score in scores] == sorted({score.rank for score in scores})
    for score in scores:
        assert score.final_score is not None
        assert score.pick is Pick.PICKED or (score.pick is None and not score.vetoes)
    if request.one_per_burst:
        free = [score.burst_id for score in scores if score.burst_id is not None and score.pick is None]
        of_picks = {score.burst_id for score in picked}
        assert len(free) == len(set(free))
        assert not set(free) & of_picks
    assert all(photo.reasons for photo in choice.photos)
    assert choice.proven
    for one in choice.people:
        assert one.chosen == sum(one.covered.person.key in people[s.image_path].well for s in scores)
        title = f"{one.covered.person.display_name} ({one.covered.person.category.value})"
        assert (one.chosen < one.wanted) == any(sentence.startswith(title) for sentence in choice.unmet)
    assert all(one.covered.person.category is not Category.OTHER for one in choice.people)
    assert choose(request, ranked, people, covered, RULES) == choice
