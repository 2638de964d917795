"""Addresses of other events: who may ask, what is passed on, and what an address that is wrong is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.many_events import Machine, opened
from tests.service import ServiceClient, service, write_face_data, write_photo_scores

TOKEN = "twenty-four-characters-x"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def client(machine: Machine) -> Iterator[ServiceClient]:
    with service(machine.settings, build=machine.built) as client:
        yield client


def test_an_event_opens_with_the_first_request(client: ServiceClient, machine: Machine) -> None:
    wedding = opened(client, machine.folder / "wedding")
    assert set(machine.orchestrators) == {"photos"}
    assert client.get(f"/events/{wedding['event_id']}").json() == wedding
    assert set(machine.orchestrators) == {"photos"}
    assert client.get(f"{wedding['root']}/health").status_code == 200
    assert set(machine.orchestrators) == {"photos", "wedding"}
    settings = machine.orchestrators["wedding"].settings
    state = machine.settings.io.state_dir
    assert settings.event_dir == state / "events" / wedding["event_id"]
    assert (settings.event_dir / "jobs.sqlite3").exists()
    assert settings.io.state_dir == state
    assert settings.lock_dir != machine.settings.lock_dir
    assert settings.video.dir == settings.io.output_dir / "videos"


def test_unknown_ids_and_odd_addresses(client: ServiceClient) -> None:
    for path in ("/events/nobody-1/people", "/events/nobody-1/", "/events/nobody-1"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "event_not_found"), path
        assert answer.json()["instance"] == path
    for path in ("/events/..%2f..%2fetc/people", "/events/A/people", "/events//people", "/events/-/x"):
        assert client.get(path).status_code in (404, 422), path
    assert client.get("/events/nobody-1/cover").status_code == 404


def test_errors_name_the_whole_address(client: ServiceClient, machine: Machine) -> None:
    root = opened(client, machine.folder / "wedding")["root"]
    assert client.get(f"{root}/nothing").json()["instance"] == f"{root}/nothing"
    assert client.get(f"{root}/people").json()["code"] == "not_clustered"
    assert client.get(f"{root}/events/x-1/people").json()["code"] == "not_found"


def test_the_default_event_answers_under_both_addresses(client: ServiceClient) -> None:
    (event,) = client.get("/events").json()["events"]
    assert (event["root"], event["is_default"]) == ("", True)
    assert client.get(f"/events/{event['event_id']}/health").json() == client.get("/health").json()
    page = client.get(f"/events/{event['event_id']}/review/event").text
    assert f'href="/events/{event["event_id"]}/review/people"' in page


def test_pages_and_addresses_of_an_event_begin_with_its_root(client: ServiceClient, machine: Machine) -> None:
    wedding = opened(client, machine.folder / "wedding")
    root, output = wedding["root"], Path(wedding["output"])
    write_face_data(output, [("a.jpg", 0), ("a.jpg", 1)])
    write_photo_scores(output, [{"image_path": "a.jpg", "final_score": 0.9, "people": "person 0"}])
    for path in ("/review/people", "/review/photos", "/review/event", "/photos", "/people", "/clusters/0/faces"):
        answer = client.get(f"{root}{path}")
        assert answer.status_code == 200, path
        for beginning in ("/photos/", "/faces/", "/clusters/", "/review/", "/fragments/"):
            assert f'"{beginning}' not in answer.text, (path, beginning)
    view = client.get(f"{root}/review/photos")
    other = client.get("/review/photos")
    assert "a.jpg" in view.text
    assert "a.jpg" not in other.text


def test_bodies_are_limited_as_elsewhere(client: ServiceClient, machine: Machine) -> None:
    root = opened(client, machine.folder / "wedding")["root"]
    large = b"x" * 5_000_000
    assert client.post(f"{root}/cluster", content=large).status_code == 413
    # An upload may be larger: it is refused for what it is.
    assert client.post(f"{root}/photos", content=large).status_code != 413


def test_the_token_guards_other_events_too(tmp_path: Path) -> None:
    machine = Machine(tmp_path, token=TOKEN)
    with service(machine.settings, build=machine.built) as client:
        wedding = opened(client, machine.folder / "wedding", authorization=f"Bearer {TOKEN}")
        for path in ("/events", "/folders", f"{wedding['root']}/people", "/events/nobody-1/people"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (401, "token_needed"), path
        assert set(machine.orchestrators) == {"photos"}
        page = client.get(f"{wedding['root']}/review/people?sort=name", headers={"accept": "text/html"})
        assert page.status_code == 303
        assert page.headers["location"] == f"/sign-in?next={wedding['root']}/review/people%3Fsort%3Dname"
        told = client.get(f"{wedding['root']}/health", headers={"authorization": f"Bearer {TOKEN}"})
        assert told.status_code == 200


def test_requests_are_counted_by_route_not_by_event(client: ServiceClient, machine: Machine) -> None:
    root = opened(client, machine.folder / "wedding")["root"]
    client.get(f"{root}/health")
    text = client.get("/metrics").text
    assert 'route="/health",status="200"' in text
    assert root not in text


def test_an_event_whose_folder_is_away_shows_what_is_known(client: ServiceClient, machine: Machine) -> None:
    wedding = opened(client, machine.folder / "wedding")
    write_face_data(Path(wedding["output"]), [("a.jpg", 0)])
    (machine.folder / "wedding").rename(machine.folder / "unplugged")
    away = client.get(f"/events/{wedding['event_id']}").json()
    assert away["state"] == "away"
    assert client.get(f"{wedding['root']}/people").json()["people"][0]["photos"] == 1
    assert client.get(f"{wedding['root']}/review/event").status_code == 200
    assert client.post("/events", json={"folder": wedding["input"]}).status_code == 200


def test_opening_is_limited_to_the_roots(client: ServiceClient, machine: Machine) -> None:
    (machine.folder / "link").symlink_to("/etc")
    for folder in ("/etc", str(machine.folder / "link"), f"{machine.folder}/../x", "relative", "s3://bucket/x"):
        answer = client.post("/events", json={"folder": folder})
        assert (answer.status_code, answer.json()["code"]) == (403, "folder_refused"), folder
    missing = client.post("/events", json={"folder": str(machine.folder / "nowhere")})
    assert (missing.status_code, missing.json()["code"]) == (404, "folder_not_found")
    outside = client.post("/events", json={"folder": str(machine.folder / "party"), "output": "/etc/results"})
    assert (outside.status_code, outside.json()["code"]) == (403, "folder_refused")
    taken = client.post(
        "/events", json={"folder": str(machine.folder / "party"), "output": str(machine.settings.io.output_dir)}
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "event_taken")
    # What was opened by a command is known, and may be opened again.
    client.app.state.events.open("/somewhere/else")
    assert client.post("/events", json={"folder": "/somewhere/else"}).status_code == 200


def test_folders(client: ServiceClient, machine: Machine) -> None:
    view = client.get("/folders").json()
    assert view["path"] == str(machine.folder)
    assert {"party", "photos", "wedding"} <= {folder["name"] for folder in view["folders"]}
    party = client.get("/folders", params={"path": str(machine.folder / "party")}).json()
    assert (party["photos"], party["photos_complete"], party["parent"]) == (1, True, str(machine.folder))
    assert client.get("/folders", params={"path": "/etc"}).status_code == 403


def test_taking_an_event_off_the_list(client: ServiceClient, machine: Machine) -> None:
    wedding = opened(client, machine.folder / "wedding")
    client.get(f"{wedding['root']}/health")
    fake = machine.orchestrators["wedding"]
    fake.hold = True
    started = client.post(f"{wedding['root']}/cluster")
    assert client.request("DELETE", f"/events/{wedding['event_id']}").json()["code"] == "too_many_events"
    fake.release.set()
    assert client.finished(started)["state"] == "succeeded"
    assert client.request("DELETE", f"/events/{wedding['event_id']}").status_code == 204
    assert [event["name"] for event in client.get("/events").json()["events"]] == ["photos"]
    assert (Path(wedding["output"]) / "face_data.csv").exists()
    assert client.get(f"/events/{wedding['event_id']}").status_code == 404
    (own,) = client.get("/events").json()["events"]
    assert client.request("DELETE", f"/events/{own['event_id']}").json()["code"] == "event_taken"
