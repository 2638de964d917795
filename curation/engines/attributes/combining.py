"""Specs of single attributes, and of several: each attribute is kept and switched on by itself, but read together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.catalogue import FAMILIES
from curation.engines.attributes.reader import ReaderSpec

__all__ = ["combined_specs", "single_specs"]


def single_specs(specs: Iterable[ReaderSpec]) -> tuple[ReaderSpec, ...]:
    """One spec for each attribute, with the weights of this attribute only.

    Args:
        specs: Of readers of `catalogue.FAMILIES`.
    """
    return tuple(
        replace(
            spec,
            attributes=(name,),
            weights=tuple(w for w in spec.weights if w.name in FAMILIES[spec.name].files[name]),
        )
        for spec in specs
        for name in spec.attributes
    )


def combined_specs(specs: Iterable[ReaderSpec], asked: Collection[Attribute]) -> tuple[ReaderSpec, ...]:
    """The specs that together read what is asked for, one for each reader: a network that tells several runs once.

    Args:
        specs: Of one attribute each; those of other attributes are left out.
        asked: The attributes.
    """
    combined: dict[str, ReaderSpec] = {}
    for spec in specs:
        if not set(spec.attributes) <= set(asked):
            continue
        first = combined.get(spec.name)
        if first is None:
            combined[spec.name] = spec
            continue
        weights = {weights.name: weights for weights in (*first.weights, *spec.weights)}
        combined[spec.name] = replace(
            first,
            attributes=(*first.attributes, *spec.attributes),
            weights=tuple(weights.values()),
            needs_points68=first.needs_points68 or spec.needs_points68,
        )
    return tuple(combined.values())
