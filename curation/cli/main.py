"""`python -m curation …`, or `curation` if it is installed: the commands besides the two scripts."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from curation.cli import export, quality, unfound, weights
from curation.cli.project import default_root
from curation.errors import CurationError, RunInterruptedError, is_caused_by_interrupt
from curation.settings import CONFIG_VARIABLE, Settings, load_settings

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The arguments after the program's name; None for those of the process.

    Returns:
        The exit code, see `curation.errors`; for wrong usage argparse exits with 2.
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=arguments.log_level.upper(), format="%(levelname)s %(message)s")
    command: Callable[[argparse.Namespace, Settings], int] = arguments.command
    try:
        named = arguments.config or os.environ.get(CONFIG_VARIABLE)
        settings = load_settings(Path(named) if named else None, default_root=default_root())
        return command(arguments, settings)
    except BrokenPipeError:
        # The reader (`| head`) closed the pipe; without this the interpreter prints an error when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:
        if is_caused_by_interrupt(error):
            print("interrupted; what was downloaded or answered so far is kept", file=sys.stderr)
            return RunInterruptedError.exit_code
        if isinstance(error, CurationError):
            print(f"error: {error}", file=sys.stderr)
            return error.exit_code
        raise


def _parser() -> argparse.ArgumentParser:
    installed = Path(sys.argv[0]).name == "curation"
    parser = argparse.ArgumentParser(
        prog="curation" if installed else "python -m curation",
        description="Commands of Curation besides the two scripts.",
    )
    parser.add_argument("--config", metavar="FILE", help="settings file (default: config.yaml of the project)")
    parser.add_argument(
        "--log-level", default="warning", choices=["debug", "info", "warning", "error"], help="default: %(default)s"
    )
    groups = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for subject in (weights, quality, export, unfound):
        subject.add_commands(groups)
    return parser
