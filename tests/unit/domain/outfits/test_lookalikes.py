"""Who a body without a face may be, and when that is not asked: histograms of four colours above and below."""

from __future__ import annotations

import numpy as np
import pytest

from curation.domain.outfits.lookalikes import Worn, lookalikes, signature_distances
from curation.domain.outfits.signature import SIGNATURE_LENGTH, distance

RED, GREEN, BLUE, BLACK = 0, 1, 2, 3
ANNA, BEN, TOM = "name:anna", "name:ben", "name:tom"
NAMED = frozenset({ANNA, BEN, TOM})


def wears(top: int | None, bottom: int | None, noise: float = 0.0) -> np.ndarray:
    out = np.zeros(8, dtype=np.float32)
    for half, colour in ((0, top), (4, bottom)):
        if colour is not None:
            out[half : half + 4] = noise / 4
            out[half + colour] += 1 - noise
    return out


def event(*clothes: tuple[str, int, int], times: bool = True, photos: int = 4, gap_s: float = 60.0) -> list[Worn]:
    """Each person alone on some photos, in clothes that look a little different each time."""
    out: list[Worn] = []
    for person, top, bottom in clothes:
        for number in range(photos):
            photo = len(out)
            out.append(Worn(photo, photo * gap_s if times else None, wears(top, bottom, 0.02 * number), person))
    return out


def unknown(photo: int, time_s: float | None, top: int | None, bottom: int | None) -> Worn:
    return Worn(photo, time_s, wears(top, bottom, 0.03), None)


def test_somebody_in_the_same_clothes_is_suggested_with_whom_it_was_learnt_from() -> None:
    bodies = [*event((ANNA, RED, BLACK), (BEN, GREEN, BLUE)), unknown(99, 120.0, RED, BLACK)]
    found = lookalikes(bodies, NAMED)
    assert [(one.body, one.person) for one in found.found] == [(8, ANNA)]
    assert bodies[found.found[0].learnt_from].person == ANNA
    assert found.found[0].distance < 0.1 < found.found[0].lead
    assert (found.spread.tried, found.spread.right, found.spread.wrong, found.spread.off) == (8, 8, 0, "")


def test_people_who_nobody_named_are_not_suggested_but_compete() -> None:
    bodies = [*event((ANNA, RED, BLACK), ("cluster:7", GREEN, BLUE)), unknown(99, 120.0, GREEN, BLUE)]
    assert lookalikes(bodies, NAMED).found == ()
    same = [*event((ANNA, RED, BLACK), ("cluster:7", RED, BLACK)), unknown(99, 120.0, RED, BLACK)]
    assert lookalikes(same, NAMED).found == ()


@pytest.mark.parametrize("top", [GREEN, BLACK])
def test_other_clothes_are_nobody(top: int) -> None:
    assert lookalikes([*event((ANNA, RED, BLACK)), unknown(99, 0.0, top, BLUE)], NAMED).found == ()


def test_a_choir_switches_itself_off_and_says_so() -> None:
    choir = [*event((ANNA, BLACK, BLACK), (BEN, BLACK, BLACK), (TOM, BLACK, BLACK)), unknown(99, 9.0, BLACK, BLACK)]
    found = lookalikes(choir, NAMED)
    assert found.found == ()
    assert found.spread.off == "people dress alike here: 3 of 3 people with names could be taken for others"
    assert found.spread.alike[ANNA] == (BEN, TOM)


def test_two_who_dress_alike_are_left_out_and_the_third_is_not() -> None:
    clothes = event((ANNA, BLACK, BLACK), (BEN, BLACK, BLACK), (TOM, RED, BLUE), ("name:eva", GREEN, BLUE))
    named = NAMED | {"name:eva"}
    bodies = [*clothes, unknown(98, 9.0, BLACK, BLACK), unknown(99, 9.0, RED, BLUE)]
    found = lookalikes(bodies, named)
    assert [(one.body, one.person) for one in found.found] == [(len(clothes) + 1, TOM)]
    assert found.spread.off == ""
    assert set(found.spread.alike) == {ANNA, BEN}


def test_who_is_on_the_photo_with_a_face_is_not_the_one_without() -> None:
    clothes = event((ANNA, BLACK, BLACK), (BEN, BLACK, BLACK), (TOM, RED, BLUE), ("name:eva", GREEN, BLUE))
    named = NAMED | {"name:eva"}
    # Ben is on photo 99 with his face, so the other one in black is Anna.
    bodies = [*clothes, Worn(99, 9.0, wears(BLACK, BLACK), BEN), unknown(99, 9.0, BLACK, BLACK)]
    assert [(one.body, one.person) for one in lookalikes(bodies, named).found] == [(len(bodies) - 1, ANNA)]
    both = [*bodies, Worn(99, 9.0, wears(BLACK, BLACK), ANNA)]
    assert lookalikes(both, named).found == ()


def test_on_the_next_day_people_wear_other_clothes() -> None:
    day = 86_400.0
    first = event((ANNA, RED, BLACK), (BEN, GREEN, BLUE))
    second = [
        Worn(
            100 + body.photo,
            day + (body.time_s or 0),
            wears(GREEN, BLUE, 0.02) if body.person == ANNA else wears(RED, RED, 0.02),
            body.person,
        )
        for body in first
    ]
    asked = [unknown(300, 60.0, GREEN, BLUE), unknown(301, day + 60.0, GREEN, BLUE), unknown(302, None, GREEN, BLUE)]
    found = lookalikes([*first, *second, *asked], NAMED)
    assert {(one.body - 16, one.person) for one in found.found} == {(0, BEN), (1, ANNA)}


def test_photos_without_times_are_compared_with_each_other() -> None:
    bodies = [*event((ANNA, RED, BLACK), (BEN, GREEN, BLUE), times=False), unknown(99, None, RED, BLACK)]
    assert [one.person for one in lookalikes(bodies, NAMED).found] == [ANNA]


def test_nothing_to_learn_from() -> None:
    assert lookalikes([], NAMED).spread.off
    assert lookalikes([unknown(1, 1.0, RED, BLUE)], NAMED).spread.off
    assert lookalikes([*event((ANNA, RED, BLUE), photos=1), unknown(99, 1.0, RED, BLUE)], NAMED).spread.off


def test_distances_of_parts_that_both_show() -> None:
    first = np.stack([wears(RED, BLACK), wears(RED, None), wears(None, BLACK), wears(GREEN, BLACK)])
    away = signature_distances(first, first)
    assert np.allclose(np.diag(away), 0.0)
    assert np.isnan(away[1, 2])
    assert away[0, 1] == 0.0
    assert away[0, 3] == pytest.approx(0.6**0.5)
    assert np.allclose(away, away.T, equal_nan=True)


def test_the_order_of_bodies_does_not_matter() -> None:
    bodies = [*event((ANNA, RED, BLACK), (BEN, GREEN, BLUE), (TOM, BLUE, RED)), unknown(99, 120.0, RED, BLACK)]
    turned = bodies[::-1]
    assert lookalikes(turned, NAMED).found[0].person == ANNA
    assert lookalikes(turned, NAMED).spread.right == lookalikes(bodies, NAMED).spread.right


def test_many_distances_at_once_are_those_of_single_pairs() -> None:
    draw = np.random.default_rng(5)
    halves = draw.dirichlet(np.full(SIGNATURE_LENGTH // 2, 0.1), size=(6, 2))
    halves[1, 0] = halves[2, 1] = 0.0
    signatures = halves.reshape(6, -1).astype(np.float32)
    away = signature_distances(signatures, signatures)
    for first in range(6):
        for second in range(6):
            single = distance(signatures[first], signatures[second])
            assert away[first, second] == pytest.approx(np.nan if single is None else single, abs=2e-3, nan_ok=True)
