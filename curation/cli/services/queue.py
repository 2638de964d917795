"""`services push` and `services queue`: pictures into the queue in Redis, how many are where, and the dead letters."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.settings import Settings

if TYPE_CHECKING:
    from curation.services.queue.inputs import InputReport
    from curation.services.queue.pictures import DeadLetter, Pushed

__all__ = ["add_commands"]

_SHOWN = 12  # hex digits of a hash


def add_commands(groups: Any) -> None:
    """Add the commands `push` and `queue`."""
    push = groups.add_parser(
        "push",
        help="put pictures into the queue",
        description="Puts pictures into the queue in Redis, from which the role queue takes them; waits while it is "
        "full. Unlike `services send`, it does not wait for the results. Exit code 1 if a file was not pushed.",
    )
    push.add_argument(
        "paths", nargs="+", type=Path, metavar="PHOTO|FOLDER", help="files, and folders with their sub-folders"
    )
    push.add_argument(
        "--watch", action="store_true", help="watch one folder and push its photos as they come, until Ctrl-C"
    )
    push.add_argument("--again", action="store_true", help="with --watch: also what was pushed from this folder before")
    push.set_defaults(command=_push)
    queue = groups.add_parser("queue", help="look at the queue and its dead letters")
    actions = queue.add_subparsers(title="commands", required=True, metavar="COMMAND")
    status = actions.add_parser("status", help="how many pictures wait, are in flight, done and dead")
    status.set_defaults(command=_status)
    dead = actions.add_parser(
        "dead",
        help="pictures that were given up",
        description="Lists the pictures that were given up, with the reason; or queues them again, or forgets them.",
    )
    dead.add_argument(
        "sha256", nargs="*", metavar="SHA256", help="beginnings of hashes; without any, all pictures are meant"
    )
    what = dead.add_mutually_exclusive_group()
    what.add_argument("--retry", action="store_true", help="queue them again")
    what.add_argument("--drop", action="store_true", help="forget them and the bytes of their pictures")
    dead.set_defaults(command=_dead)


def _push(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.errors import SettingsError
    from curation.services.queue.inputs import INPUT_ROLE, push_files, watch_folder
    from curation.services.queue.pictures import PictureQueue
    from curation.services.redis_connection import require_redis
    from curation.services.trail.opening import open_trail

    if arguments.watch and len(arguments.paths) != 1:
        raise SettingsError("--watch takes one folder: start the command once for each folder")
    if arguments.again and not arguments.watch:
        raise SettingsError("--again belongs to --watch; without it, pictures are pushed again anyway")
    services = settings.services
    require_redis(services.redis)
    trail = open_trail(services, INPUT_ROLE)
    stop = threading.Event()
    try:
        with PictureQueue(services) as queue:
            if arguments.watch:
                folder = arguments.paths[0]
                print(f"watching {folder}; Ctrl-C ends it", flush=True)
                report = watch_folder(
                    services, queue, folder, trail, stop, again=arguments.again, on_pushed=_print_pushed
                )
            else:
                report = push_files(services, queue, arguments.paths, trail, stop)
                _print_report(report)
    finally:
        stop.set()
        trail.close()
    return 1 if report.refused else 0


def _print_pushed(name: str, pushed: Pushed) -> None:
    print(f"{pushed.sha256[:_SHOWN]} {pushed.happened:5} {name}", flush=True)


def _print_report(report: InputReport) -> None:
    for name, reason in report.ignored:
        print(f"not a picture: {name}: {reason}")
    for name, reason in report.refused:
        print(f"not pushed: {name}: {reason}")
    words = {"new": "queued", "again": "queued again after they were given up", "known": "in the queue already"}
    told = [f"{count} {words[happened]}" for happened, count in sorted(report.counts.items())]
    print(", ".join([*told, f"{len(report.refused)} not pushed"]))


def _status(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.services.queue.pictures import PictureQueue

    with PictureQueue(settings.services) as queue:
        counts = queue.counts()
    print(f"pushed     {counts.pushed:9}")
    print(f"done       {counts.done:9}")
    print(f"dead       {counts.dead:9}" + (f"  of them {counts.dropped} dropped" if counts.dropped else ""))
    print(f"waiting    {counts.waiting:9}")
    print(f"in flight  {counts.in_flight:9}")
    print(f"{counts.bytes / 2**20:.1f} MB of pictures wait or are in flight")
    if not counts.adds_up:
        print("the numbers do not add up: entries were added or removed by another program than Curation")
    if counts.dead > counts.dropped:
        print("`services queue dead` tells why pictures were given up")
    return 0


def _dead(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.services.queue.pictures import PictureQueue

    meant = arguments.sha256 or None
    with PictureQueue(settings.services) as queue:
        if arguments.retry:
            retried = queue.retry(meant)
            for letter in retried.expired:
                print(f"{_named(letter)}: its bytes are no longer in Redis; push the file again")
            print(f"{len(retried.again)} queued again, {len(retried.expired)} expired")
            return 1 if retried.expired else 0
        if arguments.drop:
            print(f"{len(queue.drop(meant))} forgotten")
            return 0
        letters = queue.dead_letters()
    if meant is not None:
        letters = tuple(letter for letter in letters if letter.sha256.startswith(tuple(meant)))
    for letter in letters:
        tries = "1 try" if letter.tries == 1 else f"{letter.tries} tries"
        print(f"{letter.time} {_named(letter)}, {tries}, {letter.code}: {letter.reason}")
    print(f"{len(letters)} given up" + ("; --retry queues them again, --drop forgets them" if letters else ""))
    return 0


def _named(letter: DeadLetter) -> str:
    return f"{letter.sha256[:_SHOWN]} {letter.name}".rstrip()
