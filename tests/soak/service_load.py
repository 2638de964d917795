"""A service under load: pictures of all kinds with bombs among them, clients that go away, decoders that are killed."""

from __future__ import annotations

import io
import random
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import psutil
from PIL import Image

from curation.domain.faces.ids import face_id, photo_id
from curation.settings import Settings
from curation.workers.decoders.limits import most_decoders
from tests.bombs import deflated_png, many_scans, many_small_pieces
from tests.fake_workflow import FakeEvent, fake_event
from tests.real_service import RealService
from tests.soak.part import Soak, SoakPart

__all__ = ["PART"]

_ANSWER_S = 100.0  # a picture waits a minute at most for its turn, and is then looked at for some seconds
_END_S = 20.0  # what is promised is 8 s of a machine that has time
_REQUESTS = 40
_AT_ONCE = 12
_GROWTH_MB = 60
_SECONDS = {"CURATION_SERVICE__PICTURE_SECONDS": "4"}
_ALLOWED = {200, 201, 304, 404, 409, 413, 415, 422, 429, 499, 503}


def run(soak: Soak) -> None:
    """Ask a service for this and that until the time is over; it is ended and started again now and then."""
    with fake_event(soak.folder) as event:
        names = _photos(event)
        event.cluster()
        event.score()
        _harmful(event.photos, names)
        settings = event.settings()
        while True:
            with RealService(
                settings,
                soak.folder / "log.txt",
                command=lambda port: ("-m", "uvicorn", "main_api:app", "--port", str(port), "--log-level", "warning"),
                variables=_SECONDS,
            ) as service:
                _life(soak, service, settings, names)
            if time.monotonic() >= soak.ends_at:
                return


def _life(soak: Soak, service: RealService, settings: Settings, names: list[str]) -> None:
    until = min(soak.ends_at, time.monotonic() + 240)
    process = psutil.Process(service.process.pid)
    first_mb = 0.0
    chance = random.Random(f"{soak.seed}/{soak.counts['lives']}")
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        while True:
            soak.counts["rounds"] += 1
            answers = [
                threads.submit(_request, service, random.Random(chance.random()), names, settings)
                for _ in range(_REQUESTS)
            ]
            if chance.random() < 0.4:
                for decoder in service.decoders()[: chance.randint(1, 4)]:
                    with suppress(psutil.Error):
                        decoder.kill()
                        soak.counts["decoders killed"] += 1
            began = time.monotonic()
            slowest_s = 0.0
            for answer in answers:
                what, status, took_s = answer.result()
                slowest_s = max(slowest_s, took_s)
                soak.counts[f"answers {status}"] += 1
                soak.expect(status in _ALLOWED, f"no answer is {status}: {what}")
                soak.expect(took_s < _ANSWER_S, f"no answer takes {took_s:.0f} s: {what}")
            soak.counts["slowest answer in s"] = max(soak.counts["slowest answer in s"], round(slowest_s))
            asked = time.monotonic()
            soak.expect(service.get("/health").status_code == 200, "the service is well")
            health_ms = round(1000 * (time.monotonic() - asked))
            soak.counts["slowest health in ms"] = max(soak.counts["slowest health in ms"], health_ms)
            soak.expect(len(service.decoders()) <= most_decoders(), "there are not too many decoders")
            used_mb = process.memory_info().rss / 1e6
            if soak.counts["rounds"] % 3 == 0 and not first_mb:
                first_mb = used_mb
            soak.counts["service at most in MB"] = max(soak.counts["service at most in MB"], round(used_mb))
            if first_mb:
                growth = round(used_mb - first_mb)
                soak.counts["growth at most in MB"] = max(soak.counts["growth at most in MB"], growth)
                soak.expect(growth < _GROWTH_MB, f"memory is flat, but grew by {growth} MB")
            soak.counts["seconds of rounds"] += round(time.monotonic() - began)
            if time.monotonic() >= until:
                break
        held = [threads.submit(_request, service, random.Random(number), names, settings) for number in range(_AT_ONCE)]
        time.sleep(chance.random())
        number = chance.choice([signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
        took_s = service.ends(number, _END_S)
        soak.counts[f"ends by {number.name}"] += 1
        tenths = round(10 * took_s)
        soak.counts["slowest end in tenths of s"] = max(soak.counts["slowest end in tenths of s"], tenths)
        soak.counts["lives"] += 1
        for answer in held:
            answer.result()


def _request(
    service: RealService, chance: random.Random, names: list[str], settings: Settings
) -> tuple[str, int, float]:
    """One request of any kind: what it was, its status (0 if the connection was cut), the seconds that it took."""
    name = chance.choice(names)
    photo = photo_id(name)
    size = chance.choice(["thumbnail", "screen", "full"])
    began = time.monotonic()
    kind = chance.choice(
        ["picture"] * 5 + ["tile"] * 5 + ["face", "tiles", "upload", "gone", "page", "folder", "touch"]
    )
    try:
        if kind == "picture":
            answer = service.get(f"/photos/{photo}/picture?size={size}")
        elif kind == "tile":
            answer = service.get(f"/photos/{photo}/tiles/0/{chance.randrange(3)}/{chance.randrange(2)}")
        elif kind == "tiles":
            answer = service.get(f"/photos/{photo}/tiles")
        elif kind == "face":
            answer = service.get(f"/faces/{face_id(photo, 0)}/picture")
        elif kind == "upload":
            answer = service.http.post("/photos", files=[("photos", _sent(chance))])
        elif kind == "gone":
            _gone(service.port, f"/photos/{photo}/picture?size={size}", chance)
            return kind, 499, 0.0
        elif kind == "folder":
            answer = service.get("/photos?limit=20")
        elif kind == "touch":  # another file, of which nothing is known
            (settings.io.input_dir / name).touch()
            answer = service.get(f"/photos/{photo}/picture?size={size}")
        else:
            answer = service.get(chance.choice(["/review/people", "/people", "/clusters", f"/photos/{photo}"]))
    except httpx.TransportError as error:
        return f"{kind} {name}: {error!r}", 0, time.monotonic() - began
    return (
        f"{kind} {name}: {answer.text[:200] if answer.status_code >= 500 else ''}",
        answer.status_code,
        (time.monotonic() - began),
    )


def _gone(port: int, address: str, chance: random.Random) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(f"GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        time.sleep(chance.random())


def _sent(chance: random.Random) -> tuple[str, bytes]:
    kind = chance.randrange(4)
    number = chance.randrange(10**9)
    if kind == 0:
        return f"scans {number}.jpg", many_scans(chance.choice([2000, 6000]), chance.choice([50, 450]))
    if kind == 1:
        return f"comments {number}.ppm", many_small_pieces(chance.choice([1000, 500_000]))
    if kind == 2:
        return f"flat {number}.png", deflated_png(chance.choice([500, 12_000]))
    return f"good {number}.jpg", _jpeg(chance.randrange(2**32))


def _jpeg(seed: int) -> bytes:
    values = np.random.default_rng(seed).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(values).resize((1200, 900)).save(file, "JPEG")
    return file.getvalue()


def _photos(event: FakeEvent) -> list[str]:
    names = []
    for number in range(8):
        event.add(f"photo {number}.png", number % 3 + 1)
        names.append(f"photo {number}.png")
    for number in range(4):
        # They become something else when all of them have ids.
        event.add(f"odd {number}.png", 3)
        names.append(f"odd {number}.png")
    large = np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8).repeat(60, 0).repeat(60, 1)
    event.write("large.png", large)
    return [*names, "large.png"]


def _harmful(photos: Path, names: list[str]) -> None:
    contents = (many_scans(), deflated_png(), many_small_pieces(2_000_000), many_scans(10_000, 2000))
    for name, content in zip([name for name in names if name.startswith("odd")], contents, strict=True):
        (photos / name).write_bytes(content)


PART = SoakPart("service", "pictures of a service with bombs among them; decoders are killed, clients go away", run)
