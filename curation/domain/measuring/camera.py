"""How a photo was taken: the camera, the lens and the exposure, as its file says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["NO_CAMERA", "CameraFacts"]


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """What the EXIF of a photo says of its taking; every part may be missing.

    Attributes:
        camera: Maker and model as one name, such as `NIKON D750`; empty if unknown.
        lens: The name of the lens; empty if unknown.
        focal_length_mm: As engraved on the lens.
        focal_length_35mm: The focal length that sees as much on 35 mm film.
        aperture: The f-number.
        exposure_s: How long the shutter was open.
        iso: The sensitivity.
        capture_time: By the camera's clock, without a time zone.
    """

    camera: str = ""
    lens: str = ""
    focal_length_mm: float | None = None
    focal_length_35mm: int | None = None
    aperture: float | None = None
    exposure_s: float | None = None
    iso: int | None = None
    capture_time: datetime | None = None

    @property
    def shutter_text(self) -> str:
        """The exposure as photographers write it: `1/250 s`, `0.5 s`, `4 s`; empty if unknown."""
        if self.exposure_s is None:
            return ""
        if self.exposure_s <= 0.3:
            return f"1/{round(1 / self.exposure_s)} s"
        return f"{self.exposure_s:.3g} s"

    @property
    def aperture_text(self) -> str:
        """The aperture as photographers write it: `f/1.8`; empty if unknown."""
        return "" if self.aperture is None else f"f/{self.aperture:.3g}"

    @property
    def focal_length_text(self) -> str:
        """The focal length: `85 mm`, with what it is on 35 mm film where that differs; empty if unknown."""
        if self.focal_length_mm is None:
            return ""
        text = f"{self.focal_length_mm:.3g} mm"
        film = self.focal_length_35mm
        return text if film is None or abs(film - self.focal_length_mm) < 1 else f"{text} ({film} mm on 35 mm film)"


NO_CAMERA = CameraFacts()
"""A photo that says nothing."""
