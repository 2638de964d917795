from __future__ import annotations

from curation.domain.film.tracking.purity import identity_changes, is_suspicious
from tests.film_values import vector_of


def faces(*people: int, noise: float = 0.1) -> list[object]:
    return [vector_of(person, noise=noise, seed=number) for number, person in enumerate(people)]


def changes(*people: int, qualities: list[float] | None = None) -> tuple[int, ...]:
    return identity_changes(faces(*people), qualities or [0.5] * len(people))  # type: ignore[arg-type]


def test_one_person_stays_one() -> None:
    assert changes(0, 0, 0, 0) == ()
    assert changes(0) == ()
    assert changes() == ()


def test_the_place_where_the_person_changes_is_found() -> None:
    assert changes(0, 0, 1, 1, 1) == (2,)
    assert changes(0, 1) == (1,)
    assert changes(0, 0, 1, 2, 2) == (2, 3)


def test_somebody_who_comes_back_is_found_too() -> None:
    assert changes(0, 0, 1, 1, 0, 0) == (2, 4)


def test_unreadable_faces_say_nothing() -> None:
    assert changes(0, 5, 0, 0, qualities=[0.5, 0.05, 0.5, 0.5]) == ()
    assert changes(0, 5, 1, 1, qualities=[0.5, 0.05, 0.5, 0.5]) == (2,)


def test_neighbours_that_differ_are_suspicious() -> None:
    assert is_suspicious(faces(0, 0, 1))  # type: ignore[arg-type]
    assert not is_suspicious(faces(0, 0, 0))  # type: ignore[arg-type]
    assert not is_suspicious([])
