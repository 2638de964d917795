from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from curation.domain.faces.face import Box
from curation.domain.identity.said import (
    ANSWERS,
    NOTHING_SAID,
    AsidePick,
    FacePlace,
    Missing,
    Said,
    SaidLabel,
    SaidPhoto,
    SaidPick,
    known_by_path,
)
from curation.domain.identity.settling import Words, settled, with_contents, with_new_pick

HERE, THERE, ELSEWHERE = Box(1, 2, 30, 40), Box(100, 2, 30, 40), Box(200, 2, 30, 40)
ANNA, ANA = {"name": "Anna", "category": "main"}, {"name": "Ana", "category": "main"}
FIVE, TWO, NO = {"rating": 5}, {"rating": 2}, {"pick": "rejected"}


@dataclass
class Event:
    """Photos with their contents and faces, and the faces of clusters."""

    contents: dict[str, str] = field(default_factory=lambda: {"a.jpg": "A", "b.jpg": "B"})
    faces: dict[str, tuple[Box, ...]] = field(default_factory=lambda: {"a.jpg": (HERE, THERE), "b.jpg": (HERE,)})
    clusters: Mapping[int, Sequence[FacePlace]] = field(
        default_factory=lambda: {0: [("a.jpg", HERE), ("b.jpg", HERE)], 1: [("a.jpg", THERE)]}
    )

    def photo_key(self, image_path: str) -> str | None:
        return self.contents.get(image_path)

    def shown_faces(self, cluster: int) -> Sequence[FacePlace]:
        return self.clusters.get(cluster, ())

    def box_at(self, image_path: str, box: Box) -> Box | None:
        return box if box in self.faces.get(image_path, ()) else None


def in_place(path: str, *faces: Box) -> SaidPhoto:
    return SaidPhoto(path, now=path, faces={box: box for box in faces})


def absent(path: str, *faces: Box, missing: Missing = Missing.AWAY) -> SaidPhoto:
    return SaidPhoto(path, missing=missing, faces=dict.fromkeys(faces))


LABELLED = Said(
    {"A": in_place("a.jpg", HERE), "B": in_place("b.jpg", HERE)}, {0: SaidLabel(ANNA, (("A", HERE), ("B", HERE)))}
)


# Labels.


def test_a_new_label_is_about_the_faces_that_are_shown() -> None:
    said = settled(NOTHING_SAID, Words(labels={0: ANNA}), Event())
    assert said == LABELLED
    assert settled(said, Words(labels={0: ANNA}), Event(clusters={})) is said


def test_a_label_that_changed_keeps_its_faces() -> None:
    away = Event({}, {}, {})
    said = settled(LABELLED, Words(labels={0: ANA}), away)
    assert said.labels == {0: SaidLabel(ANA, (("A", HERE), ("B", HERE)))}
    assert said.photos == LABELLED.photos
    # Those that are not there stay, those that are with somebody else now do not.
    gone = replace(LABELLED, photos={"A": in_place("a.jpg", HERE), "B": absent("b.jpg", HERE)})
    others = Event(clusters={0: [("a.jpg", THERE)], 1: [("a.jpg", HERE)]})
    said = settled(gone, Words(labels={0: ANA}), others)
    assert said.labels == {0: SaidLabel(ANA, (("B", HERE), ("A", THERE)))}


def test_a_label_that_was_removed_is_dropped_with_its_photos() -> None:
    assert settled(LABELLED, Words(labels={}), Event()) == NOTHING_SAID


def test_files_that_are_away_keep_their_words() -> None:
    said = Said(
        {"A": in_place("a.jpg", HERE), "B": in_place("b.jpg", HERE)},
        {0: SaidLabel(ANNA, (("A", HERE),))},
        {"c": {("b.jpg", HERE): ("B", HERE)}, ANSWERS: {("a.jpg", HERE): ("A", HERE)}},
        {"a.jpg": SaidPick(FIVE, "A")},
        (AsidePick("b.jpg", TWO, "B"),),
    )
    assert settled(said, Words(), Event({}, {}, {})) is said
    # Also when another file has something new.
    assert settled(said, Words(labels={0: ANA}), Event()).corrections == said.corrections
    assert settled(said, Words(labels={0: ANA}), Event()).picks == said.picks
    assert settled(said, Words(labels={0: ANA}), Event()).aside == said.aside
    assert settled(said, Words(picks={}), Event()).labels == said.labels
    assert settled(said, Words(corrections={}), Event()).corrections == {ANSWERS: said.corrections[ANSWERS]}
    assert settled(said, Words(answers=[]), Event()).corrections == {"c": said.corrections["c"]}


def test_a_label_of_a_cluster_without_faces_gets_them_when_it_has_some() -> None:
    said = settled(NOTHING_SAID, Words(labels={5: "main"}), Event())
    assert said.labels == {5: SaidLabel("main", ())}
    said = settled(said, Words(labels={5: "main"}), Event(clusters={5: [("b.jpg", HERE)]}))
    assert said.labels == {5: SaidLabel("main", (("B", HERE),))}


def test_faces_of_an_edited_photo_are_anchored_as_they_were() -> None:
    # Photo A was cropped: its face HERE is at THERE now, and the content is A2.
    edited = SaidPhoto("a.jpg", ("A2",), "a.jpg", certainty=0.9, faces={HERE: THERE})
    said = Said({"A": edited}, {0: SaidLabel(ANNA, (("A", HERE),))})
    event = Event({"a.jpg": "A2"}, {"a.jpg": (THERE, ELSEWHERE)}, {1: [("a.jpg", THERE), ("a.jpg", ELSEWHERE)]})
    after = settled(said, Words(labels={0: ANNA, 1: "other"}), event)
    assert after.labels[1].faces == (("A", HERE), ("A", ELSEWHERE))
    assert after.photos["A"].faces == {HERE: THERE, ELSEWHERE: ELSEWHERE}


def test_a_photo_that_is_known_elsewhere_is_not_moved_by_an_older_table() -> None:
    said = Said({"A": SaidPhoto("a.jpg", now="moved.jpg", faces={HERE: HERE})}, {0: SaidLabel(ANNA, (("A", HERE),))})
    after = settled(said, Words(labels={0: ANNA, 1: "other"}), Event())
    assert after.photos["A"].now == "moved.jpg"
    assert after.face_now(("A", THERE)) is None


# Corrections.


def test_the_faces_of_a_correction() -> None:
    places = [("a.jpg", HERE), ("b.jpg", HERE), ("gone.jpg", HERE), ("b.jpg", THERE)]
    said = settled(NOTHING_SAID, Words(corrections={"c": places}, answers=[("a.jpg", THERE)]), Event())
    assert said.corrections == {
        "c": {places[0]: ("A", HERE), places[1]: ("B", HERE)},
        ANSWERS: {("a.jpg", THERE): ("A", THERE)},
    }
    assert said.photos == {"A": in_place("a.jpg", HERE, THERE), "B": in_place("b.jpg", HERE)}
    # They stay what they are whatever lies under the paths later, and get the missing ones when they are there.
    others = Event({"a.jpg": "X", "gone.jpg": "G"}, {"a.jpg": (HERE, THERE), "gone.jpg": (HERE,)}, {})
    later = settled(said, Words(corrections={"c": places}, answers=[("a.jpg", THERE)]), others)
    assert later.corrections["c"] == {**said.corrections["c"], places[2]: ("G", HERE)}
    assert later.corrections[ANSWERS] == said.corrections[ANSWERS]
    assert settled(later, Words(corrections={}, answers=[]), others) == NOTHING_SAID


def test_a_correction_keeps_only_the_faces_that_it_names() -> None:
    said = settled(NOTHING_SAID, Words(corrections={"c": [("a.jpg", HERE)], "d": [("b.jpg", HERE)]}), Event())
    after = settled(said, Words(corrections={"d": [("b.jpg", HERE)]}), Event())
    assert after.corrections == {"d": {("b.jpg", HERE): ("B", HERE)}}
    assert after.photos.keys() == {"B"}


# Picks.


def test_a_pick_is_about_the_content_of_the_photo() -> None:
    said = settled(NOTHING_SAID, Words(picks={"a.jpg": FIVE}), Event())
    assert said.picks == {"a.jpg": SaidPick(FIVE, "A")}
    other = Event({"a.jpg": "X"})
    assert settled(said, Words(picks={"a.jpg": FIVE}), other) is said
    # Another word is about what the user sees there now; what was said of the other photo is kept aside.
    after = settled(said, Words(picks={"a.jpg": TWO}), other)
    assert after.picks == {"a.jpg": SaidPick(TWO, "X")}
    assert after.aside == (AsidePick("a.jpg", FIVE, "A"),)
    assert after.photos.keys() == {"A", "X"}
    assert settled(said, Words(picks={}), Event()) == NOTHING_SAID


def test_a_changed_pick_of_an_absent_photo_stays_its_own() -> None:
    said = Said({"A": absent("a.jpg")}, picks={"a.jpg": SaidPick(FIVE, "A")})
    after = settled(said, Words(picks={"a.jpg": TWO}), Event({}))
    assert (after.picks, after.aside) == ({"a.jpg": SaidPick(TWO, "A")}, ())
    back = settled(after, Words(picks={"a.jpg": FIVE}), Event())
    assert (back.picks, back.aside) == ({"a.jpg": SaidPick(FIVE, "A")}, ())


def test_a_changed_pick_of_an_edited_photo_stays_its_own() -> None:
    said = Said({"A": SaidPhoto("a.jpg", ("A2",), "a.jpg")}, picks={"a.jpg": SaidPick(FIVE, "A")})
    after = settled(said, Words(picks={"a.jpg": TWO}), Event({"a.jpg": "A2"}))
    assert (after.picks, after.aside) == ({"a.jpg": SaidPick(TWO, "A")}, ())


def test_a_pick_of_a_photo_that_nobody_knows() -> None:
    key = known_by_path("z.jpg")
    said = settled(NOTHING_SAID, Words(picks={"z.jpg": FIVE}), Event())
    assert said.picks == {"z.jpg": SaidPick(FIVE, key)}
    assert said.photos == {key: SaidPhoto("z.jpg")}
    # As soon as it is there, it is known by its content.
    after = settled(said, Words(picks={"z.jpg": FIVE}), Event({"z.jpg": "Z"}))
    assert (after.picks, after.aside) == ({"z.jpg": SaidPick(FIVE, "Z")}, ())
    assert after.photos.keys() == {"Z"}


# Picks through the service.


def test_a_new_pick() -> None:
    said = with_new_pick(NOTHING_SAID, "a.jpg", FIVE, "A")
    assert said == Said({"A": in_place("a.jpg")}, picks={"a.jpg": SaidPick(FIVE, "A")})
    assert with_new_pick(said, "a.jpg", TWO, "A").picks == {"a.jpg": SaidPick(TWO, "A")}
    assert with_new_pick(said, "a.jpg", None, "A") == NOTHING_SAID


def test_the_pick_of_a_renamed_photo_is_replaced() -> None:
    said = Said({"A": SaidPhoto("a.jpg", now="new.jpg")}, picks={"a.jpg": SaidPick(FIVE, "A")})
    after = with_new_pick(said, "new.jpg", TWO, "A")
    assert after.picks == {"new.jpg": SaidPick(TWO, "A")}
    after = settled(after, Words(picks=picks_json(after)), Event({"new.jpg": "A"}))
    assert (after.picks, after.aside) == ({"new.jpg": SaidPick(TWO, "A")}, ())
    assert with_new_pick(said, "new.jpg", None, "A") == NOTHING_SAID


def test_the_pick_of_an_edited_photo_is_replaced() -> None:
    said = Said({"A": SaidPhoto("a.jpg", ("A2",), "a.jpg")}, picks={"a.jpg": SaidPick(FIVE, "A")})
    after = with_new_pick(said, "a.jpg", TWO, "A2")
    assert (after.picks, after.aside) == ({"a.jpg": SaidPick(TWO, "A")}, ())


def test_a_photo_that_was_replaced_since_the_last_run_keeps_its_pick_aside() -> None:
    said = Said(
        {"A": in_place("a.jpg", HERE)}, {0: SaidLabel(ANNA, (("A", HERE),))}, {}, {"a.jpg": SaidPick(FIVE, "A")}
    )
    after = with_new_pick(said, "a.jpg", TWO, "X")
    assert after.picks == {"a.jpg": SaidPick(TWO, "X")}
    assert after.aside == (AsidePick("a.jpg", FIVE, "A"),)
    assert after.photos == {"A": absent("a.jpg", HERE, missing=Missing.REPLACED), "X": in_place("a.jpg")}
    removed = with_new_pick(said, "a.jpg", None, "X")
    assert (removed.picks, removed.aside) == ({}, (AsidePick("a.jpg", FIVE, "A"),))


def test_an_absent_photo_of_the_same_path_keeps_its_pick_aside() -> None:
    said = Said({"A": absent("a.jpg")}, picks={"a.jpg": SaidPick(FIVE, "A")})
    after = with_new_pick(said, "a.jpg", TWO, "X")
    assert after.picks == {"a.jpg": SaidPick(TWO, "X")}
    assert after.aside == (AsidePick("a.jpg", FIVE, "A"),)
    # Removing the pick of the photo that is there takes nothing from the absent one.
    for before in (said, after):
        removed = with_new_pick(before, "a.jpg", None, "X")
        assert words_of_photos(removed) == {"A": FIVE}


def test_the_pick_of_a_photo_elsewhere_is_kept_aside_when_its_old_name_is_picked() -> None:
    said = Said({"A": SaidPhoto("a.jpg", now="new.jpg")}, picks={"a.jpg": SaidPick(FIVE, "A")})
    after = with_new_pick(said, "a.jpg", TWO, "X")
    assert after.picks == {"a.jpg": SaidPick(TWO, "X")}
    assert after.aside == (AsidePick("a.jpg", FIVE, "A"),)
    # It is replaced when its photo is picked again, and counts no more when that pick is removed.
    assert with_new_pick(after, "new.jpg", NO, "A").aside == ()
    assert with_new_pick(after, "new.jpg", NO, "A").picks["new.jpg"] == SaidPick(NO, "A")
    assert with_new_pick(after, "new.jpg", None, "A").aside == ()


def test_a_pick_aside_whose_photo_was_replaced_since_the_last_run_stays() -> None:
    said = Said({"A": SaidPhoto("a.jpg", now="new.jpg")}, aside=(AsidePick("a.jpg", FIVE, "A"),))
    after = with_new_pick(said, "new.jpg", TWO, "X")
    assert after.picks == {"new.jpg": SaidPick(TWO, "X")}
    assert after.aside == said.aside
    assert after.photo_now("A") is None


def test_a_new_pick_of_a_copy_leaves_the_faces_of_the_photo_where_they_are() -> None:
    said = Said({"A": in_place("a.jpg", HERE)}, corrections={"c": {("a.jpg", HERE): ("A", HERE)}})
    after = with_new_pick(said, "copy.jpg", FIVE, "A")
    assert after.picks == {"copy.jpg": SaidPick(FIVE, "A")}


def picks_json(said: Said) -> dict[str, object]:
    return {path: pick.said for path, pick in said.picks.items()}


def words_of_photos(said: Said) -> dict[str, object]:
    return {pick.photo: pick.said for pick in said.picks.values()} | {pick.photo: pick.said for pick in said.aside}


def test_killed_before_the_second_file_is_written_nothing_is_lost() -> None:
    """said.json and picks.json are two files: either may be the new one and the other the old one."""
    there = Event({"a.jpg": "X", "new.jpg": "A"})
    for now in (None, "new.jpg"):
        before = Said({"A": SaidPhoto("a.jpg", now=now)}, picks={"a.jpg": SaidPick(FIVE, "A")})
        for word in (TWO, FIVE):
            after = with_new_pick(before, "a.jpg", word, "X")
            both = {"A": FIVE, "X": word}
            assert words_of_photos(after) == both
            new_said = settled(after, Words(picks=picks_json(before)), there)
            assert words_of_photos(new_said)["A"] == FIVE
            assert words_of_photos(new_said).get("X", word) == word
            if word != FIVE:  # else the files say that nothing changed
                new_picks = settled(before, Words(picks=picks_json(after)), there)
                assert words_of_photos(new_picks) == both


def test_killed_while_a_renamed_photo_is_picked_again() -> None:
    before = Said({"A": SaidPhoto("a.jpg", now="new.jpg")}, picks={"a.jpg": SaidPick(FIVE, "A")})
    there = Event({"new.jpg": "A"})
    after = with_new_pick(before, "new.jpg", TWO, "A")
    assert words_of_photos(settled(after, Words(picks=picks_json(before)), there)) == {"A": FIVE}
    assert words_of_photos(settled(before, Words(picks=picks_json(after)), there)) == {"A": TWO}


# Contents.


def test_a_photo_known_by_its_path_is_known_by_its_content_from_now_on() -> None:
    key = known_by_path("a.jpg")
    said = Said(
        {key: replace(in_place("a.jpg", HERE), certainty=0.5), "A": in_place("a.jpg", THERE)},
        {0: SaidLabel(ANNA, ((key, HERE), ("A", THERE)))},
        {"c": {("a.jpg", HERE): (key, HERE)}},
        {"a.jpg": SaidPick(FIVE, key)},
        (AsidePick("a.jpg", TWO, key),),
    )
    after = with_contents(said, {"a.jpg": "A"})
    assert after == Said(
        {"A": in_place("a.jpg", HERE, THERE)},
        {0: SaidLabel(ANNA, (("A", HERE), ("A", THERE)))},
        {"c": {("a.jpg", HERE): ("A", HERE)}},
        {"a.jpg": SaidPick(FIVE, "A")},
        (AsidePick("a.jpg", TWO, "A"),),
    )
    assert with_contents(after, {"a.jpg": "A"}) is after


def test_a_photo_whose_faces_are_not_where_they_were_stays_known_by_its_path() -> None:
    key = known_by_path("a.jpg")
    for photo in (
        replace(in_place("a.jpg", HERE), faces={HERE: None}),
        replace(in_place("a.jpg", HERE), faces={HERE: THERE}),
        absent("a.jpg", HERE),
    ):
        said = Said({key: photo}, {0: SaidLabel(ANNA, ((key, HERE),))})
        assert with_contents(said, {"a.jpg": "A"}) is said


# A key of the file of labels that is wrong.


def test_what_is_known_of_labels_waits_while_a_key_is_no_number() -> None:
    words = Words(labels={}, odd_labels={"O": ANNA})
    waits = settled(LABELLED, words, Event())
    assert waits.labels == LABELLED.labels
    moved = Event(clusters={0: [("a.jpg", THERE)]})
    assert settled(waits, Words(labels={0: ANNA}), moved).labels == LABELLED.labels, "it was corrected"
    assert settled(waits, Words(labels={}), Event()).labels == {}, "it was taken out"


def test_a_label_under_a_number_that_nobody_has_waits_for_its_own() -> None:
    said = settled(LABELLED, Words(labels={99: ANNA}), Event())
    assert said.labels == {0: LABELLED.labels[0], 99: SaidLabel(ANNA, ())}
    assert settled(said, Words(labels={0: ANNA}), Event()) == LABELLED
    assert 0 not in settled(LABELLED, Words(labels={99: "main"}), Event()).labels, "another label"
    assert 0 not in settled(LABELLED, Words(labels={1: ANNA}), Event()).labels, "she is somebody else"
