"""Roles of the attribute services in this process, with a stand-in for the analysis: fast, and broken on demand."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path

from PIL import Image

from curation.domain.attributes.values import (
    AgeEstimate,
    Attribute,
    AttributedFace,
    ClassEstimate,
    DensePoint,
    FaceAttributes,
    ImageAttributes,
)
from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.domain.faces.geometry import HeadPose
from curation.errors import InputError, PhotoUnreadableError, WeightsMissingError
from curation.pipelines.attributes.analyser import Wanted
from curation.services.role import GRPC_ROLES, Role
from curation.services.serving.running import Parts, RunningRoles
from curation.services.trail.step import Step
from curation.settings.services import ListenSettings, PeerSettings, RedisSettings, ServicesSettings
from tests.redis_server import RedisServer

__all__ = ["FakeAnalyser", "FakeFiles", "ListTrail", "picture", "roles", "services_settings"]


class FakeAnalyser:
    """Finds as many faces as `_counted` says; remembers what it was asked; waits while `hold` is set."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, Wanted, Mapping[Attribute, str] | None]] = []
        self.hold = threading.Event()
        self.began = threading.Semaphore(0)
        self.release = threading.Event()
        self.error: Exception | None = None

    def analyse(
        self, content: bytes, *, wanted: Wanted, readers: Mapping[Attribute, str] | None = None
    ) -> ImageAttributes:
        self.asked.append((content, wanted, readers))
        self.began.release()
        if self.hold.is_set():
            assert self.release.wait(60)
        if self.error is not None:
            raise self.error
        count, width, height = _counted(content)
        if readers and "missing" in readers.values():
            raise WeightsMissingError("there is no file missing.onnx: fetch it")
        if readers and "unknown" in readers.values():
            raise InputError("there is no reader unknown")
        if Attribute.LANDMARKS not in (readers or {}):  # no reader by the settings
            wanted = Wanted(wanted.points68, wanted.attributes - {Attribute.LANDMARKS})
        return ImageAttributes(
            sha256=hashlib.sha256(content).hexdigest(),
            width=width,
            height=height,
            faces=tuple(face(number, wanted) for number in range(count)),
            engine="stand-in",
            weights=(("stand-in.onnx", "ab" * 32),),
        )


def _counted(content: bytes) -> tuple[int, int, int]:
    """Faces, width and height of a picture: its text says it, or it is real and has a face every 100 pixels."""
    if re.fullmatch(rb"faces \d{1,3}( .*)?", content, re.DOTALL):
        return int(content.split()[1]), 640, 480
    try:
        with Image.open(BytesIO(content)) as picture:
            return picture.width // 100, picture.width, picture.height
    except (OSError, Image.DecompressionBombError) as error:
        raise PhotoUnreadableError("it is no picture") from error


def picture(number: int, *, faces: int = 2) -> bytes:
    """A real picture; each number gives other bytes."""
    out = BytesIO()
    Image.new("RGB", (100 * faces + 50, 100), (number % 256, number // 256 % 256, number // 65536 % 256)).save(
        out, "PNG"
    )
    return out.getvalue()


def face(number: int, wanted: Wanted) -> AttributedFace:
    """A face with everything that is wanted; its measures are not round."""
    x = 10 + 100 * number
    years = 30 + number + 1 / 3
    age = AgeEstimate(years, years - 5, years + 5, 0.7, True, (20.0, 40.0), (0.25, 0.75), "stand-in")
    sex = ClassEstimate("female", 0.9, ("female", "male"), (0.9, 0.1), "stand-in")
    return AttributedFace(
        face_index=number,
        box=Box(x, 20, 50, 60),
        landmarks=FiveLandmarks(*(Point(x + 0.1 * place, 30.7 + place) for place in range(5))),
        confidence=0.987654321,
        points68=tuple(Point(x + place / 3, 25 + place / 7) for place in range(68)) if wanted.points68 else (),
        pose=HeadPose(1.1, -2.2, 3.3),
        attributes=FaceAttributes(
            age=age if Attribute.AGE in wanted.attributes else None,
            sex=sex if Attribute.SEX in wanted.attributes else None,
            dense=(DensePoint(1 / 3, 2 / 3, -1 / 7),) if Attribute.LANDMARKS in wanted.attributes else None,
        ),
    )


class FakeFiles:
    """Remembers what it should write."""

    def __init__(self) -> None:
        self.written: list[tuple[bytes, ImageAttributes]] = []
        self.error: Exception | None = None

    def write(
        self, content: bytes, image: ImageAttributes, timestamp: datetime, *, disagreements: Sequence[str] = ()
    ) -> tuple[Path, ...]:
        if self.error is not None:
            raise self.error
        self.written.append((content, image))
        return (Path(f"{image.sha256}.json"),)


class ListTrail:
    """Keeps all steps."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def tell(self, step: Step) -> None:
        self.steps.append(step)

    def close(self) -> None:
        pass


def services_settings(redis: RedisServer | None = None, **values: object) -> ServicesSettings:
    """Any free ports; without a Redis server, an address where none is."""
    listen = ListenSettings(image_input=0, landmarks=0, age_gender=0, storage=0)
    address = RedisSettings(host="127.0.0.1", port=redis.port if redis is not None else 1)
    return ServicesSettings.model_validate(
        {"listen": listen, "redis": address, "threads": 2, "deadline_s": 20, "drain_s": 5, **values}
    )


@contextmanager
def roles(
    settings: ServicesSettings,
    chosen: Sequence[Role] = GRPC_ROLES,
    *,
    analyser: FakeAnalyser | None = None,
    files: FakeFiles | None = None,
    trail: ListTrail | None = None,
) -> Iterator[ServicesSettings]:
    """Serve roles in this process.

    Yields:
        Settings of clients, which know the ports.
    """
    running = RunningRoles(
        settings, chosen, Parts(analyser or FakeAnalyser(), files or FakeFiles(), trail or ListTrail())
    )
    running.start()
    try:
        known = {role.value: address for role, address in running.addresses.items()}
        peers = PeerSettings.model_validate({**settings.peers.model_dump(), **known})
        yield settings.model_copy(update={"peers": peers})
    finally:
        running.stop()
