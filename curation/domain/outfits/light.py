"""Whether the light itself is coloured, as on a stage: then no name of a colour is to be trusted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import Person
from curation.domain.outfits.clothed_pixels import PhotoArray, photo_places
from curation.domain.outfits.oklab import lightness_chroma_hue, oklab

__all__ = ["is_light_coloured"]

# Skin of all tones has hues of about 35 to 75 degrees and chromas of 0.03 to 0.12 in white light.
_SKIN_HUES = (15.0, 95.0)
_SKIN_CHROMA_TO = 0.17
_HUE_MATTERS_FROM = 0.05  # chroma below which the hue of skin says nothing
_TOO_DARK = 0.15  # lightness

# Without a face: nearly everything has the same strong hue.
_SAME_HUE_SHARE, _SAME_HUE_DEG, _STRONG_CHROMA = 0.85, 25.0, 0.08
_SAMPLES = 4000


def is_light_coloured(photo: PhotoArray, person: Person) -> bool:
    """Whether the light on a person seems to be coloured: by the skin of the face, else by the whole photo."""
    if person.face is not None:
        skin = _polar(_face_pixels(photo, person))
        skin = skin[skin[:, 0] > _TOO_DARK]
        if len(skin):
            _, chroma, hue = np.median(skin, axis=0).tolist()
            strange = chroma > _HUE_MATTERS_FROM and not _SKIN_HUES[0] <= hue <= _SKIN_HUES[1]
            return strange or chroma > _SKIN_CHROMA_TO
    height, width = photo.array.shape[:2]
    step = max(1, round((height * width / _SAMPLES) ** 0.5))
    colours = _polar(photo.array[::step, ::step].reshape(-1, 3))
    colours = colours[colours[:, 0] > _TOO_DARK]
    strong = colours[colours[:, 1] > _STRONG_CHROMA]
    if len(strong) < _SAME_HUE_SHARE * max(1, len(colours)):
        return False
    hues = np.radians(strong[:, 2])
    mean = np.degrees(np.arctan2(np.sin(hues).mean(), np.cos(hues).mean()))
    away = np.abs((strong[:, 2] - mean + 180) % 360 - 180)
    return bool((away < _SAME_HUE_DEG).sum() >= _SAME_HUE_SHARE * len(colours))


def _polar(colours: NDArray[np.uint8]) -> NDArray[np.float32]:
    return lightness_chroma_hue(oklab(colours))


def _face_pixels(photo: PhotoArray, person: Person) -> NDArray[np.uint8]:
    """Samples between the eyes and the mouth."""
    assert person.face is not None
    right_eye, left_eye, _, right_mouth, left_mouth = person.face.landmarks.as_array()
    across, along = np.meshgrid(np.linspace(0.1, 0.9, 12), np.linspace(0.3, 0.85, 10))
    upper = right_eye + across[..., None] * (left_eye - right_eye)
    lower = right_mouth + across[..., None] * (left_mouth - right_mouth)
    y, x = photo_places(photo, (upper + along[..., None] * (lower - upper)).reshape(-1, 2))
    return np.asarray(photo.array[y, x], dtype=np.uint8)
