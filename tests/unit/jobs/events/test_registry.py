"""The list of events: what is found, what was opened, what is hidden, and a file that people edit."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from curation.errors import EventNotFoundError, EventsFileError, EventTakenError
from curation.jobs.events.known_event import KnownEvent, event_id_of, event_name_of
from curation.jobs.events.registry import EventRegistry
from curation.settings import EventPlaces, Settings
from tests.service import make_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path)


@pytest.fixture
def registry(settings: Settings) -> EventRegistry:
    return EventRegistry(settings)


def looked_through(output_dir: Path, photos: str) -> None:
    """What `make run` leaves in a folder of results."""
    output_dir.mkdir(parents=True)
    record = {"settings": {"io": {"input_dir": photos}}}
    (output_dir / "clustering_run.json").write_text(json.dumps(record), encoding="utf-8")


def names(registry: EventRegistry) -> list[str]:
    return [event.name for event in registry.known()]


def written(settings: Settings) -> Any:
    return json.loads((settings.io.state_dir / "events.json").read_text(encoding="utf-8"))


def test_at_first_there_is_the_event_of_the_settings(registry: EventRegistry, settings: Settings) -> None:
    (event,) = registry.known()
    assert event.is_default
    assert (event.root, event.name, event.opened_at) == ("", "photos", "")
    assert not settings.io.state_dir.exists()


def test_events_of_commands_are_found_by_their_records(registry: EventRegistry, tmp_path: Path) -> None:
    looked_through(tmp_path / "curated" / "wedding", "/media/photos/wedding")
    looked_through(tmp_path / "sample_event", str(tmp_path / "sample_event" / "photos"))
    (tmp_path / "curated" / "nothing").mkdir()
    (tmp_path / "curated" / "damaged").mkdir()
    (tmp_path / "curated" / "damaged" / "clustering_run.json").write_text("{", encoding="utf-8")
    looked_through(tmp_path / "curated" / "odd", "relative/place")
    assert names(registry) == ["photos", "sample event", "wedding"]


def test_what_was_opened_last_comes_first(registry: EventRegistry, tmp_path: Path) -> None:
    looked_through(tmp_path / "curated" / "a", "/media/a")
    first, is_new = registry.open(str(tmp_path / "z"))
    assert is_new
    registry.open(str(tmp_path / "y"))
    assert names(registry) == ["photos", "y", "z", "a"]
    again, is_new = registry.open(str(tmp_path / "z"))
    assert not is_new
    assert again.event_id == first.event_id
    assert again.opened_at > first.opened_at
    assert names(registry) == ["photos", "z", "y", "a"]
    assert registry.find(first.event_id) == again
    found, is_new = registry.open("/media/a")
    assert not is_new
    assert found.places.output == str(tmp_path / "curated" / "a")


def test_ids_are_stable_and_can_be_read(tmp_path: Path) -> None:
    places = EventPlaces(str(tmp_path / "Anna's Wedding (2024)"), str(tmp_path / "out"))
    event_id = event_id_of(places)
    assert event_id.startswith("anna-s-wedding-2024-")
    assert event_id == event_id_of(EventPlaces(places.input + "/", str(tmp_path / "x" / ".." / "out")))
    assert event_id != event_id_of(EventPlaces(places.input, str(tmp_path / "other")))
    assert event_id_of(EventPlaces("/p/\u7ed3\u5a5a", "/o")).startswith("event-")
    assert len(event_id_of(EventPlaces("/p/" + "x" * 200, "/o"))) <= 49
    assert event_name_of(EventPlaces("s3://bucket/our_party/", "/o")) == "our_party"
    assert event_name_of(EventPlaces("/sample_event/photos", "/sample_event")) == "sample event"
    assert event_name_of(EventPlaces("/", "/o")) == "/"
    assert KnownEvent(event_id, "", places).root == f"/events/{event_id}"


def test_folders_of_the_same_name_get_results_of_their_own(registry: EventRegistry, tmp_path: Path) -> None:
    first, _ = registry.open("/media/one/party")
    second, _ = registry.open("/media/two/party")
    assert Path(first.places.output).name == "party"
    assert Path(second.places.output).name == "party (2)"
    assert registry.open("/media/two/party", second.places.output)[0].event_id == second.event_id
    with pytest.raises(EventTakenError, match="results of other photos"):
        registry.open("/media/three", first.places.output)
    looked_through(tmp_path / "elsewhere", "/media/four")
    with pytest.raises(EventTakenError):
        registry.open("/media/five", str(tmp_path / "elsewhere"))


def test_addresses(registry: EventRegistry) -> None:
    event, _ = registry.open("s3://bucket/party", "s3://bucket/results/party")
    assert (event.places.input, event.places.output) == ("s3://bucket/party", "s3://bucket/results/party")
    assert registry.find(event.event_id) == event


def test_removing_deletes_nothing_and_opening_brings_it_back(registry: EventRegistry, tmp_path: Path) -> None:
    looked_through(tmp_path / "curated" / "a", "/media/a")
    opened, _ = registry.open("/media/b")
    found = registry.known()[2]
    for event in (opened, found):
        registry.remove(event.event_id)
    assert names(registry) == ["photos"]
    assert (tmp_path / "curated" / "a" / "clustering_run.json").exists()
    with pytest.raises(EventNotFoundError, match="GET /events"):
        registry.remove(opened.event_id)
    back, is_new = registry.open("/media/a")
    assert (back.event_id, is_new) == (found.event_id, True)
    assert names(registry) == ["photos", "a"]
    with pytest.raises(EventTakenError, match=r"config\.yaml"):
        registry.remove(registry.known()[0].event_id)


def test_opening_the_event_of_the_settings(registry: EventRegistry, settings: Settings) -> None:
    event, is_new = registry.open(str(settings.io.input_dir))
    assert (event.is_default, is_new) == (True, False)
    assert event.opened_at
    assert names(registry) == ["photos"]


def test_the_file_may_be_edited_by_hand(registry: EventRegistry, settings: Settings) -> None:
    registry.open("/media/a")
    data = written(settings)
    data["events"][0] |= {"name": "Anna \U0001f382", "note": "kept"}
    data["events"].append({"input": "/media/b", "output": "/media/b/out"})
    path = settings.io.state_dir / "events.json"
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    assert names(registry) == ["photos", "Anna \U0001f382", "b"]
    registry.open("/media/c")
    assert written(settings)["events"][0]["note"] == "kept"
    assert names(registry) == ["photos", "c", "Anna \U0001f382", "b"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "line 1"),
        ("[]", '"version": 1'),
        ('{"version": 2, "events": []}', '"version": 1'),
        ('{"version": 1, "events": [1]}', r"events\[0\] must be"),
        ('{"version": 1, "events": [{"input": "/a"}]}', "'output'"),
        ('{"version": 1, "events": [{"input": "a", "output": "/b"}]}', r"events\[0\]\.input: 'a'"),
        ('{"version": 1, "events": [{"input": "/a", "output": "/b", "id": "../x"}]}', r"\.id"),
        ('{"version": 1, "events": [{"input": "/a", "output": "/b", "hidden": 1}]}', "true or false"),
        (b"\xff\xfe{", "UTF-8"),
    ],
)
def test_a_file_that_is_not_valid_is_not_written(
    registry: EventRegistry, settings: Settings, text: str | bytes, told: str
) -> None:
    path = settings.io.state_dir / "events.json"
    path.parent.mkdir()
    content = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(content)
    assert names(registry) == ["photos"]
    with pytest.raises(EventsFileError, match=told):
        registry.open("/media/a")
    assert path.read_bytes() == content


def test_several_at_once_lose_nothing(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: EventRegistry(settings).open(f"/media/{number}"), range(16)))
    assert len(EventRegistry(settings).known()) == 17
    assert not list(settings.io.state_dir.glob("*tmp"))
