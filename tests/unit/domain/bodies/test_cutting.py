from __future__ import annotations

import pytest

from curation.domain.bodies.composition import CutAt
from curation.domain.bodies.cutting import EdgeContact, composition
from curation.domain.faces.face import Box
from tests.asset_values import a_person

WIDTH, HEIGHT = 600, 1000


def cut_of_height(share: float, **options: bool) -> CutAt:
    """A person of whom the upper `share` is in the photo."""
    height = (HEIGHT - 100) / share
    person = a_person(top=100.0, height=height, size=(WIDTH, HEIGHT), **options)
    return composition(person, [person], WIDTH, HEIGHT).cut_at


class TestCuts:
    @pytest.mark.parametrize(
        ("share", "expected"),
        [
            (1.1, CutAt.NONE),
            (0.95, CutAt.FEET),
            (0.725, CutAt.KNEES),
            (0.62, CutAt.LEGS),
            (0.48, CutAt.HIPS),
            (0.35, CutAt.CHEST),
        ],
    )
    def test_by_the_lower_edge(self, share: float, expected: CutAt) -> None:
        assert cut_of_height(share) is expected

    def test_only_cuts_at_joints_look_like_mistakes(self) -> None:
        person = a_person(top=100.0, height=1250.0)
        assert composition(person, [], WIDTH, HEIGHT).cut_is_fault
        portrait = a_person(top=100.0, height=2500.0)
        found = composition(portrait, [], WIDTH, HEIGHT)
        assert (found.cut_at, found.is_cut, found.cut_is_fault) == (CutAt.CHEST, True, False)

    def test_by_a_side(self) -> None:
        person = a_person(centre_x=5.0, top=100.0, height=800.0)
        assert composition(person, [], WIDTH, HEIGHT).is_cut

    def test_without_a_skeleton_nothing_is_told_at_an_edge(self) -> None:
        assert cut_of_height(0.7, with_pose=False) is CutAt.UNKNOWN
        assert cut_of_height(1.1, with_pose=False) is CutAt.NONE


class TestOutlines:
    WHOLE = EdgeContact(0.0, 0.0, 20.0, 0.0)

    def test_an_outline_at_the_lower_edge_is_a_cut(self) -> None:
        person = a_person(top=100.0, height=950.0)
        found = composition(person, [], WIDTH, HEIGHT, contact=EdgeContact(0.0, 0.0, 90.0, 0.0))
        assert found.cut_at is CutAt.FEET and found.cut_certainty > 0.9
        assert composition(person, [], WIDTH, HEIGHT, contact=self.WHOLE).cut_at is CutAt.NONE

    def test_an_outline_that_ran_away_from_its_box_is_not(self) -> None:
        person = a_person(top=100.0, height=600.0)
        assert composition(person, [], WIDTH, HEIGHT, contact=EdgeContact(90.0, 0.0, 90.0, 0.0)).cut_at is CutAt.NONE

    def test_without_skeleton_and_face_only_torso_or_legs_are_told(self) -> None:
        contact = EdgeContact(0.0, 0.0, 200.0, 0.0)
        for height, expected in ((1300.0, CutAt.LEGS), (3000.0, CutAt.CHEST)):
            person = a_person(top=100.0, height=height, with_pose=False, with_face=False)
            assert composition(person, [], WIDTH, HEIGHT, contact=contact).cut_at is expected

    def test_a_skeleton_alone_names_no_joint(self) -> None:
        person = a_person(top=100.0, height=1250.0, with_face=False)
        contact = EdgeContact(0.0, 0.0, 200.0, 0.0)
        assert composition(person, [], WIDTH, HEIGHT, contact=contact).cut_at is CutAt.LEGS

    def test_an_arm_at_the_side(self) -> None:
        person = a_person(centre_x=122.0, top=100.0, height=800.0)
        contact = EdgeContact(120.0, 0.0, 0.0, 0.0)
        assert composition(person, [], WIDTH, HEIGHT, contact=contact).cut_at is CutAt.WRISTS

    def test_a_head_at_the_upper_edge(self) -> None:
        person = a_person(top=-30.0, height=800.0)
        contact = EdgeContact(0.0, 0.0, 0.0, 100.0)
        assert composition(person, [], WIDTH, HEIGHT, contact=contact).cut_at is CutAt.HEAD


class TestFrame:
    def test_headroom_is_above_the_crown(self) -> None:
        person = a_person(top=100.0, height=800.0)
        assert composition(person, [], WIDTH, HEIGHT).headroom == pytest.approx(0.1, abs=0.02)

    def test_a_head_that_is_cut_has_none(self) -> None:
        person = a_person(top=-30.0, height=800.0)
        found = composition(person, [], WIDTH, HEIGHT)
        assert found.headroom is not None and found.headroom < 0
        assert found.cut_at is CutAt.HEAD

    def test_nothing_is_told_of_a_head_that_is_not_seen(self) -> None:
        person = a_person(with_pose=False, with_face=False)
        assert composition(person, [], WIDTH, HEIGHT).headroom is None

    @pytest.mark.parametrize("turn", [-0.05, 0.0, 0.05])
    def test_shoulders_tilt_to_the_side_that_is_lower(self, turn: float) -> None:
        tilt = composition(a_person(turn=turn), [], WIDTH, HEIGHT).tilt_deg
        assert tilt is not None
        assert tilt == pytest.approx(13.0 * (turn > 0) - 13.0 * (turn < 0), abs=2.0)

    def test_share_of_the_frame(self) -> None:
        person = a_person()
        box = person.box
        assert composition(person, [], WIDTH, HEIGHT).frame_share == pytest.approx(box.w * box.h / (WIDTH * HEIGHT))


class TestOverlaps:
    def test_who_stands_nearer_hides_the_other(self) -> None:
        back = a_person(0, centre_x=300.0, top=100.0, height=600.0)
        front = a_person(1, centre_x=360.0, top=150.0, height=800.0)
        people = [back, front]
        assert composition(back, people, WIDTH, HEIGHT).overlapped_by == (1,)
        assert composition(front, people, WIDTH, HEIGHT).overlapped_by == ()

    def test_neighbours_do_not(self) -> None:
        people = [a_person(n, centre_x=150.0 + 300.0 * n, top=100.0, height=600.0) for n in range(2)]
        assert [composition(each, people, WIDTH, HEIGHT).overlapped_by for each in people] == [(), ()]

    def test_boxes_decide_where_there_are_no_skeletons(self) -> None:
        back = a_person(0, centre_x=300.0, top=100.0, height=600.0, with_pose=False)
        front = a_person(1, centre_x=330.0, top=150.0, height=800.0, with_pose=False)
        assert composition(back, [back, front], WIDTH, HEIGHT).overlapped_by == (1,)
        assert front.box != Box(0, 0, WIDTH, HEIGHT)
