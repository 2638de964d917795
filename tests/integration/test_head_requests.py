"""HEAD over a real server: at every address the status and the headers of a GET, and nothing behind them."""

from __future__ import annotations

import http.client
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.described_service import AUTHORISED, KNOWN_IDS, post_known_film
from tests.real_service import RealService
from tests.service import make_settings

_OF_THE_MOMENT = {"date", "etag", "last-modified", "retry-after", "content-length", "x-request-id"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealService]:
    folder = Path(tmp_path_factory.mktemp("served"))
    with RealService(
        make_settings(folder),
        folder / "log.txt",
        command=lambda port: ("-m", "tests.described_service", str(folder / "event"), str(port)),
        headers=AUTHORISED,
    ) as server:
        post_known_film(server.http.post)
        yield server
        server.ends(signal.SIGTERM, 20)


def test_every_address_of_get_answers_head_with_the_same_headers(served: RealService) -> None:
    paths = served.get("/openapi.json").json()["paths"]
    known = {**KNOWN_IDS, "event_id": "nowhere-01234567", "job_id": "0" * 32}
    checked, found = 0, 0
    for path, operations in paths.items():
        if "get" not in operations:
            continue
        names = [part[1:].partition("}")[0] for part in path.split("/") if part.startswith("{")]
        address = path.format_map({**dict.fromkeys(names, "0" * 16), **known})
        head = served.http.head(address)
        with served.http.stream("GET", address) as got:
            assert head.status_code == got.status_code, address
            told, expected = ({*answer.headers} - _OF_THE_MOMENT for answer in (head, got))
            assert told == expected, address
            assert head.headers.get("content-type") == got.headers.get("content-type"), address
        checked += 1
        found += head.status_code == 200
    assert checked > 90 and found > 60, (checked, found)


def test_the_connection_is_used_again_and_no_byte_of_a_body_comes(served: RealService) -> None:
    page = served.get("/", headers={"Accept": "text/html"}).text
    stylesheet = re.search(r'"(/static/[^"]+\.css)"', page)
    assert stylesheet is not None
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    for address in ("/health", "/jobs/events", "/photos", stylesheet[1], "/openapi.json", "/docs"):
        connection.request("HEAD", address, headers=AUTHORISED)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b""), address
        # Had a body come, it would be taken for the next answer.
        connection.request("GET", "/health", headers=AUTHORISED)
        assert connection.getresponse().read().startswith(b"{"), address
    connection.close()


def test_parts_are_for_get_alone(served: RealService) -> None:
    address = f"/videos/{KNOWN_IDS['video_id']}/file"
    whole = served.http.head(address)
    part = served.http.head(address, headers={"Range": "bytes=0-9"})
    assert part.status_code == whole.status_code == 200
    assert part.headers["content-length"] == whole.headers["content-length"]


def test_where_there_is_no_get_there_is_no_head(served: RealService) -> None:
    answer = served.http.head("/score")
    assert answer.status_code == 405
    assert "HEAD" not in answer.headers["allow"]
    assert "HEAD" in served.http.delete("/photos").headers["allow"]


def test_it_is_counted_with_its_address(served: RealService) -> None:
    served.http.head("/photos")
    lines = [line for line in served.get("/metrics").text.splitlines() if 'method="HEAD"' in line]
    assert any('route="/photos"' in line for line in lines)
