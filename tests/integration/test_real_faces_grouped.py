"""Grouping of real faces, against scipy's average linkage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from curation.domain.linkage.average_linkage import average_linkage
from curation.engines.building import build_engine
from curation.engines.selection import select_engine
from curation.photos.files.decoding import open_photo
from curation.settings import load_settings

_PHOTOS = 47
_SUBSETS = 200


def test_real_faces_are_grouped_as_scipy_does(test_data: Path) -> None:
    weights = test_data / "weights/deepface_home/.deepface/weights"
    photos = sorted((test_data / "photos/five_celebs").rglob("*.jp*g"))[:: max(1, 94 // _PHOTOS)]
    if not (weights / "retinaface.onnx").is_file() or not photos:
        pytest.skip(f"no weights or photos of five_celebs in {test_data}")
    overrides: dict[str, dict[str, object]] = {
        "io": {"models_dir": str(weights.resolve())},
        "engine": {"name": "retinaface-arcface", "download": False},
    }
    settings = load_settings(None, default_root=test_data, overrides=overrides)
    spec = select_engine(settings, pinned=None, allow_download=False)
    engine = build_engine(spec)
    faces = np.array(
        [face.embedding for path in photos for face in engine.analyse(open_photo(path, max_megapixels=100))],
        dtype=np.float32,
    )
    assert len(faces) >= 30
    random = np.random.default_rng(0)
    for turn in range(_SUBSETS):
        chosen = random.permutation(len(faces))[: random.integers(2, len(faces) + 1)]
        threshold = spec.distance_threshold if turn % 4 == 0 else float(random.uniform(0.2, 1.1))
        tree = linkage(pdist(faces[chosen].astype(np.float64), "cosine"), "average")
        expected = fcluster(tree, threshold, "distance")
        found = average_linkage(faces[chosen], threshold)
        pairs = set(zip(expected.tolist(), found.tolist(), strict=True))
        assert len(pairs) == len(set(expected.tolist())) == len(set(found.tolist()))
