from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from curation.domain.faces.face import Box
from curation.domain.identity.said import (
    AsidePick,
    FacePlace,
    Missing,
    Said,
    SaidLabel,
    SaidPhoto,
    SaidPick,
    known_by_path,
)
from curation.domain.identity.unfound import Unfound, UnfoundKind, Why, of_odd_labels, told, unfound, unfound_told

Words = dict[str, tuple[str, Sequence[FacePlace], Sequence[FacePlace]]]

HERE, THERE = Box(1, 2, 30, 40), Box(100, 2, 30, 40)
ANNA = {"name": "Anna", "category": "main"}
PICK = {"pick": "picked", "rating": 5}


def photo(path: str, now: str | None, missing: Missing | None = None, *faces: Box, found: bool = True) -> SaidPhoto:
    return SaidPhoto(path, now=now, missing=missing, faces={box: box if found and now else None for box in faces})


def asked(
    said: Said,
    corrections: Mapping[str, tuple[str, Sequence[FacePlace], Sequence[FacePlace]]] | None = None,
    *,
    clusters: Sequence[int] = (),
    places: Sequence[FacePlace] = (),
    picked: Sequence[str] = (),
    moved: Mapping[FacePlace, int] | None = None,
) -> list[Unfound]:
    return list(unfound(said, corrections or {}, clusters, dict.fromkeys(places, 99), picked, moved or {}))


REASONS = [
    (photo("a.jpg", None, Missing.AWAY, HERE), Why.AWAY),
    (photo("a.jpg", None, Missing.REPLACED, HERE), Why.REPLACED),
    (photo("a.jpg", None, Missing.UNREADABLE, HERE), Why.UNREADABLE),
    (photo("a.jpg", None, None, HERE), Why.AWAY),
    (photo("a.jpg", "b.jpg", None, HERE, found=False), Why.NO_FACE),
]


@pytest.mark.parametrize(("where", "why"), REASONS)
def test_a_label_and_why_it_finds_nobody(where: SaidPhoto, why: Why) -> None:
    said = Said({"k": where}, {4: SaidLabel(ANNA, (("k", HERE),))})
    assert asked(said) == [Unfound(UnfoundKind.LABEL, "4", ANNA, why, ("a.jpg",))]
    assert asked(said, clusters=[4]) == []


@pytest.mark.parametrize(("where", "why"), REASONS)
def test_a_correction_and_why_it_finds_nobody(where: SaidPhoto, why: Why) -> None:
    place = ("a.jpg", HERE)
    said = Said({"k": where}, corrections={"c": {place: ("k", HERE)}})
    words: Words = {"c": ("not_a_face", [place], [])}
    assert asked(said, words) == [Unfound(UnfoundKind.CORRECTION, "c", "not_a_face", why, ("a.jpg",))]


@pytest.mark.parametrize(("where", "why"), REASONS[:3])
def test_a_pick_and_why_it_finds_no_photo(where: SaidPhoto, why: Why) -> None:
    said = Said({"k": where}, picks={"then.jpg": SaidPick(PICK, "k")})
    assert asked(said) == [Unfound(UnfoundKind.PICK, "then.jpg", PICK, why, ("then.jpg",))]


def test_a_pick_that_was_put_aside() -> None:
    said = Said({"k": photo("a.jpg", None, Missing.REPLACED)}, aside=(AsidePick("a.jpg", PICK, "k"),))
    assert asked(said, picked=["a.jpg"]) == [Unfound(UnfoundKind.PICK, "aside:k", PICK, Why.REPLACED, ("a.jpg",))]
    back = Said({"k": photo("a.jpg", "b.jpg")}, aside=(AsidePick("a.jpg", PICK, "k"),))
    assert asked(back, picked=["b.jpg"]) == []


def test_a_pick_of_a_photo_that_is_there_under_another_name() -> None:
    said = Said({"k": photo("a.jpg", "b.jpg")}, picks={"a.jpg": SaidPick(PICK, "k")})
    assert asked(said, picked=["b.jpg"]) == []
    assert len(asked(said, picked=["a.jpg"])) == 1


def test_a_label_without_anchors_or_photos() -> None:
    assert asked(Said(labels={1: SaidLabel("main", ())})) == [
        Unfound(UnfoundKind.LABEL, "1", "main", Why.NO_PERSON, ())
    ]
    lost = Said(labels={1: SaidLabel("main", (("unknown", HERE),))})
    assert asked(lost) == [Unfound(UnfoundKind.LABEL, "1", "main", Why.AWAY, ())]


def test_the_faces_of_a_label_are_with_others() -> None:
    said = Said({"k": photo("a.jpg", "b.jpg", None, HERE)}, {4: SaidLabel(ANNA, (("k", HERE),))})
    assert [word.why for word in asked(said, clusters=[3])] == [Why.WITH_OTHERS]


def test_who_was_merged_by_the_user_is_found() -> None:
    said = Said({"k": photo("a.jpg", "b.jpg", None, HERE, THERE)}, {4: SaidLabel(ANNA, (("k", HERE), ("k", THERE)))})
    both = {("b.jpg", HERE): 3, ("b.jpg", THERE): 3}
    assert asked(said, clusters=[3], moved=both) == []
    # One face that was moved is not the person.
    assert len(asked(said, clusters=[3], moved={("b.jpg", HERE): 3})) == 1
    # And those that were moved to the person are nobody else's.
    assert len(asked(said, clusters=[3], moved=dict.fromkeys(both, 4))) == 1


def test_the_reason_is_that_of_most_photos() -> None:
    photos = {
        "k": photo("a.jpg", None, Missing.UNREADABLE, HERE),
        "l": photo("b.jpg", None, Missing.REPLACED, HERE),
        "m": photo("c.jpg", None, Missing.REPLACED, HERE),
    }
    said = Said(photos, {4: SaidLabel(ANNA, tuple((key, HERE) for key in photos))})
    (word,) = asked(said)
    assert word.why is Why.REPLACED
    assert word.photos == ("a.jpg", "b.jpg", "c.jpg")


def test_a_correction_needs_a_face_on_each_side() -> None:
    photos = {"k": photo("a.jpg", "a.jpg", None, HERE), "l": photo("b.jpg", None, Missing.AWAY, HERE)}
    one, other, more = ("a.jpg", HERE), ("b.jpg", HERE), ("b.jpg", THERE)
    said = Said(photos, corrections={"c": {one: ("k", HERE), other: ("l", HERE), more: ("l", THERE)}})
    assert asked(said, {"c": ("same_person", [one, other], [])}) == []
    assert asked(said, {"c": ("same_person", [one], [other])}) != []
    assert asked(said, {"c": ("same_person", [other, more], [one])}) != []
    assert asked(said, {"c": ("same_person", [one, other], [one])}) == []


def test_a_correction_that_has_no_anchors_yet_is_looked_for_by_its_places() -> None:
    place = ("a.jpg", HERE)
    words: Words = {"c": ("not_a_face", [place], [])}
    assert asked(Said(), words, places=[place]) == []
    assert asked(Said(), words) == [Unfound(UnfoundKind.CORRECTION, "c", "not_a_face", Why.AWAY, ("a.jpg",))]


def test_a_photo_known_by_its_path_only() -> None:
    key = known_by_path("a.jpg")
    said = Said({key: photo("a.jpg", "a.jpg")}, picks={"a.jpg": SaidPick(PICK, key)})
    assert asked(said, picked=["a.jpg"]) == []


def word(kind: UnfoundKind = UnfoundKind.PICK, said: Any = PICK, why: Why = Why.AWAY, photos: int = 1) -> Unfound:
    return Unfound(kind, "7", said, why, tuple(f"{number}.jpg" for number in range(photos)))


KEPT = ". They are kept, and count again when their photos are back"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], ""),
        ([word()], f"1 pick finds nobody: their photos are not in the folder{KEPT}"),
        ([word(), word()], f"2 picks find nobody: their photos are not in the folder{KEPT}"),
        (
            [word(), word(), word(), word(UnfoundKind.CORRECTION, "not_a_face"), *[word(UnfoundKind.LABEL, ANNA)] * 2],
            f"3 picks, 1 correction and 2 names find nobody: their photos are not in the folder{KEPT}",
        ),
        (
            [word(UnfoundKind.LABEL, "main"), word(UnfoundKind.LABEL, ANNA, Why.WITH_OTHERS)],
            "1 name and 1 label find nobody: their photos are not in the folder (1); their faces "
            "are there, but were grouped with other "
            f"people in the last run (1){KEPT}",
        ),
        (
            [word(UnfoundKind.LABEL, {"category": "main"})],
            f"1 label finds nobody: their photos are not in the folder{KEPT}",
        ),
    ],
)
def test_the_sentence(words: Sequence[Unfound], sentence: str) -> None:
    assert told(words) == sentence
    assert unfound_told(words)[:1] == ((sentence,) if words else ())


def test_every_reason_has_words() -> None:
    reasons = {word(why=why).reason for why in Why}
    assert len(reasons) == len(Why)
    assert all(reason in told([word(why=why) for why in Why]) for reason in reasons)


def test_the_first_words_are_named_one_by_one() -> None:
    words = [
        word(UnfoundKind.LABEL, ANNA, photos=5),
        word(UnfoundKind.LABEL, "main", photos=3),
        word(UnfoundKind.CORRECTION, "not_a_face"),
        word(said=PICK),
        word(said={"rating": 2}),
        word(said={"pick": "rejected"}),
    ]
    assert unfound_told(words)[1:] == (
        "name Anna (person 7): 0.jpg, 1.jpg, 2.jpg and 2 more",
        "label of person 7: 0.jpg, 1.jpg, 2.jpg",
        "correction not_a_face (7): 0.jpg",
        "pick picked, 5 stars: 0.jpg",
        "pick 2 stars: 0.jpg",
        "pick rejected: 0.jpg",
    )
    lines = unfound_told([word()] * 12)
    assert len(lines) == 12
    assert lines[-1] == "and 2 more; clustering_run.json lists all"


def test_a_name_that_another_cluster_has_finds_somebody() -> None:
    said = Said(
        {"A": photo("a.jpg", "a.jpg", None, HERE)},
        {4: SaidLabel({"name": "Anna"}, ()), 5: SaidLabel({"name": "ANNA"}, (("A", HERE),))},
    )
    place = ("a.jpg", HERE)
    assert [w.id for w in unfound(said, {}, {4}, {place: 4}, (), {})] == []
    assert [w.id for w in unfound(said, {}, {4, 9}, {place: 9}, (), {})] == ["5"]


def test_a_label_of_a_number_that_nobody_has_says_so() -> None:
    (word,) = asked(Said({}, {99: SaidLabel(ANNA, ())}))
    assert (word.why, word.photos) == (Why.NO_PERSON, ())
    (odd,) = of_odd_labels({"1O": ANNA})
    assert (odd.id, odd.why) == ("1O", Why.NO_PERSON)
    assert unfound_told([word, odd]) == (
        "2 names find nobody: nobody has these numbers; see whether they are right in cluster_labels.json. "
        "They are kept",
        "name Anna (person 99)",
        "name Anna (person 1O)",
    )


@pytest.mark.parametrize("order", [("a.raw", "a.jpg"), ("a.jpg", "a.raw")])
def test_a_pick_beside_another_one_of_the_same_photo_is_told(order: Sequence[str]) -> None:
    picks = {"a.jpg": SaidPick(PICK, "jpg"), "a.raw": SaidPick({"rating": 1}, "raw")}
    photos = {"jpg": photo("a.jpg", "a.jpg"), "raw": photo("a.raw", "a.jpg")}
    said = Said(photos, picks={path: picks[path] for path in order})
    assert asked(said, picked=["a.jpg"]) == [
        Unfound(UnfoundKind.PICK, "a.raw", {"rating": 1}, Why.OTHER_PICK, ("a.raw",))
    ]
    same = replace(said, picks={**picks, "a.raw": SaidPick(PICK, "raw")})
    assert asked(same, picked=["a.jpg"]) == []
