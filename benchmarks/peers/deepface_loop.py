"""A folder of photos through DeepFace.represent and scikit-learn, as users of the package write it.

    DEEPFACE_HOME=... DEEPFACE_BACKEND_ENGINE=onnx python deepface_loop.py OUT.json PHOTO...

Writes a list of faces: path, box [x, y, w, h] in pixels of the photo, cluster.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from deepface import DeepFace
from sklearn.cluster import AgglomerativeClustering

THRESHOLD = 0.68  # deepface's own for ArcFace and cosine distance


def main(out: str, paths: list[str]) -> None:
    """Find and embed the faces of the photos, and cluster them."""
    faces: list[dict[str, Any]] = []
    vectors = []
    for path in paths:
        try:
            found = DeepFace.represent(path, model_name="ArcFace", detector_backend="retinaface")
        except ValueError as error:  # deepface's way to say that a photo has no face, or cannot be read
            print(f"{path}: {error}", file=sys.stderr)
            continue
        for face in found:
            area = face["facial_area"]
            faces.append({"path": path, "box": [area["x"], area["y"], area["w"], area["h"]]})
            vectors.append(face["embedding"])
    model = AgglomerativeClustering(None, metric="cosine", linkage="average", distance_threshold=THRESHOLD)
    for face, label in zip(faces, model.fit_predict(vectors), strict=True):
        face["cluster"] = int(label)
    Path(out).write_text(json.dumps(faces), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
