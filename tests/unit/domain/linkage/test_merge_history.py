from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

from curation.domain.linkage.average_linkage import merge_history
from tests.unit.domain.grouping.face_vectors import event


def test_the_history_tells_the_distances_of_the_merges() -> None:
    vectors = event(7, 5, 40, 0.4)
    history = merge_history(vectors, 2.1)
    assert len(history.low) == 39 and (history.low < history.high).all()
    assert (history.labels() == 0).all()
    tree = linkage(vectors.astype(np.float64), "average", metric="cosine")
    assert np.sort(history.distance) == pytest.approx(tree[:, 2], abs=1e-6)
