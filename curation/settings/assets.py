"""The section `assets` of config.yaml: pictures taken apart into people, cut-outs, clothes and colours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from curation.settings.attributes import AgeReaderName, SexReaderName
from curation.settings.forms import OffWord, Section

__all__ = ["AssetsSettings"]


class AssetsSettings(Section):
    """What is made of a picture, where it is kept, and who works on it."""

    enabled: bool = False
    dir: Path = Path("assets")
    database_url: SecretStr | None = None
    min_side_px: Annotated[int, Field(ge=16, le=100_000)] = 256
    min_person_px: Annotated[int, Field(ge=16, le=10_000)] = 96
    pose: Literal["lite", "full", "heavy"] = "full"
    cutouts: Annotated[Literal["off", "auto", "fine"], OffWord] = "auto"
    fine_segmenter: Literal["isnet", "birefnet-lite", "birefnet", "birefnet-portrait"] = "isnet"
    colours: Annotated[int, Field(ge=1, le=12)] = 5
    age: AgeReaderName = "off"
    sex: SexReaderName = "off"
    outfit_suggestions: bool = True
    workers: Annotated[int, Field(ge=0, le=256)] = 1
    max_attempts: Annotated[int, Field(ge=1, le=20)] = 3
    lease_s: Annotated[float, Field(ge=1, le=86_400)] = 60
    photo_timeout_s: Annotated[float, Field(ge=1, le=3600)] = 120
    sweep_s: Annotated[float, Field(ge=0.1, le=3600)] = 10
