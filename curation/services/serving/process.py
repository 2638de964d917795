"""A process that runs roles: makes what they need, says that it runs, and ends when it is told to."""

from __future__ import annotations

import importlib
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from curation.bootstrap import build_analyser, build_attribute_files
from curation.domain.attributes.values import Attribute
from curation.errors import CurationError, SettingsError
from curation.services.addresses import refuse_open_listening
from curation.services.processes import Registration
from curation.services.redis_connection import require_redis
from curation.services.role import GRPC_ROLES, Role
from curation.services.serving.running import Parts, RunningRoles, needs_analyser
from curation.services.trail.opening import open_trail
from curation.services.trail.step import Trail
from curation.settings import Settings
from curation.workers.decoders.limits import DecoderLimits
from curation.workers.decoders.pool import DecoderPool
from curation.workers.pool import usable_cores

__all__ = ["reader_names", "role_decoders", "run_process"]

log = logging.getLogger(__name__)

_END_S = 1.0  # beyond services.drain_s, for threads of roles without a port
_MB_PER_MEGAPIXEL = 32.0  # 18 are measured for a PNG; 16 bits and opacity take more
_DECODERS = 4  # also on two cores, since starting one anew for each slow picture would hold up the others
_SLOW_S = 1.0  # nearly all photos are decoded in a fifth of that
_DECODER_IDLE_S = 600.0
_TICK_S = 0.1
# Each has `run(settings, trail, stop)`; imported when it runs, as the plotter alone needs matplotlib.
_MODULES: Mapping[Role, str] = {
    Role.QUEUE: "curation.services.queue.consumer",
    Role.LOGGER: "curation.services.trail.logger_role",
    Role.PLOTTER: "curation.services.trail.plotter_role",
}


def run_process(
    settings: Settings,
    roles: Sequence[Role],
    stop: threading.Event,
    *,
    allow_download: bool = False,
    log_file: Path | None = None,
    on_ready: Callable[[Mapping[Role, str]], None] = lambda addresses: None,
) -> None:
    """Run roles in this process until `stop` is set; then what was begun is answered, within `services.drain_s`.

    Args:
        settings: Of the program.
        roles: With and without a port; those without one run in threads of their own.
        stop: Ends them.
        allow_download: Whether missing model files may be downloaded.
        log_file: What this process prints, if it was started in the background.
        on_ready: Called with the addresses of the roles when they answer.

    Raises:
        SettingsError: If there are no roles, or an address cannot be used.
        RedisUnavailableError: If Redis is away at the start. Later it may go and come.
        WeightsError: If a model file is missing or broken.
        CurationError: With which a role ended by itself.
    """
    if not roles:
        raise SettingsError("name at least one role")
    services = settings.services
    refuse_open_listening(services)
    require_redis(services.redis)
    registration = Registration(settings.io.state_dir, roles, log_file=log_file)
    try:
        trail = open_trail(services, "-".join(roles))
        try:
            _run(settings, roles, stop, trail, registration, allow_download, on_ready)
        finally:
            trail.close()
    finally:
        registration.release()


def reader_names(settings: Settings) -> dict[Attribute, str]:
    """The reader of each attribute in the services, by their settings."""
    return {Attribute(name): reader for name, reader in settings.services.readers.model_dump().items()}


def role_decoders(settings: Settings) -> DecoderPool:
    """The processes that decode pictures for the roles of this process; none starts before it is needed.

    Args:
        settings: The section `services`, and the largest photo that is decoded.
    """
    threads = settings.services.threads or usable_cores()
    usual = DecoderLimits(
        processes=max(_DECODERS, math.ceil(threads / 2)),
        cpu_s=settings.services.picture_seconds,
        slow_s=_SLOW_S,
        idle_s=_DECODER_IDLE_S,
        kept=1,  # the first picture after a pause waits for no start either
        imports=("curation.photos.elsewhere", "curation.photos.looks.annotated"),
    )
    # What the settings let in must also be read.
    largest_mb = round(_MB_PER_MEGAPIXEL * settings.io.max_photo_megapixels)
    return DecoderPool(replace(usual, memory_mb=max(usual.memory_mb, largest_mb)))


def _run(
    settings: Settings,
    roles: Sequence[Role],
    stop: threading.Event,
    trail: Trail,
    registration: Registration,
    allow_download: bool,
    on_ready: Callable[[Mapping[Role, str]], None],
) -> None:
    running: RunningRoles | None = None
    addresses: Mapping[Role, str] = {}
    threads = [_RoleThread(role, settings, trail, stop) for role in roles if role not in GRPC_ROLES]
    try:
        if any(role in GRPC_ROLES for role in roles):
            analyser = None
            with _first_decoder(settings, roles, stop) as decoders:
                if needs_analyser(roles):
                    analyser = build_analyser(settings, reader_names(settings), allow_download=allow_download)
                files = build_attribute_files(settings) if Role.STORAGE in roles else None
            if stop.is_set():  # told to end while it started: nobody was promised an answer
                if decoders is not None:
                    decoders.close()
                return
            running = RunningRoles(settings.services, roles, Parts(analyser, files, trail, decoders))
            running.start()
            addresses = running.addresses
        for thread in threads:
            thread.start()
        registration.tell_ready({role.value: address for role, address in addresses.items()})
        on_ready(addresses)
        stop.wait()
    finally:
        stop.set()
        end_at = time.monotonic() + settings.services.drain_s + _END_S
        if running is not None:
            running.stop()
        for thread in threads:
            if thread.is_alive():
                thread.join(max(0.0, end_at - time.monotonic()))
    for thread in threads:
        if thread.error is not None:
            raise thread.error


@contextmanager
def _first_decoder(settings: Settings, roles: Sequence[Role], stop: threading.Event) -> Iterator[DecoderPool | None]:
    """The decoders of roles that need some; at the end one of them can take a picture, or the program is to end.

    The processor is busy with the libraries of both for seconds, so that they are loaded at the same time.
    """
    if not needs_analyser(roles) and Role.STORAGE not in roles:
        yield None
        return
    decoders = role_decoders(settings)
    start = threading.Thread(target=_start_decoder, args=(decoders,), name="first-decoder", daemon=True)
    start.start()
    try:
        yield decoders
    except BaseException:
        decoders.close()
        raise
    while start.is_alive() and not stop.is_set():
        start.join(_TICK_S)


def _start_decoder(decoders: DecoderPool) -> None:
    try:
        decoders.start_one()
    except CurationError as error:  # each picture tries again, and says the same to whoever sent it
        log.warning("no picture can be decoded yet: %s", error)


class _RoleThread(threading.Thread):
    """A role without a port. If it ends by an error, the whole process does: half of its roles would go unnoticed."""

    def __init__(self, role: Role, settings: Settings, trail: Trail, stop: threading.Event) -> None:
        super().__init__(name=role.value, daemon=True)
        self._role = role
        self._settings = settings.services
        self._trail = trail
        self._stop_event = stop
        self.error: CurationError | None = None

    def run(self) -> None:
        try:
            self._work()
        except CurationError as error:
            self.error = error
        except Exception as error:
            log.exception("the role %s ended by an error of the program", self._role)
            self.error = CurationError(f"the role {self._role} ended by an error of the program: {error}")
        finally:
            self._stop_event.set()

    def _work(self) -> None:
        module = importlib.import_module(_MODULES[self._role])
        module.run(self._settings, self._trail, self._stop_event)
