"""Known people and proposals over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.known_world import ANNA, BEN, CARA, KnownEvent, enrolled, known_event
from tests.service import FakeOrchestrator, ServiceClient, service


@pytest.fixture
def known(tmp_path: Path) -> Iterator[KnownEvent]:
    with known_event(tmp_path, enrolled(ANNA, BEN)) as event:
        yield event


@pytest.fixture
def client(known: KnownEvent) -> Iterator[ServiceClient]:
    with service(
        known.settings, cast(FakeOrchestrator, known.workflow()), open_gallery=lambda _: known.opened
    ) as client:
        yield client


def test_proposals_have_faces_of_both_sides(client: ServiceClient, known: KnownEvent) -> None:
    page = client.get("/known-people/proposals").json()
    assert (page["total"], page["names"]) == (2, 2)
    anna = next(one for one in page["proposals"] if one["name"] == "Anna")
    assert (anna["cluster_id"], anna["answer"], anna["photos"]) == (known.cluster_of(ANNA), "name", 5)
    assert client.get(f"/faces/{anna['face_ids'][0]}/picture").status_code == 200
    picture = client.get(anna["known_face_urls"][0])
    assert picture.content.startswith(b"\xff\xd8")
    assert picture.headers["cache-control"] == "no-store"


def test_yes_and_no(client: ServiceClient) -> None:
    anna, ben = client.get("/known-people/proposals").json()["proposals"]
    body = {"person_id": anna["person_id"], "answer": "accept"}
    answered = client.post(f"/known-people/proposals/{anna['cluster_id']}", json=body).json()
    # Both events have the same name of the folder: the gallery has faces of it.
    assert answered == {**answered, "name": "Anna", "left": 1, "can_add": False}
    assert client.get(f"/people/{anna['cluster_id']}").json()["name"] == "Anna"
    again = client.post(f"/known-people/proposals/{anna['cluster_id']}", json=body)
    assert (again.status_code, again.json()["code"]) == (404, "suggestion_not_found")
    other = {"person_id": anna["person_id"], "answer": "accept"}
    assert client.post(f"/known-people/proposals/{ben['cluster_id']}", json=other).status_code == 404
    no = {"person_id": ben["person_id"], "answer": "refuse"}
    assert client.post(f"/known-people/proposals/{ben['cluster_id']}", json=no).json()["left"] == 0
    assert client.post("/undo").json()["what"] == "not Ben"
    assert client.get("/known-people/proposals").json()["total"] == 1


def test_only_what_was_shown_is_accepted_together(client: ServiceClient) -> None:
    anna, ben = client.get("/known-people/proposals").json()["proposals"]
    shown = [{"cluster_id": anna["cluster_id"], "person_id": anna["person_id"]}]
    answer = client.post("/known-people/proposals", json={"from_certainty": 0.9, "shown": shown}).json()
    assert answer == {"accepted": [{"cluster_id": anna["cluster_id"], "name": "Anna"}], "left": 1}
    none = client.post("/known-people/proposals", json={"from_certainty": 1.0, "shown": []}).json()
    assert none["accepted"] == []
    assert client.get(f"/people/{ben['cluster_id']}").json()["name"] is None


def test_people_are_added_renamed_merged_and_forgotten(client: ServiceClient, known: KnownEvent) -> None:
    cara = known.cluster_of(CARA)
    client.request("PATCH", f"/people/{cara}", json={"name": "Cara", "category": "main"})
    of_event = client.get("/known-people/of-event").json()
    assert [(one["name"], one["known"], one["is_new"]) for one in of_event["people"]] == [("Cara", None, True)]
    added = client.post("/known-people", json={"names": ["cara"]}).json()["people"][0]["person"]
    assert (added["name"], added["category"], added["faces"]) == ("Cara", "main", 2)
    assert client.post("/known-people", json={"names": ["Zoe"]}).status_code == 404
    people = {one["name"]: one["person_id"] for one in client.get("/known-people").json()["people"]}
    assert sorted(people) == ["Anna", "Ben", "Cara"]
    taken = client.request("PATCH", f"/known-people/{people['Cara']}", json={"name": "anna"})
    assert (taken.status_code, taken.json()["code"]) == (409, "known_person_taken")
    assert client.request("PATCH", f"/known-people/{people['Cara']}", json={"name": "Carla"}).json()["name"] == "Carla"
    merged = client.post(f"/known-people/{people['Cara']}/merge", json={"into": people["Anna"]}).json()
    assert (merged["name"], merged["faces"]) == ("Anna", 7)
    itself = client.post(f"/known-people/{people['Anna']}/merge", json={"into": people["Anna"]})
    assert itself.status_code == 422
    faces = client.get(f"/known-people/{people['Anna']}").json()["faces"]
    assert client.request("DELETE", f"/known-people/{people['Anna']}/faces/{faces[0]['face_id']}").json()["faces"] == 6
    assert client.request("DELETE", f"/known-people/{people['Anna']}/faces/{faces[0]['face_id']}").status_code == 404
    forgotten = client.request("DELETE", f"/known-people/{people['Anna']}").json()
    assert any("in the gallery" in text for text in forgotten["removed"])
    assert "embeddings.npy" in {one["place"] for one in forgotten["left"]}
    gone = client.get(f"/known-people/{people['Anna']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "known_person_not_found")


def test_a_gallery_that_is_away_or_off_is_told(known: KnownEvent, client: ServiceClient) -> None:
    known.gallery.is_broken = True
    answer = client.get("/known-people")
    assert (answer.status_code, answer.json()["code"]) == (503, "gallery")
    assert client.get("/review/people").status_code == 200
    off = known.event.settings()
    with service(off) as other:
        for url in ("/known-people", "/known-people/proposals", "/known-people/of-event"):
            answer = other.get(url)
            assert (answer.status_code, answer.json()["code"]) == (409, "gallery_off")
