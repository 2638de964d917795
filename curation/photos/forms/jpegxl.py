"""JPEG XL pictures, decoded by libjxl in the package imagecodecs (the extra `jpegxl`)."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from curation.errors import ExtraMissingError, PhotoTooLargeError, PhotoUnknownFormError, PhotoUnreadableError
from curation.extras import Extra, extra_for
from curation.photos.colours.cicp import SRGB_PRIMARIES, Cicp
from curation.photos.colours.exif_colours import block_tells_adobe_rgb
from curation.photos.colours.matrices import to_srgb_light
from curation.photos.colours.told import ToldColours, told_colours
from curation.photos.files.exif import NO_FACTS, read_exif_block
from curation.photos.files.jpeg import read_jpeg_header
from curation.photos.files.photo_file import PhotoFile
from curation.photos.files.reasons import reason_of
from curation.photos.forms.jpegxl_header import JpegXlHeader, read_jpegxl_header
from curation.photos.forms.pixels import light_pixels_to_srgb, pixels_to_srgb, unit_to_codes

__all__ = ["JpegXlSource"]

_MAX_FILE_BYTES = 512 * 2**20
_LINEAR_SRGB = Cicp(1, 8)
_LINEAR = 8


class JpegXlSource:
    """A JPEG XL file, see `lazy_photo.PhotoSource`. Its decoder already turns it upright."""

    divisors = (1,)
    orientation = 1
    limit_share = 0.7  # decoding takes about 9 bytes per pixel, measured

    def __init__(self, file: PhotoFile) -> None:
        """Read the header.

        Raises:
            PhotoUnreadableError: If there is no usable header, or the extra `jpegxl` is not installed.
            PhotoTooLargeError: If the file is very large.
            OSError: If the file itself cannot be read.
        """
        if file.size_bytes > _MAX_FILE_BYTES:
            raise PhotoTooLargeError(f"a JPEG XL file of more than {_MAX_FILE_BYTES // 2**20} MiB: save it as JPEG")
        self._file = file
        try:
            with file.open() as opened:
                header = self._header = read_jpegxl_header(opened)
        except ValueError as error:
            raise PhotoUnreadableError(f"the file is cut off or damaged ({error})") from error
        self.width, self.height = header.width, header.height
        if min(self.width, self.height) < 1:
            raise PhotoUnreadableError("the file is damaged: its size is 0 pixels")
        try:
            with extra_for(Extra.JPEGXL, "a JPEG XL picture"):
                import imagecodecs
        except ExtraMissingError as error:
            raise PhotoUnknownFormError(f"{error}; or save the picture as JPEG") from error
        exif = header.exif
        if not exif and header.packed_exif:
            try:
                block = bytes(imagecodecs.brotli_decode(header.packed_exif))
                exif = block[4 + int.from_bytes(block[:4], "big") :]
            except Exception:  # the picture can still be used
                exif = b""
        facts = read_exif_block(exif) if exif else NO_FACTS
        self.capture_time, self.time_source = facts.capture_time, facts.time_source
        self._told = _told(header, exif)
        self.icc_profile: bytes | None = None  # always sRGB: what a profile says is known only when it is decoded

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        """Decode upright, see `lazy_photo.PhotoSource`."""
        import imagecodecs

        header, told = self._header, self._told
        try:
            data = self._file.read()
            array = imagecodecs.jpegxl_decode(data, index=0 if not header.has_jpeg else None, numthreads=1)
            array = array[:, :, np.newaxis] if array.ndim == 2 else array
            if array.shape[:2] != (self.height, self.width) or array.ndim != 3 or not 1 <= array.shape[2] <= 4:
                raise ValueError(f"the picture is {array.shape}, its header says {(self.width, self.height)}")
            if header.has_icc and header.has_jpeg:
                told = told_colours(
                    read_jpeg_header(BytesIO(bytes(imagecodecs.jpegxl_decode_jpeg(data, numthreads=1)))).icc_profile
                )
        except Exception as error:  # the package raises all kinds of exceptions for damaged files
            raise PhotoUnreadableError(reason_of(error)) from error
        del data
        is_linear = (header.cicp is not None and header.cicp.transfer == _LINEAR) or (header.has_icc and header.is_xyb)
        if array.dtype.kind == "f":
            if is_linear:
                primaries = to_srgb_light(SRGB_PRIMARIES).astype(np.float32)
                return light_pixels_to_srgb(array.astype(np.float32), primaries)
            array = unit_to_codes(array)
        return pixels_to_srgb(array, told)


def _told(header: JpegXlHeader, exif: bytes) -> ToldColours:
    if header.made_profile is not None:
        return ToldColours(header.made_profile)
    if header.has_icc:
        # libjxl gives linear light then, and of other pictures what is stored.
        return told_colours(None, _LINEAR_SRGB) if header.is_xyb else ToldColours()
    is_adobe_rgb = header.has_jpeg and header.cicp is None and bool(exif) and block_tells_adobe_rgb(exif)
    return told_colours(None, header.cicp, is_adobe_rgb=is_adobe_rgb)
