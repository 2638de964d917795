"""The clothing masks on the real network, cheap person masks and labelled photos, where these are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curation.domain.faces.face import Box
from curation.domain.outfits.reading import read_outfit
from curation.engines.base import Pixels
from curation.engines.bodies.clothes.building import build_clothes_segmenter
from ground_truth.array_photo import ArrayPhoto
from ground_truth.clothed_photos import PixelKind, clothed_photos, garment_labels, overlap
from ground_truth.errors import Unavailable
from ground_truth.people_networks import PeopleNetworks, person_at

_PHOTOS = 6
_LEAST_MEAN_OVERLAP = 0.8  # of the cheap masks; the whole half has 0.89


@pytest.fixture(scope="module")
def networks(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> PeopleNetworks:
    try:
        return PeopleNetworks(test_data, tmp_path_factory.mktemp("models"))
    except Unavailable as reason:
        pytest.skip(str(reason))


def test_clothes_of_labelled_people(test_data: Path, networks: PeopleNetworks) -> None:
    labels = garment_labels(test_data)
    try:
        chosen = [photo for photo in clothed_photos(test_data, test_half=True) if photo.name in labels][:_PHOTOS]
    except Unavailable as reason:
        pytest.skip(str(reason))
    segmenter = build_clothes_segmenter(networks.clothes)
    overlaps, right = [], 0
    for photo in chosen:
        pixels, kinds = photo.pixels(), photo.kinds()
        opened = ArrayPhoto(pixels)
        people = networks.people(opened)
        rows, columns = np.nonzero(kinds != PixelKind.BACKGROUND)
        box = Box(columns.min(), rows.min(), columns.max() - columns.min() + 1, rows.max() - rows.min() + 1)
        place = person_at(people, box)
        assert place is not None
        masks = networks.segmenter(exact=False).segment(opened, people)
        clothes = segmenter.segment(opened, people, masks)[place]
        assert clothes.area == masks[place].area
        assert clothes.values.shape == masks[place].values.shape
        found = np.zeros(kinds.shape, dtype=bool)
        y = ((np.arange(clothes.area.h) + 0.5) * clothes.values.shape[0] / clothes.area.h).astype(int)
        x = ((np.arange(clothes.area.w) + 0.5) * clothes.values.shape[1] / clothes.area.w).astype(int)
        inside = (
            slice(clothes.area.y, clothes.area.y + clothes.area.h),
            slice(clothes.area.x, clothes.area.x + clothes.area.w),
        )
        found[inside] = clothes.values[np.ix_(y, x)] > 0.5
        overlaps.append(overlap(found, kinds))
        outfit = read_outfit(Pixels(pixels, 1.0), clothes, people[place], colours=5)
        right += bool(outfit.top.colours) and outfit.top.colours[0].name in labels[photo.name].top
    assert np.mean(overlaps) > _LEAST_MEAN_OVERLAP
    assert right >= len(chosen) - 1
