"""The gallery, the page of one photo, and photos side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape

import pytest

from curation.api.pages import photos as pages
from curation.domain.faces.ids import photo_id
from tests.service import ServiceClient, write_photo_scores

BURST: tuple[Mapping[str, object], ...] = (
    {"image_path": "a.jpg", "final_score": 0.9, "people": "Anna; person 1", "main_count": 1, "other_count": 1},
    {"image_path": "b.jpg", "final_score": 0.8, "burst_id": 1, "best_of_burst": "true", "burst_rank": 1},
    {"image_path": "c d.jpg", "final_score": 0.7},
    {"image_path": "d.jpg", "final_score": 0.6, "burst_id": 1, "best_of_burst": "false", "burst_rank": 2},
)


@pytest.fixture
def burst(clustered: ServiceClient) -> ServiceClient:
    """Four photos, two of them in one burst."""
    write_photo_scores(clustered.settings.io.output_dir, BURST)
    return clustered


def cells(html: str) -> list[str]:
    """The names of the photos in a grid."""
    return [unescape(name) for name in re.findall(r'class="shot.*?data-name="([^"]+)"', html, re.DOTALL)]


def attribute(html: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', html)
    assert found, html
    return unescape(found[1])


def say(client: ServiceClient, path: str, **said: object) -> None:
    assert client.put(f"/picks/{photo_id(path)}", json=said).status_code == 200


class TestGallery:
    def test_before_the_ranking_it_says_what_to_do(self, empty: ServiceClient) -> None:
        html = empty.get("/review/photos").text
        assert "not ranked yet" in html
        assert "Look through the photos" in html

    def test_the_best_photo_comes_first(self, scored: ServiceClient) -> None:
        html = scored.get("/review/photos").text
        assert cells(html) == ["a.jpg", "b.jpg", "d.jpg", "c d.jpg"]
        assert attribute(html, "data-total") == "4"

    def test_a_card_says_all_that_matters(self, scored: ServiceClient) -> None:
        html = scored.get("/review/photos?problem=vetoed").text
        assert cells(html) == ["d.jpg"]
        assert "Anna (main) blinks" in attribute(html[html.index('class="shot"') :], "aria-label")
        assert '<span data-category="main">Anna</span>' in html

    def test_a_photo_that_cannot_be_read_says_why(self, scored: ServiceClient) -> None:
        html = scored.get("/review/photos?problem=unreadable").text
        assert "the file is cut off" in html
        assert "/picture?size=thumbnail" not in html

    def test_a_burst_lies_under_its_best_photo(self, burst: ServiceClient) -> None:
        html = burst.get("/review/photos").text
        assert cells(html) == ["a.jpg", "b.jpg", "c d.jpg"]
        assert attribute(html, "data-stack") == "2"
        opened = burst.get("/fragments/photos/bursts/1").text
        assert cells(opened) == ["b.jpg", "d.jpg"]
        assert cells(burst.get("/review/photos?stacks=off").text) == ["a.jpg", "b.jpg", "c d.jpg", "d.jpg"]

    def test_the_photo_that_the_user_picked_lies_on_top(self, burst: ServiceClient) -> None:
        say(burst, "d.jpg", pick="picked")
        assert cells(burst.get("/review/photos?order=score").text) == ["a.jpg", "d.jpg", "c d.jpg"]

    def test_a_photo_of_a_burst_knows_the_others(self, burst: ServiceClient) -> None:
        say(burst, "d.jpg", pick="rejected")
        html = burst.get("/review/photos").text
        assert attribute(html, "data-rest") == f"{photo_id('d.jpg')}:rejected"

    def test_photos_whose_files_say_no_time_have_no_headings(self, scored: ServiceClient) -> None:
        html = scored.get("/review/photos?order=time").text
        assert cells(html) == ["a.jpg", "b.jpg", "c d.jpg", "d.jpg"]
        assert attribute(html, "data-sections") == "[]"
        assert "timeline" not in html.replace("timeline.", "")

    def test_a_camera_that_no_file_names_finds_nothing_and_says_why(self, scored: ServiceClient) -> None:
        html = scored.get("/review/photos?camera=NIKON+D750").text
        assert "No photo is known to match" in html
        assert attribute(html, "data-unknown") == "4"

    def test_a_filter_that_leaves_out_the_best_of_a_burst_shows_another(self, burst: ServiceClient) -> None:
        assert cells(burst.get("/review/photos?score=0-0.65").text) == ["d.jpg"]

    def test_picking_moves_no_photo_while_one_scrolls(
        self, scored: ServiceClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pages, "PHOTOS_AT_ONCE", 2)
        first = scored.get("/review/photos").text
        assert cells(first) == ["a.jpg", "b.jpg"]
        say(scored, "a.jpg", pick="rejected")
        say(scored, "d.jpg", pick="picked")
        view = attribute(first, "data-view")
        rest = scored.get(f"/fragments/photos/cards?view={view}&offset=2&limit=2")
        assert cells(rest.text) == ["d.jpg", "c d.jpg"]
        assert 'data-pick="picked"' in rest.text
        assert rest.headers["X-Total-Count"] == "4"
        ids = scored.get(f"/fragments/photos/ids?view={view}").json()["ids"]
        assert ids == [photo_id(name) for name in ("a.jpg", "b.jpg", "d.jpg", "c d.jpg")]
        assert cells(scored.get("/review/photos").text) == ["d.jpg", "b.jpg"]

    def test_a_view_that_is_no_longer_kept_is_opened_again(self, scored: ServiceClient) -> None:
        html = scored.get("/fragments/photos/cards?view=0123456789ab&offset=2").text
        assert cells(html) == ["d.jpg", "c d.jpg"]

    def test_whoever_comes_back_finds_the_photo(self, scored: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pages, "PHOTOS_AT_ONCE", 1)
        html = scored.get(f"/review/photos?at={photo_id('d.jpg')}").text
        # The page begins at the top, and its script fetches what is at this place.
        assert cells(html) == ["a.jpg"]
        assert attribute(html, "data-place") == "2"

    def test_people_to_choose_from_have_faces(self, scored: ServiceClient) -> None:
        labels = scored.settings.io.output_dir / "cluster_labels.json"
        labels.write_text(json.dumps({"0": {"name": "Anna <b>", "category": "main"}}), encoding="utf-8")
        html = scored.get("/review/photos?person=Anna+%3Cb%3E").text
        assert 'name="person" value="Anna &lt;b&gt;" checked' in html
        assert cells(html) == ["a.jpg", "b.jpg", "d.jpg"]
        assert "Anna <b>" not in html

    def test_no_photo_matches(self, scored: ServiceClient) -> None:
        assert "You have not picked any photo yet" in scored.get("/review/photos?pick=picked").text
        assert "No photo matches" in scored.get("/review/photos?pick=picked&stars=3").text

    def test_the_numbers_of_picks(self, scored: ServiceClient) -> None:
        say(scored, "a.jpg", pick="picked", rating=4)
        html = scored.get("/review/photos").text
        assert re.findall(r'data-count="(\w+)">(\d+)<', html) == [
            ("all", "4"),
            ("picked", "1"),
            ("rejected", "0"),
            ("none", "3"),
        ]
        assert 'data-rating="4"' in html


class TestPhoto:
    def test_neighbours_are_those_of_the_view(self, scored: ServiceClient) -> None:
        html = scored.get(f"/review/photos/{photo_id('b.jpg')}?order=name").text
        assert attribute(html, "data-before") == photo_id("a.jpg")
        assert attribute(html, "data-after") == photo_id("c d.jpg")
        assert "2 of 4" in html

    def test_neighbours_stay_while_one_picks(self, scored: ServiceClient) -> None:
        first = scored.get(f"/review/photos/{photo_id('b.jpg')}").text
        say(scored, "b.jpg", pick="picked")
        suffix = attribute(first, "data-suffix")
        again = scored.get(f"/fragments/photos/{photo_id('b.jpg')}/photo{suffix}").text
        assert attribute(again, "data-before") == photo_id("a.jpg")
        assert attribute(again, "data-after") == photo_id("d.jpg")
        assert attribute(again, "data-pick") == "picked"

    def test_faces_have_names_and_lead_to_people(self, scored: ServiceClient) -> None:
        labels = scored.settings.io.output_dir / "cluster_labels.json"
        labels.write_text(json.dumps({"0": {"name": "Anna", "category": "main"}}), encoding="utf-8")
        html = scored.get(f"/review/photos/{photo_id('d.jpg')}").text
        assert '<a href="/review/people/0">Anna</a>' in html
        assert "Unknown person" in html
        assert "Anna (main) blinks" in html

    def test_a_photo_whose_file_is_missing(self, scored: ServiceClient) -> None:
        html = scored.get(f"/review/photos/{photo_id('a.jpg')}").text
        assert "The file is missing or cannot be read." in html

    def test_before_the_ranking_the_photo_is_shown_too(self, clustered: ServiceClient) -> None:
        html = clustered.get(f"/review/photos/{photo_id('a.jpg')}").text
        assert "not ranked yet" in html

    def test_a_photo_that_is_not_there(self, scored: ServiceClient) -> None:
        assert scored.get("/review/photos/0123456789abcdef").status_code == 404
        assert scored.get("/review/photos/..%2Fa.jpg").status_code in (404, 422)

    def test_the_photos_of_its_burst_are_beside_it(self, burst: ServiceClient) -> None:
        html = burst.get(f"/review/photos/{photo_id('d.jpg')}").text
        strip = re.findall(r'data-go="(\w+)"', html)
        assert strip == [photo_id("b.jpg"), photo_id("d.jpg")]
        assert f"/review/compare?ids={photo_id('b.jpg')},{photo_id('d.jpg')}" in html


class TestCompare:
    def test_two_to_four_photos_in_the_order_that_was_asked_for(self, scored: ServiceClient) -> None:
        ids = ",".join(photo_id(path) for path in ("d.jpg", "a.jpg", "b.jpg"))
        html = scored.get(f"/review/compare?ids={ids}").text
        panes = re.findall(r'class="pane".*?data-id="(\w+)"', html)
        assert ",".join(panes) == ids

    def test_fewer_are_not_compared(self, scored: ServiceClient) -> None:
        for ids in ("", photo_id("a.jpg"), "x,y,z", f"{photo_id('a.jpg')},{photo_id('a.jpg')}"):
            assert "Choose two to four photos" in scored.get(f"/review/compare?ids={ids}").text

    def test_it_leads_back_to_the_view(self, scored: ServiceClient) -> None:
        first, second = photo_id("a.jpg"), photo_id("b.jpg")
        html = scored.get(f"/review/compare?ids={first},{second}&problem=none&view=abc").text
        assert f'href="/review/photos?problem=none&amp;view=abc&amp;at={first}"' in html
