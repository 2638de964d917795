"""people_seen.json: read as a whole or not at all, with every mistake named."""

from __future__ import annotations

from typing import Any

import pytest

from curation.domain.faces.face import Box
from curation.domain.labelling.people_seen import (
    PersonSeen,
    SeenAnswer,
    parse_people_seen,
    people_seen_json,
    scaled_body,
)
from curation.errors import PeopleSeenError

GOOD: dict[str, Any] = {
    "id": "7f0c4be9d93c",
    "at": "2026-06-20T21:14:03.512+00:00",
    "image_path": "day 2/a.jpg",
    "body": [96, 40, 310, 604],
    "size": [4000, 3000],
    "name": "Anna",
    "answer": "accepted",
    "undone": False,
}


def parsed(*entries: object) -> dict[str, PersonSeen]:
    return parse_people_seen({"version": 1, "people": list(entries)})


def test_what_is_read_is_what_is_written() -> None:
    people = parsed(GOOD, GOOD | {"id": "b", "answer": "refused", "undone": True})
    assert people_seen_json(people) == [GOOD, GOOD | {"id": "b", "answer": "refused", "undone": True}]
    assert people["7f0c4be9d93c"].answer is SeenAnswer.ACCEPTED


def test_by_hand_the_time_and_undone_may_be_left_out() -> None:
    entry = {key: value for key, value in GOOD.items() if key not in ("at", "undone")}
    assert parsed(entry)["7f0c4be9d93c"].undone is False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": ""}, "the id"),
        ({"id": "../x"}, "the id"),
        ({"image_path": ""}, "image_path"),
        ({"body": [1, 2, 3]}, "body"),
        ({"body": [1, 2, 0, 4]}, "body"),
        ({"body": [1, 2, 3.5, 4]}, "body"),
        ({"body": [True, 2, 3, 4]}, "body"),
        ({"size": [0, 5]}, "size"),
        ({"name": "  "}, "name"),
        ({"name": "a\nb\x00"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"answer": "yes"}, "accepted or refused"),
        ({"answer": []}, "accepted or refused"),
        ({"undone": 1}, "undone"),
        ({"at": 5}, "at"),
        ({"colour": "red"}, "not a known key"),
    ],
)
def test_every_mistake_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(PeopleSeenError, match=words) as raised:
        parsed(GOOD, GOOD | {"id": "b"} | change)
    assert "entry 2" in str(raised.value)


@pytest.mark.parametrize("data", [None, [], {}, {"version": 1}, {"version": 2, "people": []}, {"people": [1]}])
def test_other_forms_are_refused(data: object) -> None:
    with pytest.raises(PeopleSeenError):
        parse_people_seen(data)


def test_an_id_is_there_once() -> None:
    with pytest.raises(PeopleSeenError, match="twice"):
        parsed(GOOD, GOOD)


def test_the_body_on_a_smaller_version_and_on_a_crop() -> None:
    (seen,) = parsed(GOOD).values()
    assert scaled_body(seen, 2000, 1500) == Box(48, 20, 155, 302)
    assert scaled_body(seen, 2000, 1495) is not None
    assert scaled_body(seen, 3000, 4000) is None
    assert scaled_body(seen, 2000, 1000) is None
