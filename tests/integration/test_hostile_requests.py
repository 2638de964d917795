"""Forms and requests by grammar over a real socket: a sample of `make soak ARGS=sockets`."""

from __future__ import annotations

import random
from pathlib import Path

from tests.hostile.served_event import TOKEN, answers_of, served_event
from tests.hostile.wire import Sent, hostile_request, hostile_upload
from tests.soak.sockets import paths_of, trouble_of

_EACH = 30


def test_forms_and_requests_by_grammar_get_documented_answers(tmp_path: Path) -> None:
    chance = random.Random(7)
    with served_event(tmp_path, upload_photos=5) as served:
        paths = paths_of(served)
        for number in range(_EACH):
            for sent in (
                hostile_upload(served.port, TOKEN, chance),
                hostile_request(served.port, TOKEN, paths, chance),
            ):
                trouble = trouble_of(served, sent)
                assert not trouble, f"{number}: {trouble} for {b''.join(sent.pieces)[:900]!r}"
        assert served.is_well()
        assert not [path for path in served.settings.io.input_dir.iterdir() if path.name.startswith(".")]


def test_what_is_wrong_is_seen(tmp_path: Path) -> None:
    assert answers_of(
        b"HTTP/1.1 500 x\r\ncontent-length: 1\r\n\r\nxHTTP/1.1 204 \r\n\r\n", has_ended=True
    ).statuses == (
        500,
        204,
    )
    assert answers_of(b"<html>", has_ended=True).statuses == (-1,)
    with served_event(tmp_path) as served:
        nothing = f"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nConnection: close\r\n\r\n"
        served.faults.append("an error that was logged")
        assert "an error that was logged" in trouble_of(served, Sent((nothing.encode(),), is_whole=True))
