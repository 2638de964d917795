"""`services run`, `up`, `down` and `status`: the roles as processes."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from curation.errors import RunInterruptedError, SettingsError
from curation.extras import Extra, extra_for
from curation.interrupts import watch_paused
from curation.services.role import GRPC_ROLES, Role
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.services.processes import ServiceProcess

__all__ = ["add_commands"]

_BACKGROUND = (Role.QUEUE, Role.LOGGER, Role.PLOTTER)
_ROLES_HELP = (
    "roles of a process, with commas: image_input, landmarks, age_gender, storage, queue, logger, plotter; `all` is "
    "the first four, which then share one analysis of each picture"
)
_PROGRAM = "curation"  # for `python -m`
_STOP_S = 10.0  # beyond services.drain_s
_END_S = 2.5  # likewise; then a process that was told to end is ended


def add_commands(groups: Any) -> None:
    """Add the commands `run`, `up`, `down` and `status`."""
    run = groups.add_parser(
        "run",
        help="run roles in this process, until Ctrl-C",
        description="Runs roles in the foreground, as containers do. Exit code 2 if an address is taken, 4 if model "
        "files are missing, 5 if Redis is away at the start.",
    )
    run.add_argument("--roles", default="all", metavar="LIST", help=f"{_ROLES_HELP} (default: all)")
    run.add_argument("--fetch", action="store_true", help="download model files that are missing")
    run.add_argument("--background", type=Path, help=argparse.SUPPRESS)
    run.set_defaults(command=_run)
    up = groups.add_parser(
        "up",
        help="start roles in the background",
        description="Starts processes in the background and waits until they answer; roles that run already are left "
        "alone. Without --roles: one process for `all`, one for queue, logger and plotter.",
    )
    up.add_argument(
        "--roles", action="append", metavar="LIST", help=f"{_ROLES_HELP}; several times for several processes"
    )
    up.add_argument("--apart", action="store_true", help="a process for each role")
    up.add_argument("--fetch", action="store_true", help="download model files that are missing")
    up.set_defaults(command=_up)
    down = groups.add_parser(
        "down",
        help="end what `up` started",
        description="Ends the processes that `up` started, and no others: they answer what they have begun.",
    )
    down.add_argument("--roles", metavar="LIST", help="only processes with one of these roles")
    down.set_defaults(command=_down)
    status = groups.add_parser(
        "status",
        help="what runs, and whether it answers",
        description="Exit code 1 if nothing runs, or a role of a running process does not answer.",
    )
    status.set_defaults(command=_status)


def _parsed(text: str) -> tuple[Role, ...]:
    named = [part.strip() for part in text.split(",") if part.strip()]
    roles: list[Role] = []
    for name in named:
        if name == "all":
            roles.extend(GRPC_ROLES)
        elif name in set(Role):
            roles.append(Role(name))
        else:
            raise SettingsError(f"there is no role {name!r}; there are all, {', '.join(Role)}")
    if not roles:
        raise SettingsError(f"--roles is empty; there are all, {', '.join(Role)}")
    return tuple(dict.fromkeys(roles))


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    roles = _parsed(arguments.roles)
    with extra_for(Extra.SERVICES, "python -m curation services"):
        from curation.services.serving.process import run_process

    # Every answer is a line; the other rooms speak as they are told to.
    logging.getLogger("curation.services").setLevel(min(logging.INFO, logging.getLogger().level))

    def tell(addresses: Mapping[Role, str]) -> None:
        for role in roles:
            print(f"{role}: {f'listens on {addresses[role]}' if role in addresses else 'runs'}", flush=True)

    with _told_to_stop(settings.services.drain_s + _END_S) as stop:
        run_process(
            settings,
            roles,
            stop,
            allow_download=arguments.fetch,
            log_file=arguments.background,
            on_ready=tell,
        )
    return 0


@contextmanager
def _told_to_stop(end_s: float) -> Iterator[threading.Event]:
    """An event that Ctrl-C and `kill` set: roles end in their own time, which may be longer than that of others.

    The second Ctrl-C is the usual interruption.

    Args:
        end_s: So long after the signal the process is ended, whatever holds it, such as a thread that waits for a dead
            disk; in seconds.
    """
    stop = threading.Event()

    def set_it(number: int, frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not stop.is_set():
            threading.Thread(target=_end_in_time, args=(end_s,), name="end-in-time", daemon=True).start()
        stop.set()

    with watch_paused():
        before = {number: signal.signal(number, set_it) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield stop
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _end_in_time(end_s: float) -> None:
    time.sleep(end_s)
    # What is decoded ends with this process.
    with suppress(OSError):
        os.write(2, b"the roles did not end by themselves: they are ended now\n")
    os._exit(RunInterruptedError.exit_code)


def _up(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.services.processes import running, start
    from curation.services.redis_connection import require_redis

    if arguments.roles is None:
        groups: list[Sequence[Role]] = [GRPC_ROLES, _BACKGROUND]
    else:
        groups = [_parsed(text) for text in arguments.roles]
    if arguments.apart:
        groups = [[role] for group in groups for role in group]
    require_redis(settings.services.redis)
    there = {role for process in running(settings.io.state_dir) for role in process.roles}
    code = 0
    for group in groups:
        missing = [role for role in group if role not in there]
        for role in group:
            if role in there:
                print(f"{role}: runs already")
        if not missing:
            continue
        command = [*_own_command(arguments), "run", "--roles", ",".join(missing)]
        command += ["--fetch"] if arguments.fetch else []
        started = start(missing, command, state_dir=settings.io.state_dir, log_dir=settings.services.log_dir)
        if started.process is None:
            print(started.output, file=sys.stderr)
            print(f"{', '.join(missing)}: not started", file=sys.stderr)
            code = code or started.exit_code or 70
            break
        for role in missing:
            address = started.process.addresses.get(role)
            print(
                f"{role}: {f'listens on {address}' if address else 'runs'} (process {started.process.pid})", flush=True
            )
    return code


def _own_command(arguments: argparse.Namespace) -> list[str]:
    """The command of this program, with the same settings."""
    command = [sys.executable, "-m", _PROGRAM]
    if arguments.config:
        command += ["--config", arguments.config]
    command += ["--log-level", arguments.log_level, "services"]
    if arguments.config_json is not None:
        command += ["--config-json", str(arguments.config_json)]
    return command


def _down(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.services.processes import stop

    roles = _parsed(arguments.roles) if arguments.roles else None
    count = 0
    for stopped in stop(settings.io.state_dir, patience_s=settings.services.drain_s + _STOP_S, roles=roles):
        how = "was killed, as it did not end in time" if stopped.was_killed else "has ended"
        print(f"{', '.join(stopped.process.roles)}: process {stopped.process.pid} {how}", flush=True)
        count += 1
    if not count:
        print("nothing runs that `services up` started")
    return 0


def _status(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.services.processes import running

    processes = running(settings.io.state_dir)
    if not processes:
        print("no role runs on this machine; `python -m curation services up` starts them")
        return 1
    with extra_for(Extra.SERVICES, "python -m curation services"):
        from curation.services.client import AttributeClient
    is_well = True
    with AttributeClient(settings.services) as client:
        for process in processes:
            for role in process.roles:
                state = _state(client, process, role)
                is_well &= state in ("SERVING", "runs")
                address = process.addresses.get(role, "-")
                print(f"{role:12} {state:14} {address:22} process {process.pid} since {process.since}")
    return 0 if is_well else 1


def _state(client: Any, process: ServiceProcess, role: Role) -> str:
    address = process.addresses.get(role)
    if not process.is_ready:
        return "starts"
    return str(client.health_at(role, address)) if address else "runs"
