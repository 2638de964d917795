"""Forms, queries, headers, cookies and lengths by grammar, over a real socket to the real application.

Each gets a documented answer or, where the bytes cannot be a whole request, the end of its connection; a new client is
answered at once; nothing is written outside of the folder of photos, and no half upload stays there.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter

from tests.hostile.served_event import TOKEN, ServedEvent, served_event
from tests.hostile.wire import Sent, hostile_request, hostile_upload
from tests.soak.part import Soak, SoakPart

__all__ = ["PART", "POSSIBLE", "paths_of", "trouble_of"]

_OF_A_ROUND = 300
_FOLDERS = {"photos", "out", "state", "models", "videos", "assets", "exports"}
_INCOMING = re.compile(r"(incoming\w*/.)|(curation-upload)|(\.incoming$)")
POSSIBLE = frozenset(
    {
        *(200, 201, 202, 204, 206, 303, 304, 307, 400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 415, 416, 421),
        *(422, 423, 424, 429, 431, 503, 507),
    }
)
"""Statuses that docs/api.md and the description have."""


def paths_of(served: ServedEvent) -> tuple[str, ...]:
    """The paths of the service's own description, and those of its pages."""
    head = f"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {TOKEN}\r\n"
    raw = served.send((head + "Connection: close\r\n\r\n").encode()).raw.partition(b"\r\n\r\n")[2]
    described = re.findall(r'"(/[^"\s]*)":\{"(?:get|post|put|patch|delete)"', raw.decode())
    assert len(described) > 50
    return (*described, "/", "/people", "/photos-page", "/sign-in", "/static/x", "/docs", "/nothing")


def trouble_of(served: ServedEvent, sent: Sent, answered: Counter[str] | None = None) -> str:
    """What was not as it must be; empty if all was. What was answered is counted."""
    answers = served.send(*sent.pieces, closes=not sent.is_whole)
    if answered is not None:
        answered.update(f"answers {status}" for status in answers.statuses)
    wrong = [status for status in answers.statuses if status not in POSSIBLE]
    if wrong:
        return f"answered {wrong}: {answers.raw[-300:]!r}"
    if not answers.has_ended:
        return "nobody answers or closes"
    if sent.is_whole and not answers.statuses:
        return "there is no answer"
    if served.faults:
        return f"logged as an error: {served.faults.pop()[-600:]}"
    return ""


def _run(soak: Soak) -> None:
    found: dict[str, str] = {}
    for chance in soak.rounds():
        folder = soak.folder / f"round {soak.counts['rounds']}"
        folder.mkdir()
        with served_event(folder, upload_photos=5, slow_client_s=5) as served:
            paths = paths_of(served)
            for _ in range(_OF_A_ROUND):
                is_form = chance.random() < 0.5
                if is_form:
                    sent = hostile_upload(served.port, TOKEN, chance)
                else:
                    sent = hostile_request(served.port, TOKEN, paths, chance)
                trouble = trouble_of(served, sent, soak.counts)
                soak.counts["forms" if is_form else "other requests"] += 1
                if trouble:
                    found.setdefault(trouble[-80:], f"{trouble} for {b''.join(sent.pieces)[:600]!r}")
            soak.expect(served.is_well(), "the service is well")
            outside = {path.name for path in folder.iterdir()} - _FOLDERS
            soak.expect(not outside, f"nothing appears outside: {outside}")
            left = [path.name for path in folder.rglob("*") if _INCOMING.search(str(path.relative_to(folder)))]
            soak.expect(not left, f"no half upload stays: {left}")
            stored = sum(path.is_file() for path in served.settings.io.input_dir.iterdir())
            soak.counts["photos stored"] += stored - 3
        shutil.rmtree(folder)
    soak.expect(not found, "every request gets a documented answer:\n" + "\n".join(found.values()))


PART = SoakPart("sockets", "forms, queries, headers and lengths by grammar over a real socket", _run)
