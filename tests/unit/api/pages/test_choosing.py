"""Rules, the choice and export: their pages in each state of an event. The JSON routes fill them."""

from __future__ import annotations

import re

import pytest

from curation.domain.faces.ids import photo_id
from tests.service import ServiceClient

PAGES = ("/review/rules", "/review/choose", "/review/export")


@pytest.mark.parametrize("path", PAGES)
def test_before_the_ranking_each_says_what_to_do(empty: ServiceClient, path: str) -> None:
    html = empty.get(path).text
    assert "not ranked yet" in html
    assert f'<a href="{path}" aria-current="page">' in html


@pytest.mark.parametrize(("path", "ids"), [(PAGES[0], "changes"), (PAGES[1], "choice-form"), (PAGES[2], "export-form")])
def test_then_each_has_what_its_script_fills(scored: ServiceClient, path: str, ids: str) -> None:
    assert f'id="{ids}"' in scored.get(path).text


@pytest.mark.parametrize("path", PAGES)
def test_every_field_has_a_name_that_is_read_aloud(scored: ServiceClient, path: str) -> None:
    html = scored.get(path).text
    fields = re.findall(r"<(?:input|select)[^>]*>", html)
    assert fields
    for field in fields:
        at = html.index(field)
        in_label = html.rfind("<label", 0, at) > html.rfind("</label", 0, at)
        assert in_label or "aria-label=" in field, field


def test_an_export_proposes_the_picks_when_there_are_any(scored: ServiceClient) -> None:
    assert 'value="best" checked' in scored.get("/review/export").text
    scored.put(f"/picks/{photo_id('a.jpg')}", json={"pick": "picked"})
    html = scored.get("/review/export").text
    assert 'value="picked" checked' in html
    assert "1 photo<" in html


def test_rejected_and_unreadable_photos_are_not_counted(scored: ServiceClient) -> None:
    assert "of 3 photos" in scored.get("/review/export").text
    scored.put(f"/picks/{photo_id('a.jpg')}", json={"pick": "rejected"})
    assert "of 2 photos" in scored.get("/review/export").text


def test_the_old_address_of_the_choice_leads_to_the_new_one(scored: ServiceClient) -> None:
    response = scored.get("/review/coverage?n=20&day=hours", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (308, "/review/choose?n=20&day=hours")
