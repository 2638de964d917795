from __future__ import annotations

import numpy as np

from ground_truth.composed_events import KINDS, composed_events
from ground_truth.labelled_faces import LabelledFaces
from ground_truth.splits import in_test_half


def test_composed_events_use_one_half_of_the_people_and_good_faces_only() -> None:
    rng = np.random.default_rng(1)
    names = [f"person {number}" for number in range(60)]
    people: list[str | None] = [name for name in names for _ in range(9)]
    vectors = rng.normal(size=(len(people), 8)).astype(np.float32)
    clusters = np.zeros(len(people), dtype=np.int64)
    clusters[::9] = -1
    faces = LabelledFaces(vectors, people, np.arange(len(people)), clusters)
    events = list(composed_events(faces, test_half=True))
    assert {kind for kind, _ in events} == set(KINDS)
    for kind, event in events:
        assert all(person is not None and in_test_half(person) for person in event.people)
        assert (event.clusters >= 0).all()
        if kind in ("alike", "album", "class", "large class", "siblings"):
            # Nobody is on a photo twice.
            assert len(set(zip(event.photos.tolist(), event.people, strict=True))) == len(event.people)
    assert {len(set(event.people)) for kind, event in events if kind == "two"} == {2}
