"""A picture with what was found in it: boxes, points, and a label beside each face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from curation.domain.attributes.values import AttributedFace, FaceAttributes, ImageAttributes
from curation.domain.faces.face import Box
from curation.photos.files.decoding import open_photo_bytes
from curation.photos.looks.label_layout import PlacedLabel, place_labels
from curation.photos.looks.pictures import kept_jpeg

__all__ = ["annotated_jpeg", "drawn", "label_text", "plain_jpeg"]

_QUALITY = 92
_SUBSAMPLING = "444"  # thin lines in colours would smear otherwise
_MAX_JPEG_PX = 65_500  # the largest side of a JPEG

# Text is as large as is readable if the whole picture fills a screen, and never too small for anybody.
_TEXT_SHARE = 0.022  # of the square root of the picture's pixels
_MIN_TEXT_PX = 11
_SMALLEST_TEXT_PX = 8  # of the line below a picture in which there is no place
_SHRINK = 0.8
_SMALLER_LABELS = 3  # sizes that are tried for labels that do not fit at the size of the others
_CROWD, _CROWD_TEXT = 16, 0.4  # from so many faces on, text is at most this part of their height

_DARK, _LIGHT = (18, 18, 20), (255, 255, 255)
_COLOURS = ((255, 209, 0), (0, 214, 255), (255, 120, 190), (120, 235, 90), (255, 150, 60), (190, 160, 255))
"""Of the faces, from left to right, then from the beginning; each is drawn on a dark line, so that it is seen on any
ground."""
_POINT_SHARE = {5: 1 / 28, 68: 1 / 75, 478: 1 / 190}  # radius of a point per side of the face
_MIN_RIM_PX, _MIN_DOT_PX = 1.2, 0.9  # smaller points have no dark rim, and still smaller ones are single pixels
_SUBPIXEL_BITS = 4

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class _Label(NamedTuple):
    """The text of a label, its size, and its place; a label without a place stands below the picture."""

    text: str
    text_px: int
    place: PlacedLabel | None


def annotated_jpeg(content: bytes, image: ImageAttributes, *, max_megapixels: float) -> bytes:
    """The annotated picture of a photo as a JPEG (sRGB), upright, at full size.

    Args:
        content: Of the photo's file.
        image: What was found in it.
        max_megapixels: As for `open_photo_bytes`; larger JPEGs are drawn at the size at which they were decoded.

    Returns:
        The same bytes for the same input. The upper left corner is that of the photo; below the photo there are lines
        of text if labels find no place beside their faces.

    Raises:
        PhotoUnreadableError: If the photo cannot be decoded completely.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    photo = open_photo_bytes(content, max_megapixels=max_megapixels)
    pixels = photo.full() if max(photo.width, photo.height) <= _MAX_JPEG_PX else photo.reduced(_MAX_JPEG_PX)
    jpeg: bytes = simplejpeg.encode_jpeg(
        drawn(pixels.array, image.faces, scale=pixels.scale),
        quality=_QUALITY,
        colorspace="RGB",
        colorsubsampling=_SUBSAMPLING,
    )
    return jpeg


def plain_jpeg(content: bytes, image: ImageAttributes, *, max_megapixels: float) -> bytes:
    """The picture of a photo without anything drawn on it, see `kept_jpeg`; whatever was found in it.

    Raises:
        PhotoUnreadableError: If a photo of another format than JPEG cannot be decoded completely.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    return kept_jpeg(content, max_megapixels=max_megapixels)


def label_text(index: int, attributes: FaceAttributes) -> str:
    """The label of a face: its number, the range of its apparent age, its sex; `?` for what cannot be told."""
    parts = [str(index)]
    if (age := attributes.age) is not None:
        parts.append(f"{round(age.low)}-{round(age.high)}" if age.is_known else "age ?")
    if (sex := attributes.sex) is not None:
        parts.append("sex ?" if sex.answer is None else sex.answer)
    return "  ".join(parts)


def drawn(array: NDArray[np.uint8], faces: Sequence[AttributedFace], *, scale: float = 1.0) -> NDArray[np.uint8]:
    """Draw faces on a copy of a picture.

    Args:
        array: (H, W, 3) uint8 RGB, upright.
        faces: In pixels of the full-size photo.
        scale: Pixels of `array` per pixel of the full-size photo.

    Returns:
        (H + lines of text, W, 3) uint8 RGB, contiguous.
    """
    canvas = np.array(array, dtype=np.uint8, order="C")
    height, width = canvas.shape[:2]
    boxes = [_scaled(face.box, scale, width, height) for face in faces]
    labels = _layout((width, height), boxes, [label_text(face.face_index, face.attributes) for face in faces])
    text_px = max((label.text_px for label in labels), default=_MIN_TEXT_PX)
    for number, (face, box) in enumerate(zip(faces, boxes, strict=True)):
        # Thin around small faces, so that they stay visible.
        line_px = max(1, min(_line_px(text_px), min(box.w, box.h) // 24))
        _draw_face(canvas, face, box, scale, line_px, _colour(number))
    _draw_labels(canvas, labels)
    return _with_lines_below(canvas, [label.text for label in labels if label.place is None], text_px)


def _scaled(box: Box, scale: float, width: int, height: int) -> Box:
    x, y = min(round(box.x * scale), width - 1), min(round(box.y * scale), height - 1)
    return Box(x, y, max(1, min(round(box.w * scale), width - x)), max(1, min(round(box.h * scale), height - y)))


def _colour(number: int) -> tuple[int, int, int]:
    return _COLOURS[number % len(_COLOURS)]


def _line_px(text_px: int) -> int:
    """Width of lines, in proportion to the text."""
    return max(1, round(text_px / 9))


def _font(text_px: int) -> _Font:
    return ImageFont.load_default(size=text_px)


def _padding(text_px: int) -> int:
    return max(2, round(text_px / 4))


def _label_size(text: str, font: _Font, text_px: int) -> tuple[int, int]:
    """Width and height of a label: all labels of a picture have the same height."""
    return round(font.getlength(text)) + 3 * _padding(text_px), round(1.2 * text_px) + 2 * _padding(text_px) // 2


def _layout(size: tuple[int, int], boxes: Sequence[Box], texts: Sequence[str]) -> list[_Label]:
    """The largest text of which all labels find a place, some of them a little smaller; else that of which most do."""
    text_px = max(_MIN_TEXT_PX, round(_TEXT_SHARE * (size[0] * size[1]) ** 0.5))
    if len(boxes) > _CROWD:
        text_px = max(_MIN_TEXT_PX, min(text_px, int(np.median([box.h for box in boxes]) * _CROWD_TEXT)))
    best: list[_Label] = []
    while True:
        labels = _placed(size, boxes, texts, text_px)
        if not best or _without_place(labels) < _without_place(best):
            best = labels
        if not _without_place(labels) or text_px <= _MIN_TEXT_PX:
            return best
        text_px = _smaller(text_px)


def _placed(size: tuple[int, int], boxes: Sequence[Box], texts: Sequence[str], text_px: int) -> list[_Label]:
    """Labels with text of one size; those that find no place are tried again with smaller text."""
    border = _line_px(text_px) + 1
    around = [Box(b.x - border, b.y - border, b.w + 2 * border, b.h + 2 * border) for b in boxes]
    sizes_px = [text_px] * len(boxes)
    places: list[PlacedLabel | None] = [None] * len(boxes)
    tried_px = text_px
    for _ in range(_SMALLER_LABELS):
        font = _font(tried_px)
        labels = [_label_size(text, font, tried_px) for text in texts]
        found = place_labels(size, around, labels, gap=max(1, tried_px // 12), kept=places)
        sizes_px = [tried_px if old is None else px for old, px in zip(places, sizes_px, strict=True)]
        places = found
        if None not in places or tried_px <= _MIN_TEXT_PX:
            break
        tried_px = _smaller(tried_px)
    return [_Label(*each) for each in zip(texts, sizes_px, places, strict=True)]


def _without_place(labels: Sequence[_Label]) -> int:
    return sum(label.place is None for label in labels)


def _smaller(text_px: int) -> int:
    return max(_MIN_TEXT_PX, int(text_px * _SHRINK))


def _draw_face(
    canvas: NDArray[np.uint8],
    face: AttributedFace,
    box: Box,
    scale: float,
    line_px: int,
    colour: tuple[int, int, int],
) -> None:
    corners = (box.x, box.y), (box.x + box.w - 1, box.y + box.h - 1)
    cv2.rectangle(canvas, *corners, _DARK, 3 * line_px, cv2.LINE_8)
    cv2.rectangle(canvas, *corners, colour, line_px, cv2.LINE_8)
    dense = face.attributes.dense
    points = [(p.x, p.y) for p in dense] if dense else [(p.x, p.y) for p in face.points68 or face.landmarks]
    radius = _POINT_SHARE.get(len(points), 1 / 75) * min(box.w, box.h)
    placed = [((x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5) for x, y in points]
    if radius >= _MIN_RIM_PX:
        for x, y in placed:
            _dot(canvas, x, y, 1.5 * radius, _DARK)
    for x, y in placed:
        _dot(canvas, x, y, radius, colour)


def _dot(canvas: NDArray[np.uint8], x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
    height, width = canvas.shape[:2]
    if not (-radius <= x <= width + radius and -radius <= y <= height + radius):
        return  # of a face that is cut off
    if radius < _MIN_DOT_PX:
        canvas[min(max(0, round(y)), height - 1), min(max(0, round(x)), width - 1)] = colour
        return
    one = 1 << _SUBPIXEL_BITS
    centre = (round(x * one), round(y * one))
    cv2.circle(canvas, centre, round(radius * one), colour, cv2.FILLED, cv2.LINE_AA, _SUBPIXEL_BITS)


def _draw_labels(canvas: NDArray[np.uint8], labels: Sequence[_Label]) -> None:
    for number, label in enumerate(labels):
        if label.place is not None and label.place.line is not None:
            line_px = _line_px(label.text_px)
            cv2.line(canvas, *label.place.line, _DARK, 3 * line_px, cv2.LINE_AA)
            cv2.line(canvas, *label.place.line, _colour(number), line_px, cv2.LINE_AA)
    for number, label in enumerate(labels):
        if label.place is None:
            continue
        x, y, w, h = label.place.box
        padding = _padding(label.text_px)
        plate = Image.new("RGB", (w, h), _DARK)
        draw = ImageDraw.Draw(plate)
        draw.rectangle((0, 0, padding - 1, h - 1), _colour(number))
        draw.text((2 * padding, h / 2), label.text, _LIGHT, _font(label.text_px), anchor="lm")
        canvas[y : y + h, x : x + w] = np.asarray(plate)


def _with_lines_below(canvas: NDArray[np.uint8], texts: Sequence[str], text_px: int) -> NDArray[np.uint8]:
    """The picture with room below it for the labels that have no place, and these labels in it."""
    width = canvas.shape[1]
    fitting_px = _fitting_text_px(texts, width, text_px)
    if not texts or fitting_px is None:
        return canvas
    font, padding = _font(fitting_px), _padding(fitting_px)
    lines = [""]
    for text in texts:
        longer = f"{lines[-1]}    {text}" if lines[-1] else text
        if font.getlength(longer) + 2 * padding <= width:
            lines[-1] = longer
        else:
            lines.append(text)
    line_px = round(1.4 * fitting_px)
    band = Image.new("RGB", (width, len(lines) * line_px + padding), _DARK)
    draw = ImageDraw.Draw(band)
    for number, line in enumerate(lines):
        draw.text((padding, number * line_px + padding // 2), line, _LIGHT, font)
    return np.vstack([canvas, np.asarray(band, dtype=np.uint8)])


def _fitting_text_px(texts: Sequence[str], width: int, text_px: int) -> int | None:
    """The size of text at which every label fits into a line; None if there is none that can be read."""
    for size in range(text_px, _SMALLEST_TEXT_PX - 1, -1):
        font = _font(size)
        if all(font.getlength(text) + 2 * _padding(size) <= width for text in texts):
            return size
    return None
