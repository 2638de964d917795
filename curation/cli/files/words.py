"""`curation words`: files of the user's words that cannot be read, and the way back to their last good versions."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from curation.cli.said_outputs import add_places, with_edited_outputs
from curation.cli.terminal import printable
from curation.errors import NoWayBackError, SettingsError
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.event.people.ways_back import RefusedFile, WaysBack

__all__ = ["add_commands"]


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `words` to a parser."""
    parser = groups.add_parser(
        "words",
        help="labels, corrections, picks and answers that cannot be read, and the way back",
        description="Lists the files of labels, corrections, picks and answers that cannot be read, and from when "
        "their last version that could be read is. Exit code 1 if there are any. FILE is the name of a file.",
    )
    add_places(parser)
    parser.add_argument(
        "--back",
        metavar="FILE",
        help="use the last version of this file that could be read; the damaged one is kept beside it",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print the list as JSON, after going back what is left")
    parser.set_defaults(command=_words)


def _words(arguments: argparse.Namespace, settings: Settings) -> int:
    return with_edited_outputs(arguments, settings, _listed)


def _listed(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.event.catalog import Catalog
    from curation.event.people.ways_back import WaysBack

    ways = WaysBack(settings, Catalog(settings))
    done = "" if arguments.back is None else _gone_back(ways.refused(), ways, arguments)
    left = ways.refused()
    if arguments.json:
        print(json.dumps([_json(one) for one in left], indent=2))
    elif done:
        print(done)
    elif not left:
        print("all labels, corrections, picks and answers can be read")
    for one in () if arguments.json else left:
        print(printable(one.problem))
    return 1 if left else 0


def _gone_back(refused: Sequence[RefusedFile], ways: WaysBack, arguments: argparse.Namespace) -> str:
    for one in refused:
        if arguments.back in (one.name, one.file.value):
            if one.good is None:
                raise NoWayBackError(f"no earlier version of {one.name} could be read: correct it by hand")
            if not arguments.yes and not _is_confirmed(f"{one.good.at:%Y-%m-%d %H:%M}", one.name):
                raise SettingsError("nothing was changed")
            aside = ways.go_back(one.file, one.good.version)
            when = f"{one.good.at:%Y-%m-%d %H:%M}"
            return f"{printable(one.name)} is that of {when}; the damaged one is {printable(aside.name)}"
    raise NoWayBackError(f"{arguments.back!a} is no file of words that cannot be read: `words` lists them")


def _is_confirmed(when: str, name: str) -> bool:
    if not sys.stdin.isatty():
        raise SettingsError("going back is asked before; without a terminal write --yes")
    return input(f"Use the version of {when} of {printable(name)}? Write yes: ").strip().lower() == "yes"


def _json(one: RefusedFile) -> dict[str, object]:
    good = None if one.good is None else {"at": one.good.at.isoformat(timespec="seconds"), "version": one.good.version}
    return {"file": one.file.value, "name": one.name, "code": one.code, "problem": one.problem, "last_good": good}
