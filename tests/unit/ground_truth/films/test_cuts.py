from __future__ import annotations

import pytest

from ground_truth.films.cuts import CutCount, assembled, counted, slowly_moved
from tests.film_files import pattern


def test_cuts_are_counted_at_their_picture() -> None:
    assert counted([10, 31], {10, 30}) == CutCount(right=1, false=1, missed=1)
    assert counted([10, 31], {10, 30}, late=1) == CutCount(right=2)
    assert counted([10, 10], {10}) == CutCount(right=1, false=1)
    assert counted([12], set(), unclear={11, 12}) == CutCount()
    assert CutCount(1, 2, 3) + CutCount(1, 0, 0) == CutCount(2, 2, 3)


@pytest.mark.parametrize(("count", "f1"), [(CutCount(), 1), (CutCount(2, 1, 1), 2 / 3), (CutCount(0, 1, 0), 0)])
def test_f1(count: CutCount, f1: float) -> None:
    assert count.f1 == pytest.approx(f1)


def test_films_are_assembled_with_their_cuts() -> None:
    stills = [pattern(seed, width=400, height=300) for seed in range(3)]
    footage = [slowly_moved(still, number) for number, still in enumerate(stills)]
    films = assembled(footage, stills, seed=3)
    assert len({film.name for film in films}) == len(films) == 13
    for film in films:
        assert all(0 < cut < len(film.pictures) for cut in film.cuts)
        assert film.cuts or film.unclear
        assert {picture.shape for picture in film.pictures} == {(180, 320, 3)}
