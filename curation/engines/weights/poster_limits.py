"""When a face of a poster is a character of a film, depending on the weights that embedded both; see docs/accuracy.md.

The limits for weights that were measured stand here by the SHA-256 of the embedder's file; `python -m
training.posters` measures them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from curation.domain.film.posters import MatchRule
from curation.engines.base import EngineSpec
from curation.engines.weights.grouping_rules import EDGEFACE_XS

__all__ = ["PosterLimits", "poster_limits"]


@dataclass(frozen=True, slots=True)
class PosterLimits:
    """The rules for some weights.

    Attributes:
        person: For faces that are compared with the means of characters.
        nearest_face: For faces that are compared with single faces.
        source: Where the rules come from, in words for the user.
    """

    person: MatchRule
    nearest_face: MatchRule
    source: str


_MEASURED: Mapping[str, PosterLimits] = MappingProxyType(
    {
        # Chosen on half of the people of lfw, in made films of 6 and 20 characters each, and on the stills of a clip;
        # on the other half 99.9 % of the stills are accepted and right, of strangers 0.07 % (of 20 characters 0.4 %).
        # Whoever is accepted at all is nearer by far than the next one: the lead only guards against twins in one film.
        EDGEFACE_XS: PosterLimits(
            person=MatchRule(distance=1.16, margin=0.05),
            nearest_face=MatchRule(distance=1.14),
            source="measured for these weights (EdgeFace-XS)",
        ),
    }
)
_MARGIN_SHARE = 0.043
"""Margin of weights that were not measured, as a share of their distance; that of EdgeFace-XS."""


def poster_limits(spec: EngineSpec) -> PosterLimits:
    """The rules for an engine; where nothing was measured, they follow from the distance for the faces of photos.

    Args:
        spec: Of the engine that embeds the faces of films and posters.
    """
    for weights in spec.weights:
        if weights.sha256 in _MEASURED:
            return _MEASURED[weights.sha256]
    # Euclidean distance of unit vectors, from the cosine distance.
    distance = math.sqrt(2 * spec.distance_threshold)
    rule = MatchRule(distance, _MARGIN_SHARE * distance)
    return PosterLimits(rule, MatchRule(distance), f"from the distance for photos ({spec.threshold_source})")
