"""`curation unfound`: what the user said that finds nobody, and what becomes of it."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from curation.cli.said_outputs import add_places, with_edited_outputs
from curation.cli.terminal import printable
from curation.errors import SettingsError
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.domain.identity.unfound import Unfound, UnfoundKind
    from curation.event.unfound_words import UnfoundWords

__all__ = ["add_commands"]

_KINDS = ("label", "correction", "pick")
_SHOWN_PHOTOS = 3


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `unfound` to a parser."""
    parser = groups.add_parser(
        "unfound",
        help="labels, corrections and picks that find nobody",
        description="Lists the labels, corrections and picks whose photos or faces the last clustering did not find. "
        "They are kept, and count again when their photos are back. KIND is label, correction or pick, ID is what the "
        "list shows (for a pick also its path), TARGET the id of a person for a label and a photo's path for a pick.",
    )
    add_places(parser)
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--forget", nargs=2, metavar=("KIND", "ID"), help="remove one of them")
    doing.add_argument("--give", nargs=3, metavar=("KIND", "ID", "TARGET"), help="give one of them to somebody else")
    parser.add_argument("--json", action="store_true", help="print the list as JSON, after a change what is left")
    parser.set_defaults(command=_unfound)


def _unfound(arguments: argparse.Namespace, settings: Settings) -> int:
    return with_edited_outputs(arguments, settings, _listed)


def _listed(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.event.catalog import Catalog
    from curation.event.people.edits import PeopleEdits
    from curation.event.unfound_words import UnfoundWords

    catalog = Catalog(settings)
    words = UnfoundWords(settings, catalog, PeopleEdits(settings, catalog))
    done = ""
    if arguments.forget is not None:
        kind, word_id = _named(words, *arguments.forget)
        done = f"forgot {_line(words.delete(kind, word_id))}"
    elif arguments.give is not None:
        kind, word_id = _named(words, *arguments.give[:2])
        target = _target(kind, arguments.give[2])
        done = f"gave {_line(words.attach(kind, word_id, target))} to {printable(str(target))}"
        catalog.ranked.try_flush()
    if arguments.json:
        print(json.dumps([_json(word) for word in words.listed()], indent=2))
    elif done:
        print(done)
    else:
        _print_list(words.listed())
    return 0


def _named(words: UnfoundWords, kind: str, word_id: str) -> tuple[UnfoundKind, str]:
    from curation.domain.identity.unfound import UnfoundKind
    from curation.event.unfound_words import unfound_id

    if kind not in _KINDS:
        raise SettingsError(f"{kind!a} is not a kind; possible: {', '.join(_KINDS)}")
    found = UnfoundKind(kind)
    if found is UnfoundKind.PICK:
        by_path = [word for word in words.listed() if word.kind is found and word.photos == (word_id,)]
        if len(by_path) > 1:
            raise SettingsError(f"several picks of {word_id!a} find nobody; give the id that the list shows")
        if by_path:
            return found, unfound_id(by_path[0])
    return found, word_id


def _target(kind: UnfoundKind, text: str) -> int | str:
    if kind.value != "label":
        return text
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise SettingsError(f"{text!a} is not the id of a person, like 5")
    return int(text)


def _print_list(words: tuple[Unfound, ...]) -> None:
    from curation.domain.identity.unfound import told

    if not words:
        print("everything that you said finds somebody")
        return
    print(told(words))
    for word in words:
        print(f"  {_line(word)}: {word.reason}")


def _line(word: Unfound) -> str:
    from curation.event.unfound_words import unfound_id

    photos = ", ".join(map(printable, word.photos[:_SHOWN_PHOTOS]))
    more = len(word.photos) - _SHOWN_PHOTOS
    listed = photos + (f" and {more} more" if more > 0 else "")
    return f"{word.kind.value} {unfound_id(word)} ({printable(word.name)}{', ' if listed else ''}{listed})"


def _json(word: Unfound) -> dict[str, object]:
    from curation.event.unfound_words import unfound_id

    return {
        "kind": word.kind.value,
        "id": unfound_id(word),
        "name": word.name,
        "why": word.why.value,
        "reason": word.reason,
        "photos": list(word.photos),
    }
