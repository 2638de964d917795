from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.measuring.measures import Artefacts
from curation.photos.looks.artefacts import artefacts

Picture = NDArray[np.uint8]


def scene(seed: int, size: tuple[int, int] = (600, 900), level: float = 110.0) -> Picture:
    """A blurred background with shapes and grain, as a photo has; height and width in pixels."""
    random = np.random.default_rng(seed)
    height, width = size
    coarse = random.normal(level, 40, (6, 8, 3)).astype(np.float32)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(12):
        centre = (int(random.integers(0, width)), int(random.integers(0, height)))
        colour = tuple(float(value) for value in random.integers(20, 230, 3))
        cv2.circle(picture, centre, int(random.integers(20, 90)), colour, -1)
    picture = cv2.GaussianBlur(picture, (0, 0), 2.0) + random.normal(0, 3, (height, width, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


def face_at(x: int, y: int, side: int = 120) -> Box:
    return Box(x, y, side, side)


def as_jpeg(picture: Picture, quality: int = 85) -> Picture:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("size", [(600, 900), (300, 250), (1024, 700)])
def test_two_photos_side_by_side_are_a_collage(turned: bool, size: tuple[int, int]) -> None:
    both = np.hstack([scene(1, size, 60), scene(2, size, 190)])
    height, width = both.shape[:2]
    side = width // 8
    faces = [face_at(width // 8, height // 3, side), face_at(width * 5 // 8, height // 3, side)]
    if turned:
        both = np.ascontiguousarray(both.transpose(1, 0, 2))
        faces = [Box(box.y, box.x, box.w, box.h) for box in faces]
    assert artefacts(as_jpeg(both), faces).collage > 0.8
    # The same seam in a photo with one face may be a wall.
    assert 0 < artefacts(as_jpeg(both), faces[:1]).collage <= 0.35


def test_the_faces_are_given_in_pixels_of_the_whole_photo() -> None:
    both = np.hstack([scene(1, level=60), scene(2, level=190)])
    faces = [face_at(800, 800, 480), face_at(5000, 800, 480)]
    assert artefacts(both, faces, scale=0.25).collage > 0.8


def test_plain_photos_have_no_signs() -> None:
    for seed in range(12):
        found = artefacts(as_jpeg(scene(seed)), [face_at(100, 200), face_at(700, 200)])
        assert found == Artefacts()
    grey = cv2.cvtColor(cv2.cvtColor(scene(3), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    assert artefacts(np.asarray(grey, dtype=np.uint8)) == Artefacts()


def test_windows_and_tilted_walls_are_no_seams() -> None:
    faces = [face_at(100, 200), face_at(700, 200)]
    window = scene(4)
    cv2.rectangle(window, (420, 40), (480, 420), (235.0, 235.0, 235.0), 8)
    assert artefacts(window, faces).collage == 0.0
    wall = scene(5, level=60)
    corners = np.array([[450, 0], [900, 0], [900, 600], [462, 600]], dtype=np.int32)
    mask = cv2.fillPoly(np.zeros(wall.shape[:2], np.uint8), [corners], 255.0) > 0
    wall[mask] = scene(6, level=190)[mask]
    assert artefacts(wall, faces).collage == 0.0


@pytest.mark.parametrize("colour", [0, 255])
def test_the_border_of_a_film_scan_is_no_sign(colour: int) -> None:
    framed = cv2.copyMakeBorder(scene(7), 60, 60, 90, 90, cv2.BORDER_CONSTANT, value=(colour, colour, colour))
    assert artefacts(np.asarray(framed, dtype=np.uint8), [face_at(200, 200), face_at(700, 200)]) == Artefacts()


def cut_out(colour: int, grain: float = 0.0) -> Picture:
    """Head and shoulders on an empty background."""
    picture = np.full((600, 500, 3), colour, np.float32)
    mask = np.zeros((600, 500), np.uint8)
    cv2.ellipse(mask, (250, 230), (95, 125), 0, 0, 360, 255.0, -1)
    cv2.ellipse(mask, (250, 600), (210, 240), 0, 0, 360, 255.0, -1)
    picture += np.random.default_rng(1).normal(0, grain, picture.shape) if grain else 0.0
    picture[mask > 0] = scene(8, (600, 500))[mask > 0]
    return np.clip(picture, 0, 255).astype(np.uint8)


def test_cut_outs_and_studio_backgrounds() -> None:
    assert artefacts(cut_out(120)).cut_out == 1.0
    # White may be a studio's; grain and gradients are a studio's; black may be the night.
    assert artefacts(cut_out(255)).cut_out == 0.6
    assert artefacts(cut_out(200, grain=3.0)).cut_out == 0.0
    assert artefacts(cut_out(0)).cut_out == 0.0


def test_screenshots() -> None:
    window = np.full((900, 500, 3), 243, np.uint8)
    window[:70] = (40, 90, 180)
    window[70:420] = scene(9, (350, 500))
    for line in range(450, 880, 60):
        window[line : line + 2] = (180, 180, 180)
        cv2.putText(window, "Curation 12", (30, line + 40), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (20.0, 20.0, 20.0), 2)
    assert artefacts(window).screenshot > 0.5
    dark = np.full((500, 800, 3), 12, np.uint8)
    dark[150:400, 300:500] = scene(10, (250, 200))
    assert artefacts(dark).screenshot == 0.0


@pytest.mark.parametrize("shape", [(1, 1), (63, 500), (70, 70), (2000, 66)])
def test_any_size(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    found = artefacts(picture, [face_at(5, 5, 30)])
    assert all(0.0 <= value <= 1.0 for value in found.to_json())
    assert artefacts(np.full((*shape, 3), 90, np.uint8)) == Artefacts()
