from __future__ import annotations

import numpy as np
import pytest

from ground_truth.splits import in_test_half, is_held_out, person_of


def test_people_are_split_whole() -> None:
    assert person_of("lfw/Al_Gore/Al_Gore_0003.jpg") == person_of("lfw_smile/Al_Gore_0001.jpg") == "Al_Gore"
    assert person_of("groups/azure/a.jpg@5,6") == person_of("groups/azure/a.jpg") == "groups/azure/a.jpg"
    assert person_of("five_celebs/train/madonna/x@1.jpg@5,6") == "madonna"
    assert person_of("videos/x/in.mp4:120@7,8") == person_of("videos/x/in.mp4:6@1,2")
    share = np.mean([is_held_out(f"person {i}") for i in range(5000)])
    assert share == pytest.approx(0.2, abs=0.02)
    assert np.mean([in_test_half(f"person {i}") for i in range(5000)]) == pytest.approx(0.5, abs=0.02)
