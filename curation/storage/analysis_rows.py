"""Cached analyses of photos, and how they are packed into the columns of the analysis store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import AnalysedFace, Box, FaceQuality, FiveLandmarks, PhotoAnalysis, Point

__all__ = ["CachedFace", "CachedPhoto", "pack_embeddings", "pack_faces", "unpack_photo"]


@dataclass(frozen=True, slots=True)
class CachedFace:
    """A face from the analysis store; its embedding and chip are read separately."""

    box: Box
    landmarks: FiveLandmarks
    confidence: float
    quality: FaceQuality


@dataclass(frozen=True, slots=True, eq=False)
class CachedPhoto:
    """The analysis of a photo from the analysis store; `embeddings` is (number of faces, D) float32."""

    width: int
    height: int
    faces: tuple[CachedFace, ...]
    embeddings: NDArray[np.float32]


def pack_faces(analysis: PhotoAnalysis) -> str:
    """The faces of a photo as JSON, rounded, without embeddings and chips."""
    return json.dumps([_face_to_json(face) for face in analysis.faces], separators=(",", ":"))


def pack_embeddings(analysis: PhotoAnalysis) -> bytes:
    """The embeddings of a photo's faces, one after the other, as little-endian float32."""
    return b"".join(face.detected.embedding.astype("<f4", copy=False).tobytes() for face in analysis.faces)


def unpack_photo(width: int, height: int, faces: str, embeddings: bytes) -> CachedPhoto:
    """The analysis of a photo from its columns.

    Raises:
        ValueError: If a column is damaged.
        TypeError: Likewise.
        KeyError: Likewise.
    """
    unpacked = tuple(_face_from_json(face) for face in json.loads(faces))
    vectors = np.frombuffer(embeddings, dtype="<f4").reshape(len(unpacked), -1) if unpacked else np.zeros((0, 0), "<f4")
    return CachedPhoto(width, height, unpacked, vectors.astype(np.float32, copy=False))


def _face_to_json(face: AnalysedFace) -> dict[str, Any]:
    detected, quality = face.detected, face.quality
    return {
        "box": list(detected.box),
        "landmarks": [[round(x, 2), round(y, 2)] for x, y in detected.landmarks],
        "confidence": round(detected.confidence, 4),
        "quality": [quality.size_px, round(quality.sharpness, 4), quality.yaw_deg, round(quality.score, 4)],
    }


def _face_from_json(data: Mapping[str, Any]) -> CachedFace:
    return CachedFace(
        box=Box(*data["box"]),
        landmarks=FiveLandmarks(*(Point(x, y) for x, y in data["landmarks"])),
        confidence=float(data["confidence"]),
        quality=FaceQuality(*data["quality"]),
    )
