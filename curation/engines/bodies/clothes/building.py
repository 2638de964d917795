"""Building the segmenter for clothes; called in workers, so it imports nothing of the weights' registry."""

from __future__ import annotations

from collections.abc import Sequence

from curation.engines.bodies.base import BodySpec, ClothesSegmenter
from curation.engines.bodies.clothes.join import ClothesJoin
from curation.engines.bodies.clothes.parsing_network import ParsingNetwork
from curation.engines.bodies.clothes.segmenter import JoinedClothesSegmenter
from curation.errors import SettingsError

__all__ = ["build_clothes_segmenter"]


def build_clothes_segmenter(specs: Sequence[BodySpec]) -> ClothesSegmenter:
    """Load the networks that tell clothes.

    Args:
        specs: One, of the network for skin, clothes and hair.

    Raises:
        WeightsMissingError: If a file is missing.
        WeightsBrokenError: If a file is not such a network.
        SettingsError: If it is not one network.
    """
    if len(specs) != 1:
        raise SettingsError(f"clothes are told by one network, not by {len(specs)}")
    (spec,) = specs
    return JoinedClothesSegmenter(spec, ParsingNetwork(spec), ClothesJoin())
