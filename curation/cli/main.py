"""`curation …`, in a checkout `python -m curation …`: all of it on a folder of photos, and every other command."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from curation.cli import assets, attributes, everything, export, quality, unfound, weights, worker
from curation.cli.files import health as files
from curation.cli.files import words
from curation.cli.gallery import commands as gallery
from curation.cli.project import default_root
from curation.cli.services import commands as services
from curation.cli.told import commands as told
from curation.cli.video import commands as video
from curation.disk.file_modes import follow_settings, keep_private
from curation.errors import CurationError, RunInterruptedError, StorageError, is_caused_by_interrupt
from curation.interrupts import Interrupts
from curation.settings import CONFIG_VARIABLE, Settings, load_settings

__all__ = ["main"]

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # Windows has no quotas of this kind
_INTERRUPTED = "interrupted; what was downloaded or answered so far is kept"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The arguments after the program's name; None for those of the process.

    Returns:
        The exit code, see `curation.errors`; for wrong usage argparse exits with 2.
    """
    if argv is None:
        keep_private()
    parser = _parser()
    typed = sys.argv[1:] if argv is None else argv
    if everything.handles(typed, parser.get_default("names")):
        return everything.main(typed)
    interrupts = Interrupts(_INTERRUPTED)
    ends = False
    try:
        code = _code_of_command(parser.parse_args(typed), interrupts)
        ends = argv is None and interrupts.has_come
        if ends:
            interrupts.end_process(code)
        return code
    finally:
        if not ends:
            interrupts.restore()


def _code_of_command(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    logging.basicConfig(level=arguments.log_level.upper(), format="%(levelname)s %(message)s")
    command: Callable[[argparse.Namespace, Settings], int] = arguments.command
    try:
        named = arguments.config or os.environ.get(CONFIG_VARIABLE)
        settings = load_settings(Path(named) if named else None, default_root=default_root())
        follow_settings(settings.io.file_mode)
        # A group of commands may have options that change the settings.
        adapted: Callable[[argparse.Namespace, Settings], Settings] | None = getattr(arguments, "adapted", None)
        code = command(arguments, adapted(arguments, settings) if adapted is not None else settings)
        if sys.stdout is not None:
            sys.stdout.flush()  # while an error of it can still be told
        return code
    except BrokenPipeError:
        # The reader (`| head`) closed the pipe.
        _print_nowhere()
        return 0
    except BaseException as error:  # native libraries that Ctrl-C hits while they load panic in their own way
        if interrupts.has_come or is_caused_by_interrupt(error):
            interrupts.tell()
            print(_INTERRUPTED, file=sys.stderr)
            return RunInterruptedError.exit_code
        if isinstance(error, CurationError):
            print(f"error: {error}", file=sys.stderr)
            return error.exit_code
        if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
            _print_nowhere()
            print(f"error: what is printed cannot be written ({error.strerror}): free some space", file=sys.stderr)
            return StorageError.exit_code
        raise


def _print_nowhere() -> None:
    """Without this the interpreter prints an error when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    installed = Path(sys.argv[0]).name == "curation"
    parser = argparse.ArgumentParser(
        prog="curation" if installed else "python -m curation",
        description=f"{everything.USAGE}\nand these commands:",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", metavar="FILE", help="settings file (default: config.yaml of the project)")
    parser.add_argument(
        "--log-level", default="warning", choices=["debug", "info", "warning", "error"], help="default: %(default)s"
    )
    groups = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    of_photos = (quality, files, export, told, unfound, words, gallery, attributes, assets, video)
    for subject in (weights, *of_photos, worker, services):
        subject.add_commands(groups)
    parser.set_defaults(names=tuple(groups.choices))
    return parser
