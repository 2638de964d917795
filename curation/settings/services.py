"""The section `services` of config.yaml: the attribute services (`python -m curation services up`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from curation.settings.attributes import (
    AgeReaderName,
    EmotionReaderName,
    EthnicityReaderName,
    LandmarksReaderName,
    SexReaderName,
)
from curation.settings.forms import Port, Section, Token

__all__ = [
    "ListenSettings",
    "PeerSettings",
    "PictureQueueSettings",
    "RedisSettings",
    "ServicesReadersSettings",
    "ServicesSettings",
    "StoreSettings",
]

Address = Annotated[str, Field(pattern=r"^[^\s]+:[0-9]{1,5}$")]


class ListenSettings(Section):
    """Where the roles listen; `host` is of this machine."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    image_input: Port = 50051
    landmarks: Port = 50052
    age_gender: Port = 50053
    storage: Port = 50054


class PeerSettings(Section):
    """Where a role reaches the others, as HOST:PORT; null is where they listen on this machine."""

    image_input: Address | None = None
    landmarks: Address | None = None
    age_gender: Address | None = None
    storage: Address | None = None


class RedisSettings(Section):
    """The Redis server of results, queue and log."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 6379
    database: Annotated[int, Field(ge=0, le=15)] = 0
    password: SecretStr | None = None
    result_ttl_s: Annotated[int, Field(ge=60, le=31_536_000)] = 86_400
    image_ttl_s: Annotated[int, Field(ge=60, le=31_536_000)] = 86_400


class ServicesReadersSettings(Section):
    """The readers of the services; starting a role is the consent that `attributes` asks for in events."""

    age: AgeReaderName = "dlib"
    sex: SexReaderName = "dlib"
    ethnicity: EthnicityReaderName = "off"
    emotion: EmotionReaderName = "off"
    landmarks: LandmarksReaderName = "off"


class PictureQueueSettings(Section):
    """The queue of pictures in Redis, which `services push` fills and the role queue works through."""

    waiting: Annotated[int, Field(ge=1, le=10_000_000)] = 1000
    waiting_mb: Annotated[float, Field(ge=1, le=1_000_000)] = 512
    in_flight: Annotated[int, Field(ge=1, le=256)] = 4
    tries: Annotated[int, Field(ge=1, le=100)] = 3
    claim_s: Annotated[float, Field(ge=0.5, le=3600)] = 30
    watch_s: Annotated[float, Field(ge=0.1, le=3600)] = 2


class StoreSettings(Section):
    """The files of the role storage."""

    shapes: Annotated[tuple[Literal["faces", "results"], ...], Field(min_length=1)] = ("faces", "results")
    faces_dir: Path = Path("saved_data")
    results_dir: Path = Path("output")
    unsure: Literal["most_likely", "nothing"] = "most_likely"

    @model_validator(mode="after")
    def _two_folders(self) -> StoreSettings:
        if len(set(self.shapes)) > 1 and self.faces_dir == self.results_dir:
            raise ValueError("faces_dir and results_dir are one folder, but both forms have files of the same names")
        return self


class ServicesSettings(Section):
    """Roles, addresses, limits and files of the attribute services."""

    listen: ListenSettings = ListenSettings()
    peers: PeerSettings = PeerSettings()
    redis: RedisSettings = RedisSettings()
    readers: ServicesReadersSettings = ServicesReadersSettings()
    store: StoreSettings = StoreSettings()
    picture_queue: PictureQueueSettings = PictureQueueSettings()
    image_dir: Path = Path("images")
    log_dir: Path = Path("logs")
    log_file_mb: Annotated[float, Field(ge=0.1, le=10_000)] = 20
    log_files: Annotated[int, Field(ge=1, le=1000)] = 5
    log_lines: Annotated[int, Field(ge=100, le=100_000_000)] = 100_000
    charts_s: Annotated[float, Field(ge=1, le=86_400)] = 15
    otlp_endpoint: Annotated[str, Field(pattern=r"^https?://[^\s]+$")] | None = None
    threads: Annotated[int, Field(ge=0, le=256)] = 0
    queue: Annotated[int, Field(ge=1, le=100_000)] = 64
    stream_ahead: Annotated[int, Field(ge=1, le=1000)] = 4
    streams: Annotated[int, Field(ge=1, le=10_000)] = 32
    max_connections: Annotated[int, Field(ge=8, le=100_000)] = 1000
    slow_client_s: Annotated[float, Field(ge=1, le=600)] = 20
    max_image_mb: Annotated[float, Field(ge=0.01, le=2000)] = 32
    deadline_s: Annotated[float, Field(ge=0.05, le=3600)] = 30
    picture_seconds: Annotated[float, Field(ge=1, le=600)] = 20
    drain_s: Annotated[float, Field(ge=0, le=600)] = 5
    token: Token | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_ca: Path | None = None

    @model_validator(mode="after")
    def _cert_with_key(self) -> ServicesSettings:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together: give both, or neither")
        return self
