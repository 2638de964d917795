"""When a cluster is a known person, depending on the weights that embedded the faces; see docs/accuracy.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.recognition.policy import RecognitionRule
from curation.engines.weights.grouping_rules import DLIB_RESNET, EDGEFACE_XS

__all__ = ["recognition_rule"]

_ANY = GroupingRule(1.0, 1.0)

_MEASURED: Mapping[str, RecognitionRule] = MappingProxyType(
    {
        # Chosen on half of the people of lfw; docs/accuracy.md has what came of it on the other half. Of pairs of a
        # stranger's cluster and a known person, one in ten thousand is nearer than 0.73, and ten times fewer are with
        # each 0.03 to 0.05 less. Three known people in a thousand, or fewer, are less than 0.1 nearer than the second
        # best, so the margin costs nothing and leaves twins and siblings to the user. The nearest of 715 single faces
        # of other sets (the halves of utkface and groups for choosing) was at 0.574, so one face needs 0.57.
        EDGEFACE_XS: RecognitionRule(
            _ANY,
            name_limit=0.64,
            ask_limit=0.72,
            single_less=0.07,
            tenfold_less=0.035,
            margin=0.08,
            half=0.66,
            spread=0.015,
            source="measured for these weights (EdgeFace-XS)",
        ),
        DLIB_RESNET: RecognitionRule(
            _ANY,
            name_limit=0.06,
            ask_limit=0.08,
            tenfold_less=0.006,
            margin=0.006,
            half=0.069,
            spread=0.003,
            names=False,
            source="measured for these weights (dlib ResNet v1), which do not tell strangers apart well enough to name",
        ),
    }
)


def recognition_rule(embedder_sha256: str, grouping: GroupingRule) -> RecognitionRule:
    """The rule for the weights of an embedder; where nothing was measured, people are asked about, never named.

    Args:
        embedder_sha256: Of its file, in hex.
        grouping: How faces of these weights are grouped.
    """
    measured = _MEASURED.get(embedder_sha256)
    if measured is not None:
        return replace(measured, compared=grouping)
    distance = grouping.single_distance
    return RecognitionRule(
        grouping,
        name_limit=distance,
        ask_limit=distance,
        tenfold_less=0.05 * distance,
        half=0.9 * distance,
        spread=0.05 * distance,
        names=False,
        source="from the distance for photos; these weights were not measured, so nobody is named unasked",
    )
