"""The people of an event, for a film that is not one of its clips."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from curation.errors import NotClusteredError
from curation.event.film.event_people import people_of_event
from curation.storage.face_data_file import FACE_DATA, read_face_data
from tests.fake_workflow import FakeEvent


def test_people_names_and_free_ids(tmp_path: Path) -> None:
    event = FakeEvent(tmp_path)
    for number in range(3):
        event.add(f"{number}.png", 2, 6, seed=number)
    settings = event.settings()
    with pytest.raises(NotClusteredError, match="name the output folder of a clustered event"):
        people_of_event(settings)
    event.workflow().run_clustering()
    rows = read_face_data(event.output / FACE_DATA)
    ids = sorted({row.cluster_id for row in rows})
    unlabelled = people_of_event(settings)
    assert unlabelled.labels is None
    assert unlabelled.known.cluster_ids.tolist() == ids
    assert unlabelled.known.sizes.tolist() == [Counter(row.cluster_id for row in rows)[each] for each in ids]
    assert np.allclose(np.linalg.norm(unlabelled.known.means, axis=1), 1, atol=1e-3)
    assert (unlabelled.engine, unlabelled.weights) == ("fake", {"fake.onnx": "a" * 64})
    assert unlabelled.first_new_id == max(ids) + 1
    (event.output / "cluster_labels.json").write_text(
        json.dumps({str(ids[0]): {"name": "Anna", "category": "main"}}), encoding="utf-8"
    )
    labelled = people_of_event(settings)
    assert labelled.labels is not None
    assert labelled.labels.by_cluster[ids[0]].name == "Anna"
