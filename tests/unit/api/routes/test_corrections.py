"""Merging people, splitting faces off, marking what is not a face or not a person, and undo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curation.domain.faces.ids import face_id, photo_id
from tests.service import ServiceClient, write_face_data
from tests.unit.api.http.test_errors import problem

EVENT = (
    *((f"{n}.jpg", 0) for n in range(5)),
    *((f"{n}.jpg", 1) for n in range(3)),
    *((f"{n}.jpg", 2) for n in range(2)),
    ("9.jpg", 3),
    ("9.jpg", -1),
)


@pytest.fixture
def event(empty: ServiceClient) -> ServiceClient:
    write_face_data(empty.settings.io.output_dir, EVENT)
    return empty


def face(photo: str, index: int) -> str:
    return face_id(photo_id(photo), index)


def sizes(client: ServiceClient) -> dict[int, int]:
    return {person["cluster_id"]: person["faces"] for person in client.get("/people").json()["people"]}


def corrections(client: ServiceClient) -> list[dict[str, Any]]:
    path = client.settings.io.output_dir / "corrections.json"
    return list(json.loads(path.read_text(encoding="utf-8"))["corrections"]) if path.exists() else []


def labels_path(client: ServiceClient) -> Path:
    return client.settings.io.output_dir / "cluster_labels.json"


def correct(client: ServiceClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/corrections", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_merge_shows_at_once_and_can_be_undone(event: ServiceClient) -> None:
    done = correct(event, kind="same_person", cluster_ids=[2, 0])
    assert done["cluster_id"] == 0
    assert sizes(event) == {0: 7, 1: 3, 3: 1}
    assert event.get(f"/faces/{face('1.jpg', 2)}").json()["cluster_id"] == 0
    (written,) = corrections(event)
    assert (len(written["faces"]), len(written["others"]), written["cluster"]) == (5, 2, 0)
    assert {f["was"] for f in written["others"]} == {2}
    assert event.post("/undo").json()["what"] == "merged person 2 and person 0"
    assert sizes(event) == {0: 5, 1: 3, 2: 2, 3: 1}
    assert corrections(event)[0]["undone"]


def test_a_merge_keeps_who_is_named_and_the_other_label_too(event: ServiceClient) -> None:
    labels = {"0": "main", "2": {"name": "Anna", "category": "other"}, "1": "important"}
    labels_path(event).write_text(json.dumps(labels), encoding="utf-8")
    assert correct(event, kind="same_person", cluster_ids=[0, 1, 2])["cluster_id"] == 2
    assert json.loads(labels_path(event).read_text(encoding="utf-8")) == labels
    assert sizes(event) == {2: 10, 3: 1}
    assert event.get("/people").json()["people"][0]["name"] == "Anna"
    event.post("/undo")
    assert sizes(event) == {0: 5, 1: 3, 2: 2, 3: 1}
    assert correct(event, kind="same_person", cluster_ids=[0, 1])["cluster_id"] == 0
    event.post("/undo")
    assert correct(event, kind="same_person", cluster_ids=[0, 1], cluster_id=1)["cluster_id"] == 1


def test_faces_are_split_off_as_someone_else(event: ServiceClient) -> None:
    done = correct(event, kind="different_people", face_ids=[face("0.jpg", 0), face("1.jpg", 0)])
    assert done["cluster_id"] == 4
    assert sizes(event) == {0: 3, 1: 3, 2: 2, 3: 1, 4: 2}
    (written,) = corrections(event)
    assert (len(written["faces"]), len(written["others"])) == (2, 3)
    # The id is not used again, even if the split is undone.
    event.post("/undo")
    assert correct(event, kind="different_people", face_ids=[face("0.jpg", 0)])["cluster_id"] == 5


def test_faces_are_split_off_by_name(event: ServiceClient) -> None:
    new = correct(event, kind="different_people", face_ids=[face("0.jpg", 0)], name="Tom")
    assert event.get(f"/people/{new['cluster_id']}").json()["name"] == "Tom"
    # Somebody of that name is there now.
    again = correct(event, kind="different_people", face_ids=[face("1.jpg", 0)], name="tom")
    assert again["cluster_id"] == new["cluster_id"]
    assert sizes(event)[4] == 2
    event.post("/undo")
    event.post("/undo")
    assert sizes(event) == {0: 5, 1: 3, 2: 2, 3: 1}
    assert json.loads(labels_path(event).read_text(encoding="utf-8")) == {}


def test_faces_go_to_a_person_who_is_there(event: ServiceClient) -> None:
    done = correct(event, kind="same_person", face_ids=[face("0.jpg", 0), face("9.jpg", 1)], cluster_id=1)
    assert done["cluster_id"] == 1
    assert sizes(event) == {0: 4, 1: 5, 2: 2, 3: 1}
    kinds = [c["kind"] for c in done["corrections"]]
    # From person 0, from nobody, and to person 1.
    assert kinds == ["different_people", "different_people", "same_person"]
    listed = event.get("/corrections").json()
    assert listed["total"] == 3
    assert listed["corrections"][0]["kind"] == "same_person"
    taken_back = event.request("DELETE", f"/corrections/{done['id']}").json()
    assert [c["undone"] for c in taken_back["corrections"]] == [True] * 3
    assert sizes(event) == {0: 5, 1: 3, 2: 2, 3: 1}
    # Undoing that lets it count again.
    assert event.post("/undo").json()["what"] == "undid a correction"
    assert sizes(event) == {0: 4, 1: 5, 2: 2, 3: 1}


def test_moving_faces_where_they_are_says_nothing(event: ServiceClient) -> None:
    assert correct(event, kind="same_person", face_ids=[face("0.jpg", 0)], cluster_id=0) == {
        "id": None,
        "cluster_id": 0,
        "corrections": [],
    }
    assert not (event.settings.io.output_dir / "corrections.json").exists()


def test_a_whole_person_cannot_be_split_off(event: ServiceClient) -> None:
    answer = event.post("/corrections", json={"kind": "different_people", "face_ids": [face("9.jpg", 0)]})
    assert problem(answer, 422, "nothing_to_split")


def test_what_is_no_face_counts_nowhere(event: ServiceClient) -> None:
    correct(event, kind="not_a_face", face_ids=[face("0.jpg", 0), face("9.jpg", 1)])
    assert sizes(event) == {0: 4, 1: 3, 2: 2, 3: 1}
    assert event.get(f"/faces/{face('9.jpg', 1)}").json()["cluster_id"] is None
    # It may turn out to be one.
    correct(event, kind="different_people", face_ids=[face("9.jpg", 1)])
    assert sizes(event)[4] == 1


def test_a_statue_is_no_person(event: ServiceClient) -> None:
    correct(event, kind="not_a_person", cluster_ids=[1, 3])
    assert sizes(event) == {0: 5, 2: 2}
    assert problem(event.get("/people/1"), 404, "cluster_not_found")
    # A face of it may still be that of a person; undoing that makes it the statue's again.
    correct(event, kind="same_person", face_ids=[face("0.jpg", 1)], cluster_id=0)
    assert sizes(event) == {0: 6, 2: 2}
    assert corrections(event)[-1]["faces"][0]["was"] == 1
    event.post("/undo")
    event.post("/undo")
    assert sizes(event) == {0: 5, 1: 3, 2: 2, 3: 1}


def test_two_people_are_marked_as_different(event: ServiceClient) -> None:
    done = correct(event, kind="different_people", cluster_ids=[0, 1])
    assert sizes(event) == {0: 5, 1: 3, 2: 2, 3: 1}
    assert (done["corrections"][0]["faces"], done["corrections"][0]["others"]) == (5, 3)


def test_a_stranger_is_split_off_with_a_category_as_one_change(event: ServiceClient) -> None:
    done = correct(event, kind="different_people", face_ids=[face("0.jpg", 0)], category="other")
    assert json.loads(labels_path(event).read_text(encoding="utf-8")) == {str(done["cluster_id"]): "other"}
    assert event.post("/undo").json()["what"] == "moved 1 face to a stranger"
    assert sizes(event) == {0: 5, 1: 3, 2: 2, 3: 1}
    assert json.loads(labels_path(event).read_text(encoding="utf-8")) == {}


def test_a_cover_is_the_picture_of_its_person_and_is_listed_with_its_face(event: ServiceClient) -> None:
    chosen, before = face("3.jpg", 0), event.get("/people/0").json()["best_face_id"]
    done = correct(event, kind="cover", face_ids=[chosen])
    assert done["cluster_id"] == 0
    assert event.get("/people/0").json()["best_face_id"] == chosen
    assert sizes(event) == {0: 5, 1: 3, 2: 2, 3: 1}
    (listed,) = event.get("/corrections").json()["corrections"]
    assert (listed["kind"], listed["cluster_id"]) == ("cover", None)
    assert listed["shown"] == [
        {
            "face_id": chosen,
            "photo_id": photo_id("3.jpg"),
            "image_path": "3.jpg",
            "picture_url": f"/faces/{chosen}/picture",
        }
    ]
    event.request("DELETE", f"/corrections/{done['id']}")
    assert event.get("/people/0").json()["best_face_id"] == before
    answer = event.post("/corrections", json={"kind": "cover", "face_ids": [face("9.jpg", 1)]})
    assert problem(answer, 422, "not_attachable")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "face", "face_ids": ["0" * 16 + "-0"]},
        {"kind": "cover", "face_ids": ["0" * 16 + "-0", "0" * 16 + "-1"]},
        {"kind": "cover", "cluster_ids": [1]},
        {"kind": "not_a_face", "face_ids": ["0" * 16 + "-0"], "category": "other"},
        {"kind": "same_person", "face_ids": ["0" * 16 + "-0"], "cluster_id": 1, "category": "other"},
        {"kind": "same_person"},
        {"kind": "same_person", "cluster_ids": [1]},
        {"kind": "same_person", "cluster_ids": [1, 1]},
        {"kind": "same_person", "cluster_ids": [1, 2], "cluster_id": 3},
        {"kind": "same_person", "cluster_ids": [1, 2], "name": "Anna"},
        {"kind": "same_person", "face_ids": ["0" * 16 + "-0"]},
        {"kind": "different_people", "cluster_ids": [1, 2, 3]},
        {"kind": "different_people", "cluster_ids": [1, 2], "cluster_id": 3},
        {"kind": "not_a_face", "cluster_ids": [1]},
        {"kind": "not_a_person", "face_ids": ["0" * 16 + "-0"]},
        {"kind": "not_a_person", "cluster_ids": [1], "name": "Anna"},
        {"kind": "same_person", "cluster_ids": [1, 2], "face_ids": ["0" * 16 + "-0"]},
        {"kind": "different_people", "face_ids": ["0" * 16 + "-0"], "cluster_id": 1, "name": "Anna"},
        {"kind": "different_people", "face_ids": ["../../etc/passwd"]},
    ],
)
def test_refuses_what_makes_no_sense(event: ServiceClient, body: dict[str, Any]) -> None:
    assert problem(event.post("/corrections", json=body), 422, "request_invalid")


def test_says_who_is_not_there(event: ServiceClient) -> None:
    assert problem(
        event.post("/corrections", json={"kind": "same_person", "cluster_ids": [0, 9]}), 404, "cluster_not_found"
    )
    missing = event.post("/corrections", json={"kind": "not_a_face", "face_ids": [face("x.jpg", 0)]})
    assert problem(missing, 404, "face_not_found")
    assert problem(event.request("DELETE", "/corrections/abc"), 404, "correction_not_found")


def test_a_wrong_name_leaves_the_faces_where_they_are(event: ServiceClient) -> None:
    body = {"kind": "different_people", "face_ids": [face("0.jpg", 0)], "name": "a\u0000b"}
    assert problem(event.post("/corrections", json=body), 422, "labels_invalid")
    assert sizes(event) == {0: 5, 1: 3, 2: 2, 3: 1}
    assert corrections(event) == []


def test_a_broken_file_is_reported_and_not_changed(event: ServiceClient) -> None:
    path = event.settings.io.output_dir / "corrections.json"
    path.write_text("{", encoding="utf-8")
    for answer in (
        event.get("/people"),
        event.post("/corrections", json={"kind": "same_person", "cluster_ids": [0, 1]}),
    ):
        assert problem(answer, 409, "corrections_invalid")
    assert path.read_text(encoding="utf-8") == "{"


def test_corrections_by_hand_count_too(event: ServiceClient) -> None:
    correct(event, kind="same_person", cluster_ids=[0, 1])
    (written,) = corrections(event)
    path = event.settings.io.output_dir / "corrections.json"
    path.write_text(json.dumps({"version": 1, "corrections": [{**written, "undone": True}]}), encoding="utf-8")
    assert sizes(event) == {0: 5, 1: 3, 2: 2, 3: 1}
