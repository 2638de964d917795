"""How many people keep a dress code."""

from __future__ import annotations

from curation.domain.outfits.dress import DressedBody, dress_count
from curation.domain.outfits.outfit import ColourName
from tests.event_assets import outfit

BLACK, RED = ColourName.BLACK, ColourName.RED


def body(
    person: str | None, top: ColourName | None, bottom: ColourName | None = None, photo: str = "a.jpg"
) -> DressedBody:
    return DressedBody(photo, person, (person or "").title(), outfit(top, bottom))


def test_each_person_counts_once_by_most_photos() -> None:
    count = dress_count(
        [
            body("anna", BLACK),
            body("anna", BLACK, photo="b.jpg"),
            body("anna", RED, photo="c.jpg"),
            body("tom", RED),
            body("ida", None),
            body(None, BLACK),
            body(None, RED),
            body(None, None),
        ],
        BLACK,
        None,
    )
    assert [(p.name, p.wears, p.photos, p.wearing, p.example) for p in count.people] == [
        ("Tom", False, 1, 0, "a.jpg"),
        ("Ida", None, 0, 0, None),
        ("Anna", True, 3, 2, "a.jpg"),
    ]
    assert (count.wearing, count.told, count.share) == (1, 2, 0.5)
    assert (count.unknown_bodies, count.unknown_wearing) == (2, 1)


def test_top_and_bottom_are_of_one_body() -> None:
    bodies = [body("anna", BLACK, RED), body("tom", BLACK, BLACK), body("ida", BLACK, None), body("eva", RED, None)]
    count = dress_count(bodies, BLACK, BLACK)
    assert {person.name: person.wears for person in count.people} == {
        "Anna": False,
        "Tom": True,
        "Ida": None,
        "Eva": False,
    }


def test_nobody() -> None:
    assert dress_count([DressedBody("a.jpg", "anna", "Anna", None)], BLACK, None).share is None
    assert dress_count([], BLACK, None).people == ()
