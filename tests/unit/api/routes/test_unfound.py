"""What finds nobody, over HTTP: listed, forgotten, given to somebody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.domain.faces.ids import photo_id
from tests.fake_workflow import FakeEvent, fake_event
from tests.service import ServiceClient, service
from tests.unit.api.http.test_errors import problem

ANNA = {"name": "Anna", "category": "main"}
AWAY = ("2_0.png", "day 2/2_1.png")


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    """Person 0 on four photos, 1 on three, 2 on two, one of them in a sub-folder."""
    with fake_event(tmp_path) as event:
        for person, photos in {0: 4, 1: 3}.items():
            for number in range(photos):
                event.add(f"{person}_{number}.png", person, seed=number)
        for number, name in enumerate(AWAY):
            event.add(name, 2, seed=number)
        event.cluster()
        yield event


@pytest.fixture
def client(event: FakeEvent) -> Iterator[ServiceClient]:
    """A name, a correction and a pick are about photos that are away; a rejection finds its photo."""
    with service(event.settings()) as client:
        (two,), (one,) = event.ids()[2], event.ids()[1]
        client.put("/labels", json={str(two): ANNA, str(one): "other"}).raise_for_status()
        body = {"kind": "different_people", "cluster_ids": [two, one]}
        assert client.post("/corrections", json=body).status_code == 201
        client.put(f"/picks/{photo_id(AWAY[1])}", json={"pick": "picked", "rating": 5}).raise_for_status()
        client.put(f"/picks/{photo_id('0_0.png')}", json={"pick": "rejected"}).raise_for_status()
        (event.photos / "day 2").rename(event.folder / "unplugged")
        (event.photos / AWAY[0]).unlink()
        event.cluster()
        yield client


def words(client: ServiceClient) -> dict[str, dict[str, Any]]:
    """By kind."""
    return {word["kind"]: word for word in client.get("/unfound").json()["words"]}


def url(word: dict[str, Any]) -> str:
    return f"/unfound/{word['kind']}/{word['id']}"


def test_before_clustering(empty: ServiceClient) -> None:
    problem(empty.get("/unfound"), 409, "not_clustered")


def test_everything_finds_somebody(clustered: ServiceClient) -> None:
    body = clustered.get("/unfound").json()
    assert (body["total"], body["told"], body["words"]) == (0, "", [])


def test_the_list(client: ServiceClient, event: FakeEvent) -> None:
    body = client.get("/unfound").json()
    assert body["total"] == 3
    assert body["counts"] == {"labels": 1, "corrections": 1, "picks": 1, "seen": 0}
    assert body["told"].startswith("1 pick, 1 correction and 1 name find nobody: their photos are not in the folder.")
    label, _, pick = body["words"]
    assert label == {
        "kind": "label",
        "id": label["id"],
        "name": "Anna",
        "why": "away",
        "reason": "their photos are not in the folder",
        "photos": list(AWAY),
    }
    assert (pick["name"], pick["photos"]) == ("picked, 5 stars", [AWAY[1]])
    assert [word["kind"] for word in client.get("/unfound?offset=1&limit=1").json()["words"]] == ["correction"]


def test_forget_and_undo(client: ServiceClient) -> None:
    before = words(client)
    done = client.request("DELETE", url(before["label"])).json()
    assert done == {"word": before["label"], "undoable": True, "left": 2}
    assert set(words(client)) == {"correction", "pick"}
    problem(client.request("DELETE", url(before["label"])), 404, "unfound_not_found")
    assert client.post("/undo").json()["what"] == "forgot Anna, who was not found"
    assert words(client) == before
    assert client.request("DELETE", url(before["correction"])).json()["undoable"]
    client.post("/undo").raise_for_status()
    assert words(client) == before
    assert not client.request("DELETE", url(before["pick"])).json()["undoable"]
    assert set(words(client)) == {"label", "correction"}


def test_give_a_name(client: ServiceClient, event: FakeEvent) -> None:
    word = words(client)["label"]
    (zero,) = event.ids()[0]
    answer = client.post(f"{url(word)}/attach", json={"cluster_id": zero})
    assert answer.json() == {"word": word, "undoable": True, "left": 2}
    assert client.get(f"/people/{zero}").json()["name"] == "Anna"


def test_give_a_pick(client: ServiceClient) -> None:
    word = words(client)["pick"]
    attach = f"{url(word)}/attach"
    problem(client.post(attach, json={"photo_id": photo_id("0_0.png")}), 409, "pick_taken")
    problem(client.post(attach, json={"photo_id": photo_id("z.png")}), 404, "photo_not_found")
    problem(client.post(attach, json={"cluster_id": 0}), 422, "not_attachable")
    assert client.post(attach, json={"photo_id": photo_id("0_1.png")}).status_code == 200
    assert client.get(f"/picks/{photo_id('0_1.png')}").json()["rating"] == 5
    assert "pick" not in words(client)


def test_what_cannot_be_given(client: ServiceClient, event: FakeEvent) -> None:
    found = words(client)
    (zero,), (one,) = event.ids()[0], event.ids()[1]
    client.request("PATCH", f"/people/{one}", json={"name": "Tom"}).raise_for_status()
    detail = problem(client.post(f"{url(found['label'])}/attach", json={"cluster_id": one}), 409, "label_taken")
    assert "Tom" in detail["detail"]
    problem(client.post(f"{url(found['label'])}/attach", json={"cluster_id": 999}), 404, "cluster_not_found")
    answer = client.post(f"{url(found['correction'])}/attach", json={"cluster_id": zero})
    assert "forget it" in problem(answer, 422, "not_attachable")["detail"]
    problem(client.post(f"/unfound/label/{one}/attach", json={"cluster_id": zero}), 404, "unfound_not_found")
    problem(client.request("DELETE", f"/unfound/pick/{photo_id('0_0.png')}"), 404, "unfound_not_found")


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/unfound/label/7/attach", {}),
        ("/unfound/label/7/attach", {"cluster_id": 1, "photo_id": "1f0c4be9d93c4c3c"}),
        ("/unfound/label/7/attach", {"cluster_id": -1}),
        ("/unfound/nobody/7/attach", {"cluster_id": 1}),
        ("/unfound/label/a%20b/attach", {"cluster_id": 1}),
    ],
)
def test_invalid_requests(client: ServiceClient, address: str, body: dict[str, Any]) -> None:
    problem(client.post(address, json=body), 422, "request_invalid")


@pytest.mark.parametrize("path", ["../up.jpg", "Ü/ß?#%.jpg", "a\udcffb.jpg", 'q"<b>.jpg'])
def test_any_path_of_a_pick(client: ServiceClient, event: FakeEvent, path: str) -> None:
    (event.output / "picks.json").write_text(json.dumps({"version": 1, "photos": {path: {"rating": 3}}}))
    event.cluster()
    word = words(client)["pick"]
    assert word["name"] == "3 stars"
    assert client.request("DELETE", url(word)).status_code == 200
    assert "pick" not in words(client)
    assert json.loads((event.output / "picks.json").read_text())["photos"] == {}


class TestPage:
    def test_a_quiet_line_on_people_and_photos(self, client: ServiceClient, event: FakeEvent) -> None:
        event.score()
        for page in ("/review/people", "/review/photos", "/fragments/unfound/line"):
            text = client.get(page).text
            assert "1 pick, 1 correction and 1 name find nobody: their photos are not in the folder." in text, page
            assert 'href="/review/unfound"' in text

    def test_no_line_where_all_is_found(self, scored: ServiceClient) -> None:
        for page in ("/review/people", "/review/photos"):
            answer = scored.get(page)
            assert answer.status_code == 200
            assert "unfound-line" not in answer.text

    def test_no_line_where_a_file_is_spoilt(self, client: ServiceClient, event: FakeEvent) -> None:
        (event.output / "picks.json").write_text("{")
        assert client.get("/review/people").status_code == 200
        assert client.get("/fragments/unfound/line").text.strip() == ""

    def test_the_list(self, client: ServiceClient) -> None:
        text = client.get("/review/unfound").text
        for shown in ("What finds nobody", "Anna", "Different people", "Picked, 5 stars", "day 2/2_1.png", "Give to"):
            assert shown in text
        assert "<script>" not in text
        assert client.get("/fragments/unfound").text.strip() in text

    def test_an_empty_list(self, clustered: ServiceClient) -> None:
        assert "Everything finds somebody" in clustered.get("/review/unfound").text

    def test_before_clustering(self, empty: ServiceClient) -> None:
        assert "No people yet" in empty.get("/review/unfound").text

    def test_people_with_another_name_are_not_offered(self, client: ServiceClient, event: FakeEvent) -> None:
        (zero,), (one,) = event.ids()[0], event.ids()[1]
        client.request("PATCH", f"/people/{one}", json={"name": "Tom"}).raise_for_status()
        text = client.get(f"/fragments/unfound/people/{words(client)['label']['id']}").text
        assert f'value="{zero}"' in text
        assert f'value="{one}"' not in text

    def test_photos_with_a_pick_are_not_offered(self, client: ServiceClient) -> None:
        text = client.get("/fragments/unfound/photos?q=0_").text
        assert f'value="0_1.png" data-photo="{photo_id("0_1.png")}"' in text
        assert "0_0.png" not in text and "1_0.png" not in text
        assert client.get("/fragments/unfound/photos?q=nothing").text.strip() == ""


def test_the_routes_are_described(empty: ServiceClient) -> None:
    paths = empty.get("/openapi.json").json()["paths"]
    assert set(paths["/unfound"]) == {"get"}
    assert set(paths["/unfound/{kind}/{word_id}"]) == {"delete"}
    assert set(paths["/unfound/{kind}/{word_id}/attach"]) == {"post"}
