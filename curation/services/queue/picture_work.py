"""One picture of the queue, from the moment when a consumer has it until it has ended."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from curation.errors import RoleUnavailableError, UploadTooLargeError
from curation.services.answers import ImageAnswer
from curation.services.queue.deliveries import Deliveries, Delivery
from curation.services.queue.patience import Patience, Pauses, StoppedError
from curation.services.queue.presence import Presence
from curation.services.queue.telling import QueueTeller
from curation.services.queue.verdicts import Verdict, verdict_of
from curation.services.role import Role
from curation.settings.services import ServicesSettings

__all__ = ["PictureClient", "PictureWork"]

_ALONE_POLL_S = 0.2
_CLIENT_MARGIN_S = 1.0
_CONSUMER_DIED = ImageAnswer(
    status="Failed",
    code="consumer_died",
    message="the process that had it ended before the answer came",
    grpc_status="UNAVAILABLE",
)


class PictureClient(Protocol):
    """What the queue asks of `services.client.AttributeClient`."""

    def process(
        self, content: bytes, *, image_id: str = "", request_id: str = "", deadline_s: float | None = None
    ) -> ImageAnswer:
        """Have a picture worked on; errors are answers too."""

    def health(self) -> Mapping[Role, str]:
        """The state of each role."""


class PictureWork:
    """Tries pictures until each has ended; thread-safe.

    Args:
        client: Sends pictures to image_input.
        settings: The section `services`.
        deliveries: The queue.
        patience: Waits for Redis.
        presence: Waits for image_input.
        teller: Is told each step.
        has_result: Whether the result of a picture's request is stored, though its answer got lost.
        stop: Nothing new is tried any more.
        give_up: Nothing is waited for any more.
    """

    def __init__(
        self,
        client: PictureClient,
        settings: ServicesSettings,
        deliveries: Deliveries,
        patience: Patience,
        presence: Presence,
        teller: QueueTeller,
        has_result: Callable[[Delivery], bool],
        *,
        stop: threading.Event,
        give_up: threading.Event,
    ) -> None:
        self._client = client
        self._settings = settings
        self._most_tries = settings.picture_queue.tries
        self._deliveries = deliveries
        self._patience = patience
        self._presence = presence
        self._teller = teller
        self._has_result = has_result
        self._stop = stop
        self._give_up = give_up

    def work(self, delivery: Delivery) -> None:
        """Try a picture until it has ended.

        Raises:
            StoppedError: If the role is stopped before; the picture is still this consumer's.
        """
        tries = delivery.tries
        pauses = Pauses()
        last = _CONSUMER_DIED
        while tries < self._most_tries:
            try:
                content = self._patience.ask(lambda: self._deliveries.content(delivery), self._stop)
            except UploadTooLargeError as error:
                self._bury(delivery, error.code, str(error), tries)
                return
            if content is None:
                self._bury(delivery, "image_expired", self._expired(), tries)
                return
            if hashlib.sha256(content).hexdigest() != delivery.sha256:
                reason = f"the bytes under image:{delivery.sha256} have another SHA-256: push the file again"
                self._bury(delivery, "wrong_bytes", reason, tries)
                return
            last = self._tried(delivery, content, tries)
            verdict = verdict_of(last)
            if verdict is Verdict.DONE:
                self._finish(delivery, last)
                return
            if verdict is Verdict.DEAD:
                self._bury(delivery, last.code or "invalid", last.message or last.status, tries + 1)
                return
            was_tried = self._was_tried(last, verdict)
            tries += was_tried
            if tries < self._most_tries:
                self._tell_retry(delivery, last, f"try {tries} of {self._most_tries}" if was_tried else "no try")
                if self._stop.wait(next(pauses)):
                    raise StoppedError
        if verdict_of(last) is Verdict.AWAY and self._patience.ask(lambda: self._has_result(delivery), self._stop):
            self._finish(delivery, last)
            return
        reason = f"given up after {tries} tries; the last one: {last.message or last.status}"
        self._bury(delivery, last.code or "failed", reason, tries)

    def _tried(self, delivery: Delivery, content: bytes, tries: int) -> ImageAnswer:
        """Send the picture once; tries that do not count are not noted in the end."""
        is_suspect = tries > 0
        if is_suspect:
            self._hold_alone(delivery)
        try:
            self._presence.wait()
            # Before the call: if this consumer dies in it, the try is known.
            self._note_tries(delivery, tries + 1)
            answer = self._client.process(
                content,
                image_id=delivery.name,
                request_id=delivery.request_id,
                deadline_s=self._settings.deadline_s + _CLIENT_MARGIN_S,
            )
            verdict = verdict_of(answer)
            if not self._was_tried(answer, verdict):
                self._note_tries(delivery, tries)
            if verdict is Verdict.AWAY:
                self._presence.lost()
            elif verdict in (Verdict.DONE, Verdict.DEAD):
                self._presence.seen()
            return answer
        finally:
            if is_suspect:
                self._patience.ask(lambda: self._deliveries.end_alone(delivery), self._give_up)

    def _was_tried(self, answer: ImageAnswer, verdict: Verdict) -> bool:
        """Whether an answer counts as a try; a role behind image_input that was never there cannot have been lost."""
        never_there = answer.code == RoleUnavailableError.code and not self._presence.has_seen_all
        return verdict is not Verdict.REFUSED and not never_there

    def _note_tries(self, delivery: Delivery, tries: int) -> None:
        self._patience.ask(lambda: self._deliveries.note_tries(delivery, tries), self._give_up)

    def _hold_alone(self, delivery: Delivery) -> None:
        while not self._patience.ask(lambda: self._deliveries.hold_alone(delivery), self._stop):
            if self._stop.wait(_ALONE_POLL_S):
                raise StoppedError

    def _expired(self) -> str:
        return (
            f"its bytes are no longer in Redis, where they stay for {self._settings.redis.image_ttl_s} s "
            "(services.redis.image_ttl_s): push the file again"
        )

    def _finish(self, delivery: Delivery, answer: ImageAnswer) -> None:
        if self._patience.ask(lambda: self._deliveries.end_done(delivery), self._give_up):
            faces = len(answer.image.faces) if answer.image is not None else None
            self._teller.ok("done", delivery, runtime_s=answer.runtime_s, faces=faces)
        else:
            self._tell_ended_before(delivery)

    def _bury(self, delivery: Delivery, code: str, reason: str, tries: int) -> None:
        if self._patience.ask(
            lambda: self._deliveries.end_dead(delivery, code=code, reason=reason, tries=tries), self._give_up
        ):
            self._teller.error("dead letter", delivery, code=code, detail=reason)
        else:
            self._tell_ended_before(delivery)

    def _tell_ended_before(self, delivery: Delivery) -> None:
        detail = "the queue does not have it any more: another consumer ended it, or Redis was restarted empty"
        self._teller.ok("ended before", delivery, detail=detail)

    def _tell_retry(self, delivery: Delivery, answer: ImageAnswer, counted: str) -> None:
        code = answer.code or answer.grpc_status.lower()
        self._teller.error("retried", delivery, code=code, detail=f"{answer.message or answer.status} ({counted})")
