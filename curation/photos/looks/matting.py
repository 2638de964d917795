"""From a coarse mask to how much of each pixel is foreground, and which colour that foreground has.

A picture's pixel at the edge of a person is a mixture I = a F + (1 - a) B of foreground and background. The colours F
and B vary slowly, so they are estimated at a bounded size from the sure pixels of either side; at full size, `a`
follows from the pixel itself, where F and B differ enough, and else from a guided filter (He, Sun, Tang, "Guided image
filtering", PAMI 2013; its coefficients are estimated at the bounded size, as in He, Sun, "Fast guided filter", 2015).
The colour of the foreground is corrected by what the mixture leaves over (Forte, "Approximate fast foreground colour
estimation", ICIP 2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Matte", "estimate_matte"]

Floats: TypeAlias = NDArray[np.float32]

# Widths are in pixels of the coarse mask: the networks' edges are wrong by about that much.
_SURE_PX = 1.0
# Where the mask itself is undecided (hair), the edge may be so wide.
_UNDECIDED_PX = 5.0
_UNDECIDED = (0.06, 0.94)
_GUIDE_PX = 2.0
# Variance of colours, in [0, 1], below which the guided filter takes a window for flat.
_GUIDE_EPS = 4e-4
# Squared distance of foreground and background colours, in [0, 1], at which pixel and filter count the same.
_APART = 0.05
# Squared distance of a pixel from the line between both colours at which it says half as much.
_OFF_LINE = 0.001
# The colours of a side come from so many pixels of the coarse mask around, and from farther where there are none.
_COLOUR_PX = (40.0, 12.0, 4.0, 1.5, 1.0)
_ENOUGH_WEIGHT = 0.05
# What is nearly transparent or nearly opaque is so: noise of a few per cent is seen on a uniform ground.
_FLOOR = 0.03
_HALF = 0.5
_ROW = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Matte:
    """What is needed to cut a person out at any size.

    Attributes:
        inside: (h, w) float32, 0 or 1: the mask with a hard edge, at the bounded size.
        band: (h, w) float32 in [0, 1], at the same size: 1 where a pixel may be a mixture, 0 where it surely is not.
        slopes: (h, w, 4) float32, at the same size: of the guided filter, for R, G, B in [0, 1], and its offset.
        colours: (h', w', 6) float32 in [0, 1], at about the size of the coarse mask: of the foreground, then of the
            background.
    """

    inside: Floats
    band: Floats
    slopes: Floats
    colours: Floats

    def cut(self, strip: NDArray[np.uint8], top: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Cut out a strip of rows.

        Args:
            strip: (n, W, 3) uint8 RGB, rows of the picture of which this is the matte.
            top: The first of these rows.
            size: Width W and height of the whole picture in pixels.

        Returns:
            (n, W, 4) uint8 RGBA; colours are those of the foreground alone, 0 where it is wholly transparent.
        """
        rows, width = strip.shape[:2]
        xs, ys = np.arange(width, dtype=np.float32), np.arange(top, top + rows, dtype=np.float32)
        across, down = np.broadcast_to(xs, (rows, width)), np.broadcast_to(ys[:, np.newaxis], (rows, width))
        both = _sampled(np.dstack([self.band, self.inside]), across, down, size)
        band = both[..., 0]
        alpha = np.where(both[..., 1] >= _HALF, np.uint8(255), np.uint8(0))
        colours = np.array(strip, order="C")
        at = np.nonzero(band > 0)
        if len(at[0]):
            mixed, shares = self._mixed(strip[at], at[1], at[0] + top, band[at], size)
            colours[at] = mixed
            alpha[at] = shares
        visible = cv2.bitwise_and(colours, colours, mask=alpha)
        out = np.empty((rows, width, 4), np.uint8)
        out[..., :3], out[..., 3] = visible, alpha
        return out

    def _mixed(
        self, pixels: NDArray[np.uint8], xs: NDArray[np.intp], ys: NDArray[np.intp], band: Floats, size: tuple[int, int]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Foreground colours (N, 3) and shares (N,) of single pixels that may be mixtures."""
        colours = _unit(pixels)
        across, down = _as_block(xs.astype(np.float32)), _as_block(ys.astype(np.float32))
        count = len(xs)

        def at_pixels(field: Floats) -> Floats:
            found = _sampled(field, across, down, size)
            return found.reshape(-1, *found.shape[2:])[:count]

        foreground, background = at_pixels(self.colours[..., :3]), at_pixels(self.colours[..., 3:])
        slopes = at_pixels(self.slopes)
        guided = np.clip(np.einsum("ij,ij->i", slopes[:, :3], colours) + slopes[:, 3], 0, 1)
        alpha, trust = _mixture(colours, foreground, background)
        alpha = trust * alpha + (1 - trust) * guided
        alpha = band * alpha + (1 - band) * at_pixels(self.inside)
        alpha = np.clip((alpha - _FLOOR) / (1 - 2 * _FLOOR), 0, 1)
        share = alpha[:, np.newaxis]
        rest = colours - share * foreground - (1 - share) * background
        own = np.clip(foreground + share * rest, 0, 1)
        own[alpha >= 1] = colours[alpha >= 1]
        return np.round(own * 255).astype(np.uint8), np.round(alpha * 255).astype(np.uint8)


def estimate_matte(picture: NDArray[np.uint8], mask: Floats, coarseness: float) -> Matte:
    """Estimate the matte of a picture at a bounded size.

    Args:
        picture: (h, w, 3) uint8 RGB.
        mask: (h, w) float32 in [0, 1], how likely each pixel is foreground.
        coarseness: Pixels of the picture per pixel at which the mask was made, >= 1.
    """
    colours = _unit(picture)
    inside, band = _band(mask, coarseness)
    sides = np.concatenate(
        [_spread(colours, inside * (1 - band), coarseness), _spread(colours, (1 - inside) * (1 - band), coarseness)],
        axis=2,
    )
    height, width = mask.shape
    enlarged = np.asarray(cv2.resize(sides[..., :3], (width, height)), dtype=np.float32)
    alpha, trust = _mixture(colours, enlarged, np.asarray(cv2.resize(sides[..., 3:], (width, height)), np.float32))
    first = band * (trust * alpha + (1 - trust) * mask) + (1 - band) * inside
    slopes = _guided(colours, first, max(1, round(_GUIDE_PX * coarseness)))
    return Matte(inside, band, slopes, sides)


def _unit(picture: NDArray[np.uint8]) -> Floats:
    return np.multiply(picture, np.float32(1 / 255), dtype=np.float32)


def _as_block(values: Floats) -> Floats:
    """(N,) as rows of `_ROW`, which OpenCV can take whatever N is; filled up with zeros."""
    padded = np.zeros(-(-len(values) // _ROW) * _ROW, np.float32)
    padded[: len(values)] = values
    return padded.reshape(-1, _ROW)


def _sampled(field: Floats, across: Floats, down: Floats, size: tuple[int, int]) -> Floats:
    """A field of the whole picture at pixels of the picture at full size, bilinear."""
    height, width = field.shape[:2]
    map_x = (across + np.float32(0.5)) * np.float32(width / size[0]) - np.float32(0.5)
    map_y = (down + np.float32(0.5)) * np.float32(height / size[1]) - np.float32(0.5)
    found = cv2.remap(np.ascontiguousarray(field), map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, dtype=np.float32)


def _band(mask: Floats, coarseness: float) -> tuple[Floats, Floats]:
    """The mask with a hard edge, and where its pixels may be mixtures."""
    inside = (mask > 0.5).astype(np.uint8)
    if not inside.any():
        return np.zeros(mask.shape, np.float32), np.zeros(mask.shape, np.float32)
    distance = np.where(
        inside > 0,
        cv2.distanceTransform(inside, cv2.DIST_L2, 5),
        cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5),
    )
    undecided = (mask > _UNDECIDED[0]) & (mask < _UNDECIDED[1])
    reach = np.where(undecided, _UNDECIDED_PX, _SURE_PX) * coarseness
    band = (distance <= reach).astype(np.float32)
    soft = cv2.blur(band, (2 * max(1, round(coarseness / 2)) + 1,) * 2)
    return inside.astype(np.float32), np.asarray(soft, dtype=np.float32)


def _spread(colours: Floats, weight: Floats, coarseness: float) -> Floats:
    """Colours where there is weight, and of the nearest such pixels elsewhere; at about the coarse mask's size."""
    height, width = weight.shape
    size = (max(1, round(width / coarseness)), max(1, round(height / coarseness)))
    weighted = np.asarray(cv2.resize(colours * weight[..., np.newaxis], size, interpolation=cv2.INTER_AREA))
    weight = np.asarray(cv2.resize(weight, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    total = float(weight.sum())
    if total == 0:
        return np.asarray(cv2.resize(colours, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    spread = np.broadcast_to(weighted.sum(axis=(0, 1)) / total, weighted.shape)
    for reach in _COLOUR_PX:
        kernel = (2 * max(1, round(reach)) + 1,) * 2
        near = cv2.blur(cv2.blur(weight, kernel), kernel)[..., np.newaxis]
        found = cv2.blur(cv2.blur(weighted, kernel), kernel) / np.maximum(near, 1e-6)
        trust = near / (near + _ENOUGH_WEIGHT)
        spread = trust * found + (1 - trust) * spread
    return np.asarray(spread, dtype=np.float32)


def _mixture(colours: Floats, foreground: Floats, background: Floats) -> tuple[Floats, Floats]:
    """How much of each pixel is foreground by its colour, and how far that is to be trusted; both in [0, 1]."""
    apart = foreground - background
    squared = np.einsum("...k,...k->...", apart, apart)
    alpha = np.einsum("...k,...k->...", colours - background, apart) / np.maximum(squared, 1e-6)
    alpha = np.clip(alpha, 0, 1)
    rest = colours - background - alpha[..., np.newaxis] * apart
    off_line = np.einsum("...k,...k->...", rest, rest)
    return alpha, squared / (squared + _APART) * (_OFF_LINE / (_OFF_LINE + off_line))


def _guided(guide: Floats, wanted: Floats, radius: int) -> Floats:
    """Slopes and offset of the guided filter with a guide in colour, averaged over the windows; (h, w, 4)."""
    kernel = (2 * radius + 1, 2 * radius + 1)

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.blur(values, kernel, borderType=cv2.BORDER_REFLECT), dtype=np.float32)

    mean_guide, mean_wanted = mean(guide), mean(wanted)
    covariance = mean(guide * wanted[..., np.newaxis]) - mean_guide * mean_wanted[..., np.newaxis]
    r, g, b = (guide[..., channel] for channel in range(3))
    mr, mg, mb = (mean_guide[..., channel] for channel in range(3))
    rr, gg, bb = (mean(c * c) - m * m + _GUIDE_EPS for c, m in ((r, mr), (g, mg), (b, mb)))
    rg, rb, gb = mean(r * g) - mr * mg, mean(r * b) - mr * mb, mean(g * b) - mg * mb
    # The inverse of the symmetric 3 x 3 matrix of variances, by its cofactors.
    c00, c01, c02 = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    c11, c12, c22 = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    determinant = np.maximum(rr * c00 + rg * c01 + rb * c02, 1e-12)
    vr, vg, vb = (covariance[..., channel] for channel in range(3))
    slopes = np.empty((*wanted.shape, 4), np.float32)
    slopes[..., 0] = (c00 * vr + c01 * vg + c02 * vb) / determinant
    slopes[..., 1] = (c01 * vr + c11 * vg + c12 * vb) / determinant
    slopes[..., 2] = (c02 * vr + c12 * vg + c22 * vb) / determinant
    slopes[..., 3] = mean_wanted - np.einsum("ijk,ijk->ij", slopes[..., :3], mean_guide)
    return mean(slopes)
