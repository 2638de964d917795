"""The analyses of a server: one decoding and one detection for all who ask for the same picture at the same time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from curation.domain.attributes.values import Attribute, ImageAttributes
from curation.errors import (
    ExtraMissingError,
    InputError,
    PhotoTooLargeError,
    PhotoUnreadableError,
    SettingsError,
    WeightsError,
)
from curation.pipelines.attributes.analyser import Wanted
from curation.services.serving.calls import Call
from curation.services.serving.computing import Computing

__all__ = ["Analyser", "Analyses", "check_size", "readers_of"]


class Analyser(Protocol):
    """From bytes to attributes, see `curation.pipelines.attributes.analyser.AttributeAnalyser`."""

    def analyse(
        self, content: bytes, *, wanted: Wanted, readers: Mapping[Attribute, str] | None = None
    ) -> ImageAttributes:
        """Find the faces of a picture and read them; called by several threads at the same time."""


@dataclass(slots=True)
class _Running:
    """An analysis that is going on, and how many wait for it."""

    task: asyncio.Future[ImageAttributes]
    waiting: int = 0


class Analyses:
    """Runs the analyser in the slots of calls; to be used in one event loop."""

    def __init__(
        self,
        analyser: Analyser,
        computing: Computing,
        *,
        max_image_mb: float,
        tell_usable: Callable[[bool], None] = lambda usable: None,
    ) -> None:
        """Set the parts.

        Args:
            analyser: Does the work.
            computing: Whose turn it is to compute.
            max_image_mb: Larger pictures are refused, in units of 10^6 bytes.
            tell_usable: Called when the model files of the settings turn out to be unusable, and when they are usable
                again.
        """
        self._analyser = analyser
        self._computing = computing
        self._max_image_mb = max_image_mb
        self._tell_usable = tell_usable
        self._is_usable = True
        self._running: dict[object, _Running] = {}

    def identify(self, call: Call, content: bytes) -> None:
        """Look at a picture from outside: its size, and its SHA-256, which the call gets.

        Raises:
            PhotoError: If there are no bytes, or too many.
        """
        check_size(content, self._max_image_mb)
        call.sha256 = hashlib.sha256(content).hexdigest()

    async def analyse(
        self, call: Call, content: bytes, wanted: Wanted, readers: Mapping[Attribute, str]
    ) -> ImageAttributes:
        """Analyse a picture, or wait for the analysis of the same bytes that is running already.

        Args:
            call: Whose slot is used, and which knows the picture, see `identify`.
            content: Of the picture.
            wanted: What to read.
            readers: That the request names; empty for those of the settings.

        Raises:
            PhotoError: If it is no picture that can be used.
            InputError: If the request names a reader that there is not.
            WeightsError: If the model file of a reader is missing or broken.
            DecodersBusyError: If it cannot be decoded now.
        """
        key = (call.sha256, wanted, tuple(sorted(readers.items())))
        running = self._running.get(key)
        if running is None:
            running = _Running(asyncio.ensure_future(call.slot.run(self._analyse, content, wanted, readers)))
            self._running[key] = running
            running.task.add_done_callback(partial(self._ended, key, readers))
        running.waiting += 1
        try:
            return await asyncio.shield(running.task)
        finally:
            running.waiting -= 1
            if not running.waiting and not running.task.done():
                # Whoever asks from now on does not wait for what is given up.
                del self._running[key]
                running.task.cancel()

    def _ended(self, key: object, readers: Mapping[Attribute, str], task: asyncio.Future[ImageAttributes]) -> None:
        running = self._running.get(key)
        if running is not None and running.task is task:
            del self._running[key]
        if task.cancelled():
            return
        error = task.exception()  # looked at, as whoever asked may have gone
        # Files that only a request has named say nothing of the role.
        is_usable = not isinstance(error, WeightsError) or bool(readers)
        if is_usable != self._is_usable and not readers:
            self._is_usable = is_usable
            self._tell_usable(is_usable)

    def _analyse(self, content: bytes, wanted: Wanted, readers: Mapping[Attribute, str]) -> ImageAttributes:
        try:
            with self._computing.turn():
                return self._analyser.analyse(content, wanted=wanted, readers=readers or None)
        except ExtraMissingError:
            raise
        except SettingsError as error:
            if not readers:
                raise
            raise InputError(f"the request's readers: {error}") from error


def check_size(content: bytes, max_image_mb: float) -> None:
    """Refuse what is not worth being looked at.

    Raises:
        PhotoUnreadableError: If there are no bytes.
        PhotoTooLargeError: If there are too many.
    """
    if not content:
        raise PhotoUnreadableError("the request has no picture: put the bytes of its file into image_data")
    if len(content) > max_image_mb * 1e6:
        raise PhotoTooLargeError(
            f"the picture has {len(content) / 1e6:.1f} MB, more than the {max_image_mb:g} MB of services.max_image_mb: "
            "send a smaller one, or raise the limit"
        )


def readers_of(named: Mapping[str, str]) -> dict[Attribute, str]:
    """The readers that a request names.

    Raises:
        InputError: If there is no attribute with a name.
    """
    out = {}
    for name, reader in named.items():
        if name not in set(Attribute):
            known = ", ".join(Attribute)
            raise InputError(f"the request's readers: there is no attribute {name!r}; there are {known}")
        out[Attribute(name)] = reader
    return out
