"""A picture of a film, converted to RGB at the size that is asked for, straight from the decoder's planes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from curation.engines.base import Pixels
from curation.video.display import Display
from curation.video.tone import HLG, PQ, tone_mapped

__all__ = ["FilmPicture", "Scaler", "Screen"]

# ITU-R BT.709 is for high definition; a file that does not say follows its size, as players do.
_HD_HEIGHT_PX: Final = 720
_UNSPECIFIED: Final = 2


class Scaler:
    """FFmpeg's scaler, kept for all pictures of a film: to prepare it takes longer than to use it."""

    def __init__(self) -> None:
        """Nothing is prepared yet."""
        self._reformatters: dict[tuple[int, int, int, int, str, str, str], Any] = {}

    def scaled(self, frame: Any, width: int, height: int, pixel_format: str, *, averaged: bool = True) -> Any:
        """A frame at another size and in another pixel format, by one thread."""
        from av.video.reformatter import Colorspace, Interpolation, VideoReformatter

        is_smaller = width < frame.width or height < frame.height
        kind = Interpolation.AREA if averaged and is_smaller else Interpolation.BILINEAR
        source = Colorspace.ITU709 if frame.colorspace == _UNSPECIFIED and frame.height >= _HD_HEIGHT_PX else None
        key = (frame.width, frame.height, width, height, frame.format.name, pixel_format, kind.name or "")
        if key not in self._reformatters:
            if len(self._reformatters) >= 8:
                self._reformatters.clear()
            self._reformatters[key] = VideoReformatter()
        return self._reformatters[key].reformat(
            frame,
            width=width,
            height=height,
            format=pixel_format,
            src_colorspace=source,
            interpolation=kind,
            threads=1,
        )


@dataclass(frozen=True, slots=True)
class Screen:
    """How all pictures of a film are shown.

    Attributes:
        display: From stored to upright.
        width: Of the upright pictures, in pixels.
        height: Likewise.
        transfer: How brightness is coded, by its number in ITU-T H.273.
        scaler: Kept for all of them.
    """

    display: Display
    width: int
    height: int
    transfer: int = 0
    scaler: Scaler = field(default_factory=Scaler, compare=False)

    @property
    def is_hdr(self) -> bool:
        """Whether the brightness is coded as PQ or HLG."""
        return self.transfer in (PQ, HLG)

    def rgb(
        self, frame: Any, width: int, height: int, *, averaged: bool = True, graded: bool = False
    ) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 RGB: a stored frame, upright, at a size; one of another shape gets black bars.

        Args:
            frame: PyAV's.
            width: Of the upright picture.
            height: Likewise.
            averaged: Whether each pixel is the mean of those that it stands for.
            graded: Whether HDR is brought to what an ordinary screen shows, instead of passed on as coded.
        """
        own_width, own_height = self.display.size(frame.width, frame.height)
        scale = min(width / own_width, height / own_height)
        inner = (max(1, round(own_width * scale)), max(1, round(own_height * scale)))
        if abs(inner[0] - width) <= 2 and abs(inner[1] - height) <= 2:
            inner = (width, height)
        stored = inner[::-1] if self.display.turned_deg in (90, 270) else inner
        if graded and self.is_hdr:
            codes = self.scaler.scaled(frame, *stored, "rgb48le", averaged=averaged).to_ndarray()
            upright = self.display.upright(tone_mapped(codes, self.transfer))
        else:
            upright = self.display.upright(self.scaler.scaled(frame, *stored, "rgb24", averaged=averaged).to_ndarray())
        if inner == (width, height):
            return upright
        canvas = np.zeros((height, width, 3), dtype=np.uint8)
        x, y = (width - inner[0]) // 2, (height - inner[1]) // 2
        canvas[y : y + inner[1], x : x + inner[0]] = upright
        return canvas


class FilmPicture:
    """One picture of a film; implements `curation.engines.base.PhotoPixels`.

    Attributes:
        width: Of the upright picture at full size, in pixels.
        height: Likewise.
    """

    def __init__(self, frame: Any, screen: Screen, *, kept_px: int | None = None) -> None:
        """For PyAV's frame.

        Args:
            frame: As stored; None for a picture that is not there: it is black.
            screen: How it is shown.
            kept_px: Longer side to which the frame was reduced; None: it has its full size.
        """
        self.width: Final = screen.width
        self.height: Final = screen.height
        self._frame = frame
        self._screen: Final = screen
        self._largest: Final = 1.0 if kept_px is None else min(1.0, kept_px / max(self.width, self.height))
        self._made: dict[tuple[int, int, bool], NDArray[np.uint8]] = {}

    def full(self) -> Pixels:
        """The picture at full size, or as large as it was kept; made only once.

        Returns:
            A contiguous array that all callers share, so do not write to it.
        """
        return self._at(self._largest, averaged=True)

    def detailed(self, scale: float) -> Pixels:
        """The picture at `scale` or a little more, see `PhotoPixels.detailed`; what is made already is used again."""
        wanted = min(scale, self._largest)
        made = [width / self.width for width, _, averaged in self._made if averaged and width / self.width >= wanted]
        # Above half the size, converting the whole is as fast as reducing it, and serves the next one who asks.
        return self._at(min(made) if made else self._largest if wanted > 0.5 * self._largest else wanted, averaged=True)

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        """The picture with its longer side at most `long_side_px`, see `PhotoPixels.reduced`."""
        if long_side_px < 1:
            raise ValueError(f"a picture cannot be reduced to {long_side_px} pixels")
        return self._at(min(self._largest, long_side_px / max(self.width, self.height)), averaged=averaged)

    def graded(self, long_side_px: int | None = None) -> Pixels:
        """The picture as an ordinary screen shows it: HDR is tone-mapped; others are as `reduced` or `full` give them.

        Analysis looks at pictures as they are coded, which serves faces better; this is for people's eyes.
        """
        if self._frame is None or not self._screen.is_hdr:
            return self.full() if long_side_px is None else self.reduced(long_side_px)
        scale = self._largest
        if long_side_px is not None:
            scale = min(scale, long_side_px / max(self.width, self.height))
        width, height = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        return Pixels(self._screen.rgb(self._frame, width, height, graded=True), scale)

    def _at(self, scale: float, *, averaged: bool) -> Pixels:
        width, height = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        averaged = averaged or scale >= self._largest
        key = (width, height, averaged)
        if key not in self._made:
            if self._frame is None:
                self._made[key] = np.zeros((height, width, 3), dtype=np.uint8)
            else:
                self._made[key] = self._screen.rgb(self._frame, width, height, averaged=averaged)
        return Pixels(self._made[key], scale)
