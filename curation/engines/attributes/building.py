"""Building a chosen reader of attributes; called in workers, so it imports one family and nothing of the weights."""

from __future__ import annotations

from curation.engines.attributes.catalogue import DEEPFACE, DLIB, FAIRFACE, FAMILIES, GEAR, MEDIAPIPE, OPENVINO
from curation.engines.attributes.reader import AttributeReader, ReaderSpec
from curation.errors import SettingsError

__all__ = ["build_reader"]


def build_reader(spec: ReaderSpec) -> AttributeReader:
    """Load a reader's networks.

    Raises:
        WeightsMissingError: If a file is missing.
        WeightsBrokenError: If a file is not what it should be.
        SettingsError: If there is no such reader.
    """
    if spec.name == DLIB:
        from curation.engines.attributes.families.dlib import DlibReader

        return DlibReader(spec)
    if spec.name == OPENVINO:
        from curation.engines.attributes.families.openvino import OpenvinoReader

        return OpenvinoReader(spec)
    if spec.name == GEAR:
        from curation.engines.attributes.families.gear import GearReader

        return GearReader(spec)
    if spec.name == DEEPFACE:
        from curation.engines.attributes.families.deepface import DeepfaceReader

        return DeepfaceReader(spec)
    if spec.name == FAIRFACE:
        from curation.engines.attributes.families.fairface import FairFaceReader

        return FairFaceReader(spec)
    if spec.name == MEDIAPIPE:
        from curation.engines.attributes.families.mediapipe import MediapipeReader

        return MediapipeReader(spec)
    raise SettingsError(f"there is no attribute reader {spec.name!r}; known: {', '.join(FAMILIES)}")
