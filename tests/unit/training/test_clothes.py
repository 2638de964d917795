from __future__ import annotations

import numpy as np

from curation.engines.bodies.clothes.evidence import FEATURES
from curation.engines.bodies.clothes.parsing_network import ParsedPicture
from curation.engines.bodies.clothes.segmenter import GRID_PX
from curation.engines.bodies.clothes.window import window_of
from ground_truth.clothed_photos import PixelKind
from tests.dressed_people import dressed_person
from training.clothes import Sample, cells, overlaps


class _ByMask:
    """Trees that take the whole person for clothes."""

    def predict_proba(self, numbers: np.ndarray) -> np.ndarray:
        yes = numbers[:, FEATURES.index("mask")]
        return np.stack([1 - yes, yes], axis=1)


def _sample() -> Sample:
    drawn = dressed_person()
    window = window_of(drawn.person.box, 200, 360, grid_px=GRID_PX)
    nothing = np.zeros((window.height, window.width), dtype=np.float32)
    kinds = np.where(drawn.clothes.values > 0, PixelKind.CLOTHES, drawn.whole.values.astype(np.uint8))
    return Sample(
        "drawn.jpg",
        "whole",
        (200, 360),
        drawn.person,
        (drawn.whole,),
        window.on_grid(window.picture(drawn.pixels)).astype(np.uint8),
        ParsedPicture(nothing, nothing, nothing),
        kinds.astype(np.uint8),
    )


def test_cells_are_taken_with_and_without_what_may_be_missing() -> None:
    numbers, answers = cells([_sample()])
    assert numbers.shape == (len(answers), len(FEATURES))
    assert 0.5 < answers.mean() < 1
    of_skeleton_or_face = [FEATURES.index("beside_torso"), FEATURES.index("a_less_face")]
    missing = np.isnan(numbers[:, of_skeleton_or_face]).any(axis=1)
    assert missing.mean() == 0.5


def test_overlaps_by_form_and_mask() -> None:
    found = overlaps(_ByMask(), [_sample()])
    assert set(found) == {"whole, cheap mask", "whole, cheap mask, box only"}
    assert all(0.7 < value < 1 for values in found.values() for value in values)
