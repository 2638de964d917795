"""200 readers of a service while both of its stages run again and again, and clients that are slow or flood it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time

from curation.domain.faces.ids import photo_id
from tests.crowd import Crowd, crowded_service, fill
from tests.fake_workflow import fake_event
from tests.real_service import RealService
from tests.soak.part import Soak, SoakPart

__all__ = ["PART"]

_PHOTOS = 120
_READERS = 200
_ROUNDS = 5
_GROWTH_MB = 150.0
_ENDED = ("succeeded", "failed", "cancelled", "interrupted")


def run(soak: Soak) -> None:
    """Read, run the stages, and be a nuisance, until the time is over."""
    with fake_event(soak.folder) as event:
        fill(event, _PHOTOS)
        names = [photo_id(path.name) for path in sorted(event.photos.iterdir())]
        event.cluster()
        event.score()
        with crowded_service(event, soak.folder / "log.txt") as service:
            first_mb = 0.0
            whole = Crowd()
            for chance in soak.rounds():
                crowd = Crowd()
                over = threading.Event()
                nuisance = threading.Thread(target=_nuisance, args=(service, over))
                stages = threading.Thread(target=_stages, args=(soak, service, over))
                nuisance.start()
                stages.start()
                try:
                    reading = crowd.read(service, names, readers=_READERS, rounds=_ROUNDS, seed=chance.randrange(2**32))
                    asyncio.run(reading)
                finally:
                    over.set()
                    nuisance.join()
                    stages.join()
                soak.expect(not crowd.wrong, f"no error for any reader: {crowd.wrong[:5]}")
                first_mb = first_mb or crowd.peak_mb
                soak.expect(crowd.peak_mb < first_mb + _GROWTH_MB, f"memory: {first_mb:.0f} to {crowd.peak_mb:.0f} MB")
                whole.took_s += crowd.took_s
                soak.counts["answers"] += len(crowd.took_s)
                soak.counts["events"] += crowd.events
                soak.counts["peak MB"] = max(soak.counts["peak MB"], round(crowd.peak_mb))
                soak.counts["ms p50"] = round(1000 * whole.quantile_s(0.5))
                soak.counts["ms p95"] = round(1000 * whole.quantile_s(0.95))
            soak.counts["first peak MB"] = round(first_mb)


def _stages(soak: Soak, service: RealService, over: threading.Event) -> None:
    while not over.is_set():
        for stage in ("cluster", "score"):
            started = service.http.post(f"/{stage}")
            soak.expect(started.status_code == 202, f"a stage begins: {started.text}")
            while (job := service.get(started.headers["location"]).json())["state"] not in _ENDED:
                time.sleep(0.2)
            soak.expect(job["state"] == "succeeded", f"a stage ends well: {job}")
            soak.counts["stages"] += 1


def _nuisance(service: RealService, over: threading.Event) -> None:
    """Connections that say nothing, that never end their header, and that do not take what they asked for."""
    begins = (b"", b"GET /photos HTTP/1.1\r\nX: ", b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 50)
    held: list[socket.socket] = []
    number = 0
    while not over.wait(0.02):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(5)
        with contextlib.suppress(OSError):
            client.connect(("127.0.0.1", service.port))
            client.sendall(begins[number % len(begins)])
        held.append(client)
        number += 1
        if len(held) > 300:
            held.pop(0).close()
    for client in held:
        client.close()


PART = SoakPart("readers", "200 readers while the stages run, and clients that are slow or flood the service", run)
