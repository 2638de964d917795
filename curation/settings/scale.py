"""The sections `workers` and `gallery` of config.yaml: many machines, and people who are known beyond one event."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from curation.settings.forms import OffWord, Section

__all__ = ["GallerySettings", "WorkersSettings"]

_BROKERS = ("redis://", "rediss://", "amqp://", "amqps://")
_DATABASES = ("postgresql://", "postgres://")


def _broker(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(_BROKERS):
        raise ValueError(f"the address of a broker begins with one of {', '.join(_BROKERS)}")
    return url


def _database(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(_DATABASES):
        raise ValueError("the address of a gallery's server begins with postgresql://")
    return url


class WorkersSettings(Section):
    """Photos that are shared out to the workers of many machines; counts only with `performance.pool: celery`."""

    broker_url: Annotated[SecretStr, AfterValidator(_broker)] = SecretStr("redis://127.0.0.1:6379/0")
    weights_url: Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*://\S+$")] | None = None
    ahead: Annotated[int, Field(ge=1, le=32)] = 3
    max_sends: Annotated[int, Field(ge=1, le=10)] = 3
    lease_margin_s: Annotated[float, Field(ge=1, le=3600)] = 30
    patience_s: Annotated[float, Field(ge=1, le=86_400)] = 300
    concurrency: Annotated[int, Field(ge=0, le=256)] = 0


class GallerySettings(Section):
    """People who are known beyond one event, and how they are proposed."""

    enabled: bool = False
    path: Path = Path("gallery")
    url: Annotated[SecretStr, AfterValidator(_database)] | None = None
    propose_for: Annotated[Literal["off", "photos", "all"], OffWord] = "all"
    auto_accept: Annotated[float, Field(ge=0.5, le=1)] | None = None
    max_exemplars: Annotated[int, Field(ge=3, le=100)] = 12
    expire_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    key_file: Path | None = None
