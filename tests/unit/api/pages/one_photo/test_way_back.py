"""Links lead back to pages of the event only."""

from __future__ import annotations

import pytest

from curation.api.pages.one_photo.way_back import own_place, way_back


@pytest.mark.parametrize(
    "text",
    ["/review/people/3?sort=name", "/review/choose?count=40&main=3", "/review/photos?person=Anna+M&at=00", "/review/x"],
)
def test_own_pages(text: str) -> None:
    assert own_place(text) == text
    assert own_place(f"/events/anna{text}", "/events/anna") == text
    assert own_place(f"/events/other{text}", "/events/anna") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.com/review/",
        "//example.com/review/",
        "/review//example.com",
        "/review/../picks",
        "/review/%2e%2e/picks",
        "/review/\\example.com",
        "/review/people\n",
        "javascript:alert(1)",
        "/picks",
        "/reviewer",
        "/review/" + 2000 * "a",
    ],
)
def test_everything_else_is_nothing(text: str) -> None:
    assert own_place(text) is None


def test_the_button_says_where_it_leads() -> None:
    gallery = "/review/photos?at=1"
    assert (way_back(None, gallery).address, way_back(None, gallery).title) == (gallery, "All photos")
    assert way_back("/review/people/3", gallery).title == "The person"
    assert way_back("/review/choose?count=3", gallery).title == "The choice"
    assert way_back("/review/compare?ids=1", gallery).title == "The comparison"
