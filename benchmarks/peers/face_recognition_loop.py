"""A folder of photos through face_recognition and dlib's chinese_whispers, as users of the package write it.

    python face_recognition_loop.py hog|cnn OUT.json PHOTO...

Writes a list of faces: path, box [x, y, w, h] in pixels of the photo, cluster.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import dlib
import face_recognition

TOLERANCE = 0.5  # Euclidean; as in dlib's own clustering example


def main(model: str, out: str, paths: list[str]) -> None:
    """Find and embed the faces of the photos, and cluster them."""
    faces: list[dict[str, Any]] = []
    vectors = []
    for path in paths:
        try:
            picture = face_recognition.load_image_file(path)
        except OSError:
            continue
        places = face_recognition.face_locations(picture, model=model)
        for (top, right, bottom, left), vector in zip(
            places, face_recognition.face_encodings(picture, places), strict=True
        ):
            faces.append({"path": path, "box": [left, top, right - left, bottom - top]})
            vectors.append(dlib.vector(vector.tolist()))
    for face, label in zip(faces, dlib.chinese_whispers_clustering(vectors, TOLERANCE), strict=True):
        face["cluster"] = int(label)
    Path(out).write_text(json.dumps(faces), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
