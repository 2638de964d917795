"""The grid of people and the page of one person, as the browser gets them."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import pytest
from lxml import html as lxml_html

from curation.api.pages import people as people_module
from curation.domain.faces.ids import face_id, photo_id
from tests.service import ServiceClient, write_face_data

MANY = [(f"p{person:03}_{number}.jpg", person) for person in range(150) for number in range(1 + (person == 7))]


def found(text: str, path: str) -> list[Any]:
    """What an XPath finds in a page or a fragment."""
    return cast(list[Any], lxml_html.fromstring(f"<div>{text}</div>").xpath(path))


def cards(text: str) -> list[Any]:
    return found(text, "//*[@role='gridcell']")


def label(client: ServiceClient, labels: object) -> None:
    (client.settings.io.output_dir / "cluster_labels.json").write_text(json.dumps(labels), encoding="utf-8")


@pytest.fixture
def many(empty: ServiceClient) -> ServiceClient:
    """150 people, one photo each; number 7 has two."""
    write_face_data(empty.settings.io.output_dir, MANY)
    return empty


class TestGrid:
    def test_before_clustering_it_leads_to_the_start(self, empty: ServiceClient) -> None:
        response = empty.get("/review/people")
        assert response.status_code == 200
        assert "No people yet" in response.text
        assert 'href="/"' in response.text

    def test_largest_first_and_the_first_takes_the_tab_stop(self, many: ServiceClient) -> None:
        shown = cards(many.get("/review/people").text)
        assert len(shown) == people_module.PEOPLE_AT_ONCE
        assert shown[0].get("data-id") == "7"
        assert [card.get("tabindex") for card in shown[:3]] == ["0", "-1", "-1"]
        assert "2 photos, not labelled" in shown[0].get("aria-label", "")
        assert shown[0].xpath(".//img/@src") == [f"/faces/{face_id(photo_id('p007_0.jpg'), 0)}/picture"]

    def test_the_rest_comes_in_parts_until_there_is_no_more(self, many: ServiceClient) -> None:
        text = many.get("/review/people").text
        seen = [card.get("data-id") for card in cards(text)]
        total = int(found(text, "//*[@id='cards']/@data-total")[0])
        while len(seen) < total:
            answer = many.get(f"/fragments/people/cards?show=all&q=&offset={len(seen)}&limit=40")
            assert answer.headers["x-total-count"] == str(total)
            part = cards(answer.text)
            assert part
            assert all(card.get("tabindex") == "-1" for card in part)
            seen += [card.get("data-id") for card in part]
        assert sorted(map(int, seen), key=int) == list(range(150))
        assert many.get("/fragments/people/ids?show=all&q=").json()["ids"] == seen

    def test_choices_and_their_numbers(self, many: ServiceClient) -> None:
        label(many, {"3": "main", "4": {"name": "Anna", "category": "important"}, "5": "other", "6": "other"})
        assert [card.get("data-id") for card in cards(many.get("/review/people?show=other").text)] == ["5", "6"]
        text = many.get("/review/people?show=main").text
        counts = [int(count) for count in re.findall(r'<span class="count">(\d+)</span>', text)]
        assert counts == [150, 146, 1, 1, 2]
        (current,) = found(text, "//nav//a[@aria-current='true']")
        assert current.text_content().split() == ["Main", "1"]

    def test_a_label_shows_on_its_card(self, many: ServiceClient) -> None:
        label(many, {"4": {"name": "Anna", "category": "important"}})
        (card,) = cards(many.get("/review/people?q=ann").text)
        assert card.get("data-category") == "important"
        assert card.xpath(".//button[@aria-pressed='true']/@data-category") == ["important"]
        assert card.get("aria-label") == "Anna, 1 photo, important"

    def test_what_a_user_wrote_is_never_markup(self, many: ServiceClient) -> None:
        label(many, {"4": {"name": '<img src=x onerror="1">', "category": "main"}})
        text = many.get("/review/people?show=main").text
        assert "<img src=x" not in text
        (card,) = cards(text)
        assert card.get("data-name") == '<img src=x onerror="1">'
        nobody = many.get('/review/people?q="><script>').text
        assert "<script>" not in nobody
        assert "No person has" in nobody

    @pytest.mark.parametrize("query", ["show=everybody", "q=" + "x" * 81])
    def test_an_address_that_is_not_valid(self, many: ServiceClient, query: str) -> None:
        response = many.get(f"/review/people?{query}")
        assert response.status_code == 422
        assert "go to the start page" in response.text

    def test_the_version_of_the_labels_goes_with_the_grid(self, many: ServiceClient) -> None:
        label(many, {"4": "main"})
        etag = many.get("/labels").headers["etag"]
        (bar,) = found(many.get("/review/people").text, "//*[@data-labels-etag]")
        assert bar.get("data-labels-etag") == etag
        assert many.get("/fragments/people/cards").headers["x-labels-etag"] == etag


class TestInspector:
    def test_a_dozen_faces_at_most(self, empty: ServiceClient) -> None:
        write_face_data(empty.settings.io.output_dir, [(f"{number}.jpg", 0) for number in range(40)])
        text = empty.get("/fragments/people/0/inspector").text
        assert text.count("data-face=") == people_module.SAMPLES
        assert "All 40 faces" in text

    def test_nothing_of_who_was_joined_meanwhile(self, clustered: ServiceClient) -> None:
        response = clustered.get("/fragments/people/99/inspector", headers={"hx-request": "true"})
        assert (response.status_code, response.content) == (204, b"")


class TestPerson:
    def test_all_faces_in_parts(self, empty: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(people_module, "FACES_AT_ONCE", 30)
        write_face_data(empty.settings.io.output_dir, [(f"{number}.jpg", 0) for number in range(40)])
        text = empty.get("/review/people/0").text
        first = cards(text)
        assert found(text, "//*[@id='faces']/@data-total") == ["40"]
        answer = empty.get("/fragments/people/0/faces?order=best&offset=30&limit=30")
        rest = cards(answer.text)
        ids = [cell.get("data-id") for cell in [*first, *rest]]
        assert (len(first), len(rest), answer.headers["x-total-count"]) == (30, 10, "40")
        told = empty.get("/fragments/people/0/face-ids").json()
        assert told["ids"] == ids
        assert told["photos"] == [str(one).partition("-")[0] for one in ids]
        assert first[0].get("data-photo") == str(first[0].get("data-id")).partition("-")[0]

    def test_neighbours_by_size(self, many: ServiceClient) -> None:
        page = many.get("/review/people/7").text
        assert found(page, "//*[@id='before']") == []
        assert found(page, "//*[@id='after']/@href") == ["/review/people/0"]

    def test_least_alike_first(self, many: ServiceClient) -> None:
        page = many.get("/review/people/7?order=doubtful").text
        assert found(page, "//*[@id='faces-grid']/@data-order") == ["doubtful"]

    def test_nobody(self, many: ServiceClient) -> None:
        response = many.get("/review/people/999")
        assert response.status_code == 404
        assert "There is nothing here" in response.text

    def test_a_correction_shows_at_once(self, many: ServiceClient) -> None:
        (first, second) = (cell.get("data-id") for cell in cards(many.get("/review/people/7").text))
        split = many.post("/corrections", json={"kind": "different_people", "face_ids": [second]})
        assert split.status_code == 201, split.text
        assert [cell.get("data-id") for cell in cards(many.get("/review/people/7").text)] == [first]
        new = split.json()["cluster_id"]
        assert [cell.get("data-id") for cell in cards(many.get(f"/review/people/{new}").text)] == [second]
