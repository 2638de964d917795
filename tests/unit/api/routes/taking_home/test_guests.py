"""Guests over HTTP: links, selfies of painted people, what is shown, and that nothing of a selfie is kept."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.domain.faces.ids import photo_id
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.judging.picks import PhotoPick, Pick, Picks
from curation.domain.recognition.policy import RecognitionRule
from curation.event.guests import finder
from curation.storage.said.picks_file import PICKS, write_picks
from tests.fake_workflow import FakeEvent, fake_event
from tests.service import service
from tests.unit.api.routes.taking_home.selfies import selfie

RULE = RecognitionRule(GroupingRule(1.0, 1.0), name_limit=0.6, ask_limit=0.7, margin=0.05)
TOKEN = "a-long-enough-token"


@pytest.fixture
def event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEvent]:
    """Three photos of person 1, of which the first is picked and the last rejected, and one of person 2."""
    monkeypatch.setattr(finder, "measured_rule", lambda embedder: RULE if embedder == "a" * 64 else None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with fake_event(tmp_path) as event:
        for name in ("a.png", "b.png", "c.png", "d.png"):
            event.add(name, 1, seed=ord(name[0]))
        event.add("other.png", 2)
        event.cluster()
        event.score()
        write_picks(event.output / PICKS, Picks({"a.png": PhotoPick(Pick.PICKED), "d.png": PhotoPick(Pick.REJECTED)}))
        yield event


def serve(event: FakeEvent, **more: Any) -> Any:
    settings = event.settings({"service": {"guest_selfies": True, **more}})
    return service(settings, build=lambda _: event.workflow())  # type: ignore[arg-type, return-value]


def test_off_by_default(event: FakeEvent) -> None:
    with service(event.settings(), build=lambda _: event.workflow()) as client:  # type: ignore[arg-type, return-value]
        for method, path in (("GET", "/review/find-me"), ("POST", "/find-me"), ("POST", "/guest-links")):
            answer = client.request(method, path, content=b"{}", headers={"content-type": "application/json"})
            assert answer.status_code in (404, 422), (path, answer.text)
        assert client.post("/find-me", content=selfie(1)).json()["code"] == "guests_off"


def test_the_owner_finds_somebody_and_downloads(event: FakeEvent) -> None:
    with serve(event) as client:
        answer = client.post("/find-me", content=selfie(1))
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        found = answer.json()
        assert found["answer"] == "found" and {each["photo_id"] for each in found["photos"]} == {
            photo_id(name) for name in ("a.png", "b.png", "c.png")
        }
        picture = client.get(found["photos"][0]["thumbnail_url"])
        assert picture.status_code == 200 and picture.headers["cache-control"] == "no-store"
        stranger = f"{found['result_url']}/photos/{photo_id('other.png')}/picture"
        assert client.get(stranger).json()["code"] == "result_gone"
        with zipfile.ZipFile(io.BytesIO(client.get(found["download_url"]).content)) as archive:
            assert sorted(archive.namelist()) == ["a.png", "b.png", "c.png"] and archive.testzip() is None
            assert archive.read("a.png") == (event.photos / "a.png").read_bytes()
        one = client.get(f"{found['download_url']}?photo={photo_id('b.png')}")
        with zipfile.ZipFile(io.BytesIO(one.content)) as archive:
            assert archive.namelist() == ["b.png"]
        assert client.request("DELETE", found["result_url"]).status_code == 204
        assert client.get(found["photos"][0]["thumbnail_url"]).json()["code"] == "result_gone"


def test_a_guest_needs_the_key_and_no_more(event: FakeEvent) -> None:
    owner = {"Authorization": f"Bearer {TOKEN}"}
    with serve(event, token=TOKEN) as client:
        link = client.post("/guest-links", json={"photos": "picks", "download": False}, headers=owner).json()
        page, key = link["url"].split("#")
        guest = {"x-guest-key": key}
        assert client.get(page).status_code == 200 and "x-guest-key" not in client.get(page).text
        assert client.get("/guest-links", headers=guest).status_code == 401
        assert client.get("/photos", headers=guest).status_code == 401
        assert client.post("/find-me", content=selfie(1)).json()["code"] == "guest_link_invalid"
        assert client.post("/find-me", content=selfie(1), headers={"x-guest-key": "no"}).status_code == 401
        found = client.post("/find-me", content=selfie(1), headers=guest).json()
        assert [each["photo_id"] for each in found["photos"]] == [photo_id("a.png")] and found["download_url"] is None
        assert client.get(found["photos"][0]["picture_url"]).status_code == 200
        assert client.get(f"{found['result_url']}/download").json()["code"] == "download_not_allowed"
        assert client.get("/guest-links", headers=owner).json()["links"][0]["link_id"] == link["link_id"]
        assert client.request("DELETE", f"/guest-links/{link['link_id']}", headers=owner).status_code == 204
        assert client.post("/find-me", content=selfie(1), headers=guest).status_code == 401
        assert client.get(found["photos"][0]["picture_url"]).json()["code"] == "result_gone"


def test_what_a_selfie_may_be(event: FakeEvent) -> None:
    with serve(event) as client:
        answers = {
            "nobody": selfie(5),
            "several": selfie(1, 2),
            "no_face": selfie(),
            "too_poor": selfie(1, px=40),
        }
        for answer, picture in answers.items():
            found = client.post("/find-me", content=picture).json()
            assert (found["answer"], found["photos"]) == (answer, []), found
        assert client.post("/find-me", content=b"").status_code == 422
        assert client.post("/find-me", content=b"not a picture").status_code == 422


def test_too_many_in_a_minute(event: FakeEvent) -> None:
    with serve(event) as client:
        answers = [client.post("/find-me", content=selfie()) for _ in range(9)]
    assert [answer.status_code for answer in answers] == [200] * 8 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_no_byte_of_a_selfie_stays(event: FakeEvent, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    picture = selfie(1, seed=7)
    parts = [picture[start : start + 48] for start in range(200, len(picture) - 48, 199)]
    with serve(event) as client, caplog.at_level("DEBUG"):
        assert client.post("/find-me", content=picture).json()["answer"] == "found"
        assert client.post("/find-me", content=picture[: len(picture) // 2]).status_code == 422
        during = [path for path in tmp_path.rglob("*") if path.is_file()]
        contents = b"".join(path.read_bytes() for path in during)
    assert during and not any(part in contents for part in parts)
    contents = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(part in contents for part in parts)
    assert "find-me" not in caplog.text or "PNG" not in caplog.text
