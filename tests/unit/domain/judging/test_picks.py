from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.judging.picks import NO_PICKS, UNJUDGED, PhotoPick, Pick, Picks, parse_picks
from curation.errors import PicksError

drawn_pick = st.builds(PhotoPick, st.none() | st.sampled_from(Pick), st.none() | st.integers(1, 5))
drawn_picks = st.dictionaries(st.text(min_size=1, max_size=8), drawn_pick, max_size=6).map(Picks)


def test_picks_and_ratings_are_read() -> None:
    picks = parse_picks(
        {"version": 1, "photos": {"a/b.jpg": {"pick": "picked", "rating": 5}, "c.jpg": {"rating": 1}, "d.jpg": {}}}
    )
    assert picks.of("a/b.jpg") == PhotoPick(Pick.PICKED, 5)
    assert picks.of("c.jpg") == PhotoPick(None, 1)
    assert picks.of("d.jpg") == picks.of("somewhere else.jpg") == UNJUDGED
    assert set(picks.by_path) == {"a/b.jpg", "c.jpg"}


@given(drawn_picks)
def test_what_is_written_is_read_again(picks: Picks) -> None:
    assert parse_picks({"version": 1, "photos": picks.to_json()}) == picks


@given(drawn_picks, st.text(min_size=1, max_size=8), drawn_pick)
def test_a_change_can_be_taken_back(picks: Picks, path: str, pick: PhotoPick) -> None:
    changed = picks.changed({path: pick})
    assert changed.of(path) == pick
    assert changed.changed({path: picks.of(path)}) == picks


@pytest.mark.parametrize(
    ("data", "mistake"),
    [
        ([], "must be a JSON object"),
        ({"version": 1}, "must be a JSON object"),
        ({"version": 2, "photos": {}}, "the version 2; this program knows 1"),
        ({"photos": {}}, "the version None"),
        ({"version": 1, "photos": {}, "more": 1}, "'more' is not a known key; possible: version, photos"),
        ({"version": 1, "photos": {"a.jpg": "picked"}}, "photo 'a.jpg': found 'picked'; write {"),
        ({"version": 1, "photos": {"a.jpg": {"pick": "Picked "}}}, "did you mean 'picked'?"),
        (
            {"version": 1, "photos": {"a.jpg": {"pick": ["picked"]}}},
            "['picked'] is not a pick; possible: picked, rejected",
        ),
        ({"version": 1, "photos": {"a.jpg": {"rating": 6}}}, "6 is not a rating; possible: 1 to 5"),
        ({"version": 1, "photos": {"a.jpg": {"rating": True}}}, "True is not a rating"),
        ({"version": 1, "photos": {"a.jpg": {"stars": 3}}}, "'stars' is not a known key; possible: pick, rating"),
        ({"version": 1, "photos": {"": {"rating": 3}}}, "name the photo"),
    ],
)
def test_a_mistake_is_named(data: object, mistake: str) -> None:
    with pytest.raises(PicksError) as error:
        parse_picks(data)
    assert mistake in str(error.value)


def test_all_mistakes_are_named_at_once_but_no_endless_list() -> None:
    with pytest.raises(PicksError) as error:
        parse_picks({"version": 1, "photos": {f"{i}.jpg": {"rating": 0} for i in range(30)}})
    assert str(error.value).count("is not a rating") == 20
    assert "and 10 more mistakes" in str(error.value)


def test_no_picks() -> None:
    assert NO_PICKS.to_json() == {}
    assert parse_picks({"version": 1, "photos": {}}) == NO_PICKS
