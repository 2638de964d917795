"""Building a chosen segmenter; called in workers, so it imports nothing of the weights' registry."""

from __future__ import annotations

from curation.engines.bodies.base import BodySpec, Segmenter
from curation.engines.bodies.segmenters.forms import FORMS
from curation.engines.bodies.segmenters.network import ForegroundNetwork
from curation.engines.bodies.segmenters.segmenter import NetworkSegmenter
from curation.errors import SettingsError

__all__ = ["build_segmenter"]


def build_segmenter(spec: BodySpec) -> Segmenter:
    """Load a segmenter's network.

    Args:
        spec: Its name is one of `forms.FORMS`; it has one model file. If `beside` has a network, that fills what the
            first one misses of a body.

    Raises:
        WeightsMissingError: If the file is missing.
        WeightsBrokenError: If it is not the network that its name says.
        SettingsError: If there is no such segmenter.
    """
    return NetworkSegmenter(spec, _network(spec), [_network(each) for each in spec.beside])


def _network(spec: BodySpec) -> ForegroundNetwork:
    if spec.name not in FORMS:
        raise SettingsError(f"there is no segmenter {spec.name!r}; known: {', '.join(FORMS)}")
    return ForegroundNetwork(spec, FORMS[spec.name])
