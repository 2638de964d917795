import numpy as np
import pytest

from curation.domain.outfits.signature import SIGNATURE_LENGTH, distance, outfit_signature
from tests.dressed_people import DressedPerson, dressed_person


def _signature(drawn: DressedPerson) -> tuple[float, ...]:
    return outfit_signature(drawn.pixels, drawn.clothes, drawn.person)


def test_the_same_clothes_in_other_light_are_nearer_than_other_clothes() -> None:
    first = _signature(dressed_person((200, 30, 40), (20, 20, 22)))
    darker = _signature(dressed_person((170, 25, 35), (16, 16, 18)))
    other = _signature(dressed_person((30, 60, 180), (20, 20, 22)))
    assert len(first) == SIGNATURE_LENGTH
    near, far = distance(first, darker), distance(first, other)
    assert near is not None
    assert far is not None
    assert near < far / 2
    assert distance(first, first) == pytest.approx(0, abs=0.02)
    assert distance(first, other) == distance(other, first)
    assert 0 <= far <= 1


def test_a_portrait_is_compared_by_the_top_alone() -> None:
    whole = _signature(dressed_person((200, 30, 40), (20, 20, 22)))
    portrait = _signature(dressed_person((200, 30, 40), (20, 20, 22), height=150))
    apart = distance(whole, portrait)
    assert apart == pytest.approx(0, abs=0.1)


def test_what_cannot_be_told() -> None:
    drawn = dressed_person()
    nothing = outfit_signature(drawn.pixels, drawn.clothes._replace(values=np.zeros((9, 5), np.float32)), drawn.person)
    assert nothing == ()
    assert distance(nothing, _signature(drawn)) is None
    top, bottom = [0.0] * SIGNATURE_LENGTH, [0.0] * SIGNATURE_LENGTH
    top[0], bottom[-1] = 1.0, 1.0
    assert distance(top, bottom) is None


def test_signatures_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="numbers"):
        distance([1.0, 2.0], [1.0, 2.0])
