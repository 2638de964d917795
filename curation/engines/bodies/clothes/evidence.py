"""What is known of each cell of a person's window: numbers from which the fusion tells clothes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import Person
from curation.domain.bodies.pose import PoseJoint
from curation.domain.outfits.oklab import oklab
from curation.engines.bodies.clothes.head import head_of
from curation.engines.bodies.clothes.parsing_network import ParsedPicture
from curation.engines.bodies.clothes.window import Window

__all__ = ["FEATURES", "evidence_of", "worth_asking"]

FEATURES: tuple[str, ...] = (
    "mask",
    "mask_around",
    "depth",
    "skin",
    "clothes",
    "hair",
    "clothes_near",
    "clothes_around",
    "skin_around",
    "hair_around",
    "clothes_along_edges",
    "skin_along_edges",
    "clothes_of_colour",
    "hair_of_colour",
    "lightness",
    "a",
    "b",
    "roughness",
    "lightness_less_face",
    "a_less_face",
    "b_less_face",
    "away_from_face_colour",
    "beside_head",
    "below_head",
    "beside_torso",
    "along_torso",
    "from_hands",
    "from_forearms",
    "from_upper_arms",
    "from_thighs",
    "from_shins",
    "from_feet",
    "beside_box",
    "along_box",
)
"""Names of the numbers, in the order of `evidence_of`. Those of a face, head or skeleton are NaN without one."""

_LEAST_POSE_CONFIDENCE = 0.5
_NEAR, _AROUND = 0.012, 0.05  # widths of averages, in parts of the grid's longer side
_WORTH_FROM = 0.02
# Bins of lightness, a and b for the model of a person's own colours.
_BINS = (12, 12, 12)
_LOWEST, _HIGHEST = np.array([0.0, -0.2, -0.2]), np.array([1.0, 0.2, 0.2])
_PRIOR = 3.0  # cells of which nothing is known that each bin begins with
_GUIDED_RADIUS, _GUIDED_EPS = 6, 2e-3


def worth_asking(mask: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The cells that may be clothes: inside the person's mask and a little around it."""
    return np.asarray(_blurred(mask, _NEAR * 2) > _WORTH_FROM)


def evidence_of(
    window: Window,
    picture: NDArray[np.uint8],
    parsed: ParsedPicture,
    mask: NDArray[np.float32],
    person: Person,
) -> NDArray[np.float32]:
    """The numbers of all cells.

    Args:
        window: The person's.
        picture: (H, W, 3) uint8 RGB of the window, of any size.
        parsed: What the network says of it.
        mask: The person's mask on the grid, see `Window.mask_on_grid`.
        person: The person.

    Returns:
        (height, width, len(FEATURES)) float32.
    """
    small = np.clip(window.on_grid(picture), 0, 255).round().astype(np.uint8)
    lab = oklab(small)
    skin, clothes, hair = (window.on_grid(each) for each in parsed)
    less = clothes - np.maximum(skin, hair)
    of_colour = _shares_of_colours(lab, mask, (clothes, hair), (skin, clothes, hair))
    planes = [
        mask,
        _blurred(mask, _AROUND),
        _depth(mask) / max(window.width, window.height),
        skin,
        clothes,
        hair,
        _blurred(less, _NEAR),
        _blurred(less, _AROUND),
        _blurred(skin, _AROUND),
        _blurred(hair, _AROUND),
        _guided(small, less),
        _guided(small, skin),
        *of_colour,
        *np.moveaxis(lab, 2, 0),
        _roughness(lab[..., 0]),
        *_against_face(window, lab, person),
        *_in_head_frame(window, person),
        *_in_pose_frame(window, person),
        *_in_box_frame(window, person),
    ]
    return np.stack([np.broadcast_to(plane, mask.shape) for plane in planes], axis=2).astype(np.float32)


def _blurred(plane: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    sigma = max(0.5, width * max(plane.shape))
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), dtype=np.float32)


def _depth(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """How many cells each cell lies inside the mask (positive) or outside (negative)."""
    inside = (mask > 0.5).astype(np.uint8)
    if not inside.any() or inside.all():
        return np.full(mask.shape, float(max(mask.shape)) * (1 if inside.any() else -1), dtype=np.float32)
    within = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    without = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
    return np.asarray(within - without, dtype=np.float32)


def _roughness(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    across = cv2.Sobel(lightness, cv2.CV_32F, 1, 0)
    along = cv2.Sobel(lightness, cv2.CV_32F, 0, 1)
    return _blurred(np.hypot(across, along).astype(np.float32), _NEAR)


def _guided(picture: NDArray[np.uint8], plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """The plane, smoothed where the picture is smooth (He, Sun and Tang: Guided image filtering, 2010)."""
    guide = picture.astype(np.float32) / 255
    return np.asarray(cv2.ximgproc.guidedFilter(guide, plane, _GUIDED_RADIUS, _GUIDED_EPS), dtype=np.float32).reshape(
        plane.shape
    )


def _shares_of_colours(
    lab: NDArray[np.float32],
    mask: NDArray[np.float32],
    wanted: tuple[NDArray[np.float32], ...],
    classes: tuple[NDArray[np.float32], ...],
) -> list[NDArray[np.float32]]:
    """For each wanted class: how much of what this person shows in a cell's colour belongs to it."""
    steps = np.array(_BINS)
    bins = np.clip((lab - _LOWEST) / (_HIGHEST - _LOWEST) * steps, 0, steps - 1).astype(np.intp)
    flat = np.ravel_multi_index(tuple(np.moveaxis(bins, 2, 0)), _BINS).ravel()
    size = int(np.prod(_BINS))

    def counted(weights: NDArray[np.float32]) -> NDArray[np.float64]:
        counts = np.bincount(flat, weights=weights.ravel().astype(np.float64), minlength=size)
        return _spread(np.asarray(counts, dtype=np.float64).reshape(_BINS))

    whole = counted(mask * np.sum(classes, axis=0))
    out = []
    for plane in wanted:
        part = counted(mask * plane)
        share = (part + _PRIOR * part.sum() / max(1e-6, whole.sum())) / (whole + _PRIOR)
        out.append(share.ravel()[flat].reshape(mask.shape).astype(np.float32))
    return out


def _spread(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each bin shares with its neighbours, 1 2 1 along each axis."""
    for axis in range(counts.ndim):
        width = [(1, 1) if each == axis else (0, 0) for each in range(counts.ndim)]
        padded = np.moveaxis(np.pad(counts, width), axis, 0)
        counts = np.moveaxis(padded[:-2] + 2 * padded[1:-1] + padded[2:], 0, axis) / 4
    return counts


def _against_face(window: Window, lab: NDArray[np.float32], person: Person) -> list[NDArray[np.float32]]:
    """Lightness, a and b less those of the face between eyes and mouth, and how far that is."""
    nothing = np.full((1, 1), np.nan, dtype=np.float32)
    if person.face is None:
        return [nothing] * 4
    right_eye, left_eye, _, right_mouth, left_mouth = person.face.landmarks.as_array()
    across, along = np.meshgrid(np.linspace(0.1, 0.9, 9), np.linspace(0.3, 0.85, 7))
    upper = right_eye + across[..., None] * (left_eye - right_eye)
    lower = right_mouth + across[..., None] * (left_mouth - right_mouth)
    places = window.places((upper + along[..., None] * (lower - upper)).reshape(-1, 2))
    if not np.isfinite(places).all():
        return [nothing] * 4
    x = np.clip(np.rint(places[:, 0]), 0, window.width - 1).astype(np.intp)
    y = np.clip(np.rint(places[:, 1]), 0, window.height - 1).astype(np.intp)
    less = lab - np.median(lab[y, x], axis=0)
    away = np.sqrt((0.5 * less[..., 0]) ** 2 + less[..., 1] ** 2 + less[..., 2] ** 2)
    return [*np.moveaxis(less, 2, 0), away]


def _in_head_frame(window: Window, person: Person) -> list[NDArray[np.float32]]:
    head = head_of(person)
    if head is None:
        return [np.full((1, 1), np.nan, dtype=np.float32)] * 2
    across, along = head.frame(window)
    return [np.abs(across), along]


_BONES: tuple[tuple[tuple[PoseJoint, PoseJoint], ...], ...] = (
    (
        (PoseJoint.LEFT_WRIST, PoseJoint.LEFT_INDEX),
        (PoseJoint.RIGHT_WRIST, PoseJoint.RIGHT_INDEX),
    ),
    (
        (PoseJoint.LEFT_ELBOW, PoseJoint.LEFT_WRIST),
        (PoseJoint.RIGHT_ELBOW, PoseJoint.RIGHT_WRIST),
    ),
    (
        (PoseJoint.LEFT_SHOULDER, PoseJoint.LEFT_ELBOW),
        (PoseJoint.RIGHT_SHOULDER, PoseJoint.RIGHT_ELBOW),
    ),
    (
        (PoseJoint.LEFT_HIP, PoseJoint.LEFT_KNEE),
        (PoseJoint.RIGHT_HIP, PoseJoint.RIGHT_KNEE),
    ),
    (
        (PoseJoint.LEFT_KNEE, PoseJoint.LEFT_ANKLE),
        (PoseJoint.RIGHT_KNEE, PoseJoint.RIGHT_ANKLE),
    ),
    (
        (PoseJoint.LEFT_ANKLE, PoseJoint.LEFT_FOOT_INDEX),
        (PoseJoint.RIGHT_ANKLE, PoseJoint.RIGHT_FOOT_INDEX),
    ),
)


def _in_pose_frame(window: Window, person: Person) -> list[NDArray[np.float32]]:
    """Beside and along the torso, and distances to bones, all in lengths of the torso."""
    pose = person.pose
    nothing = [np.full((1, 1), np.nan, dtype=np.float32)] * (2 + len(_BONES))
    if pose is None or pose.confidence < _LEAST_POSE_CONFIDENCE:
        return nothing
    places = window.places(np.array([[each.x, each.y] for each in pose.landmarks]))
    shoulders = places[[PoseJoint.LEFT_SHOULDER, PoseJoint.RIGHT_SHOULDER]].mean(axis=0)
    down = places[[PoseJoint.LEFT_HIP, PoseJoint.RIGHT_HIP]].mean(axis=0) - shoulders
    torso = float(np.hypot(*down))
    if not np.isfinite(places).all() or torso < 1:
        return nothing
    x = np.arange(window.width, dtype=np.float32)[None]
    y = np.arange(window.height, dtype=np.float32)[:, None]
    along = ((x - shoulders[0]) * down[0] + (y - shoulders[1]) * down[1]) / torso**2
    across = ((x - shoulders[0]) * down[1] - (y - shoulders[1]) * down[0]) / torso**2
    planes = [np.abs(across), along]
    for bones in _BONES:
        nearest = np.minimum(*(_away(x, y, places[start], places[end]) for start, end in bones))
        planes.append(np.sqrt(nearest) / torso)
    return planes


def _away(
    x: NDArray[np.float32], y: NDArray[np.float32], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Squared distance of each cell to a line segment."""
    run_x, run_y = (end - start).tolist()
    first_x, first_y = start.tolist()
    part = ((x - first_x) * run_x + (y - first_y) * run_y) / max(run_x**2 + run_y**2, 1e-6)
    part = np.clip(part, 0, 1)
    return np.asarray((x - first_x - part * run_x) ** 2 + (y - first_y - part * run_y) ** 2, dtype=np.float32)


def _in_box_frame(window: Window, person: Person) -> list[NDArray[np.float32]]:
    box, area = person.box, window.area
    x = area.x + (np.arange(window.width, dtype=np.float32)[None] + 0.5) * area.w / window.width
    y = area.y + (np.arange(window.height, dtype=np.float32)[:, None] + 0.5) * area.h / window.height
    return [np.abs((x - box.x) / max(1, box.w) - 0.5), (y - box.y) / max(1, box.h)]
