"""`curation PHOTOS`: both stages on a folder of photos, then its page; `run` and `serve` do one of the two."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from curation.cli import quickstart
from curation.settings import is_address, written_path

__all__ = ["USAGE", "handles", "main"]

USAGE = """\
curation PHOTOS          find the people of a folder of photos, rank the photos, and open its page
curation run PHOTOS      the same without the page
curation serve [PHOTOS]  the page alone: of this folder, or of all events (also: curation, with nothing behind it)
"""
_RUN, _SERVE = "run", "serve"


def handles(words: Sequence[str], commands: Sequence[str]) -> bool:
    """Whether a command line is one of these, and not one of the other commands.

    Args:
        words: What was written behind the program's name.
        commands: The names of the other commands. They come first: a folder of such a name is `./NAME`.
    """
    if not words:
        return True
    first = words[0]
    if first.startswith("-") or first in commands:
        return False
    return first in (_RUN, _SERVE) or is_address(first) or "/" in first or written_path(first).exists()


def main(words: Sequence[str]) -> int:
    """Do it.

    Args:
        words: What `handles` said yes to.

    Returns:
        The exit code: of the first stage that failed, else of the page. For wrong usage argparse exits with 2.
    """
    which = words[0] if words and words[0] in (_RUN, _SERVE) else ""
    arguments = _parser(which).parse_args(words[1:] if which else words)
    place = ["--input", arguments.photos] if arguments.photos else []
    place += ["--output", arguments.output] if arguments.output else []
    runs = which == _RUN or (not which and bool(arguments.photos))
    if runs:
        options = [*place]
        options += ["--engine", arguments.engine] if arguments.engine else []
        options += ["--workers", arguments.workers] if arguments.workers else []
        code = quickstart.main([_RUN, *options])
        if code or which == _RUN:
            return code
    return quickstart.main([_SERVE, *place, "--open", arguments.open])


def _parser(which: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"curation {which}".rstrip(),
        usage=None if which else "curation PHOTOS [options]",
        description=USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "photos", nargs="?", metavar="PHOTOS", help="the folder of the photos, or their address (s3://...)"
    )
    parser.add_argument(
        "--output", metavar="DIR", help="where the results lie (default: a folder of its own for each event)"
    )
    if which != _SERVE:
        parser.add_argument("--engine", help="auto, retinaface-arcface or dlib")
        parser.add_argument("--workers", help="worker processes; 0 is one per core")
    parser.add_argument("--open", default="yes", choices=["yes", "no"], help="whether the browser opens (default: yes)")
    return parser
