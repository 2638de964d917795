"""The networks for whole people: which files each can be loaded from, and what they take and give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from curation.engines.base import WeightsFile
from curation.engines.bodies.base import BodySpec

__all__ = [
    "BODY_NETWORKS",
    "CLOTHES",
    "OUTFIT",
    "PERSON_BOXES",
    "POSE_DETECTOR",
    "SELFIE",
    "TFLITE",
    "U2NETP",
    "BodyNetwork",
    "loaded_file",
]

PERSON_BOXES, POSE_DETECTOR = "yolox-nano", "pose-detector"
SELFIE, U2NETP = "selfie", "u2netp"
CLOTHES, OUTFIT = "pan", "osnet"

TFLITE = ".tflite"
"""The ending of files that are converted before they are loaded, see `curation.engines.bodies.tflite`."""


@dataclass(frozen=True, slots=True)
class BodyNetwork:
    """What is known of a network before its weights are looked for.

    Attributes:
        name: As in `BodySpec`; those that users choose are called as in config.yaml.
        files: Names of the file, in order of preference; the last one is the one that can be downloaded.
        shape: Of the input, with 0 where any size will do.
        outputs: Counts of the numbers of those outputs that are used, for one picture, in any order.
    """

    name: str
    files: tuple[str, ...]
    shape: tuple[int, ...]
    outputs: tuple[int, ...]


_POSE_SHAPE, _POSE_OUTPUTS = (1, 256, 256, 3), (195, 1)
_FINE_SHAPE, _FINE_OUTPUTS = (1, 3, 1024, 1024), (1024 * 1024,)
_U2NET_SHAPE, _U2NET_OUTPUTS = (1, 3, 320, 320), (320 * 320,)


def _converted(stem: str) -> tuple[str, ...]:
    return f"{stem}.onnx", f"{stem}{TFLITE}"


BODY_NETWORKS: Mapping[str, BodyNetwork] = MappingProxyType(
    {
        network.name: network
        for network in (
            BodyNetwork(PERSON_BOXES, ("yolox_nano.onnx",), (1, 3, 416, 416), (3549 * 85,)),
            BodyNetwork(POSE_DETECTOR, _converted("pose_detection"), (1, 224, 224, 3), (2254 * 12, 2254)),
            BodyNetwork("lite", _converted("pose_landmark_lite"), _POSE_SHAPE, _POSE_OUTPUTS),
            BodyNetwork("full", _converted("pose_landmark_full"), _POSE_SHAPE, _POSE_OUTPUTS),
            BodyNetwork("heavy", _converted("pose_landmark_heavy"), _POSE_SHAPE, _POSE_OUTPUTS),
            BodyNetwork(SELFIE, _converted("selfie_segmentation"), (1, 256, 256, 3), (256 * 256,)),
            BodyNetwork(U2NETP, ("u2netp.onnx",), _U2NET_SHAPE, _U2NET_OUTPUTS),
            BodyNetwork("u2net", ("u2net.onnx",), _U2NET_SHAPE, _U2NET_OUTPUTS),
            BodyNetwork("u2net-human", ("u2net_human_seg.onnx",), _U2NET_SHAPE, _U2NET_OUTPUTS),
            BodyNetwork("isnet", ("isnet-general-use.onnx",), _FINE_SHAPE, _FINE_OUTPUTS),
            BodyNetwork("birefnet-lite", ("birefnet-general-lite.onnx",), _FINE_SHAPE, _FINE_OUTPUTS),
            BodyNetwork("birefnet", ("birefnet-general.onnx",), _FINE_SHAPE, _FINE_OUTPUTS),
            BodyNetwork("birefnet-portrait", ("birefnet-portrait.onnx",), _FINE_SHAPE, _FINE_OUTPUTS),
            BodyNetwork(CLOTHES, ("pan_skin_clothes_hair.onnx",), (1, 3, 512, 512), (3 * 512 * 512,)),
            BodyNetwork(OUTFIT, ("osnet_x0_25_msmt17.onnx",), (0, 3, 256, 128), (512,)),
        )
    }
)
"""All networks, by name."""


def loaded_file(spec: BodySpec) -> WeightsFile:
    """The ONNX file that a network is loaded from: its own, or the one that was made of it."""
    return (spec.converted or spec.weights)[0]
