"""Which people the grid shows, as its address says: by label, by name, by apparent age, by what they wear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query

from curation.api.context import ServiceContext
from curation.api.pages.people_view import PersonCard, Shown, person_cards
from curation.domain.attributes.age_groups import AgeGroup
from curation.domain.labelling.labels import MAX_NAME_CHARS
from curation.domain.outfits.outfit import ColourName

__all__ = ["PeopleQuery", "PeopleQueryIn", "filters_of"]


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    """What is asked for.

    Attributes:
        shown: By label.
        name: A part of the name; empty for all.
        age: By apparent age; None for all.
        wears: A colour of clothes; None for all.
    """

    shown: Shown
    name: str
    age: AgeGroup | None
    wears: ColourName | None

    def address(self, **other: str) -> dict[str, str]:
        """The parameters of the address, with others in their place; empty ones are left out, but for the first two."""
        all_of = {
            "show": self.shown.value,
            "q": self.name,
            "age": "" if self.age is None else self.age.value,
            "wears": "" if self.wears is None else self.wears.value,
            **other,
        }
        return {key: value for key, value in all_of.items() if value or key in ("show", "q")}

    def cards(self, context: ServiceContext) -> Sequence[PersonCard]:
        """The people, the one in the most photos first. Raises what `person_cards` raises."""
        cards = person_cards(context.catalog, self.shown, self.name, self.age)
        if self.wears is None or not context.outfits.is_on:
            return cards
        wearing = context.outfits.wearing().get(self.wears, frozenset())
        return [card for card in cards if card.id in wearing]


async def _people_query(
    shown: Annotated[Shown, Query(alias="show")] = Shown.ALL,
    query: Annotated[str, Query(alias="q", max_length=MAX_NAME_CHARS)] = "",
    age: Annotated[str, Query(max_length=20)] = "",
    wears: Annotated[str, Query(max_length=20)] = "",
) -> PeopleQuery:
    # An age or a colour that is not known filters nothing.
    return PeopleQuery(
        shown,
        query,
        AgeGroup(age) if age in tuple(AgeGroup) else None,
        ColourName(wears) if wears in tuple(ColourName) else None,
    )


PeopleQueryIn = Annotated[PeopleQuery, Depends(_people_query)]


def filters_of(context: ServiceContext, query: PeopleQuery) -> Mapping[str, Any]:
    """What the filters by age and clothes show: their choices, or why there are none.

    Raises what `PeopleQuery.cards` raises.
    """
    off = []
    has_ages = context.catalog.attributes.now().has_ages
    if not has_ages and context.settings.attributes.age == "off":
        off.append("Children and adults: ages are read only if attributes.age in config.yaml names a reader.")
    elif not has_ages:
        off.append("Children and adults: ages are asked for, and come with the next look through the photos.")
    wearing = context.outfits.wearing() if context.outfits.is_on else {}
    if not context.outfits.is_on:
        off.append("Clothes: they are known only if assets.enabled is true in config.yaml and photos were handed in.")
    elif not wearing:
        off.append("Clothes: no photo of this event was taken apart yet; hand photos in on the page Assets.")
    return {
        "ages": has_ages,
        "colours": [(colour, len(wearing[colour])) for colour in ColourName if wearing.get(colour)],
        "filters_off": off,
        "asked": query,
    }
