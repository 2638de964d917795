"""Which face of a person is best in a burst, and which frame is best for most."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from curation.domain.bursts.best_faces import (
    BurstFrame,
    FaceLimits,
    SeenFace,
    burst_sentence,
    group_burst,
)

LIMITS = FaceLimits(eyes_open=0.5, focus=0.4)
NAMES = {"a": "Anna", "b": "Tom", "c": "person 7"}


def face(
    eyes: float | None = 0.9, focus: float | None = 0.8, smile: float | None = 0.5, size_px: int = 100
) -> SeenFace:
    return SeenFace("f", eyes, smile, focus, size_px)


def frames(*people: dict[str, SeenFace]) -> list[BurstFrame]:
    return [BurstFrame(f"day/{number}.jpg", one) for number, one in enumerate(people, start=1)]


class TestOneFrameForMost:
    def test_most_people_decide(self) -> None:
        shots = frames(
            {"a": face(), "b": face(eyes=0.1), "c": face(eyes=0.1)},
            {"a": face(eyes=0.1), "b": face(), "c": face()},
        )
        burst = group_burst(shots, counted=["a", "b", "c"], main=frozenset("a"), limits=LIMITS)
        assert burst.best == "day/2.jpg"
        assert {person.key: person.best for person in burst.people} == {
            "a": "day/1.jpg", "b": "day/2.jpg", "c": "day/2.jpg",
        }  # fmt: skip

    def test_among_equals_the_main_people_decide(self) -> None:
        shots = frames({"a": face(eyes=0.1), "b": face()}, {"a": face(), "b": face(eyes=0.1)})
        assert group_burst(shots, counted=["a", "b"], main=frozenset("a"), limits=LIMITS).best == "day/2.jpg"

    def test_whoever_is_missing_is_not_shown_well(self) -> None:
        shots = frames({"a": face()}, {"a": face(), "b": face()})
        assert group_burst(shots, counted=["a", "b"], limits=LIMITS).best == "day/2.jpg"

    def test_clearly_softer_than_elsewhere_counts_as_blurred(self) -> None:
        shots = frames({"a": face(focus=0.95)}, {"a": face(focus=0.6, smile=1.0)})
        (anna,) = group_burst(shots, counted=["a"], limits=LIMITS).people
        assert (anna.best, anna.blurred_in, anna.good_in) == ("day/1.jpg", ("day/2.jpg",), ("day/1.jpg",))

    def test_nobody_counts(self) -> None:
        burst = group_burst(frames({"a": face()}, {}), counted=[], limits=LIMITS)
        assert (burst.best, burst.open_in, len(burst.people)) == (None, (), 1)

    def test_no_frames(self) -> None:
        burst = group_burst([], counted=["a"], limits=LIMITS)
        assert (burst.best, burst.people) == (None, ())


class TestSentence:
    def say(self, *people: dict[str, SeenFace], counted: str = "abc") -> str:
        shots = frames(*people)
        return burst_sentence(group_burst(shots, counted=list(counted), limits=LIMITS), len(shots), NAMES)

    def test_some_and_who_only_once(self) -> None:
        shut = face(eyes=0.1)
        said = self.say(
            {"a": shut, "b": face()}, {"a": face(), "b": face()}, {"a": shut, "b": face()}, {"a": shut, "b": face()}
        )
        assert said == "Everybody's eyes are open in 1 of 4; Anna's only in 2"

    def test_all_none_and_one_person(self) -> None:
        shut = face(eyes=0.1)
        assert self.say(*[{"a": face(), "b": face()}] * 3) == "Everybody's eyes are open in all 3"
        assert self.say({"a": face(), "b": face()}, {"a": face(), "b": face()}).endswith("in both photos")
        assert self.say({"a": shut, "b": face()}, {"a": shut, "b": face()}) == (
            "Everybody's eyes are open in none of 2; Anna's in none"
        )
        assert self.say({"c": shut}, {"c": face()}) == "Person 7's eyes are open in 1 of 2: 2"

    def test_nothing_to_say(self) -> None:
        assert self.say({"a": face()}) == ""
        assert self.say({"a": face(eyes=None)}, {"a": face(eyes=None)}) == ""

    def test_dark_glasses_say_nothing_of_the_others(self) -> None:
        said = self.say({"a": face(), "b": face(eyes=None)}, {"a": face(), "b": face(eyes=None)})
        assert said == "Anna's eyes are open in both photos"


value = st.none() | st.floats(0, 1).map(lambda one: round(one, 2))
faces = st.builds(face, eyes=value, focus=value, smile=value, size_px=st.integers(20, 400))
some_frames = st.lists(st.dictionaries(st.sampled_from("abcd"), faces, max_size=4), min_size=1, max_size=4).map(
    lambda people: frames(*people)
)


@given(shots=some_frames, main=st.frozensets(st.sampled_from("abcd")))
def test_the_order_of_the_frames_changes_no_answer(shots: list[BurstFrame], main: frozenset[str]) -> None:
    answers = set()
    for order in itertools.islice(itertools.permutations(shots), 6):
        burst = group_burst(order, counted=list("abcd"), main=main, limits=LIMITS)
        answers.add((burst.best, frozenset(burst.open_in), frozenset((one.key, one.best) for one in burst.people)))
    assert len(answers) == 1


@given(shots=some_frames)
def test_the_best_frame_suits_at_least_as_many_as_any_other(shots: list[BurstFrame]) -> None:
    burst = group_burst(shots, counted=list("abcd"), limits=LIMITS)
    suited = {frame.image_path: sum(frame.image_path in person.good_in for person in burst.people) for frame in shots}
    if burst.best is not None:
        assert suited[burst.best] == max(suited.values())
    for person in burst.people:
        assert person.best in person.good_in
        if person.open_in:
            assert person.best not in person.closed_in
        assert not set(person.open_in) & set(person.closed_in)
    assert all(set(burst.open_in) <= set(person.open_in) for person in burst.people if person.open_in)
