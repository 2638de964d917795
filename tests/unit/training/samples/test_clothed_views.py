from pathlib import Path

import cv2
import numpy as np
import pytest

from ground_truth.clothed_photos import ClothedPhoto, PixelKind, clothed_photos, overlap
from ground_truth.splits import in_test_half
from training.samples.clothed_views import views


@pytest.fixture
def photos(tmp_path: Path) -> list[ClothedPhoto]:
    root = tmp_path / "photos" / "clothes"
    (root / "photos").mkdir(parents=True)
    (root / "labels").mkdir()
    (root / "classes.txt").write_text("0 null\n1 bag\n2 hair\n3 coat\n4 skin\n")
    names = [name for name in (f"{number:04}" for number in range(40)) if not in_test_half(f"{name}.jpg")][:4]
    for place, name in enumerate(names):
        labels = np.zeros((300, 160), dtype=np.uint8)
        labels[20:50, 60:100] = 4
        labels[50:200, 50:110] = 3
        labels[120:150, 105:120] = 1
        labels[200:280, 55:105] = 4
        photo = np.full((300, 160, 3), 30 + 50 * place, dtype=np.uint8)
        cv2.imwrite(str(root / "photos" / f"{name}.jpg"), photo)
        cv2.imwrite(str(root / "labels" / f"{name}.png"), labels)
    return clothed_photos(tmp_path, test_half=False)


def test_kinds_of_pixels(photos: list[ClothedPhoto]) -> None:
    kinds = photos[0].kinds()
    assert kinds[30, 80] == PixelKind.BODY
    assert kinds[100, 80] == PixelKind.CLOTHES
    assert kinds[140, 115] == PixelKind.IGNORED
    assert kinds[5, 5] == PixelKind.BACKGROUND
    assert overlap(kinds == PixelKind.CLOTHES, kinds) == 1
    assert overlap(kinds > PixelKind.BODY, kinds) == 1  # bags do not count
    assert overlap(np.zeros(kinds.shape, dtype=bool), kinds) == 0


def test_whole_cut_and_beside_somebody(photos: list[ClothedPhoto]) -> None:
    found = list(views(photos))
    assert [view.form for view in found] == ["whole", "cut", "beside", "beside"] * 4
    for view in found:
        assert view.photo.shape[:2] == view.kinds.shape
        box = view.box
        assert view.kinds[box.y : box.y + box.h, box.x : box.x + box.w].any()
        assert box.x + box.w <= view.photo.shape[1]
    cut = found[1]
    assert cut.box.y + cut.box.h == cut.photo.shape[0]
    behind, front = found[2], found[3]
    assert (behind.photo == front.photo).all()
    assert not ((behind.kinds > 0) & (front.kinds > 0)).any()
    assert (front.name, behind.name) == (photos[1].name, photos[0].name)


def test_the_same_seed_gives_the_same_views(photos: list[ClothedPhoto]) -> None:
    for one, other in zip(views(photos, seed=5), views(photos, seed=5), strict=True):
        assert (one.photo == other.photo).all()
