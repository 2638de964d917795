"""The group of commands `python -m curation services`; each module of this room adds its own."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from curation.cli.services import logs, plot, queue, roles, sending, viewer
from curation.settings import Settings

__all__ = ["add_commands"]

# What adds the commands of one module; a module imports gRPC and Redis when its command runs, not before.
_MODULES: tuple[Callable[[Any], None], ...] = (
    roles.add_commands,
    sending.add_commands,
    queue.add_commands,
    logs.add_commands,
    plot.add_commands,
    viewer.add_commands,
)


def add_commands(groups: Any) -> None:
    """Add the command `services` with its own commands.

    Args:
        groups: argparse's subparsers action of the program.
    """
    parser: argparse.ArgumentParser = groups.add_parser(
        "services", help="attributes of faces over gRPC: start, stop, send pictures, look at logs"
    )
    _add_config_json(parser, default=None)
    parser.set_defaults(adapted=_with_config_json)
    own = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in _MODULES:
        add(own)
    for command in own.choices.values():
        _add_config_json(command, default=argparse.SUPPRESS)


def _add_config_json(parser: argparse.ArgumentParser, *, default: Any) -> None:
    parser.add_argument(
        "--config-json",
        type=Path,
        metavar="FILE",
        default=default,
        help="a config.json with service1_address to service4_address, redis_host, redis_port, image_directory and "
        "output_directory; it overrides the settings file",
    )


def _with_config_json(arguments: argparse.Namespace, settings: Settings) -> Settings:
    if arguments.config_json is None:
        return settings
    from curation.services.config_json import with_config_json

    return settings.model_copy(update={"services": with_config_json(settings.services, arguments.config_json)})
