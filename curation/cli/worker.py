"""`curation worker`: photos, films and assets of other machines' runs are worked on by this one."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from curation import __version__
from curation.errors import CurationError, PhotosMissingError, WeightsMissingError
from curation.interrupts import watch_paused
from curation.settings import CONFIG_VARIABLE, Settings
from curation.workers.pool import usable_cores

if TYPE_CHECKING:
    from curation.workers.distributed.broker import BrokerOptions

__all__ = ["add_commands"]


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `worker` to a parser."""
    parser = groups.add_parser(
        "worker",
        help="work on the photos and films of other machines' runs",
        description="Work on the photos and films that runs with performance.pool: celery share out, until Ctrl-C or "
        "SIGTERM; what is in work is finished first. Broker, photos and model files are those of the settings of this "
        "machine (workers.broker_url, io.input_dir, io.models_dir, workers.weights_url); they are checked first.",
    )
    parser.add_argument(
        "--concurrency",
        type=_count,
        metavar="N",
        help="processes, each working on one photo (default: workers.concurrency, or one per core)",
    )
    parser.add_argument("--name", metavar="NAME", help="unique among all workers (default: of process and machine)")
    parser.add_argument(
        "--check",
        action="store_true",
        help="only say what is there and what is missing; the exit code is that of the first fault",
    )
    parser.set_defaults(command=_work)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError("a whole number from 1 to 256")
    return int(text)


def _work(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.workers.celery_app import make_app, run_worker
    from curation.workers.distributed.broker import BrokerOptions

    if arguments.config:
        # Its processes read the settings themselves.
        os.environ[CONFIG_VARIABLE] = str(Path(arguments.config).absolute())
    broker = BrokerOptions.of(settings.workers)
    concurrency = arguments.concurrency or settings.workers.concurrency or usable_cores()
    made = make_app(broker, concurrency=concurrency)  # first: it says if packages are missing
    faults = _checked(settings, broker)
    if arguments.check:
        return faults[0].exit_code if faults else 0
    name = arguments.name
    if name is not None and "@" not in name:
        name = f"{name}@{socket.gethostname()}"
    _say(f"works with {concurrency} process{'' if concurrency == 1 else 'es'}, Curation {__version__}; Ctrl-C ends it")
    # What is in work is finished first, however long one film takes.
    with watch_paused():
        return run_worker(made, name=name, log_level=arguments.log_level.upper())


def _checked(settings: Settings, broker: BrokerOptions) -> list[CurationError]:
    """Say what is there and what is missing; a fault may be over later, so that the worker starts in any order."""
    faults = []
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("broker", lambda: _broker(broker)),
        ("photos", lambda: _photos(settings)),
        ("weights", lambda: _weights(settings)),
    )
    for what, check in checks:
        try:
            _say(f"{what}: {check()}")
        except CurationError as error:
            _say(f"{what}: MISSING: {error}")
            faults.append(error)
    return faults


def _broker(options: BrokerOptions) -> str:
    from curation.workers.distributed.broker import broker_away, connect

    with connect(options, quick=True) as connection, broker_away(options, connection):
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
    return options.address


def _photos(settings: Settings) -> str:
    if settings.input_address:
        from curation.remote.own_process import list_elsewhere

        list_elsewhere()
        return settings.input_address
    folder = settings.io.input_dir
    if not folder.is_dir():
        raise PhotosMissingError(
            f"there is no folder {folder} (io.input_dir): name the folder or the object storage that holds the photos "
            "of the runs"
        )
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        raise PhotosMissingError(f"{folder} (io.input_dir) cannot be read: {error.strerror or error}") from error
    return str(folder)


def _weights(settings: Settings) -> str:
    """The engines whose model files are here, and where missing ones come from."""
    from curation.engines.weights.inventory import WeightsState, status
    from curation.remote.weights import shown_address

    present = [one.known.name for one in status(settings.io.models_dir) if one.state is WeightsState.PRESENT]
    url = settings.workers.weights_url
    fetched = f"missing ones are fetched from {shown_address(url)}" if url else "missing ones are not fetched"
    if not present and url is None:
        raise WeightsMissingError(
            f"no model file is in {settings.io.models_dir} (io.models_dir), and workers.weights_url says of no place "
            "from which they are fetched"
        )
    return f"{len(present)} model files here ({', '.join(present) or 'none'}); {fetched}"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
