"""The group of commands `python -m curation services`; each module of this room adds its own."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from curation.cli.services import logs, plot, queue

__all__ = ["add_commands"]

# What adds the commands of one module; a module imports gRPC and Redis when its command runs, not before.
_MODULES: tuple[Callable[[Any], None], ...] = (queue.add_commands, logs.add_commands, plot.add_commands)


def add_commands(groups: Any) -> None:
    """Add the command `services` with its own commands.

    Args:
        groups: argparse's subparsers action of the program.
    """
    parser: argparse.ArgumentParser = groups.add_parser(
        "services", help="attributes of faces over gRPC: start, stop, send pictures, look at logs"
    )
    own = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in _MODULES:
        add(own)
