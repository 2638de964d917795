"""Running roles in this process: what they share is built once, then they answer until they are told to stop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import grpc

from curation.decoders import decoders_set
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.results import ResultStore
from curation.services.role import GRPC_ROLES, Role
from curation.services.roles.analyses import Analyser, Analyses
from curation.services.roles.halves import AgeGenderRole, LandmarksRole
from curation.services.roles.image_input import ImageInputRole, InThisProcess, OverPeers
from curation.services.roles.keeping import Keeping
from curation.services.roles.peers import Peers
from curation.services.roles.storage import FileWriter, StorageRole
from curation.services.serving.admission import Slots
from curation.services.serving.calls import CallRunner
from curation.services.serving.computing import Computing, WithoutTurn
from curation.services.serving.server import RoleServer
from curation.services.trail.step import Step, Trail
from curation.settings.services import ServicesSettings
from curation.workers.decoders.pool import DecoderPool
from curation.workers.pool import usable_cores

__all__ = ["Parts", "RunningRoles", "needs_analyser"]

log = logging.getLogger(__name__)

_ASIDE = 8  # pictures that are slow to decode, and wait for that without being in the way of others
_GIVEN_UP_S = 1.0  # before the end of the drain: whoever waits for a picture that is still decoded gets an answer
_FORWARDED_PER_THREAD = 2  # so that the roles that do the work always have the next picture


@dataclass(frozen=True, slots=True)
class Parts:
    """What roles are made of.

    Attributes:
        analyser: None if no role of this process needs one, see `needs_analyser`.
        files: Of the role storage; None if it is not in this process.
        trail: Where steps are told.
        decoders: Processes that decode pictures, closed with the roles; None to decode in this process.
    """

    analyser: Analyser | None
    files: FileWriter | None
    trail: Trail
    decoders: DecoderPool | None = None


def needs_analyser(roles: Sequence[Role]) -> bool:
    """Whether one of the roles looks at pictures."""
    return Role.LANDMARKS in roles or Role.AGE_GENDER in roles


class RunningRoles:
    """Roles with a port, answered from a thread of their own from `start` to `stop`."""

    def __init__(self, settings: ServicesSettings, roles: Sequence[Role], parts: Parts) -> None:
        """Set the parts.

        Args:
            settings: Of the services.
            roles: Those with a port, see `GRPC_ROLES`.
            parts: What they are made of.
        """
        self._settings = settings
        self._roles = [role for role in GRPC_ROLES if role in roles]
        self._parts = parts
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._server: RoleServer | None = None
        self._addresses: Mapping[Role, str] = {}
        self._thread = threading.Thread(target=self._run, name="roles", daemon=True)
        self._count = settings.threads or usable_cores()
        self._computing = Computing(self._count)

    @property
    def addresses(self) -> Mapping[Role, str]:
        """Where each role listens, HOST:PORT."""
        return self._addresses

    def start(self) -> None:
        """Answer; returns when the roles are ready.

        Raises:
            SettingsError: If an address cannot be used, see `RoleServer`.
        """
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error

    def stop(self) -> None:
        """End within about `drain_s` seconds: what was begun is answered."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            with self._decoding():
                asyncio.run(self._serve())
        except BaseException as error:
            self._error = error
            if self._started.is_set():
                log.exception("the roles have ended by an error of the program")
        finally:
            self._started.set()

    @contextmanager
    def _decoding(self) -> Iterator[None]:
        decoders = self._parts.decoders
        if decoders is None:
            yield
            return
        with decoders, decoders_set(WithoutTurn(decoders, self._computing)):
            yield

    async def _serve(self) -> None:
        settings, parts = self._settings, self._parts
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        count, aside = self._count, 0 if parts.decoders is None else _ASIDE
        runner = CallRunner(
            parts.trail,
            deadline_s=settings.deadline_s,
            stream_ahead=settings.stream_ahead,
            streams=settings.streams,
            slow_client_s=settings.slow_client_s,
        )
        results = ResultStore(settings.redis)
        peers = Peers(settings)
        slots = {
            "analysis": Slots("the analysis", count, waiting=settings.queue, aside=aside),
            "forwarding": Slots("image_input", _FORWARDED_PER_THREAD * count, waiting=settings.queue),
            "storage": Slots("storage", count, waiting=settings.queue, aside=aside),
        }
        try:
            server = RoleServer(settings, self._handlers(runner, results, peers, slots), runner)
            self._server = server
            self._addresses = dict(server.addresses)
            await server.start()
            for role in self._roles:
                parts.trail.tell(Step(role, "started", detail=self._addresses[role]))
            self._started.set()
            await self._stop.wait()
            if parts.decoders is not None:
                give_up = partial(parts.decoders.request_stop, 0.0)
                self._loop.call_later(max(0.0, settings.drain_s - _GIVEN_UP_S), give_up)
            await server.stop(drain_s=settings.drain_s)
            for role in self._roles:
                parts.trail.tell(Step(role, "stopped"))
        finally:
            await peers.close()
            for each in slots.values():
                each.close()
            results.close()

    def _handlers(
        self, runner: CallRunner, results: ResultStore, peers: Peers, slots: Mapping[str, Slots]
    ) -> dict[Role, dict[str, grpc.RpcMethodHandler]]:
        settings, parts = self._settings, self._parts
        handlers: dict[Role, dict[str, grpc.RpcMethodHandler]] = {}
        storage: StorageRole | None = None
        if parts.files is not None and Role.STORAGE in self._roles:
            storage = StorageRole(parts.files, results, max_image_mb=settings.max_image_mb)
        analyses: Analyses | None = None
        if parts.analyser is not None:
            analyses = Analyses(
                parts.analyser, self._computing, max_image_mb=settings.max_image_mb, tell_usable=self._tell_usable
            )
        keeping = Keeping(results, storage or peers)
        for role in self._roles:
            if role is Role.IMAGE_INPUT:
                kind, input_role = self._image_input(analyses, keeping, peers)
                process = input_role.process_image
                handlers[role] = {
                    "ProcessImage": runner.single(role, slots[kind], process, pb.ImageRequest),
                    "ProcessImages": runner.many(role, slots[kind], process),
                }
            elif role is Role.STORAGE and storage is not None:
                store = storage.store_data
                handlers[role] = {"StoreData": runner.single(role, slots["storage"], store, pb.StorageRequest)}
            elif role is Role.LANDMARKS and analyses is not None:
                detect = LandmarksRole(analyses, keeping).detect_landmarks
                handlers[role] = {"DetectLandmarks": runner.single(role, slots["analysis"], detect, pb.ImageRequest)}
            elif role is Role.AGE_GENDER and analyses is not None:
                read = AgeGenderRole(analyses, keeping).estimate_age_gender
                handlers[role] = {"EstimateAgeGender": runner.single(role, slots["analysis"], read, pb.ImageRequest)}
        return handlers

    def _tell_usable(self, is_usable: bool) -> None:
        """Say by the health of the roles that analyse whether their model files can be used."""
        if self._server is None:
            return
        log.warning("the model files of the settings can%s be used", " again" if is_usable else "not")
        asks_others = not {Role.LANDMARKS, Role.AGE_GENDER} <= set(self._roles)
        for role in self._roles:
            if role is Role.STORAGE or (role is Role.IMAGE_INPUT and asks_others):
                continue
            self._server.set_serving(role, is_serving=is_usable)

    def _image_input(self, analyses: Analyses | None, keeping: Keeping, peers: Peers) -> tuple[str, ImageInputRole]:
        """The kind of slots, and the role: it asks others unless both halves are read in this process."""
        if analyses is not None and {Role.LANDMARKS, Role.AGE_GENDER} <= set(self._roles):
            return "analysis", InThisProcess(analyses, keeping)
        return "forwarding", OverPeers(peers, max_image_mb=self._settings.max_image_mb)
