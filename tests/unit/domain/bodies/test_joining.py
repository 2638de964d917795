from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.bodies.joining import box_of_pose, head_size, join, nose_in_face, pairs_of, without_doubles
from curation.domain.bodies.person import FaceOfBody, PersonBox
from curation.domain.bodies.pose import Pose, PoseJoint, PoseLandmark
from curation.domain.faces.face import Box
from tests.people_networks import face_at, standing_pose

WIDTH, HEIGHT = 1000, 800


def _face_of(pose: Pose, index: int = 0) -> FaceOfBody:
    side = round(head_size(pose))
    nose = pose.at(PoseJoint.NOSE)
    return face_at(round(nose.x - side / 2), round(nose.y - side / 2), side, index)


def _box_of(pose: Pose, confidence: float = 0.9) -> PersonBox:
    box = box_of_pose(pose, WIDTH, HEIGHT)
    assert box is not None
    return PersonBox(box, confidence)


def test_box_skeleton_and_face_of_one_person_are_one_person() -> None:
    pose = standing_pose(400, 100, 600)
    (person,) = join([_box_of(pose)], [pose], [_face_of(pose)], WIDTH, HEIGHT)
    assert person.pose == pose and person.face == _face_of(pose) and person.person_index == 0
    assert person.confidence == 1.0
    assert person.box.y <= 110 and person.box.y + person.box.h >= 650


def test_two_people_side_by_side_keep_their_own() -> None:
    poses = [standing_pose(600, 100, 600), standing_pose(300, 120, 600)]
    boxes = [_box_of(pose) for pose in poses]
    faces = [_face_of(poses[1], 0), _face_of(poses[0], 1)]
    left, right = join(boxes, poses, faces, WIDTH, HEIGHT)
    assert (left.pose, right.pose) == (poses[1], poses[0])
    assert left.face is not None and left.face.face_index == 0
    assert right.face is not None and right.face.face_index == 1
    assert left.box.x + left.box.w < right.box.x + right.box.w


def test_a_person_from_behind_has_no_face() -> None:
    pose = standing_pose(400, 100, 600)
    (person,) = join([_box_of(pose)], [pose], [], WIDTH, HEIGHT)
    assert person.face is None and person.pose is not None


def test_a_face_that_nothing_belongs_to_is_a_person_with_head_and_shoulders() -> None:
    face = face_at(500, 300, 60)
    (person,) = join([], [], [face], WIDTH, HEIGHT)
    assert person.face == face and person.pose is None and person.confidence == face.confidence
    assert person.box.x < 500 and person.box.x + person.box.w > 560 and person.box.y + person.box.h > 360


def test_a_box_alone_has_to_be_certain() -> None:
    box = Box(10, 10, 100, 300)
    assert join([PersonBox(box, 0.4)], [], [], WIDTH, HEIGHT) == ()
    (person,) = join([PersonBox(box, 0.8)], [], [], WIDTH, HEIGHT)
    assert person.box == box and person.confidence == 0.8


def test_an_uncertain_box_is_used_if_a_face_confirms_it() -> None:
    (person,) = join([PersonBox(Box(400, 100, 200, 600), 0.35)], [], [face_at(470, 120, 60)], WIDTH, HEIGHT)
    assert person.box == Box(400, 100, 200, 600) and person.face is not None


def test_a_face_at_the_bottom_of_a_box_is_somebody_in_front() -> None:
    people = join([PersonBox(Box(400, 100, 200, 600), 0.9)], [], [face_at(470, 600, 60)], WIDTH, HEIGHT)
    assert len(people) == 2


def test_nobody_is_found_in_nothing() -> None:
    assert join([], [], [], WIDTH, HEIGHT) == ()


def test_landmarks_outside_do_not_leave_the_photo() -> None:
    pose = standing_pose(400, 500, 900)
    (person,) = join([], [pose], [], WIDTH, HEIGHT)
    assert person.box.y + person.box.h <= HEIGHT


def test_of_doubles_the_more_certain_one_is_kept() -> None:
    poses = [
        standing_pose(400, 100, 600, confidence=0.7),
        standing_pose(402, 103, 620, confidence=0.9),
        standing_pose(700, 100, 600, confidence=0.6),
    ]
    assert without_doubles(poses) == [1, 2]


def test_a_nose_beside_a_face_is_not_in_it() -> None:
    pose = standing_pose(400, 100, 600)
    assert nose_in_face(pose, _face_of(pose))
    assert not nose_in_face(pose, face_at(600, 100, 60))


def test_boxes_find_their_faces_before_there_are_skeletons() -> None:
    face, box = face_at(470, 120, 60), PersonBox(Box(400, 100, 200, 600), 0.9)
    other = PersonBox(Box(0, 0, 90, 200), 0.9)
    assert pairs_of([other, box], [face], WIDTH, HEIGHT) == [(box, face), (other, None)]


def _boxes() -> st.SearchStrategy[Box]:
    return st.builds(
        lambda x, y, w, h: Box(x, y, min(w, WIDTH - x), min(h, HEIGHT - y)),
        st.integers(0, WIDTH - 1),
        st.integers(0, HEIGHT - 1),
        st.integers(1, WIDTH),
        st.integers(1, HEIGHT),
    )


_shares = st.floats(0, 1, allow_nan=False)
_places = st.floats(-3000, 3000, allow_nan=False, allow_infinity=False)
_person_boxes = st.lists(st.builds(PersonBox, _boxes(), _shares), max_size=6)
_poses = st.lists(
    st.builds(
        lambda marks, confidence: Pose(tuple(PoseLandmark(x, y, 0.0, seen) for x, y, seen in marks), confidence),
        st.lists(st.tuples(_places, _places, _shares), min_size=33, max_size=33),
        _shares,
    )
    | st.builds(standing_pose, _places, _places, st.floats(1, 2000), confidence=_shares),
    max_size=4,
)
_faces = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 700), st.integers(1, 100)), max_size=6).map(
    lambda places: [face_at(x, y, side, index) for index, (x, y, side) in enumerate(places)]
)


@settings(max_examples=150, deadline=None)
@given(_person_boxes, _poses, _faces)
def test_every_face_and_skeleton_belongs_to_exactly_one_person(
    boxes: list[PersonBox], poses: list[Pose], faces: list[FaceOfBody]
) -> None:
    people = join(boxes, poses, faces, WIDTH, HEIGHT)
    assert sorted(person.face.face_index for person in people if person.face) == list(range(len(faces)))
    assert sorted(map(id, poses)) == sorted(id(person.pose) for person in people if person.pose is not None)
    assert [person.person_index for person in people] == list(range(len(people)))
    assert [person.box[:2] for person in people] == sorted(person.box[:2] for person in people)
    for person in people:
        assert 0 <= person.box.x < person.box.x + person.box.w <= WIDTH
        assert 0 <= person.box.y < person.box.y + person.box.h <= HEIGHT
        assert 0 <= person.confidence <= 1
    assert len(people) <= len(boxes) + len(poses) + len(faces)
    assert people == join(boxes, poses, faces, WIDTH, HEIGHT)


@settings(max_examples=100, deadline=None)
@given(_poses)
def test_no_two_kept_skeletons_are_doubles(poses: list[Pose]) -> None:
    kept = without_doubles(poses)
    assert len(set(kept)) == len(kept) and (bool(kept) or not poses)
    assert without_doubles([poses[place] for place in kept]) == list(range(len(kept)))


@settings(max_examples=100, deadline=None)
@given(_person_boxes, _faces)
def test_every_box_and_face_is_in_exactly_one_pair(boxes: list[PersonBox], faces: list[FaceOfBody]) -> None:
    pairs = pairs_of(boxes, faces, WIDTH, HEIGHT)
    assert [face for _, face in pairs if face] == faces
    assert sorted(id(box) for box, _ in pairs if box) == sorted(map(id, boxes))


def test_a_small_skeleton_in_front_of_a_box_is_another_person() -> None:
    near, far = PersonBox(Box(300, 50, 300, 740), 0.9), standing_pose(420, 300, 120)
    people = join([near], [far], [face_at(400, 80, 90)], WIDTH, HEIGHT)
    assert len(people) == 2
    with_face = next(person for person in people if person.face is not None)
    assert with_face.box == near.box and with_face.pose is None


def test_of_two_faces_at_the_top_of_a_box_the_larger_is_the_persons() -> None:
    near = PersonBox(Box(300, 50, 300, 740), 0.9)
    small, large = face_at(440, 60, 45, 0), face_at(490, 80, 90, 1)
    people = join([near], [], [small, large], WIDTH, HEIGHT)
    assert next(person for person in people if person.face == large).box == near.box
    assert next(person for person in people if person.face == small).box != near.box
