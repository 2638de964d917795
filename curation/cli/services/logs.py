"""`services logs`: what happened to a picture, what failed, what happens now."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from curation.cli.services.since import SINCE_HELP, since
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.services.trail.line import TrailLine

__all__ = ["add_commands"]

_SHOWN = 12  # hex digits of a hash


def add_commands(groups: Any) -> None:
    """Add the command `logs`."""
    logs = groups.add_parser(
        "logs",
        help="the log of all roles: of a picture, of errors, or as it comes",
        description="Shows the steps of a picture through all roles; without IMAGE, those of all pictures. Lines come "
        "from the central log, from the files of the roles and from Redis, each once.",
    )
    logs.add_argument(
        "image", nargs="?", metavar="IMAGE", help="a picture file, or a SHA-256 or its beginning (6 digits or more)"
    )
    logs.add_argument("--errors", action="store_true", help="only what failed")
    logs.add_argument("--follow", action="store_true", help="show what is added from now on, until Ctrl-C; needs Redis")
    logs.add_argument("--since", type=since, metavar="WHEN", help=SINCE_HELP)
    logs.add_argument("--json", action="store_true", help="JSON lines, as they stand in the log")
    logs.set_defaults(command=_logs)


def _logs(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.services.trail import reading
    from curation.services.trail.log_stream import new_lines

    services = settings.services
    wanted = reading.sha256_of(arguments.image) if arguments.image else ""

    def is_meant(line: TrailLine) -> bool:
        return (
            line.sha256.startswith(wanted)
            and (line.is_error or not arguments.errors)
            and (arguments.since is None or line.moment >= arguments.since)
        )

    if arguments.follow:
        # Of a picture, also what was before: it may have ended already.
        shown = {(line.source, line.number) for line in _print(filter(is_meant, _before(services, wanted)), arguments)}
        for line in new_lines(services.redis):
            if line is not None and is_meant(line) and (line.source, line.number) not in shown:
                _print([line], arguments)
        return 0
    if wanted:
        lines = reading.steps_of(services, wanted)
    elif arguments.errors:
        lines = reading.errors_of(services, since=arguments.since)
    else:
        lines = reading.lines_since(services, arguments.since)
    if not _print(filter(is_meant, lines), arguments) and not arguments.json:
        where = f"the log in {services.log_dir} and in Redis"
        print(f"{where} has nothing of this picture" if wanted else f"{where} has no such lines")
    return 0


def _before(services: Any, wanted: str) -> list[TrailLine]:
    from curation.services.trail.reading import steps_of

    return steps_of(services, wanted) if wanted else []


def _print(lines: Iterable[TrailLine], arguments: argparse.Namespace) -> list[TrailLine]:
    printed = list(lines)
    for line in printed:
        print(line.as_json() if arguments.json else _in_words(line), flush=arguments.follow)
    return printed


def _in_words(line: TrailLine) -> str:
    parts = [line.time, f"{line.role:13}", line.sha256[:_SHOWN] or "-", line.step]
    if line.is_error:
        parts.append(f"ERROR {line.code}".rstrip())
    if line.runtime_s is not None:
        parts.append(f"{line.runtime_s:.3f} s")
    if line.faces is not None:
        parts.append("1 face" if line.faces == 1 else f"{line.faces} faces")
    text = " ".join(parts)
    return f"{text}: {line.detail}" if line.detail else text
