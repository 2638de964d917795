"""Words that find nobody are forgotten, given to others and put back."""

from __future__ import annotations

from dataclasses import replace

from curation.domain.faces.face import Box
from curation.domain.identity.said import AsidePick, Missing, Said, SaidLabel, SaidPhoto, SaidPick
from curation.domain.identity.unfound import Unfound, UnfoundKind, Why, counts_told, told, unfound
from curation.event.reattaching import labels_of, with_labels_back, with_pick_of, without_pick

BOX, OTHER = Box(1, 2, 30, 40), Box(50, 2, 30, 40)
GONE = SaidPhoto("a.jpg", now=None, missing=Missing.AWAY, faces={BOX: None})
PICK, ASIDE = {"pick": "picked"}, {"rating": 3}
SAID = Said(
    photos={"aa": GONE, "bb": SaidPhoto("a.jpg", missing=Missing.REPLACED), "cc": SaidPhoto("c.jpg", now="c.jpg")},
    labels={7: SaidLabel("main", (("aa", BOX),))},
    picks={"a.jpg": SaidPick(PICK, "aa"), "c.jpg": SaidPick(PICK, "cc")},
    aside=(AsidePick("a.jpg", ASIDE, "bb"),),
)
PICKED = Unfound(UnfoundKind.PICK, "a.jpg", PICK, Why.AWAY, ("a.jpg",))
PUT_ASIDE = Unfound(UnfoundKind.PICK, "aside:bb", ASIDE, Why.REPLACED, ("a.jpg",))


def test_a_pick_is_forgotten_and_its_photo_too_unless_another_word_needs_it() -> None:
    without = without_pick(SAID, PICKED)
    assert set(without.picks) == {"c.jpg"}
    assert without.aside == SAID.aside
    assert set(without.photos) == {"aa", "bb", "cc"}  # the label is about aa, too
    without = without_pick(without, PUT_ASIDE)
    assert without.aside == ()
    assert set(without.photos) == {"aa", "cc"}


def test_a_pick_that_changed_meanwhile_stays() -> None:
    assert without_pick(SAID, replace(PICKED, said={"pick": "rejected"})) is SAID
    assert without_pick(SAID, replace(PUT_ASIDE, id="aside:zz")) is SAID
    assert with_pick_of(SAID, replace(PICKED, said={"pick": "rejected"}), "d.jpg", "dd") is SAID


def test_a_pick_that_was_found_meanwhile_stays() -> None:
    back = replace(SAID, photos={**SAID.photos, "aa": replace(GONE, now="b.jpg", missing=None)})
    assert without_pick(back, PICKED) is back
    unreadable = replace(PICKED, why=Why.UNREADABLE)
    assert set(without_pick(back, unreadable).picks) == {"c.jpg"}


def test_a_pick_of_a_photo_that_could_not_be_read() -> None:
    said = Said(photos={"path:a.jpg": SaidPhoto("a.jpg", now="a.jpg")}, picks={"a.jpg": SaidPick(PICK, "path:a.jpg")})
    (word,) = unfound(said, {}, (), {}, (), {})
    assert (word.id, word.why) == ("a.jpg", Why.UNREADABLE)


def test_a_pick_is_given_to_another_photo() -> None:
    given = with_pick_of(SAID, PICKED, "d.jpg", "dd")
    assert given.picks == {"c.jpg": SAID.picks["c.jpg"], "d.jpg": SaidPick(PICK, "dd")}
    assert given.photo_now("dd") == "d.jpg"
    given = with_pick_of(given, PUT_ASIDE, "a.jpg", "ee")
    assert given.picks["a.jpg"] == SaidPick(ASIDE, "ee")
    assert given.aside == ()


def test_a_label_comes_back_with_what_it_was_about() -> None:
    kept = labels_of(SAID, [7, 8])
    assert (set(kept.photos), set(kept.labels)) == ({"aa"}, {7})
    without = replace(SAID, labels={}, picks={}, photos={})
    assert with_labels_back(without, kept) == replace(without, labels=SAID.labels, photos={"aa": GONE})
    assert with_labels_back(SAID, kept) is SAID
    empty = replace(without, labels={7: SaidLabel("main", ())})
    assert with_labels_back(empty, kept).labels == SAID.labels


def test_a_photo_that_is_back_meanwhile_is_known_better_than_before() -> None:
    kept = labels_of(SAID, [7])
    back = SaidPhoto("a.jpg", now="day 1/a.jpg", faces={OTHER: OTHER})
    now = Said(photos={"aa": back}, labels={8: SaidLabel("other", (("aa", OTHER),))})
    photo = with_labels_back(now, kept).photos["aa"]
    assert (photo.now, photo.faces) == ("day 1/a.jpg", {OTHER: OTHER, BOX: None})


def test_words_are_counted_and_named() -> None:
    named = Unfound(UnfoundKind.LABEL, "7", {"name": "Anna"}, Why.AWAY, ("a.jpg",))
    merge = Unfound(UnfoundKind.CORRECTION, "x.0", "same_person", Why.AWAY, ("a.jpg",))
    words = [PICKED, PICKED, PICKED, merge, named, named]
    sentence = "3 picks, 1 correction and 2 names find nobody: their photos are not in the folder"
    assert counts_told(words) == sentence
    assert told(words) == f"{sentence}. They are kept, and count again when their photos are back"
    assert told([]) == counts_told([]) == ""
    assert [word.name for word in (named, merge, PICKED, PUT_ASIDE)] == ["Anna", "same person", "picked", "3 stars"]
    label = Unfound(UnfoundKind.LABEL, "7", "main", Why.AWAY, ())
    assert label.name == "person 7"
    mixed = counts_told([label, PUT_ASIDE])
    assert mixed == (
        "1 pick and 1 label find nobody: their photos are not in the folder (1); "
        "other photos lie under their names now (1)"
    )
