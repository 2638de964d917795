"""Object storage: how much work listing and reading cost, beside boto3 and s3fs on the same server in the same run.

    python -m benchmarks.objects [--keys 50000] [--gets 2000] [--kilobytes 200]

The server is a process of its own on this machine. It answers lists and reads as S3 does, from pages that were written
before, so that it is quick enough to list many keys (moto's server takes seconds a page there); what counts is the
processor time of the client (user and system, all threads). Each client lists and reads in a process of its own, three
times, and the best of the three is told. boto3 comes with the tests' packages; s3fs is measured where it is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qs, urlsplit

_BUCKET = "benchmark"
_REPEATS = 3
_PAGE = 1000
_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
_THREADS = 4  # as ObjectOriginals fetches


def main(arguments: list[str] | None = None) -> int:
    """Measure all clients, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=50_000)
    parser.add_argument("--gets", type=int, default=2000)
    parser.add_argument("--kilobytes", type=int, default=200)
    parser.add_argument("--client", choices=sorted(_CLIENTS), help="measure this one, for the run that started it")
    options = parser.parse_args(arguments)
    if options.client:
        print(json.dumps(_measured(options.client, options.gets)))
        return 0
    with _server(options.keys, options.kilobytes * 1000) as endpoint:
        environment = {**os.environ, **_ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint, "NO_PROXY": "127.0.0.1"}
        found: dict[str, dict[str, float]] = {}
        for name in _CLIENTS:
            if importlib.util.find_spec(_PACKAGE_OF.get(name, name)) is None:
                print(f"{name} is not installed")
                continue
            runs = [_run(name, options.gets, environment) for _ in range(_REPEATS)]
            found[name] = {key: min(run[key] for run in runs) for key in runs[0]}
    _print(found, options.keys, options.gets, options.kilobytes)
    return 0


def _print(found: dict[str, dict[str, float]], keys: int, gets: int, kilobytes: int) -> None:
    print(f"{keys} keys listed, {gets} objects of {kilobytes} kB read; best of {_REPEATS}; CPU of the client")
    titles = ("list CPU s", "list wall s", "ms CPU/GET", "4 at once", "peak MB")
    print(f"{'client':24}{''.join(f'{title:>12}' for title in titles)}")
    for name, run in found.items():
        print(
            f"{name:24}{run['list_cpu_s']:12.2f}{run['list_wall_s']:12.2f}{run['get_cpu_s'] / gets * 1000:12.2f}"
            f"{run['threads_cpu_s'] / gets * 1000:23.2f}{run['peak_mb']:6.0f}"
        )
    ours = found["curation"]
    for name, run in found.items():
        if name != "curation":
            print(
                f"{name} / curation: list {run['list_cpu_s'] / ours['list_cpu_s']:.1f}x the CPU, GET "
                f"{run['get_cpu_s'] / ours['get_cpu_s']:.1f}x"
            )


def _run(name: str, gets: int, environment: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.objects", "--client", name, "--gets", str(gets)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    run: dict[str, float] = json.loads(done.stdout)
    return run


def _measured(name: str, gets: int) -> dict[str, float]:
    listed, read = _CLIENTS[name]()
    read(0)  # imports, connections
    wall, cpu = time.perf_counter(), time.process_time()
    count = listed()
    list_wall, list_cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert count, "an empty list"
    cpu = time.process_time()
    for number in range(gets):
        read(number)
    get_cpu = time.process_time() - cpu
    cpu = time.process_time()
    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(read, range(gets)))
    threads_cpu = time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {
        "list_cpu_s": list_cpu,
        "list_wall_s": list_wall,
        "get_cpu_s": get_cpu,
        "threads_cpu_s": threads_cpu,
        "peak_mb": peak,
    }


_Client = tuple[Callable[[], int], Callable[[int], object]]


def _key(number: int) -> str:
    return f"photos/{number:06d}.jpg"


def _curation() -> _Client:
    from curation.storage.objects.opening import open_store

    store = open_store(f"s3://{_BUCKET}/event")
    return lambda: sum(1 for _ in store.list()), lambda number: store.read(_key(number))


def _curation_role() -> _Client:
    """Lists as where a machine's role holds the credentials: through obstore."""
    from curation.storage.objects.opening import open_store

    store: Any = open_store(f"s3://{_BUCKET}/event")
    store._signed = None
    return lambda: sum(1 for _ in store.list()), lambda number: store.read(_key(number))


def _boto3() -> _Client:
    import boto3

    client = boto3.client("s3", region_name="us-east-1")

    def listed() -> int:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=_BUCKET, Prefix="event/")
        return sum(len(page["Contents"]) for page in pages)

    return listed, lambda number: client.get_object(Bucket=_BUCKET, Key=f"event/{_key(number)}")["Body"].read()


def _s3fs() -> _Client:
    import s3fs

    files = s3fs.S3FileSystem(endpoint_url=os.environ["AWS_ENDPOINT_URL"], use_listings_cache=False)
    return (
        lambda: len(files.find(f"{_BUCKET}/event", detail=True)),
        lambda number: files.cat_file(f"{_BUCKET}/event/{_key(number)}"),
    )


_CLIENTS: dict[str, Callable[[], _Client]] = {
    "curation": _curation,
    "curation with a role": _curation_role,
    "boto3": _boto3,
    "s3fs": _s3fs,
}
_PACKAGE_OF = {"curation": "obstore", "curation with a role": "obstore"}


@contextmanager
def _server(keys: int, size_bytes: int) -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, keys, size_bytes), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.kill()
        process.join()


def _serve(told: Connection, keys: int, size_bytes: int) -> None:
    """Be the server: a bucket of `keys` objects, each of the same bytes."""
    body = os.urandom(size_bytes)
    etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
    pages = [_page(start, keys, size_bytes, etag) for start in range(0, keys, _PAGE)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            is_list = "list-type" in query
            content = pages[int(query.get("continuation-token", ["0"])[0])] if is_list else body
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", "application/xml" if is_list else "image/jpeg")
            self.send_header("ETag", f'"{etag}"')
            self.send_header("Last-Modified", "Mon, 30 Nov 2026 12:00:00 GMT")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        do_HEAD = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.send(server.server_address[1])
    server.serve_forever()


def _page(start: int, keys: int, size_bytes: int, etag: str) -> bytes:
    end = min(start + _PAGE, keys)
    contents = "".join(
        f"<Contents><Key>event/{_key(number)}</Key><LastModified>2026-11-30T12:00:00.000Z</LastModified>"
        f"<ETag>&quot;{etag}&quot;</ETag><Size>{size_bytes}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for number in range(start, end)
    )
    more = f"<NextContinuationToken>{end // _PAGE}</NextContinuationToken>" if end < keys else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>{_BUCKET}</Name><Prefix>event/</Prefix><KeyCount>{end - start}</KeyCount><MaxKeys>{_PAGE}</MaxKeys>"
        f"<IsTruncated>{str(end < keys).lower()}</IsTruncated>{more}{contents}</ListBucketResult>"
    ).encode()


if __name__ == "__main__":
    raise SystemExit(main())
