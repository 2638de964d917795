from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from curation.domain.faces.face import Box
from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.identity.said import NOTHING_SAID, Missing, Said, SaidPhoto, known_by_path
from curation.pipelines.said.locating import located
from tests.unit.domain.identity.made_looks import face, look, person, picture, seen_again

EYES = [face(180, 200), face(400, 260, 40.0), face(650, 240, 60.0)]


def rounded(photo: PhotoLook) -> PhotoLook:
    """With boxes in whole pixels, as engines draw them."""
    return replace(photo, boxes=photo.boxes.round())


def boxes_of(photo: PhotoLook) -> list[Box]:
    return [Box(*map(int, box)) for box in photo.boxes.tolist()]


def original(seed: int) -> PhotoLook:
    people = [person(10 * seed + number) for number in range(3)]
    return rounded(look(picture(seed), landmarks=EYES, vectors=people))


def smaller(photo: PhotoLook, seed: int) -> PhotoLook:
    """Half the size, with faces in another order."""
    eyes = [EYES[number] / 2 for number in (2, 0, 1)]
    vectors = [seen_again(photo.vectors[number], number) for number in (2, 0, 1)]
    return rounded(look(picture(seed)[::2, ::2], landmarks=eyes, vectors=vectors))


@dataclass
class Present:
    """Photos of a run by path: their content and look."""

    photos: Mapping[str, tuple[str, PhotoLook]]
    then: Mapping[str, PhotoLook] = field(default_factory=dict)
    seen: Collection[str] = ()
    unreadable: Collection[str] = ()
    asked: int = 0
    twins: Mapping[str, str] = field(default_factory=dict)

    def contents(self) -> Mapping[str, str]:
        return {path: content for path, (content, _) in self.photos.items()}

    def is_unreadable(self, image_path: str) -> bool:
        return image_path in self.unreadable

    def twin(self, image_path: str, *, by_name: bool) -> str | None:
        return self.twins.get(image_path)

    def is_new(self, sha256: str) -> bool:
        return sha256 not in self.seen

    def boxes(self, image_path: str) -> Sequence[Box]:
        return boxes_of(self.photos[image_path][1])

    def look(self, image_path: str) -> PhotoLook:
        self.asked += 1
        return replace(self.photos[image_path][1], image_path=image_path)

    def look_then(self, key: str, boxes: Collection[Box] = ()) -> PhotoLook | None:
        then = self.then.get(key)
        return then if then is not None and set(boxes) <= set(boxes_of(then)) else None


A, B = original(1), original(2)
BOXES = boxes_of(A)
SAID = Said({"A": SaidPhoto("a.jpg", now="a.jpg", faces={box: box for box in BOXES[:2]})})


def photo(present: Present, said: Said = SAID, key: str = "A") -> SaidPhoto:
    return located(said, present).photos[key]


def test_nothing_is_looked_for_when_nothing_was_said() -> None:
    assert located(NOTHING_SAID, Present({"a.jpg": ("A", A)})) is NOTHING_SAID


@pytest.mark.parametrize("path", ["a.jpg", "moved/elsewhere.jpg", "e\u0301.jpg"])
def test_the_same_content_under_whatever_name(path: str) -> None:
    present = Present({"b.jpg": ("B", B), path: ("A", A)})
    found = photo(present)
    assert found == replace(SAID.photos["A"], now=path)
    assert found.certainty == 1.0
    assert present.asked == 0, "no look is needed"


def test_of_copies_it_stays_the_one_that_it_was() -> None:
    both = Present({"0 copy.jpg": ("A", A), "a.jpg": ("A", A)})
    assert photo(both).now == "a.jpg"
    moved = Said({"A": replace(SAID.photos["A"], now="moved.jpg")})
    assert photo(Present({"0 copy.jpg": ("A", A), "a.jpg": ("A", A), "moved.jpg": ("A", A)}), moved).now == "moved.jpg"
    assert photo(Present({"0 copy.jpg": ("A", A), "a.jpg": ("A", A)}), moved).now == "a.jpg"
    assert photo(Present({"0 copy.jpg": ("A", A), "1 copy.jpg": ("A", A)})).now == "0 copy.jpg"


def test_copies_that_were_spoken_of_are_a_photo_each() -> None:
    said = Said({**SAID.photos, "A+2": SaidPhoto("copy.jpg", now="copy.jpg", faces={BOXES[2]: BOXES[2]})})

    def now(*paths: str) -> list[str | None]:
        after = located(said, Present(dict.fromkeys(paths, ("A", A))))
        assert all((of.now is None) is (of.missing is Missing.AWAY) for of in after.photos.values())
        return [of.now for of in after.photos.values()]

    assert now("a.jpg", "copy.jpg") == ["a.jpg", "copy.jpg"]
    assert now("copy.jpg", "z.jpg") == ["z.jpg", "copy.jpg"]
    assert now("0.jpg", "a.jpg") == ["a.jpg", "0.jpg"]
    assert sorted(map(str, now("y.jpg", "z.jpg"))) == ["y.jpg", "z.jpg"]
    assert now("a.jpg") == ["a.jpg", None]
    assert now("z.jpg") == ["z.jpg", None]
    # What was said of the photo stays with the copy that is left.
    assert now("copy.jpg") == ["copy.jpg", "copy.jpg"]
    assert located(said, Present({"copy.jpg": ("A", A)})).face_now(("A", BOXES[0])) == ("copy.jpg", BOXES[0])


def test_an_edited_photo_is_recognised_with_its_faces() -> None:
    edited = smaller(A, 1)
    present = Present({"b.jpg": ("B", B), "web/a.webp": ("A2", edited)}, {"A": A}, seen={"A", "B"})
    found = photo(present)
    assert found.now == "web/a.webp"
    assert found.versions == ("A2",)
    assert 0.5 < found.certainty <= 1.0
    boxes = boxes_of(edited)
    assert found.faces == {BOXES[0]: boxes[1], BOXES[1]: boxes[2]}
    # In later runs it is known by its content, whatever its name.
    later = Present({"x.webp": ("A2", edited)}, {"A": A}, seen={"A", "A2", "B"})
    again = photo(later, Said({"A": found}))
    assert again == replace(found, now="x.webp")


def test_the_original_that_is_back_beside_its_edited_version_is_the_photo() -> None:
    edited = replace(SAID.photos["A"], now="a.webp", versions=("A2",), certainty=0.9)
    both = Present({"a.jpg": ("A", A), "a.webp": ("A2", smaller(A, 1))}, {"A": A}, seen={"A", "A2"})
    found = photo(both, Said({"A": edited}))
    assert (found.now, found.certainty) == ("a.jpg", 1.0)
    assert found.faces == {box: box for box in BOXES[:2]}
    # When it is gone again the edited one is, and it was not forgotten.
    found = photo(Present({"a.webp": ("A2", smaller(A, 1))}, {"A": A}, seen={"A", "A2"}), Said({"A": found}))
    assert (found.now, found.versions) == ("a.webp", ("A2",))


def test_the_latest_version_is_taken() -> None:
    edited = replace(SAID.photos["A"], versions=("A2", "A3"))
    half = smaller(A, 1)
    assert photo(Present({"2.jpg": ("A2", half), "3.jpg": ("A3", half)}, {"A": A}), Said({"A": edited})).now == "3.jpg"


def test_a_photo_that_was_seen_before_is_no_edit_of_one_that_is_missing() -> None:
    present = Present({"other.jpg": ("A2", smaller(A, 1))}, {"A": A}, seen={"A", "A2"})
    assert photo(present).now is None


def test_a_photo_whose_look_is_not_known_is_not_guessed() -> None:
    assert photo(Present({"a.jpg": ("A2", smaller(A, 1))})).missing is Missing.REPLACED


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        (Present({}, {"A": A}), Missing.AWAY),
        (Present({"b.jpg": ("B", B)}, {"A": A}), Missing.AWAY),
        (Present({"a.jpg": ("B", B)}, {"A": A}), Missing.REPLACED),
        (Present({"a.jpg": ("B", B)}, {"A": A}, seen={"B"}), Missing.REPLACED),
        (Present({"b.jpg": ("B", B)}, {"A": A}, unreadable={"a.jpg"}), Missing.UNREADABLE),
    ],
)
def test_why_a_photo_is_missing(present: Present, missing: Missing) -> None:
    found = photo(present)
    assert (found.now, found.missing) == (None, missing)
    assert found.faces == dict.fromkeys(BOXES[:2])
    # Nothing of it is forgotten: when it is back, everything is as it was.
    assert photo(Present({"a.jpg": ("A", A)}), Said({"A": found})) == SAID.photos["A"]


def test_a_renamed_photo_that_went_away_was_last_under_its_new_name() -> None:
    moved = Said({"A": replace(SAID.photos["A"], now="moved.jpg")})
    assert photo(Present({"moved.jpg": ("B", B)}), moved).missing is Missing.REPLACED
    assert photo(Present({}, unreadable={"moved.jpg"}), moved).missing is Missing.UNREADABLE


def test_a_photo_known_by_its_path_only_is_not_sure() -> None:
    key = known_by_path("a.jpg")
    said = Said({key: SaidPhoto("a.jpg", faces={BOXES[0]: None})})
    found = photo(Present({"a.jpg": ("X", A)}), said, key)
    assert (found.now, found.certainty) == ("a.jpg", 0.5)
    assert found.faces == {BOXES[0]: BOXES[0]}
    assert photo(Present({"b.jpg": ("X", A)}), said, key).missing is Missing.AWAY


def test_another_engine_draws_other_boxes() -> None:
    other = replace(A, boxes=A.boxes + np.array([-4.0, 6.0, 10.0, -6.0]), vectors=np.zeros((3, 0), dtype=np.float32))
    drawn = boxes_of(other)
    with_look = photo(Present({"a.jpg": ("A", other)}, {"A": A}))
    assert with_look.faces == {BOXES[0]: drawn[0], BOXES[1]: drawn[1]}
    # Without the look of that time the places say which is which.
    assert photo(Present({"a.jpg": ("A", other)})).faces == with_look.faces
    # Back to the first engine the boxes are exactly those of before.
    assert photo(Present({"a.jpg": ("A", A)}, {"A": A}), Said({"A": with_look})) == SAID.photos["A"]


def test_a_face_that_another_engine_does_not_find_is_missing_and_no_other() -> None:
    other = replace(A, boxes=A.boxes[1:] + 3.0, landmarks=A.landmarks[1:], vectors=np.zeros((2, 0), dtype=np.float32))
    found = photo(Present({"a.jpg": ("A", other)}))
    assert found.faces == {BOXES[0]: None, BOXES[1]: boxes_of(other)[0]}
    none = replace(A, boxes=A.boxes[:0], landmarks=A.landmarks[:0], vectors=np.zeros((0, 0), dtype=np.float32))
    found = photo(Present({"a.jpg": ("A", none)}, {"A": A}))
    assert (found.now, found.faces) == ("a.jpg", dict.fromkeys(BOXES[:2]))


def test_what_was_located_before_stays_and_only_the_rest_is_looked_for() -> None:
    present = Present({"a.jpg": ("A", A), "b.jpg": ("B", B)}, {"A": A})
    known = located(SAID, present)
    more = Said({**SAID.photos, "B": SaidPhoto("b.jpg", faces={BOXES[0]: None})})
    after = located(more, present, known)
    assert after.photos["A"] is known.photos["A"]
    assert after.photos["B"].now == "b.jpg"
    # A face that was said something about since is looked for.
    third = replace(SAID.photos["A"], faces={box: box for box in BOXES})
    assert located(Said({"A": third}), present, known).photos["A"].faces == {box: box for box in BOXES}


def test_an_edited_photo_is_not_two_photos() -> None:
    edited = smaller(A, 1)
    present = Present({"a.webp": ("A2", edited)}, {"A": A, "C": A}, seen={"A", "C"})
    known = located(SAID, present)
    assert known.photos["A"].now == "a.webp"
    after = located(Said({**SAID.photos, "C": SaidPhoto("c.jpg")}), present, known)
    assert after.photos["C"].now is None


def test_what_was_said_of_a_file_is_found_on_the_other_file_of_its_shot() -> None:
    twin = replace(A, image_path="a.dng")
    present = Present({"a.dng": ("R", twin)}, {"A": A}, seen={"A", "R"}, twins={"a.jpg": "a.dng"})
    found = photo(present)
    assert (found.now, found.versions, found.missing) == ("a.dng", ("R",), None)
    assert 0.5 < found.certainty < 1.0
    assert found.faces == {box: box for box in BOXES[:2]}
    # The file itself comes first as soon as it is there again.
    both = Present({"a.dng": ("R", twin), "a.jpg": ("A", A)}, {"A": A}, twins={"a.jpg": "a.dng"})
    assert photo(both, Said({"A": found})).now == "a.jpg"
