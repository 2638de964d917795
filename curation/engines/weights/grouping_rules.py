"""How faces are grouped, depending on the weights that embedded them; measured by `python -m training.grouping`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from curation.domain.grouping.grouping_rule import GroupingRule

__all__ = [
    "DLIB_RESNET",
    "EDGEFACE_XS",
    "MEASURED",
    "MeasuredRule",
    "direction_of_text",
    "direction_text",
    "grouping_rule",
]

# deepface.config.threshold of deepface 0.0.103: pairs of faces, ArcFace, cosine.
_PUBLISHED_ARCFACE = 0.68


@dataclass(frozen=True, slots=True)
class MeasuredRule:
    """The rule measured for some weights, and the name of these weights for the user."""

    what: str
    rule: GroupingRule


def direction_text(direction: tuple[float, ...]) -> str:
    """A direction as text: its components in steps of 1/127 of the largest one, one byte each."""
    numbers = np.asarray(direction, dtype=np.float64)
    return base64.b85encode(np.rint(127 * numbers / np.abs(numbers).max()).astype(np.int8).tobytes()).decode()


def direction_of_text(*text: str) -> tuple[float, ...]:
    """The inverse of `direction_text`, of unit length."""
    numbers = np.frombuffer(base64.b85decode("".join(text)), dtype=np.int8).astype(np.float64)
    return tuple((numbers / np.linalg.norm(numbers)).tolist())


# Direction: the first principal component, about the mean, of the mean embeddings of people: half of those of lfw and
# half of the children from 1 to 12 years of UTKFace. It represents what small children have in common.
_EDGEFACE_XS_COMMON = direction_of_text(
    "+WzoLqsQa_BBN3Q43zT@-pe>a84wpS8s_T>Jg(ak2n1pQG~oI7-$<7UAM_2s8PK!f{U}S=CgcGD)RbUZ3i9|*7)J31?eath;-5$^",
    "HRbhaB|*}$*~s(}+~67~$>B?7K=2F!4LI~O`z6WI59SFHBTY38!|)~5x<Xs@P%Z@D0~!9-x3}2oPR#QD_%Adc5ZOW4FDC~gJ{U_M",
    "EzR%|2Fec#>d4tqH#p`C()ULFHqaO0@*g4K(U;QkH`)m^^ZqRV<TYp)xeoL8DFrL|7UmRTw6hEMyB6ph+0w)Q{{kXdO)eQp?(osg",
    "%{>h!*|rfU7Y?O1Npc8x2c8@J%lfU#EI#K?5vl5=EF0zv8#Fo>M{FqE=qkX=H|F*eK;bY@#>a90)#aTlJPJO~>L2Pk6*>&02gVV$",
    "10NYE?$g8~tQ0@;@9)PC?c)|Y7)4F=B?Bn(y~H*QS^Ma^<SED-E3pn56ZXn5<HZj>Is*Y*B-{hN;P5~oA`EjhBnt5v#p;g+JdF<%",
    "I^5gh-A&y3y%E(0``keK>)b%<Bm6EM7uM<vfAr)^1}Z=8#+(rt)f}uc{OI)u^TZh%;W!r2`3K<;uK`O11M|iQE#y-*79MCD&EX@i",
    "15`B{2^7q$+`_%k(8Mh#!Z<JF6BNeQY1Pf%7BT?!",
)

_DLIB_RESNET_COMMON = direction_of_text(
    "-QoJa-}UMH9;PkXBnb9nzv63TC;{PG5330KpFr?j1w;WU1nc$wp0WxIyVeH?@D8l{#nRCcBi+}d-t!#GWE|o5`3v0ezRByl{NpD|",
    "FV!S}R!|ub6WJLP-UH^~JU8(u$42B5?8*!N{|n%<#|O;rD;WCg{L{2YX7LQy",
)

EDGEFACE_XS = "e3dfb138e3b96dcd5640a0846067cc1f55b24148e12c8a19345f8b47982e782a"
DLIB_RESNET = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"

MEASURED: Mapping[str, MeasuredRule] = MappingProxyType(
    {
        EDGEFACE_XS: MeasuredRule(
            "EdgeFace-XS",
            GroupingRule(
                single_distance=0.64,
                group_distance=0.82,
                same_photo_penalty=0.25,
                common=_EDGEFACE_XS_COMMON,
                common_part=1.0,
            ),
        ),
        DLIB_RESNET: MeasuredRule(
            "dlib ResNet v1",
            GroupingRule(
                single_distance=0.066,
                group_distance=0.088,
                same_photo_penalty=0.04,
                common=_DLIB_RESNET_COMMON,
                common_part=0.3,
            ),
        ),
    }
)
"""By the SHA-256 of the embedder's file; docs/accuracy.md describes how they were measured."""


def grouping_rule(embedder_sha256: str) -> tuple[float, GroupingRule | None, str]:
    """When faces are the same person, for the weights of an embedder.

    Args:
        embedder_sha256: Of its file, in hex.

    Returns:
        The cosine distance up to which two faces are the same person; the rule measured for the weights, None if
        there is none; and where these values come from, in words.
    """
    measured = MEASURED.get(embedder_sha256)
    if measured is not None:
        return measured.rule.single_distance, measured.rule, f"measured for these weights ({measured.what})"
    return (
        _PUBLISHED_ARCFACE,
        None,
        "published by deepface for ArcFace; these weights were not measured, so check the clusters and set "
        "clustering.distance_threshold if people are merged or split",
    )
