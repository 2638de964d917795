"""A picture with the people that were found in it: boxes, skeletons, names of colours, and where the edge cuts them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.bodies.composition import CutAt
from curation.domain.bodies.pose import BONES, Pose
from curation.domain.faces.face import Box
from curation.domain.outfits.outfit import Garment
from curation.engines.base import Pixels
from curation.photos.looks.label_layout import place_labels

__all__ = ["asset_jpeg", "drawn_people", "label_of"]

_QUALITY = 88
_SUBSAMPLING = "444"  # thin lines in colours would smear otherwise

_DARK, _LIGHT = (18, 18, 20), (255, 255, 255)
_WARNING = (255, 70, 50)
_COLOURS = ((255, 209, 0), (0, 214, 255), (255, 120, 190), (120, 235, 90), (255, 150, 60), (190, 160, 255))
_TEXT_SHARE, _MIN_TEXT_PX = 0.02, 11  # of the square root of the picture's pixels
_SMALLER = 0.8
_MIN_SEEN = 0.3  # joints that are seen less are not drawn

_CUT_WORDS = {
    CutAt.FEET: "cut at the feet",
    CutAt.KNEES: "cut at the knees",
    CutAt.HIPS: "cut at the hips",
    CutAt.LEGS: "cut at the legs",
    CutAt.CHEST: "cut at the chest",
    CutAt.WRISTS: "cut at the wrist",
    CutAt.SIDE: "cut at the side",
    CutAt.HEAD: "head cut",
}


def asset_jpeg(pixels: Pixels, record: AssetRecord) -> bytes:
    """The annotated picture as a JPEG (sRGB) of the size of `pixels`, without any metadata.

    Args:
        pixels: The upright picture at any scale.
        record: What was found in it.

    Returns:
        The same bytes for the same input.
    """
    jpeg: bytes = simplejpeg.encode_jpeg(
        drawn_people(pixels, record.people), quality=_QUALITY, colorspace="RGB", colorsubsampling=_SUBSAMPLING
    )
    return jpeg


def label_of(record: PersonRecord) -> str:
    """The label of a person: number, colours of top and bottom, and where the edge cuts the body."""
    parts = [str(record.person.person_index)]
    if record.outfit is not None:
        parts.append(f"{_colour_name(record.outfit.top)} / {_colour_name(record.outfit.bottom)}")
    cut = _CUT_WORDS.get(record.composition.cut_at)
    if cut is not None:
        parts.append(cut)
    return "  ".join(parts)


def _colour_name(garment: Garment) -> str:
    return garment.colours[0].name.value if garment.colours else "?"


def drawn_people(pixels: Pixels, people: Sequence[PersonRecord]) -> NDArray[np.uint8]:
    """Draw people on a copy of a picture.

    Args:
        pixels: The upright picture at any scale.
        people: In pixels of the full-size photo.

    Returns:
        (H, W, 3) uint8 RGB of the size of `pixels`, contiguous.
    """
    canvas = np.array(pixels.array, dtype=np.uint8, order="C")
    height, width = canvas.shape[:2]
    text_px = max(_MIN_TEXT_PX, round(_TEXT_SHARE * (width * height) ** 0.5))
    boxes = [_scaled(each.person.box, pixels.scale, width, height) for each in people]
    for number, (each, box) in enumerate(zip(people, boxes, strict=True)):
        line_px = max(1, min(round(text_px / 9), min(box.w, box.h) // 40))
        _draw_box(canvas, box, line_px, _colour(number))
        if each.person.pose is not None:
            _draw_pose(canvas, each.person.pose, pixels.scale, line_px, _colour(number))
        _mark_cut(canvas, each, box, 3 * line_px)
    _draw_labels(canvas, boxes, [label_of(each) for each in people], text_px)
    return canvas


def _scaled(box: Box, scale: float, width: int, height: int) -> Box:
    x, y = min(round(box.x * scale), width - 1), min(round(box.y * scale), height - 1)
    return Box(x, y, max(1, min(round(box.w * scale), width - x)), max(1, min(round(box.h * scale), height - y)))


def _colour(number: int) -> tuple[int, int, int]:
    return _COLOURS[number % len(_COLOURS)]


def _draw_box(canvas: NDArray[np.uint8], box: Box, line_px: int, colour: tuple[int, int, int]) -> None:
    corners = (box.x, box.y), (box.x + box.w - 1, box.y + box.h - 1)
    cv2.rectangle(canvas, *corners, _DARK, 2 * line_px + 1, cv2.LINE_8)
    cv2.rectangle(canvas, *corners, colour, line_px, cv2.LINE_8)


def _draw_pose(canvas: NDArray[np.uint8], pose: Pose, scale: float, line_px: int, colour: tuple[int, int, int]) -> None:
    height, width = canvas.shape[:2]
    # Joints that the network guesses far outside would overflow OpenCV's coordinates.
    reach = 4 * max(width, height)
    places = [
        (
            int(np.clip((point.x + 0.5) * scale - 0.5, -reach, reach)),
            int(np.clip((point.y + 0.5) * scale - 0.5, -reach, reach)),
        )
        for point in pose.landmarks
    ]
    bones = [(places[a], places[b]) for a, b in BONES if min(pose.at(a).visibility, pose.at(b).visibility) >= _MIN_SEEN]
    for thickness, shade in ((2 * line_px + 1, _DARK), (line_px, colour)):
        for start, end in bones:
            cv2.line(canvas, start, end, shade, thickness, cv2.LINE_AA)
    drawn = {place for bone in bones for place in bone}
    for place in sorted(drawn):
        cv2.circle(canvas, place, line_px + 1, colour, cv2.FILLED, cv2.LINE_AA)


def _mark_cut(canvas: NDArray[np.uint8], record: PersonRecord, box: Box, line_px: int) -> None:
    """A red line at the edge that cuts a body in a place that looks like a mistake."""
    if not record.composition.cut_is_fault:
        return
    height, width = canvas.shape[:2]
    near = max(2, round(0.02 * min(width, height)))
    right, bottom = box.x + box.w, box.y + box.h
    if bottom >= height - near:
        cv2.line(canvas, (box.x, height - 1), (right, height - 1), _WARNING, 2 * line_px)
    if box.x <= near:
        cv2.line(canvas, (0, box.y), (0, bottom), _WARNING, 2 * line_px)
    if right >= width - near:
        cv2.line(canvas, (width - 1, box.y), (width - 1, bottom), _WARNING, 2 * line_px)


def _draw_labels(canvas: NDArray[np.uint8], boxes: Sequence[Box], texts: Sequence[str], text_px: int) -> None:
    """Labels inside of boxes at their upper edge if there is no place beside them: bodies fill pictures."""
    height, width = canvas.shape[:2]
    font = ImageFont.load_default(size=text_px)
    sizes = [_label_size(text, font, text_px) for text in texts]
    places = place_labels((width, height), boxes, sizes, gap=max(1, text_px // 12))
    for number, (text, size, place) in enumerate(zip(texts, sizes, places, strict=True)):
        if place is not None and place.line is not None:
            cv2.line(canvas, *place.line, _colour(number), max(1, text_px // 9), cv2.LINE_AA)
        at = _inside(boxes[number], size, width, height) if place is None else place.box
        _draw_label(canvas, at, text, text_px, _colour(number))


def _label_size(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, text_px: int) -> tuple[int, int]:
    padding = max(2, round(text_px / 4))
    return round(font.getlength(text)) + 3 * padding, round(1.2 * text_px) + padding


def _inside(box: Box, size: tuple[int, int], width: int, height: int) -> Box:
    w, h = min(size[0], width), min(size[1], height)
    return Box(max(0, min(box.x, width - w)), max(0, min(box.y, height - h)), w, h)


def _draw_label(canvas: NDArray[np.uint8], at: Box, text: str, text_px: int, colour: tuple[int, int, int]) -> None:
    x, y, w, h = at
    padding = max(2, round(text_px / 4))
    plate = Image.new("RGB", (w, h), _DARK)
    draw = ImageDraw.Draw(plate)
    draw.rectangle((0, 0, padding - 1, h - 1), colour)
    draw.text((2 * padding, h / 2), text, _LIGHT, ImageFont.load_default(size=text_px), anchor="lm")
    canvas[y : y + h, x : x + w] = np.asarray(plate)
