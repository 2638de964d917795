"""Labelling people one by one and many at once, while somebody else edits the same file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curation.domain.faces.ids import face_id, photo_id
from curation.storage.said.undo_journal import UNDO
from tests.service import ServiceClient, make_settings, service, write_face_data
from tests.unit.api.http.test_errors import problem

EVENT = (
    *((f"{n}.jpg", 0) for n in range(5)),  # 5 photos
    *((f"{n}.jpg", 1) for n in range(3)),  # 3 photos
    *((f"{n}.jpg", 2) for n in range(2)),
    ("9.jpg", 3),
    ("9.jpg", -1),
)


@pytest.fixture
def event(empty: ServiceClient) -> ServiceClient:
    write_face_data(empty.settings.io.output_dir, EVENT)
    return empty


def labels_path(client: ServiceClient) -> Path:
    return client.settings.io.output_dir / "cluster_labels.json"


def labels(client: ServiceClient) -> dict[str, Any]:
    return dict(json.loads(labels_path(client).read_text(encoding="utf-8")))


def by_hand(client: ServiceClient, value: object) -> None:
    labels_path(client).write_text(json.dumps(value), encoding="utf-8")


def people(client: ServiceClient, query: str = "") -> list[int]:
    return [person["cluster_id"] for person in client.get(f"/people{query}").json()["people"]]


def test_lists_people_largest_first(event: ServiceClient) -> None:
    answer = event.get("/people?limit=2")
    assert answer.json()["total"] == 4
    first, second = answer.json()["people"]
    assert (first["cluster_id"], first["photos"], first["faces"], first["name"]) == (0, 5, 5, None)
    assert first["display_name"] == "person 0"
    assert first["best_face_id"] in first["sample_face_ids"]
    assert len(first["sample_face_ids"]) == 5
    assert second["cluster_id"] == 1
    assert answer.headers["etag"] == event.get("/labels").headers["etag"]
    assert people(event, "?min_photos=2&offset=1") == [1, 2]


def test_one_person_is_named_and_made_important_at_once(event: ServiceClient) -> None:
    answer = event.request("PATCH", "/people/1", json={"name": "  Anna   B ", "category": "main"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["name"] == "Anna B"
    assert labels(event) == {"1": {"name": "Anna B", "category": "main"}}
    assert answer.headers["etag"] == event.get("/people/1").headers["etag"]
    event.request("PATCH", "/people/1", json={"category": "important"})
    assert labels(event) == {"1": {"name": "Anna B", "category": "important"}}
    event.request("PATCH", "/people/1", json={"name": None})
    assert labels(event) == {"1": "important"}
    event.request("PATCH", "/people/1", json={"category": None})
    assert labels(event) == {}
    assert people(event, "?labelled=true") == []


def test_a_name_alone_counts_as_people_without_label_do(event: ServiceClient) -> None:
    event.request("PATCH", "/people/1", json={"name": "Tom"})
    assert labels(event) == {"1": {"name": "Tom", "category": "other"}}


def test_the_first_name_brings_a_category_where_there_is_none(event: ServiceClient) -> None:
    def name(cluster: int, text: str) -> None:
        body = {"name": text, "first_category": "important"}
        assert event.request("PATCH", f"/people/{cluster}", json=body).status_code == 200

    name(1, "Ben")
    event.request("PATCH", "/people/0", json={"category": "main"})
    name(0, "Anna")
    name(2, "anna")
    assert labels(event) == {
        "0": {"name": "Anna", "category": "main"},
        "1": {"name": "Ben", "category": "important"},
        "2": {"name": "anna", "category": "main"},
    }
    event.post("/undo")
    event.post("/undo")
    event.post("/undo")
    assert event.post("/undo").json()["what"] == "named person 1 Ben"
    assert labels(event) == {}
    answer = event.request("PATCH", "/people/1", json={"first_category": "important"})
    assert problem(answer, 422, "request_invalid")


def test_whom_a_face_may_be_given_to(event: ServiceClient) -> None:
    event.request("PATCH", "/people/2", json={"name": "Ben Smith", "category": "main"})
    found = event.get("/people/choices").json()
    assert [one["cluster_id"] for one in found["people"]] == [0, 1, 2, 3]
    assert found["people"][2] | {"picture_url": ""} == {
        "cluster_id": 2,
        "title": "Ben Smith",
        "name": "Ben Smith",
        "category": "main",
        "photos": 2,
        "picture_url": "",
        "likeness": None,
    }
    assert [one["cluster_id"] for one in event.get("/people/choices?q=smi").json()["people"]] == [2]
    assert [one["cluster_id"] for one in event.get("/people/choices?q=person+3").json()["people"]] == [3]
    of_face = event.get(f"/people/choices?face_id={face_id(photo_id('0.jpg'), 0)}&limit=2").json()
    assert (of_face["total"], [one["cluster_id"] for one in of_face["people"]]) == (3, [1, 2])
    assert problem(event.get(f"/people/choices?face_id={'0' * 16}-0"), 404, "face_not_found")


def test_clusters_of_one_name_keep_one_category(event: ServiceClient) -> None:
    event.request("PATCH", "/people/0", json={"name": "Anna", "category": "main"})
    event.request("PATCH", "/people/2", json={"name": "anna"})
    assert labels(event) == {"0": {"name": "Anna", "category": "main"}, "2": {"name": "anna", "category": "main"}}
    assert event.get("/people/0").json()["same_name"] == [2]
    event.request("PATCH", "/people/2", json={"category": "important"})
    assert {label["category"] for label in labels(event).values()} == {"important"}
    assert people(event, "?category=important") == [0, 2]


def test_names_are_completed(event: ServiceClient) -> None:
    by_hand(
        event,
        {
            "0": {"name": "Tom Anders", "category": "main"},
            "1": {"name": "Anna", "category": "other"},
            "2": {"name": "Änne", "category": "other"},
            "3": {"name": "Annabel", "category": "other"},
        },
    )
    assert event.get("/people/names", params={"q": "an"}).json()["names"] == ["Anna", "Annabel", "Tom Anders"]
    assert event.get("/people/names").json()["names"][0] == "Tom Anders"


def test_many_at_once(event: ServiceClient) -> None:
    by_hand(event, {"3": "important"})
    assert event.request("PATCH", "/people", json={"strangers_below_photos": 4}).json() == {"changed": 2}
    assert labels(event) == {"1": "other", "2": "other", "3": "important"}
    assert event.request("PATCH", "/people", json={"ids": [0, 1], "category": "main"}).json() == {"changed": 2}
    assert labels(event) == {"0": "main", "1": "main", "2": "other", "3": "important"}


@pytest.mark.parametrize(
    ("url", "body", "status", "code"),
    [
        ("/people/1", {}, 422, "request_invalid"),
        ("/people/1", {"category": "mian"}, 422, "request_invalid"),
        ("/people/1", {"name": "Anna", "category": None}, 422, "labels_invalid"),
        ("/people/1", {"name": "a\u0000b", "category": "main"}, 422, "labels_invalid"),
        ("/people/1", {"name": " ", "category": "main"}, 422, "labels_invalid"),
        ("/people/77", {"name": "Anna"}, 404, "cluster_not_found"),
        ("/people", {"ids": [0, 77], "category": "main"}, 404, "cluster_not_found"),
        ("/people", {"ids": [0]}, 422, "request_invalid"),
        ("/people", {"strangers_below_photos": 3, "category": "main"}, 422, "request_invalid"),
    ],
)
def test_wrong_changes_change_nothing(
    event: ServiceClient, url: str, body: dict[str, Any], status: int, code: str
) -> None:
    assert problem(event.request("PATCH", url, json=body), status, code)
    assert not labels_path(event).exists()


def test_edits_by_hand_of_others_are_kept(event: ServiceClient) -> None:
    by_hand(event, {"0": "main"})
    etag = event.get("/people").headers["etag"]
    by_hand(event, {"0": "important", "2": {"name": "Tom", "category": "other"}})
    answer = event.request("PATCH", "/people/1", json={"category": "main"}, headers={"If-Match": etag})
    assert answer.status_code == 200
    assert labels(event) == {"0": "important", "1": "main", "2": {"name": "Tom", "category": "other"}}


@pytest.mark.parametrize("sends_tag", [True, False])
def test_an_edit_by_hand_of_the_same_person_is_asked_about(event: ServiceClient, sends_tag: bool) -> None:
    by_hand(event, {"0": "main"})
    etag = event.get("/people").headers["etag"]
    theirs = {"0": {"name": "Tom", "category": "main"}}
    by_hand(event, theirs)
    headers = {"If-Match": etag} if sends_tag else {}
    answer = event.request("PATCH", "/people/0", json={"category": "other"}, headers=headers)
    body = problem(answer, 412, "labels_conflict")
    assert body["conflicts"] == [
        {"cluster_id": 0, "yours": {"name": "Tom", "category": "other"}, "theirs": theirs["0"]}
    ]
    assert labels(event) == theirs
    # A client that knows of the conflict may insist.
    assert event.request("PATCH", "/people/0", json={"category": "other"}).status_code == 200
    assert labels(event) == {"0": {"name": "Tom", "category": "other"}}


def test_the_same_edit_by_hand_is_no_conflict(event: ServiceClient) -> None:
    etag = event.get("/people").headers["etag"]
    by_hand(event, {"0": "main"})
    assert event.request("PATCH", "/people/0", json={"category": "main"}, headers={"If-Match": etag}).status_code == 200


def test_an_unknown_version_is_refused(event: ServiceClient) -> None:
    answer = event.request("PATCH", "/people/0", json={"category": "main"}, headers={"If-Match": '"x"'})
    assert problem(answer, 412, "labels_changed")
    any_version = event.request("PATCH", "/people/0", json={"category": "main"}, headers={"If-Match": "*"})
    assert any_version.status_code == 200


def test_a_broken_file_is_reported_and_not_changed(event: ServiceClient) -> None:
    labels_path(event).write_text("{", encoding="utf-8")
    assert problem(event.request("PATCH", "/people/0", json={"category": "main"}), 422, "labels_invalid")
    assert labels_path(event).read_text(encoding="utf-8") == "{"


def test_labels_are_undone_one_by_one(event: ServiceClient) -> None:
    assert event.get("/undo").json() == {"what": None, "left": 0}
    assert problem(event.post("/undo"), 409, "nothing_to_undo")
    event.request("PATCH", "/people/0", json={"name": "Anna", "category": "main"})
    event.request("PATCH", "/people", json={"strangers_below_photos": 3})
    event.put("/labels", json={"0": "other"})
    assert event.get("/undo").json() == {"what": "replaced all labels", "left": 2}
    assert event.post("/undo").json() == {"what": "replaced all labels", "left": 2}
    assert labels(event) == {"0": {"name": "Anna", "category": "main"}, "2": "other", "3": "other"}
    assert event.post("/undo").json()["what"] == "ignored strangers on fewer than 3 photos"
    assert labels(event) == {"0": {"name": "Anna", "category": "main"}}
    assert event.post("/undo").json() == {"what": "named person 0 Anna, set person 0 to main", "left": 0}
    assert labels(event) == {}
    assert problem(event.post("/undo"), 409, "nothing_to_undo")


def test_what_was_changed_by_hand_since_is_not_undone(event: ServiceClient) -> None:
    event.request("PATCH", "/people/0", json={"category": "main"})
    event.request("PATCH", "/people/1", json={"category": "main"})
    by_hand(event, {"0": "main", "1": "important", "2": "other"})
    assert problem(event.post("/undo"), 412, "labels_conflict")["conflicts"][0]["cluster_id"] == 1
    assert labels(event) == {"0": "main", "1": "important", "2": "other"}
    # The change before it comes next, and what was written by hand stays.
    assert event.post("/undo").status_code == 200
    assert labels(event) == {"1": "important", "2": "other"}


def test_changes_are_undone_after_a_restart(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    write_face_data(settings.io.output_dir, EVENT)
    with service(settings) as client:
        client.request("PATCH", "/people/0", json={"category": "main"})
    with service(settings) as client:
        assert client.post("/undo").status_code == 200
        assert labels(client) == {}


def test_a_damaged_journal_is_no_reason_to_fail(event: ServiceClient) -> None:
    event.request("PATCH", "/people/0", json={"category": "main"})
    (event.settings.io.output_dir / UNDO).write_text("[1", encoding="utf-8")
    assert problem(event.post("/undo"), 409, "nothing_to_undo")
    assert event.request("PATCH", "/people/0", json={"category": "other"}).status_code == 200


def test_needs_a_clustering(empty: ServiceClient) -> None:
    for url in ("/people", "/people/0", "/people/names"):
        assert problem(empty.get(url), 409, "not_clustered")
    assert problem(empty.request("PATCH", "/people/0", json={"category": "main"}), 409, "not_clustered")
