import numpy as np
import pytest

from curation.domain.outfits.oklab import lightness_chroma_hue, oklab


def test_published_values() -> None:
    colours = np.array([[255, 255, 255], [255, 0, 0], [0, 0, 255], [0, 0, 0]], dtype=np.uint8)
    wanted = [[1, 0, 0], [0.628, 0.225, 0.126], [0.452, -0.032, -0.312], [0, 0, 0]]
    assert oklab(colours) == pytest.approx(np.array(wanted), abs=1e-3)


def test_hues_are_in_degrees() -> None:
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], dtype=np.uint8)
    assert lightness_chroma_hue(oklab(colours))[:, 2] == pytest.approx([29.2, 142.5, 264.1], abs=0.1)


def test_the_shape_is_kept() -> None:
    assert oklab(np.zeros((4, 5, 3), dtype=np.uint8)).shape == (4, 5, 3)


@pytest.mark.parametrize("pixels", [np.zeros((2, 3)), np.zeros((2, 4), dtype=np.uint8)])
def test_other_arrays_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        oklab(pixels)
