"""What files of answers have in common: a version, entries with ids, and mistakes that are all told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from curation.errors import InputError

__all__ = ["Answered", "parse_answers", "with_counting"]

_SHOWN_MISTAKES = 20


class Answered(Protocol):
    """An answer of the user."""

    @property
    def id(self) -> str:
        """Of the answer; no other one of the file has it."""

    @property
    def undone(self) -> bool:
        """Whether it was taken back, so that it does not count."""


A = TypeVar("A", bound=Answered)


def parse_answers(
    data: object,
    member: str,
    *,
    version: int,
    example: str,
    parse_entry: Callable[[str, object, list[str]], A | None],
    error: type[InputError],
) -> dict[str, A]:
    """Check the content of a file of answers, `{"version": 1, MEMBER: [...]}`.

    Args:
        data: The content, as parsed from JSON.
        member: Where the entries are.
        version: That this program knows.
        example: An entry, as it is shown to who wrote a wrong file.
        parse_entry: Makes an answer of an entry, given how to call the entry; adds what is wrong to the list.
        error: What is raised.

    Returns:
        The answers by id, in the order of the file.

    Raises:
        InputError: Of the class `error`, if anything is wrong; the message names each entry and what is expected.
    """
    if not isinstance(data, dict) or not isinstance(data.get(member), list):
        raise error(f'the answers must be a JSON object like {{"version": {version}, "{member}": [{example}]}}')
    if data.get("version") != version:
        raise error(f"the answers have the version {data.get('version')!r}; this program knows {version}")
    known = ("version", member)
    mistakes = [f"{key!r} is not a known key; possible: {', '.join(known)}" for key in data if key not in known]
    out: dict[str, A] = {}
    for number, entry in enumerate(data[member], start=1):
        answer = parse_entry(f"entry {number}", entry, mistakes)
        if answer is not None and answer.id in out:
            mistakes.append(f"entry {number}: the id {answer.id!r} is there twice: give each entry another one")
        elif answer is not None:
            out[answer.id] = answer
    if mistakes:
        more = len(mistakes) - _SHOWN_MISTAKES
        shown = mistakes[:_SHOWN_MISTAKES] + ([f"and {more} more mistakes"] if more > 0 else [])
        raise error(
            "the answers are not valid, none of them was used:\n" + "\n".join(f"  {mistake}" for mistake in shown)
        )
    return out


def with_counting(answers: Mapping[str, A], counting: Mapping[str, bool]) -> tuple[dict[str, A], dict[str, bool]]:
    """Take answers back, or give them again.

    Args:
        answers: Frozen dataclasses, by id.
        counting: Whether each answer is to count, by id; ids that are not there are skipped.

    Returns:
        All answers, and for each that changed whether it counted before.
    """
    changed = {
        id_: not answers[id_].undone
        for id_, counts in counting.items()
        if id_ in answers and answers[id_].undone is counts
    }
    other: dict[str, Any] = dict(answers)
    for id_, counted in changed.items():
        other[id_] = replace(other[id_], undone=counted)
    return other, changed
