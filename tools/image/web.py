"""A small client of the web service, for the test of the image."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from .containers import CheckFailed

__all__ = ["Service"]


class Service:
    """The web service at a port of this machine."""

    def __init__(self, port: int, token: str) -> None:
        """Take its port and token."""
        self._root, self._token = f"http://127.0.0.1:{port}", token

    def ask(self, method: str, path: str) -> Any:
        """The JSON of an answer.

        Raises:
            CheckFailed: If it is an error.
        """
        request = Request(self._root + path, method=method, headers={"Authorization": f"Bearer {self._token}"})
        try:
            with urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise CheckFailed(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from error

    def run(self, stage: str, within_s: float) -> dict[str, Any]:
        """Run a stage, `/cluster` or `/score`, and wait for its end; the job.

        Raises:
            CheckFailed: If it does not succeed.
        """
        job = self.ask("POST", stage)
        end = time.monotonic() + within_s
        while job["state"] in ("queued", "running"):
            if time.monotonic() > end:
                raise CheckFailed(f"{stage} still runs after {within_s} s: {job}")
            time.sleep(0.3)
            job = self.ask("GET", f"/jobs/{job['id']}")
        if job["state"] != "succeeded":
            raise CheckFailed(f"{stage}: {job}")
        return dict(job)

    def is_refused(self) -> bool:
        """Whether a request without the token is refused."""
        try:
            with urlopen(f"{self._root}/people", timeout=30):
                return False
        except HTTPError as error:
            return error.code == 401
