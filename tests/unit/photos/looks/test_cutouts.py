"""Cut-outs: transparent PNG files without the old background."""

from __future__ import annotations

import io
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from curation.domain.faces.face import Box
from curation.photos.looks.cutouts import cutout_png, mask_png, reach_of
from ground_truth.array_photo import ArrayPhoto

_WIDTH, _HEIGHT = 360, 480
_SKIN, _GREEN = (200, 120, 90), (20, 150, 40)


class _Mask(NamedTuple):
    values: NDArray[np.float32]
    area: Box
    scale: float


def _true_alpha() -> NDArray[np.float32]:
    alpha = np.zeros((_HEIGHT, _WIDTH), np.float32)
    cv2.ellipse(alpha, (180, 260), (90, 170), 0, 0, 360, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), 1.5))


def _composed(alpha: NDArray[np.float32], front: tuple[int, int, int], back: tuple[int, int, int]) -> NDArray[np.uint8]:
    mixed = alpha[..., np.newaxis] * np.array(front) + (1 - alpha[..., np.newaxis]) * np.array(back)
    return np.asarray(np.round(mixed), dtype=np.uint8)


def _mask(alpha: NDArray[np.float32], side: int = 160) -> _Mask:
    """As a network would give it: coarse, and soft at the edge."""
    height, width = alpha.shape
    scale = side / max(height, width)
    size = (round(width * scale), round(height * scale))
    values = cv2.GaussianBlur(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), (0, 0), 0.8)
    return _Mask(np.asarray(values, dtype=np.float32), Box(0, 0, width, height), scale)


def _decoded(png: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        assert image.mode == "RGBA"
        return np.asarray(image)


def _on(cut: NDArray[np.uint8], ground: tuple[int, int, int]) -> NDArray[np.float64]:
    alpha = cut[..., 3:] / 255
    return cut[..., :3] * alpha + np.array(ground) * (1 - alpha)


def test_the_old_background_does_not_show_at_the_edge() -> None:
    alpha = _true_alpha()
    picture = _composed(alpha, _SKIN, _GREEN)
    cut = _decoded(cutout_png(ArrayPhoto(picture), [_mask(alpha)]))
    for ground in ((255, 0, 255), (255, 255, 255), (0, 0, 0)):
        wanted = alpha[..., np.newaxis] * np.array(_SKIN) + (1 - alpha[..., np.newaxis]) * np.array(ground)
        assert np.abs(_on(cut, ground) - wanted).max() < 30
        assert np.abs(_on(cut, ground) - wanted).mean() < 1


def test_transparent_pixels_hide_nothing() -> None:
    alpha = _true_alpha()
    cut = _decoded(cutout_png(ArrayPhoto(_composed(alpha, _SKIN, _GREEN)), [_mask(alpha)]))
    assert not cut[cut[..., 3] == 0].any()
    assert (cut[..., 3] == 0).mean() > 0.5


def test_without_a_person_the_picture_is_empty() -> None:
    picture = _composed(_true_alpha(), _SKIN, _GREEN)
    nothing = _Mask(np.full((40, 30), 0.2, np.float32), Box(0, 0, _WIDTH, _HEIGHT), 1 / 12)
    for masks in ([], [nothing]):
        cut = _decoded(cutout_png(ArrayPhoto(picture), masks))
        assert cut.shape == (_HEIGHT, _WIDTH, 4)
        assert not cut.any()
    assert reach_of(nothing) is None


def test_a_part_is_the_same_as_in_the_whole() -> None:
    alpha = _true_alpha()
    photo, mask = ArrayPhoto(_composed(alpha, _SKIN, _GREEN)), _mask(alpha)
    whole = _decoded(cutout_png(photo, [mask]))
    area = reach_of(mask)
    assert area is not None
    part = _decoded(cutout_png(photo, [mask], area=area))
    assert np.array_equal(part, whole[area.y : area.y + area.h, area.x : area.x + area.w])
    assert whole[..., 3].sum() == part[..., 3].sum()


def test_colour_profile_and_resolution_stay_and_nothing_else() -> None:
    alpha = _true_alpha()
    photo, mask = ArrayPhoto(_composed(alpha, _SKIN, _GREEN)), _mask(alpha)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with Image.open(io.BytesIO(cutout_png(photo, [mask], icc_profile=profile, dpi=(300, 240)))) as image:
        image.load()
        assert image.info["icc_profile"] == profile
        assert image.info["dpi"] == pytest.approx((300, 240), abs=0.02)
        assert set(image.info) == {"icc_profile", "dpi"}
        assert not image.getexif()
    with Image.open(io.BytesIO(cutout_png(photo, [mask]))) as image:
        image.load()
        assert set(image.info) == {"srgb"}


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (5, 4)])
def test_tiny_pictures(size: tuple[int, int]) -> None:
    width, height = size
    mask = _Mask(np.ones((height, width), np.float32), Box(0, 0, width, height), 1.0)
    picture = np.full((height, width, 3), 77, np.uint8)
    cut = _decoded(cutout_png(ArrayPhoto(picture), [mask]))
    assert (cut == (77, 77, 77, 255)).all()


def test_a_mask_is_a_binary_picture_of_full_size() -> None:
    alpha = _true_alpha()
    png = mask_png(_mask(alpha, 240), (_WIDTH, _HEIGHT))
    with Image.open(io.BytesIO(png)) as image:
        assert (image.mode, image.size) == ("1", (_WIDTH, _HEIGHT))
        found = np.asarray(image)
    wanted = alpha >= 0.5
    assert (found & wanted).sum() / (found | wanted).sum() > 0.97


def test_a_mask_of_a_part_lies_in_its_place() -> None:
    mask = _Mask(np.ones((10, 10), np.float32), Box(40, 60, 100, 100), 0.1)
    with Image.open(io.BytesIO(mask_png(mask, (201, 303)))) as image:
        found = np.asarray(image)
    wanted = np.zeros((303, 201), bool)
    wanted[60:160, 40:140] = True
    assert np.array_equal(found, wanted)
