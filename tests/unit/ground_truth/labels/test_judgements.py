from __future__ import annotations

from ground_truth.judged_events import EVENTS, is_reserved
from ground_truth.labels.judgements import Judgement, judged_photos, judgements
from ground_truth.spoiled_photos import RECIPES

REASONS = {
    "main there",
    "main over important",
    "important there",
    "important too",
    "both mains",
    "no label",
    "eyes shut",
    "expression",
    "moment",
    "looks at camera",
    "face turned",
    "face hidden",
    "larger face",
    "sharp",
    "exposure",
    "cut face",
    "tiny file",
    "collage",
    "screenshot",
}


def test_photos_of_the_events_have_one_name_each_and_known_recipes() -> None:
    photos = judged_photos()
    assert set(photos) == set(EVENTS)
    for name, of_event in photos.items():
        assert len({photo.name.casefold() for photo in of_event}) == len(of_event), name
        assert all("/" not in photo.name for photo in of_event)
        assert {photo.recipe for photo in of_event} <= {"", *RECIPES}
        assert all(len(photo.sources) == 1 or photo.recipe == "collage" for photo in of_event)


def test_at_least_two_hundred_pairs_are_judged_once_each_with_a_reason() -> None:
    photos = {name: {photo.name for photo in of_event} for name, of_event in judged_photos().items()}
    pairs = judgements()
    assert len(pairs) >= 200
    assert len({(pair.event, frozenset((pair.better, pair.worse))) for pair in pairs}) == len(pairs)
    assert all({pair.better, pair.worse} <= photos[pair.event] for pair in pairs)
    assert {pair.reason for pair in pairs} == REASONS and all(pair.remark for pair in pairs)


def test_half_of_the_pairs_and_whole_events_are_reserved_whichever_photo_is_the_better_one() -> None:
    pairs = judgements()
    of_events = [pair for pair in pairs if EVENTS[pair.event].reserved]
    others = [pair for pair in pairs if not EVENTS[pair.event].reserved]
    assert of_events and all(is_reserved(pair) for pair in of_events)
    assert 0.4 < sum(is_reserved(pair) for pair in others) / len(others) < 0.6
    for pair in pairs[:20]:
        exchanged = Judgement(pair.event, pair.worse, pair.better, "", "")
        assert exchanged.in_reserved_half == pair.in_reserved_half
