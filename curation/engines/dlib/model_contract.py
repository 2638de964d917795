"""What the converted models and the code that runs them agree on: names of inputs, and the detector's metadata.

The workers import this module, and nothing of the converter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from curation.errors import WeightsBrokenError
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS

__all__ = [
    "CHIP_INPUT",
    "DESCRIPTOR_SIZE",
    "LEVEL_INPUT",
    "DetectorOptions",
    "detector_metadata",
    "read_detector_metadata",
]

DESCRIPTOR_SIZE = 128
"""Dimensions of a face descriptor."""

CHIP_INPUT = "chips"
"""Name of the descriptor's input."""

LEVEL_INPUT = "level"
"""Name of the detector's input."""

_OPTIONS_KEY = "curation_detector"


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """How a detector's outputs become boxes.

    Attributes:
        window_px: Width and height of the box around an output cell.
        max_iou: Of two boxes with a larger intersection over union, the one with the lower score is dropped.
        max_covered: A box is also dropped if a larger part of it lies inside one with a higher score.
    """

    window_px: tuple[int, int]
    max_iou: float
    max_covered: float


def detector_metadata(options: DetectorOptions, mean_rgb: tuple[float, float, float]) -> dict[str, str]:
    """The metadata that is stored in a detector's model, for `read_detector_metadata`."""
    return {_OPTIONS_KEY: json.dumps({"mean_rgb": mean_rgb, **asdict(options)})}


def read_detector_metadata(
    metadata: Mapping[str, str], path: Path
) -> tuple[DetectorOptions, tuple[float, float, float]]:
    """Read what `detector_metadata` stored: the options, and the mean colour (RGB).

    Args:
        metadata: The model's custom metadata.
        path: Of the model, for messages.

    Raises:
        WeightsBrokenError: If it is missing.
    """
    try:
        values = parse_json(metadata[_OPTIONS_KEY])
        width, height = (int(side) for side in values["window_px"])
        red, green, blue = (float(value) for value in values["mean_rgb"])
        options = DetectorOptions((width, height), float(values["max_iou"]), float(values["max_covered"]))
    except PARSER_ERRORS as error:
        raise WeightsBrokenError(f"{path} has no usable metadata of a detector; delete it and run again") from error
    return options, (red, green, blue)
