"""The section `attributes` of config.yaml: what is read of the faces of events. All of it is off by default."""

from __future__ import annotations

from typing import Annotated, Literal

from curation.domain.attributes.values import Attribute
from curation.settings.forms import OffWord, Section

__all__ = ["AgeReaderName", "AttributesSettings", "EmotionReaderName", "EthnicityReaderName", "SexReaderName"]

AgeReaderName = Annotated[Literal["off", "dlib", "openvino", "gear", "deepface", "fairface"], OffWord]
SexReaderName = Annotated[Literal["off", "dlib", "openvino", "gear", "deepface", "fairface"], OffWord]
EthnicityReaderName = Annotated[Literal["off", "gear", "deepface", "fairface"], OffWord]
EmotionReaderName = Annotated[Literal["off", "deepface"], OffWord]
LandmarksReaderName = Annotated[Literal["off", "mediapipe"], OffWord]


class AttributesSettings(Section):
    """The reader of each attribute in events; `off` reads nothing."""

    age: AgeReaderName = "off"
    sex: SexReaderName = "off"
    ethnicity: EthnicityReaderName = "off"
    emotion: EmotionReaderName = "off"
    landmarks: LandmarksReaderName = "off"

    @property
    def readers(self) -> dict[Attribute, str]:
        """The name of the reader of each attribute that is on."""
        names: dict[Attribute, str] = {name: getattr(self, name.value) for name in Attribute}
        return {name: reader for name, reader in names.items() if reader != "off"}
