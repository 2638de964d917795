"""Results in Redis: a hash under the SHA-256 of the picture, with one field for each service."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from curation.errors import AttributeDocumentError, RedisUnavailableError
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.services.redis_connection import connect, redis_address, redis_errors_explained
from curation.settings.services import RedisSettings

__all__ = ["AGE_GENDER_FIELD", "LANDMARK_FIELD", "Half", "ResultStore", "StoredResult"]

log = logging.getLogger(__name__)

LANDMARK_FIELD = "landmark_service"
AGE_GENDER_FIELD = "agegender_service"
_ENGINE_FIELD = "engine"
_WEIGHTS_SUFFIX = "_weights"
_REQUEST_SUFFIX = "_request"
_PAUSE_S = 1.0


class Half(StrEnum):
    """A half of a result, by its field."""

    LANDMARKS = LANDMARK_FIELD
    AGE_GENDER = AGE_GENDER_FIELD

    @property
    def other(self) -> Half:
        """The other half."""
        return Half.AGE_GENDER if self is Half.LANDMARKS else Half.LANDMARKS


@dataclass(frozen=True, slots=True)
class StoredResult:
    """What stands in Redis of a picture.

    Attributes:
        halves: The JSON value of each field that is there, `landmark_service` and `agegender_service`.
        requests: The request that wrote each half.
        engine: Name of the engine.
        weights: Name and SHA-256 of each model file.
    """

    halves: Mapping[Half, Any]
    requests: Mapping[Half, str]
    engine: str
    weights: Mapping[str, str]

    @property
    def is_complete(self) -> bool:
        """Whether both halves are there."""
        return len(self.halves) == len(Half)


class ResultStore:
    """Results of pictures in Redis; thread-safe.

    After the server was away, the next commands fail at once for a second, so that requests do not all wait for it.
    """

    def __init__(self, settings: RedisSettings) -> None:
        """Make the store; it connects when it is used.

        Args:
            settings: Of the server, with the time that results stay.

        Raises:
            ExtraMissingError: If the package redis is not installed.
        """
        self._settings = settings
        self._client = connect(settings)
        self._away_until = 0.0
        self._lock = threading.Lock()

    def put(
        self,
        sha256: str,
        halves: Mapping[Half, Any],
        *,
        request_id: str,
        engine: str,
        weights: Mapping[str, str],
    ) -> StoredResult:
        """Write halves of a result and read all that is there then, in one transaction: no half is ever lost.

        Args:
            sha256: Of the picture.
            halves: JSON values.
            request_id: Of the request, which says which halves belong together.
            engine: Name of the engine.
            weights: Name and SHA-256 of each model file that took part in these halves.

        Returns:
            The result as it is now; whoever gets both halves first completes it.

        Raises:
            RedisUnavailableError: If the server is away, or refuses.
            AttributeDocumentError: If another program keeps something else under the picture's key.
        """
        fields: dict[Any, Any] = {_ENGINE_FIELD: engine}
        for half, value in halves.items():
            fields[half] = json.dumps(value, allow_nan=False)
            fields[half + _REQUEST_SUFFIX] = request_id
            fields[half + _WEIGHTS_SUFFIX] = json.dumps(dict(weights), sort_keys=True)
        with self._asking(sha256), self._client.pipeline(transaction=True) as all_at_once:
            all_at_once.hset(sha256, mapping=fields)
            all_at_once.expire(sha256, self._settings.result_ttl_s)
            all_at_once.hgetall(sha256)
            answers = all_at_once.execute()
        return _result_of(sha256, answers[-1])

    def get(self, sha256: str) -> StoredResult | None:
        """What stands there of a picture; None if nothing does.

        Raises:
            RedisUnavailableError: If the server is away, or refuses.
        """
        try:
            with self._asking(sha256):
                fields: Any = self._client.hgetall(sha256)
        except AttributeDocumentError as error:
            log.warning("%s; it counts as nothing", error)
            return None
        return _result_of(sha256, fields) if fields else None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @contextmanager
    def _asking(self, sha256: str) -> Iterator[None]:
        import redis

        with self._lock:
            if time.monotonic() < self._away_until:
                raise RedisUnavailableError(
                    f"there is no Redis server at {redis_address(self._settings)}; it is tried again every "
                    f"{_PAUSE_S:g} s, see services.redis"
                )
        try:
            with redis_errors_explained(self._settings):
                try:
                    yield
                except redis.ResponseError as error:
                    if "WRONGTYPE" not in str(error):
                        raise
                    raise AttributeDocumentError(
                        f"another program keeps something else under the key {sha256} in Redis: delete it, or set "
                        "services.redis.database to one of our own"
                    ) from error
        except RedisUnavailableError:
            with self._lock:
                self._away_until = time.monotonic() + _PAUSE_S
            raise


def _result_of(sha256: str, fields: Mapping[bytes, bytes]) -> StoredResult:
    """What the fields say; a half that cannot be read counts as missing."""
    known = {name for half in Half for name in (half, half + _WEIGHTS_SUFFIX, half + _REQUEST_SUFFIX)} | {_ENGINE_FIELD}
    # Fields of other programs may hold anything.
    names = {key: key.decode("utf-8", "replace") for key in fields}
    text = {name: fields[key].decode("utf-8", "replace") for key, name in names.items() if name in known}
    halves: dict[Half, Any] = {}
    weights: dict[str, str] = {}
    for half in Half:
        if half not in text:
            continue
        try:
            value, used = parse_json(text[half]), parse_json(text.get(half + _WEIGHTS_SUFFIX, "{}"))
            named = {str(name): str(digest) for name, digest in used.items()}
        except PARSER_ERRORS as error:
            log.warning("what Redis has of %s (%s) cannot be read (%s), and counts as nothing", sha256, half, error)
            continue
        halves[half] = value
        weights |= named
    return StoredResult(
        halves=halves,
        requests={half: text.get(half + _REQUEST_SUFFIX, "") for half in halves},
        engine=text.get(_ENGINE_FIELD, ""),
        weights=weights,
    )
