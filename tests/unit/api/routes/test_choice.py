"""Coverage, choices and reasons over HTTP, on an event that was really clustered and scored, with a fake engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from curation.domain.faces.ids import photo_id
from tests.fake_workflow import FakeEvent, fake_event
from tests.service import FakeOrchestrator, ServiceClient, service
from tests.unit.api.http.test_errors import problem

LABELS = {"0": {"name": "Anna", "category": "main"}, "1": {"name": "Tom", "category": "important"}}


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    """Anna is on five photos, two of which are a burst; Tom is on two, a stranger on one."""
    with fake_event(tmp_path / "event") as made:
        photos = (("a.png", (0, 1)), ("b.png", (0,)), ("c1.png", (0, 2)), ("c2.png", (0, 2)), ("d.png", ()))
        for number, (name, people) in enumerate((*photos, ("e.png", (0,)), ("f.png", (1,)))):
            made.add(name, *people, seed=number)
        made.cluster()
        made.label(LABELS)
        yield made


@pytest.fixture
def client(event: FakeEvent) -> Iterator[ServiceClient]:
    event.score()
    with running(event) as client:
        yield client


def running(event: FakeEvent) -> Any:
    workflow = event.workflow()
    return service(workflow.settings, cast(FakeOrchestrator, workflow))


def chosen(client: ServiceClient, **body: Any) -> dict[str, Any]:
    response = client.post("/choice", json=body)
    assert response.status_code == 200, response.text
    return dict(response.json())


def names(photos: list[dict[str, Any]]) -> list[str]:
    return [photo["image_path"] for photo in photos]


def test_coverage(client: ServiceClient) -> None:
    body = client.get("/coverage?top=2").json()
    assert (body["photos"], body["top"], body["without_good"]) == (7, 2, [])
    anna, tom = body["people"]
    assert (anna["name"], anna["category"], anna["cluster_ids"], anna["photos"]) == ("Anna", "main", [0], 5)
    assert (tom["name"], tom["photos"], tom["picked"]) == ("Tom", 2, 0)
    assert anna["good"] == 5
    assert 0 < anna["in_top"] <= 2
    assert len(anna["best_photo_ids"]) == 5
    assert set(tom["best_photo_ids"]) == {photo_id("a.png"), photo_id("f.png")}


def test_coverage_follows_picks_labels_and_rules(client: ServiceClient, event: FakeEvent) -> None:
    client.put(f"/picks/{photo_id('a.png')}", json={"pick": "picked"})
    client.put(f"/picks/{photo_id('f.png')}", json={"pick": "rejected"})
    anna, tom = client.get("/coverage").json()["people"]
    assert (anna["picked"], tom["picked"], tom["photos"], tom["good"]) == (1, 1, 2, 1)
    event.label(LABELS | {"2": {"name": "Zoe", "category": "main"}})
    body = client.get("/coverage").json()
    assert [person["name"] for person in body["people"]] == ["Anna", "Zoe", "Tom"]
    change = {"scoring": {"rules": {"min_important_people": {"mode": "veto", "count": 1}}}}
    client.put("/rules", json=change)
    body = client.get("/coverage").json()
    assert body["without_good"] == ["Zoe"]
    assert body["people"][0]["good"] == 1


def test_a_choice_covers_everybody_and_says_why(client: ServiceClient) -> None:
    body = chosen(client, count=3, main_at_least=2, important_at_least=2)
    assert len(body["photos"]) == 3
    assert {"a.png", "f.png"} <= set(names(body["photos"]))
    assert [photo["rank"] for photo in body["photos"]] == sorted(photo["rank"] for photo in body["photos"])
    assert all(photo["reasons"] for photo in body["photos"])
    assert (body["unmet"], body["proven"]) == ([], True)
    assert [(p["name"], p["wanted"], p["chosen"], p["good"]) for p in body["people"]] == [
        ("Anna", 2, 2, 5),
        ("Tom", 2, 2, 2),
    ]
    assert "one of 2 photos of Tom (important); 2 are asked for" in next(
        photo["reasons"] for photo in body["photos"] if photo["image_path"] == "f.png"
    )
    assert chosen(client, count=3, main_at_least=2, important_at_least=2) == body


def test_what_cannot_be_met(client: ServiceClient) -> None:
    body = chosen(client, count=2, important_at_least=9)
    assert any("Tom (important) has 2 good photos, 9 are asked for" in sentence for sentence in body["unmet"])


def test_no_burst_twice(client: ServiceClient) -> None:
    bursts = {p["image_path"]: p["burst_id"] for p in client.get("/photos").json()["photos"]}
    assert bursts["c1.png"] is not None
    once = chosen(client, count=7, main_at_least=0, important_at_least=0)
    of_bursts = [photo["burst_id"] for photo in once["photos"] if photo["burst_id"] is not None]
    assert len(of_bursts) == len(set(of_bursts))
    assert "of the same burst is in" in once["passed"][0]["reason"]
    twice = chosen(client, count=7, one_per_burst=False)
    assert len(twice["photos"]) == 7


def test_picks_are_in_and_rejected_photos_are_not(client: ServiceClient) -> None:
    client.put(f"/picks/{photo_id('d.png')}", json={"pick": "picked", "rating": 5})
    client.put(f"/picks/{photo_id('a.png')}", json={"pick": "rejected"})
    body = chosen(client, count=2, main_at_least=0, important_at_least=1)
    assert names(body["photos"]) == ["d.png", "f.png"]
    assert body["photos"][0]["reasons"] == ["you picked it", "you gave it 5 stars"]


def test_reasons(client: ServiceClient) -> None:
    one = client.get(f"/photos/{photo_id('a.png')}/reasons").json()
    assert one["photo_id"] == photo_id("a.png")
    about = {reason["face_id"] for reason in one["reasons"]}
    assert about - {None} <= {f"{photo_id('a.png')}-0", f"{photo_id('a.png')}-1"}
    assert all(reason["text"] for reason in one["reasons"])
    ids = [photo_id(name) for name in ("d.png", "a.png")]
    many = client.get("/reasons", params={"photo_id": ids}).json()
    assert [photo["photo_id"] for photo in many["photos"]] == ids
    assert many["photos"][1] == one
    problem(client.get(f"/photos/{'0' * 16}/reasons"), 404, "photo_not_found")
    problem(client.get("/reasons", params={"photo_id": [ids[0], "0" * 16]}), 404, "photo_not_found")
    problem(client.get("/reasons"), 422, "request_invalid")


@pytest.mark.parametrize("body", [{}, {"count": 0}, {"count": 5, "main_at_least": -1}, {"count": 5, "more": 1}, []])
def test_wrong_requests(client: ServiceClient, body: Any) -> None:
    problem(client.post("/choice", json=body), 422, "request_invalid")


def test_before_scoring(event: FakeEvent) -> None:
    with running(event) as client:
        for response in (
            client.get("/coverage"),
            client.post("/choice", json={"count": 3}),
            client.get(f"/photos/{photo_id('a.png')}/reasons"),
        ):
            problem(response, 409, "not_scored")


def test_a_photo_that_is_gone_is_no_choice(client: ServiceClient, event: FakeEvent) -> None:
    (event.photos / "a.png").unlink()
    client.finished(client.post("/score"))
    assert "a.png" not in names(chosen(client, count=7)["photos"])
    (reason,) = client.get(f"/photos/{photo_id('a.png')}/reasons").json()["reasons"]
    assert "the photo is gone" in reason["text"]


def test_the_ranking_follows_labels_and_every_answer_agrees(client: ServiceClient, event: FakeEvent) -> None:
    before = client.get("/ranking").json()
    assert before["current"]
    event.label({"0": {"name": "Anna", "category": "other"}, "1": {"name": "Tom", "category": "main"}})
    listed = client.get("/photos").json()
    choice = chosen(client, count=7)
    assert (listed["current"], choice["current"], client.get("/coverage").json()["current"]) == (True, True, True)
    assert client.get("/ranking").json()["version"] != before["version"]
    ranks = {photo["photo_id"]: photo["rank"] for photo in listed["photos"]}
    assert all(ranks[photo["photo_id"]] == photo["rank"] for photo in choice["photos"])
    table = client.get("/downloads/photo_scores.csv").text.splitlines()[1:]
    assert [photo_id(line.split(",")[1]) for line in table] == list(ranks)
    event.label({"0": "mian"})
    assert client.get("/photos").json()["current"] is False
    assert "mian" in client.get("/ranking").json()["problem"]


def test_a_choice_for_the_day_without_times(client: ServiceClient) -> None:
    body = chosen(client, count=3, cover_day="scenes")
    assert (body["cover_day"], body["parts"], body["without_time"], body["wrong_clock"]) == ("scenes", [], 7, 0)
    problem(client.post("/choice", json={"count": 3, "cover_day": "weeks"}), 422, "request_invalid")


def test_photos_are_swapped_within_a_choice(client: ServiceClient) -> None:
    ask = {"count": 2, "at_least_main": 0, "at_least_important": 0}
    first = next(photo for photo in chosen(client, **ask)["photos"] if photo["instead"])
    other = first["instead"][0]
    ids = {photo["photo_id"] for photo in chosen(client, keep=[other], leave_out=[first["photo_id"]], **ask)["photos"]}
    assert other in ids
    assert first["photo_id"] not in ids
    problem(client.post("/choice", json={**ask, "keep": ["0123456789abcdef"]}), 404, "photo_not_found")
