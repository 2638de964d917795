import numpy as np
import pytest

from curation.domain.outfits.naming import colour_name
from curation.domain.outfits.oklab import oklab


@pytest.mark.parametrize(
    ("name", "rgb"),
    [
        ("black", (15, 15, 15)),
        ("black", (40, 40, 44)),
        ("grey", (128, 128, 128)),
        ("grey", (80, 82, 86)),
        ("white", (245, 245, 245)),
        ("red", (200, 20, 30)),
        ("red", (110, 20, 40)),  # burgundy
        ("orange", (240, 130, 30)),
        ("yellow", (250, 220, 40)),
        ("green", (40, 140, 60)),
        ("green", (85, 90, 45)),  # olive
        ("blue", (30, 60, 180)),
        ("blue", (25, 32, 72)),  # navy
        ("blue", (140, 180, 230)),
        ("purple", (120, 50, 160)),
        ("pink", (250, 150, 190)),
        ("pink", (230, 40, 140)),
        ("brown", (95, 60, 35)),
        ("beige", (215, 195, 160)),
    ],
)
def test_colours_that_everybody_calls_so(name: str, rgb: tuple[int, int, int]) -> None:
    assert colour_name(oklab(np.array([rgb], dtype=np.uint8))[0]) == name
