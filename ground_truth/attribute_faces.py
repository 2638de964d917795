"""Faces whose age, sex and ethnicity are labelled: UTKFace, whose file names say them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.building import build_reader
from curation.engines.attributes.reader import AttributeReader, FoundAt
from curation.engines.attributes.selection import select_readers
from curation.engines.base import FaceEngine
from curation.engines.onnx_sessions import CPU_PROVIDER
from curation.errors import CurationError
from ground_truth.array_photo import ArrayPhoto
from ground_truth.data_folder import SMALL_WEIGHTS
from ground_truth.detected_faces import found_faces
from ground_truth.errors import Unavailable
from ground_truth.splits import in_test_half

__all__ = ["ADULT_YEARS", "ETHNICITIES", "READERS", "LabelledFace", "labelled_faces", "measured_reader"]

ETHNICITIES = ("white", "black", "asian", "indian", "other")
"""Of UTKFace, in the order of its numbers."""
ADULT_YEARS = 18

_SET = "utkface"
_SEXES = ("male", "female")
_ONNX = Path("weights/onnx")


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFace:
    """A face of which age, sex and ethnicity are known.

    Attributes:
        age: In years, 0 to 116.
        sex: `female` or `male`.
        ethnicity: One of `ETHNICITIES`.
        photo: The picture, with black around it.
        face: Where the engine found the face.
    """

    age: int
    sex: str
    ethnicity: str
    photo: ArrayPhoto
    face: FoundAt


def labelled_faces(data: Path, engine: FaceEngine, *, test_half: bool) -> Iterator[LabelledFace]:
    """The faces of UTKFace that an engine finds; the few that it does not find are left out.

    Args:
        data: Folder of the test data.
        engine: The engine that finds them.
        test_half: Which half of the photos: the one that no constant was chosen on, or the other one.

    Raises:
        Unavailable: If there are no such photos.
    """
    if not (data / "photos" / _SET / "labels.csv").is_file():
        raise Unavailable(f"{data / 'photos' / _SET} is missing")

    def is_wanted(key: str) -> bool:
        folder, _, name = key.partition("/")
        return folder == _SET and in_test_half(name) == test_half

    for key, pixels, found in found_faces(data / "photos", engine, is_wanted):
        name = key.partition("/")[2]
        age, sex, ethnicity, *_ = name.split("_")
        yield LabelledFace(
            int(age),
            _SEXES[int(sex)],
            ETHNICITIES[int(ethnicity)],
            ArrayPhoto(pixels.array),
            FoundAt(found.box, found.landmarks),
        )


READERS: Mapping[str, tuple[Attribute, ...]] = MappingProxyType(
    {
        "dlib": (Attribute.AGE, Attribute.SEX),
        "openvino": (Attribute.AGE, Attribute.SEX),
        "gear": (Attribute.AGE, Attribute.SEX, Attribute.ETHNICITY),
    }
)
"""The readers whose weights are part of the test data, with what of it is labelled."""


def measured_reader(data: Path, name: str, scratch: Path) -> AttributeReader:
    """A reader on the weights of the test data.

    Args:
        data: Folder of the test data.
        name: One of `READERS`.
        scratch: A folder that links to the weights are put into.

    Raises:
        Unavailable: If its weights are missing.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    for folder in (data / _ONNX, data / SMALL_WEIGHTS):
        for file in sorted(folder.glob("*.onnx")):
            link = scratch / file.name
            if not link.exists():
                link.symlink_to(file.resolve())
    try:
        (spec,) = select_readers(dict.fromkeys(READERS[name], name), scratch, (CPU_PROVIDER,), allow_download=False)
        return build_reader(spec)
    except CurationError as error:
        raise Unavailable(str(error).splitlines()[0]) from error
