"""The containers of docker-compose.yaml together: storage, broker, workers, web service, attribute services."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

from .containers import CheckFailed, Containers
from .event import Event
from .stack import Stack
from .web import Service

__all__ = ["check_stack"]

BUCKET = "curation"
PICTURE = "IMG_0005.jpg"
OBJECTS_PORT = 9000
HEALTHY_S = 60.0
"""A bound for the whole stack on a busy machine; the web service alone has to be well in 20 s."""
ROLES = ("landmarks", "age-gender", "storage", "image-input")
"""Without readers of ages they need no weights but those of packages."""


def check_stack(
    containers: Containers,
    event: Event,
    *,
    compose: Path,
    images: tuple[str, str, str],
    token: str,
    scratch: Path,
    told: list[str],
) -> None:
    """Start it in the wrong order, let workers analyse photos of object storage, and compare what they found.

    Args:
        containers: Where it runs.
        event: The photos and what is made of them outside.
        compose: docker-compose.yaml.
        images: The program's, the base's and that of Redis.
        token: Of both services.
        scratch: A folder for files of this test.
        told: What is measured is added to it.

    Raises:
        CheckFailed: If something is not as it must be.
    """
    program, base, redis = images
    photos = event.made()
    (scratch / "stack-nothing").mkdir()
    (scratch / "stack-models").mkdir()
    shutil.copy(photos / PICTURE, scratch / "stack-models")
    variables = {
        "CURATION_SERVICE__TOKEN": token,
        "CURATION_SERVICES__TOKEN": token,
        "CURATION_SERVICES__READERS__AGE": "off",
        "CURATION_SERVICES__READERS__SEX": "off",
        "CURATION_MODELS": str(scratch / "stack-models"),
        "CURATION_PHOTOS": str(scratch / "stack-nothing"),
        "CURATION_PERFORMANCE__POOL": "celery",
        "CURATION_WORKERS__CONCURRENCY": "1",
        "CURATION_IO__INPUT_DIR": f"s3://{BUCKET}/photos",
        "CURATION_IO__OUTPUT_DIR": f"s3://{BUCKET}/results",
        "AWS_ENDPOINT_URL": f"http://objects:{OBJECTS_PORT}",
        "AWS_ACCESS_KEY_ID": "curation",
        "AWS_SECRET_ACCESS_KEY": token,
        "AWS_REGION": "us-east-1",
    }
    stack = Stack(containers, compose, variables, {"redis": redis, **dict.fromkeys(("api", "worker", *ROLES), program)})
    begun = time.monotonic()
    # What others need is started last.
    for name in ("worker", "api", *ROLES):
        stack.start(name)
    stack.start("redis")
    objects = _start_objects(containers, stack, base)
    for name in ("redis", "api", "worker", *ROLES):
        containers.wait_until_healthy(name, stack.health_command(name), HEALTHY_S)
    told.append(f"{len(ROLES) + 4} containers are well {time.monotonic() - begun:.0f} s after the start of the first")

    faces = _faces_by_services(containers)
    told.append(f"the services find each other by name: {faces} faces")
    names = [path.relative_to(photos).as_posix() for path in photos.rglob("*") if path.is_file()]
    _send("PUT", f"{objects}/{BUCKET}")
    for name in names:
        _send("PUT", f"{objects}/{BUCKET}/photos/{quote(name)}", (photos / name).read_bytes())
    service = Service(stack.port("api", 8000), token)
    for stage in ("/cluster", "/score"):
        begun = time.monotonic()
        try:
            job = service.run(stage, within_s=240)
        except (CheckFailed, OSError) as error:
            logs = "".join(f"\n{name}: {containers.logs(name)}" for name in ("api", "worker", "objects"))
            raise CheckFailed(f"{stage}: {error}{logs}") from error
        told.append(f"{stage} over the broker and object storage in {time.monotonic() - begun:.0f} s")
        if job["counts"]["failed"]:
            raise CheckFailed(f"{stage}: {job['failures']}\n{containers.logs('worker')}")
    same = event.compare(_fetched(objects, scratch / "stack-results"), "dlib")
    told.append(f"{same} files of outputs in object storage are those of outside, byte for byte")
    for name, within_s in (("api", 10), ("landmarks", 25), ("worker", 60)):
        seconds, code = containers.stop(name, within_s + 5)
        if code or seconds > within_s:
            raise CheckFailed(f"TERM ended {name} after {seconds:.1f} s with {code}\n{containers.logs(name)}")


def _faces_by_services(containers: Containers) -> int:
    """Send a picture from one container to `image-input`, which asks the others; how many faces come back."""
    send = ("python", "-m", "curation", "services", "send", "--json", f"/models/{PICTURE}")
    said = containers.exec("storage", *send)
    try:
        (line,) = said.text.splitlines()
        return len(json.loads(line)["image"]["faces"])
    except (ValueError, KeyError) as error:
        raise CheckFailed(
            f"services send: {said.code} {said.text[-1000:]} {said.told}\n{containers.logs('image-input')}"
        ) from error


def _start_objects(containers: Containers, stack: Stack, base: str) -> str:
    """Object storage under the name that the file gives it: moto, of this environment; its address for this machine.

    The server that users get cannot be had where there is no registry of images.
    """
    (site,) = [entry for entry in sys.path if entry.endswith("site-packages")][:1]
    containers.start(
        "objects",
        f"--network={stack.network}",
        f"--publish=127.0.0.1::{OBJECTS_PORT}",
        f"--volume={site}:/packages:ro",
        "--env=PYTHONPATH=/packages",
        "--user=10001:10001",
        base,
        *("python3", "-m", "moto.server", "--host=0.0.0.0", f"--port={OBJECTS_PORT}"),
    )
    ask = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{OBJECTS_PORT}/moto-api/data.json', timeout=5)"
    containers.wait_until_healthy("objects", ("python3", "-I", "-c", ask), HEALTHY_S)
    return f"http://127.0.0.1:{stack.port('objects', OBJECTS_PORT)}"


def _fetched(objects: str, folder: Path) -> Path:
    """The results in the bucket, as files."""
    listed = _send("GET", f"{objects}/{BUCKET}?list-type=2&prefix=results/").decode()
    keys: Sequence[str] = re.findall(r"<Key>([^<]+)</Key>", listed)
    for key in keys:
        path = folder / key.removeprefix("results/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_send("GET", f"{objects}/{BUCKET}/{quote(key)}"))
    return folder


def _send(method: str, address: str, body: bytes | None = None) -> bytes:
    # By default urllib says that it sends a form. Who asks without a signature is a stranger; moto does not check it.
    signed = "AWS4-HMAC-SHA256 Credential=curation/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"Content-Type": "application/octet-stream", "Authorization": signed}
    request = Request(address, method=method, data=body, headers=headers)
    with urlopen(request, timeout=60) as answer:
        return bytes(answer.read())
