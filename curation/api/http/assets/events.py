"""The states of assets as server-sent events.

The database is asked for changes, because workers in other processes and on other machines write there, too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from time import monotonic

from anyio import to_thread

from curation.api.http.assets.desk import AssetDesk
from curation.api.schemas.assets.rows import asset_out
from curation.domain.assets.states import AssetState
from curation.errors import CurationError

__all__ = ["AssetFeed"]

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.4
_SIGN_OF_LIFE_S = 15.0
_RETRY_MS = 3000
_AT_ONCE = 200
_WAITING = (AssetState.PENDING, AssetState.PROCESSING)


class AssetFeed:
    """Tells listeners what changed. May be used from any thread."""

    def __init__(self, desk: AssetDesk) -> None:
        """Take the desk; nothing is read yet."""
        self._desk = desk
        self._guard = threading.Lock()
        self._latest = 0

    def latest(self) -> int:
        """The version of the last change until now: what a page shows that is made after this call is as new.

        Raises:
            AssetsOffError: If assets are switched off.
            StorageError: If the database cannot be read.
        """
        work = self._desk.work
        with self._guard:
            while changed := work.changes(self._latest, limit=_AT_ONCE):
                self._latest = changed[-1].version
            return self._latest

    async def follow(self, after: int | None, is_ending: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Events `asset` for each change, and `counts` behind changes and at the start; `idle` when nothing waits.

        The stream ends then, so that it keeps no connection; a browser connects again after a while by itself.

        Args:
            after: The version that the client knows; None begins with the next change.
            is_ending: Whether the service ends: it waits for this connection.
        """
        yield f"retry: {_RETRY_MS}\n\n".encode()
        work = self._desk.work
        try:
            seen = await to_thread.run_sync(self.latest) if after is None else after
            counts = await to_thread.run_sync(work.counts)
            yield _counts_event(counts)
            told_at_s = monotonic()
            while not is_ending():
                changed = await to_thread.run_sync(partial(work.changes, seen, limit=_AT_ONCE))
                for asset in changed:
                    seen = asset.version
                    yield f"id: {seen}\nevent: asset\ndata: {asset_out(asset).model_dump_json()}\n\n".encode()
                if changed:
                    counts = await to_thread.run_sync(work.counts)
                    yield _counts_event(counts)
                    told_at_s = monotonic()
                elif not any(counts.get(state) for state in _WAITING):
                    yield b"event: idle\ndata: {}\n\n"
                    return
                elif monotonic() - told_at_s > _SIGN_OF_LIFE_S:
                    yield b": nothing new\n\n"
                    told_at_s = monotonic()
                if len(changed) < _AT_ONCE:
                    await asyncio.sleep(_LOOK_EVERY_S)
        except CurationError as error:
            # The response has started, so that no error can be sent; the client connects again.
            logger.warning("the assets cannot be followed: %s", error)


def _counts_event(counts: Mapping[AssetState, int]) -> bytes:
    told = {state.value: count for state, count in counts.items()}
    return f"event: counts\ndata: {json.dumps(told)}\n\n".encode()
