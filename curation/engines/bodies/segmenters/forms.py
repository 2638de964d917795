"""What the networks for person masks expect and answer, by their names in config.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

__all__ = ["BIREFNET_NAMES", "FORMS", "ISNET", "SELFIE", "U2NET_NAMES", "NetworkForm", "network_input"]

SELFIE, ISNET = "selfie", "isnet"
U2NET_NAMES = ("u2netp", "u2net", "u2net-human")
BIREFNET_NAMES = ("birefnet-lite", "birefnet", "birefnet-portrait")

_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class NetworkForm:
    """How pictures are given to a network, and how its answer is read.

    Attributes:
        side_px: Width and height of the picture that it takes.
        channels_last: Whether its input is (1, side, side, 3) instead of (1, 3, side, side).
        mean: Subtracted from the channels of the picture in [0, 1], R, G, B.
        std: By which they are divided afterwards.
        brightened: Whether a dark picture is brightened before, as the network was trained.
        outputs: Names of the wanted output, whichever of them is there; if none is, the first output is.
        has_logits: Whether the answer is to be sent through a sigmoid.
    """

    side_px: int
    channels_last: bool = False
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    brightened: bool = False
    outputs: tuple[str, ...] = ()
    has_logits: bool = False


_U2NET = NetworkForm(320, mean=_IMAGENET_MEAN, std=_IMAGENET_STD, brightened=True)
_BIREFNET = NetworkForm(1024, mean=_IMAGENET_MEAN, std=_IMAGENET_STD, has_logits=True)

FORMS: Mapping[str, NetworkForm] = MappingProxyType(
    {
        SELFIE: NetworkForm(256, channels_last=True),
        **dict.fromkeys(U2NET_NAMES, _U2NET),
        # Its file has twelve outputs, most of them large intermediate results that take time and memory if asked for.
        ISNET: NetworkForm(1024, mean=(0.5, 0.5, 0.5), outputs=("output",)),
        **dict.fromkeys(BIREFNET_NAMES, _BIREFNET),
    }
)
"""All networks for person masks."""

# U-2-Net divides by the picture's maximum. A single lamp or a button's glint would undo that in a dark photo, so the
# brightest thousandth of the values does not count; and the noise of a nearly black picture is not blown up.
_BRIGHTEST_PERCENTILE = 99.9
_MIN_BRIGHTEST = 32.0


def network_input(picture: NDArray[np.uint8], form: NetworkForm) -> NDArray[np.float32]:
    """A picture as a network takes it.

    Args:
        picture: (side, side, 3) uint8 RGB.
        form: Of the network.

    Returns:
        (1, side, side, 3) or (1, 3, side, side) float32.
    """
    brightest = 255.0
    if form.brightened:
        brightest = max(float(np.percentile(picture, _BRIGHTEST_PERCENTILE)), _MIN_BRIGHTEST)
    values = np.minimum(picture.astype(np.float32) / np.float32(brightest), np.float32(1.0))
    values = (values - np.asarray(form.mean, np.float32)) / np.asarray(form.std, np.float32)
    return np.ascontiguousarray(values[np.newaxis] if form.channels_last else values.transpose(2, 0, 1)[np.newaxis])
