"""Suggested merges over HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.service import ServiceClient, write_face_data, write_photo_scores
from tests.unit.api.http.test_errors import problem

FACES = (
    *((f"{n}.jpg", 0) for n in range(6)),
    *((f"{n}.jpg", 1) for n in range(6, 10)),  # looks like 0
    *((f"{n}.jpg", 2) for n in range(10, 13)),  # looks like 0, too
    *((f"{n}.jpg", cluster) for n in range(13) for cluster in range(3, 20)),
)


@pytest.fixture
def event(empty: ServiceClient) -> ServiceClient:
    """Clusters 1 and 2 are similar to 0; the photos of 2 are the best ones."""
    output = empty.settings.io.output_dir
    write_face_data(output, FACES)
    random = np.random.default_rng(0)
    centres = random.normal(size=(20, 512))
    centres[1:3] = centres[0] + 1.6 * centres[1:3]
    vectors = np.stack([centres[cluster] + 0.1 * random.normal(size=512) for _, cluster in FACES])
    write_embeddings(output, vectors)
    (output / "clustering_run.json").write_text(
        json.dumps({"distance_threshold": 0.3, "group_distance_threshold": 0.4, "next_cluster_id": 20})
    )
    order = [*range(10, 13), *range(10)]
    write_photo_scores(output, [{"image_path": f"{n}.jpg", "final_score": 0.9} for n in order])
    (output / "cluster_labels.json").write_text('{"0": {"name": "Anna", "category": "main"}}')
    return empty


def write_embeddings(output: Path, vectors: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.save(output / "embeddings.npy", unit.astype("<f4"))


def pairs(client: ServiceClient) -> list[tuple[int, int]]:
    answer = client.get("/suggestions/merges").json()
    return [(one["first"]["cluster_id"], one["second"]["cluster_id"]) for one in answer["suggestions"]]


def test_asks_first_what_changes_the_best_photos(event: ServiceClient) -> None:
    answer = event.get("/suggestions/merges?limit=1").json()
    assert answer["total"] >= 2
    (first,) = answer["suggestions"]
    assert (first["first"]["name"], first["second"]["cluster_id"]) == ("Anna", 2)
    assert (first["photos_changed"], first["top_photos_changed"]) == (3, 3)
    assert first["second"]["best_face_id"]
    assert pairs(event)[:2] == [(0, 2), (0, 1)]


def test_does_not_ask_again(event: ServiceClient) -> None:
    event.post("/corrections", json={"kind": "different_people", "cluster_ids": [0, 2]})
    assert (0, 2) not in pairs(event)
    event.post("/corrections", json={"kind": "same_person", "cluster_ids": [0, 1]})
    assert all(1 not in pair for pair in pairs(event))
    event.post("/undo")
    event.post("/undo")
    assert pairs(event)[:2] == [(0, 2), (0, 1)]


def test_embeddings_of_another_table_are_reported(event: ServiceClient) -> None:
    write_embeddings(event.settings.io.output_dir, np.ones((3, 8)))
    assert problem(event.get("/suggestions/merges"), 409, "face_data_invalid")


def test_needs_a_clustering(empty: ServiceClient) -> None:
    assert problem(empty.get("/suggestions/merges"), 409, "not_clustered")


def test_an_event_without_people_has_no_question(event: ServiceClient) -> None:
    output = event.settings.io.output_dir
    write_face_data(output, [("0.jpg", -1), ("1.jpg", -1)])
    write_embeddings(output, np.ones((2, 512)))
    assert event.get("/suggestions/merges").json() == {"total": 0, "suggestions": []}
