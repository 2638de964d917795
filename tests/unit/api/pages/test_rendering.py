"""What all pages share: the layout, static files, headers, and errors as a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from curation.api.pages.navigation import NAVIGATION
from curation.api.pages.static_files import asset_url
from tests.service import ServiceClient

WEB = Path(__file__).parents[4] / "curation" / "api" / "web"
SCRIPTS = sorted((WEB / "static" / "js").rglob("*.js"))
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))


class TestStaticFiles:
    def test_are_cached_for_good_by_their_address(self, empty: ServiceClient) -> None:
        response = empty.get(asset_url("css/tokens.css"))
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/css; charset=utf-8"
        assert "immutable" in response.headers["cache-control"]
        again = empty.get(asset_url("css/tokens.css"), headers={"if-none-match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_an_old_address_gives_the_present_file_but_not_for_good(self, empty: ServiceClient) -> None:
        response = empty.get("/static/0123456789ab/js/app.js")
        assert (response.status_code, response.headers["cache-control"]) == (200, "no-cache")
        assert response.headers["content-type"] == "text/javascript; charset=utf-8"

    @pytest.mark.parametrize(
        "path", ["nothing.css", "../templates/base.html", "..%2ftemplates%2fbase.html", "/etc/hosts"]
    )
    def test_nothing_else_can_be_named(self, empty: ServiceClient, path: str) -> None:
        assert empty.get(f"/static/0123456789ab/{path}").status_code == 404

    def test_an_unknown_name_in_a_template_is_an_error(self) -> None:
        with pytest.raises(KeyError, match="known"):
            asset_url("css/nothing.css")

    def test_scripts_import_only_what_is_there(self) -> None:
        assert SCRIPTS
        for script in SCRIPTS:
            for name in re.findall(r'from "([^"]+)"', script.read_text(encoding="utf-8")):
                assert name.startswith("./"), f"{script.name} imports {name}"
                assert (script.parent / name).is_file(), f"{script.name} imports {name}"

    def test_no_page_loads_anything_from_elsewhere_or_holds_scripts(self) -> None:
        own = [*TEMPLATES, *SCRIPTS, *sorted((WEB / "static" / "css").rglob("*.css"))]
        for path in own:
            text = path.read_text(encoding="utf-8")
            addresses = set(re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s\"')]*", text))
            assert {a for a in addresses if not a.startswith("http://www.w3.org/")} == set(), path
            assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", text), path

    def test_every_address_in_a_template_begins_with_that_of_the_event(self) -> None:
        machine = ("/static/", "/sign-in", "/docs", "/events", "/folders", "/fragments/events")
        for path in TEMPLATES:
            text = path.read_text(encoding="utf-8")
            for address in re.findall(r'(?:href|src|action|hx-get|hx-post|data-[a-z-]+)="(/[^"]*)"', text):
                assert address == "/" or address.startswith(machine), f"{path.name}: {address} needs {{{{ root }}}}"

    def test_every_address_in_a_script_begins_with_that_of_the_event(self) -> None:
        for path in (path for path in SCRIPTS if path.name != "root.js"):
            found = re.findall(r"[\"'`](/[a-z][a-z-]+(?:/|[\"'`?$]))", path.read_text(encoding="utf-8"))
            found = [address for address in found if address[1:-1] not in ("events", "folders")]  # of all events
            assert found == [], f"{path.name}: {found} need ${{root}}"


class TestFrame:
    def test_every_place_of_the_navigation_answers(self, scored: ServiceClient) -> None:
        for place in NAVIGATION:
            response = scored.get(place.path)
            assert response.status_code == 200, place
            assert f'<a href="{place.path}" aria-current="page">' in response.text

    def test_headers(self, empty: ServiceClient) -> None:
        headers = empty.get("/review/event").headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-type"] == "text/html; charset=utf-8"

    def test_an_error_is_a_page_for_people_and_a_fragment_for_htmx(self, clustered: ServiceClient) -> None:
        (clustered.settings.io.output_dir / "cluster_labels.json").write_text('{"0": "mian"}', encoding="utf-8")
        page = clustered.get("/review/event")
        assert page.status_code == 422
        assert "did you mean &#39;main&#39;?" in page.text
        assert "<nav" in page.text
        fragment = clustered.get("/fragments/event", headers={"hx-request": "true"})
        assert fragment.status_code == 422
        assert "did you mean" in fragment.text
        assert "<nav" not in fragment.text
