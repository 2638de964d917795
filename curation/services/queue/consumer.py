"""The role queue: takes pictures from the queue, has image_input work on them, and ends each of them once.

A picture is tried at most `services.picture_queue.tries` times, and a try counts only when the picture was worked on,
or may have been: a role that is away or busy costs none. A picture that was tried before without an answer is a
suspect: it may be what ends the role. Suspects are tried one at a time over all consumers, so that they cannot use up
the tries of others.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress

from curation.errors import RedisUnavailableError
from curation.services.queue.deliveries import Deliveries, Delivery
from curation.services.queue.patience import Patience, StoppedError
from curation.services.queue.picture_work import PictureClient, PictureWork
from curation.services.queue.presence import Presence
from curation.services.queue.telling import QueueTeller
from curation.services.results import ResultStore
from curation.services.trail.step import Trail
from curation.settings.services import ServicesSettings

__all__ = ["run", "run_with"]

_logger = logging.getLogger(__name__)

_ROOM_POLL_S = 0.5
_SIGNS = 3.0  # signs of life within services.picture_queue.claim_s
_JOIN_S = 5.0


def run(settings: ServicesSettings, trail: Trail, stop: threading.Event) -> None:
    """Work through the queue until `stop` is set; pictures in flight then have `services.drain_s` to end.

    Args:
        settings: The section `services`.
        trail: Is told each step.
        stop: Ends the role.

    Raises:
        ExtraMissingError: If the packages of the services are not installed.
    """
    from curation.services.client import AttributeClient

    with AttributeClient(settings) as client:
        run_with(client, settings, trail, stop)


def run_with(client: PictureClient, settings: ServicesSettings, trail: Trail, stop: threading.Event) -> None:
    """Like `run`, with a client that is there already."""
    _Consumer(client, settings, trail, stop).run()


class _Consumer:
    """Takes as many pictures as it may have in flight, each in a thread of its own."""

    def __init__(self, client: PictureClient, settings: ServicesSettings, trail: Trail, stop: threading.Event) -> None:
        self._settings = settings
        self._limits = settings.picture_queue
        self._stop = stop
        self._give_up = threading.Event()
        self._teller = QueueTeller(trail)
        self._deliveries = Deliveries(settings)
        self._results = ResultStore(settings.redis)
        self._patience = Patience(self._tell_redis)
        self._work = PictureWork(
            client,
            settings,
            self._deliveries,
            self._patience,
            Presence(client.health, stop, self._tell_presence),
            self._teller,
            self._has_result,
            stop=stop,
            give_up=self._give_up,
        )
        self._held: dict[str, Delivery] = {}
        self._changed = threading.Condition()
        self._was_open = False
        self._claims_at = 0.0

    def run(self) -> None:
        self._teller.ok("started", detail=f"takes {self._limits.in_flight} pictures at a time")
        signer = threading.Thread(target=self._give_signs, name="signs of life", daemon=True)
        signer.start()
        try:
            self._patience.ask(self._open, self._stop)
            while not self._stop.is_set():
                self._wait_for_room()
                for delivery in self._patience.ask(self._found, self._stop):
                    self._start(delivery)
        except StoppedError:
            pass
        finally:
            self._drain()
            signer.join(_JOIN_S)
            self._deliveries.close()
            self._results.close()
            self._teller.ok("stopped")

    # ---- taking ---------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        was_missing = self._deliveries.open()
        if was_missing and self._was_open:
            detail = "Redis was restarted empty: what waited there is gone, push those pictures again"
            _logger.error(detail)
            self._teller.error("queue lost", code="queue_lost", detail=detail)
        self._was_open = True

    def _wait_for_room(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._held) < self._limits.in_flight, timeout=_ROOM_POLL_S)

    def _found(self) -> list[Delivery]:
        """Pictures of dead consumers, or else pictures that wait, as many as there is room for."""
        with self._changed:
            free = self._limits.in_flight - len(self._held)
        if free <= 0:
            return []
        if time.monotonic() >= self._claims_at:
            taken_over = self._deliveries.take_over(free)
            if taken_over:
                for each in taken_over:
                    self._teller.ok("taken over", each, detail="its consumer gave no sign of life")
                return taken_over
            self._claims_at = time.monotonic() + self._limits.claim_s / 2
        found = self._deliveries.take(free)
        if found is None:
            self._open()
        return found or []

    def _start(self, delivery: Delivery) -> None:
        with self._changed:
            if delivery.entry_id in self._held:
                return  # so late with its signs that it took over from itself
            self._held[delivery.entry_id] = delivery
        threading.Thread(target=self._run_picture, args=(delivery,), name=delivery.sha256[:8], daemon=True).start()

    def _run_picture(self, delivery: Delivery) -> None:
        try:
            self._work.work(delivery)
        except StoppedError:
            self._leave(delivery)
        except Exception:
            # It stays this consumer's, and is taken over as it gets no more signs.
            _logger.exception("the role queue failed with picture %s", delivery.sha256)
            self._teller.error("failed", delivery, code="internal", detail="a fault of the role queue, see its output")
        finally:
            with self._changed:
                self._held.pop(delivery.entry_id, None)
                self._changed.notify_all()

    def _leave(self, delivery: Delivery) -> None:
        self._teller.ok("left", delivery, detail="the role stops; another consumer takes the picture")
        try:
            self._deliveries.release([delivery])
        except RedisUnavailableError:
            return  # then it is taken over as it gets no more signs

    def _give_signs(self) -> None:
        while not self._give_up.is_set():
            with self._changed:
                held = list(self._held.values())
            with suppress(RedisUnavailableError):  # whoever asks Redis next tells it
                self._deliveries.sign(held)
            self._give_up.wait(self._limits.claim_s / _SIGNS)

    def _drain(self) -> None:
        """Wait for pictures in flight; what does not end in time is left to others at once."""
        with self._changed:
            self._changed.wait_for(lambda: not self._held, timeout=self._settings.drain_s)
            left = list(self._held.values())
        self._give_up.set()
        for delivery in left:
            self._leave(delivery)

    # ---- Redis and image_input ------------------------------------------------------------------------------------

    def _has_result(self, delivery: Delivery) -> bool:
        result = self._results.get(delivery.sha256)
        return result is not None and result.is_complete and set(result.requests.values()) == {delivery.request_id}

    def _tell_redis(self, error: RedisUnavailableError | None) -> None:
        if error is not None:
            self._teller.error("redis away", code=error.code, detail=str(error))
        else:
            self._teller.ok("redis back")

    def _tell_presence(self, away: str) -> None:
        if away:
            detail = (
                f"{away}: no answer, pictures wait; `python -m curation services up` starts it; if it runs, "
                "services.peers, token and TLS here have to be its own"
            )
            _logger.warning(detail)
            self._teller.error("roles away", code="unavailable", detail=detail)
        else:
            self._teller.ok("roles back")
