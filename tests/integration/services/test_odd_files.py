"""Files that are no good pictures, through the real analyser and real gRPC: never an error of the program."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from pathlib import Path

import pytest

from curation.bootstrap import build_analyser
from curation.services.answers import ImageAnswer, ImageToProcess
from curation.services.client import AttributeClient
from curation.services.role import GRPC_ROLES
from curation.services.serving.running import Parts, RunningRoles
from curation.settings import Settings
from curation.settings.services import PeerSettings, ServicesSettings
from tests.service_roles import FakeFiles, ListTrail, picture, services_settings


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says that it has so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def answers(tmp_path: Path, contents: dict[str, bytes]) -> dict[str, ImageAnswer]:
    """What the roles answer, with dlib's engine and no readers, which need no model files."""
    limits: ServicesSettings = services_settings(deadline_s=120, max_image_mb=100)
    settings = Settings.model_validate({"engine": {"name": "dlib"}, "io": {"models_dir": tmp_path}, "services": limits})
    running = RunningRoles(limits, GRPC_ROLES, Parts(build_analyser(settings, {}), FakeFiles(), ListTrail()))
    running.start()
    try:
        peers = PeerSettings.model_validate({role.value: address for role, address in running.addresses.items()})
        with AttributeClient(limits.model_copy(update={"peers": peers})) as client:
            requests = (ImageToProcess(content, name) for name, content in contents.items())
            return {answer.image_id: answer for answer in client.process_many(requests)}
    finally:
        running.stop()


def test_bombs_and_things_that_are_no_pictures_are_invalid_arguments(tmp_path: Path) -> None:
    whole = picture(7)
    contents = {
        "bomb": bomb(60_000, 60_000),
        "nothing": b"",
        "text": b"just some words",
        "zeros": bytes(1_000_000),
        "cut off": whole[: len(whole) // 2],
        "one pixel": bomb(1, 1),
        "too long": bytes(101_000_000),
    }
    got = answers(tmp_path, contents)

    assert set(got) == set(contents)
    assert {name: answer.grpc_status for name, answer in got.items()} == dict.fromkeys(contents, "INVALID_ARGUMENT")
    assert all(answer.message and "Traceback" not in answer.message for answer in got.values())
    assert "megapixels" in got["bomb"].message


def test_odd_files_are_answered_or_refused_with_a_sentence(tmp_path: Path, test_data: Path) -> None:
    files = [path for path in sorted((test_data / "photos" / "odd").rglob("*")) if path.is_file()][::6]
    if not files:
        pytest.skip("no odd files in the test data")
    got = answers(tmp_path, {str(path): path.read_bytes() for path in files})

    assert len(got) == len(files)
    statuses = Counter(answer.grpc_status if answer.image is None else "" for answer in got.values())
    assert set(statuses) <= {"", "INVALID_ARGUMENT"}, [
        (answer.image_id, answer.message) for answer in got.values() if answer.grpc_status in ("INTERNAL", "UNKNOWN")
    ]
    assert all(answer.message for answer in got.values() if answer.image is None)
