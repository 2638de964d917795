from __future__ import annotations

import struct
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.colours.cicp import SRGB_PRIMARIES
from curation.photos.colours.made_profiles import adobe_rgb_profile, gamma_profile
from curation.photos.files.decoding import open_photo, open_photo_bytes
from tests.unit.photos.colours.made_pictures import (
    ADOBE,
    PATCHES,
    TO_XYZ,
    Floats,
    cmyk_profile,
    patches,
    seen,
    srgb,
    srgb_light,
)

_PLAIN = patches(TO_XYZ, srgb)
_LIGHT = patches(TO_XYZ, lambda light: light)
_LINEAR = gamma_profile(SRGB_PRIMARIES, 1.0, "linear light")


def written(array: NDArray[Any], **options: Any) -> bytes:
    buffer = BytesIO()
    tifffile.imwrite(buffer, array, **({"photometric": "rgb"} | options))
    return buffer.getvalue()


def opened(data: bytes) -> NDArray[np.uint8]:
    return open_photo_bytes(data, max_megapixels=1).full().array


def errors(data: bytes) -> float:
    return float(np.abs(seen(opened(data)) - PATCHES).max())


def whole(bits: int) -> NDArray[Any]:
    kind = np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32
    return np.asarray((_PLAIN * (2**bits - 1)).round().astype(kind))


@pytest.mark.parametrize(
    ("array", "options"),
    [
        *((_PLAIN.astype(kind), {}) for kind in (np.float16, np.float32, np.float64)),
        (_PLAIN.astype(np.float32), {"compression": "zlib", "predictor": True}),
        (_PLAIN.astype(np.float32), {"compression": "lzw"}),
        (_PLAIN.astype(np.float32), {"byteorder": ">", "bigtiff": True}),
        (_PLAIN.astype(np.float32), {"tile": (16, 16)}),
        (np.moveaxis(_PLAIN, 2, 0).astype(np.float32), {"planarconfig": "separate"}),
        (np.moveaxis(whole(16), 2, 0), {"planarconfig": "separate"}),
        (np.moveaxis(whole(32), 2, 0), {"planarconfig": "separate"}),
        *((whole(bits), {}) for bits in (8, 16, 32)),
        *((whole(bits), {"bitspersample": bits}) for bits in (10, 12, 14)),
        (whole(16).astype(np.uint32), {}),
        ((whole(16) // 2).astype(np.int16), {}),
        ((_PLAIN * 255).round().astype(np.float32), {}),
        (whole(16), {"compression": "zstd"}),
        (whole(8), {"compression": "jpegxl"}),
        (whole(8), {"compression": "jpeg2000"}),
        (_LIGHT.astype(np.float32), {"iccprofile": _LINEAR}),
        (_PLAIN.astype(np.float32), {"extratags": [(274, "H", 1, 1, True)]}),
    ],
)
def test_forms_of_rgb(array: NDArray[Any], options: dict[str, Any]) -> None:
    assert errors(written(array, **options)) <= (3 if options.get("compression") == "jpeg2000" else 1)


@pytest.mark.parametrize("kind", [np.float32, np.uint32])
@pytest.mark.parametrize("opacity", [0.0, 1.0])
def test_what_is_transparent_lies_on_white(kind: type[np.generic], opacity: float) -> None:
    array = np.concatenate([_PLAIN, np.full((*_PLAIN.shape[:2], 1), opacity)], axis=2)
    data = written((array * (1 if kind is np.float32 else 2**32 - 1)).astype(kind), extrasamples=["unassalpha"])
    assert errors(data) <= 1 if opacity else opened(data).min() == 255


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_grey_floats(photometric: str) -> None:
    grey = np.linspace(0, 1, 32, dtype=np.float32)[np.newaxis].repeat(8, axis=0)
    stored = grey if photometric == "minisblack" else 1 - grey
    data = written(stored.astype(np.float64), photometric=photometric)
    assert np.abs(opened(data)[0, :, 1] - grey[0] * 255).max() <= 1


@pytest.mark.parametrize("times", [0.0001, 1, 3, 5000])
def test_the_light_of_a_scene_is_brought_to_what_a_screen_shows(times: float) -> None:
    """Floats above 1: a merge of several exposures."""
    light = np.concatenate([_LIGHT, np.full((4, _LIGHT.shape[1], 3), 6.0)]) * times
    array = opened(written(light.astype(np.float32), iccprofile=_LINEAR))
    found = seen(array[:16])
    middle = found[1].mean()
    assert 60 <= middle <= 190 and array[-1].min() >= 250
    assert found[0].mean() > 160 and found[7].max() == 0
    red, green, blue = found[2]
    assert red > green + 60 and red > blue + 60


def test_light_that_is_not_a_number() -> None:
    light = _LIGHT.astype(np.float32) * 2
    light[:2], light[2:3], light[3] = np.nan, np.inf, -np.inf
    array = opened(written(light))
    assert array[0].max() == 0 and array[2].min() >= 250 and array[8, 8].min() >= 200


def test_a_profile_of_floats_that_are_not_linear() -> None:
    values = patches(ADOBE, lambda light: np.asarray(np.maximum(light, 0) ** (256 / 563)))
    assert errors(written(values.astype(np.float32), iccprofile=adobe_rgb_profile())) <= 3


def lab(white: Floats) -> Floats:
    """The patches in CIELAB under a white that adapts by Bradford's method."""
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d65 = TO_XYZ @ np.ones(3)
    adapt = np.linalg.inv(bradford) @ np.diag((bradford @ white) / (bradford @ d65)) @ bradford
    row = np.repeat(srgb_light(PATCHES), 16, axis=0)
    ratios = (row @ (adapt @ TO_XYZ).T) / white
    roots = np.where(ratios > 216 / 24389, np.cbrt(ratios), ratios * (841 / 108) + 4 / 29)
    values = [116 * roots[:, 1] - 16, 500 * (roots[:, 0] - roots[:, 1]), 200 * (roots[:, 1] - roots[:, 2])]
    return np.repeat(np.stack(values, axis=1)[np.newaxis], 16, axis=0)


D50 = np.array([0.9642, 1.0, 0.8251])
D65 = np.array([0.95047, 1.0, 1.08883])


@pytest.mark.parametrize(("white", "tags"), [(D50, []), (D65, [(318, "2I", 2, (3127, 10000, 3290, 10000), True)])])
@pytest.mark.parametrize("bits", [8, 16])
def test_lab(white: Floats, tags: list[Any], bits: int) -> None:
    values = lab(white)
    if bits == 8:
        signed = values[:, :, 1:].round().astype(np.int8).view(np.uint8)
        array = np.concatenate([(values[:, :, :1] * 2.55).round().astype(np.uint8), signed], axis=2)
    else:
        signed16 = (values[:, :, 1:] * 256).round().astype(np.int16).view(np.uint16)
        array = np.concatenate([(values[:, :, :1] * 655.35).round().astype(np.uint16), signed16], axis=2)
    assert errors(written(array, photometric="cielab", extratags=tags)) <= (8 if bits == 8 else 2)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_lightness_alone_is_grey(kind: type[np.generic]) -> None:
    whites = np.array([[0.0, 0.25, 0.5, 0.75, 1.0]] * 4)
    full = {np.uint8: 255.0, np.uint16: 65535.0}.get(kind, 100.0)
    grey = written((whites * full).astype(kind), photometric="minisblack")
    kind_of_light = struct.pack("<HHII", 262, 3, 1, 1)  # the entry that says what the samples are
    assert grey.count(kind_of_light) == 1
    array = opened(grey.replace(kind_of_light, struct.pack("<HHII", 262, 3, 1, 8)))
    assert array.shape[:2] == (4, 5)
    colours = array if array.ndim == 3 else array[:, :, np.newaxis]
    assert int(np.ptp(colours.astype(int), axis=2).max()) <= 1
    # L of 50 is 18.4 % of the light, which sRGB codes as 119.
    np.testing.assert_allclose(colours[0, :, 0], [0, 59, 119, 185, 255], atol=2)


def test_cmyk_of_floats_is_named_and_of_whole_numbers_opened() -> None:
    inks = np.full((16, 16, 4), [0, 2**31, 2**31, 0], dtype=np.uint32)
    array = opened(written(inks, photometric="separated", iccprofile=cmyk_profile()))
    assert array[8, 8, 0] > array[8, 8, 1] + 20


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_it_is_upright(orientation: int) -> None:
    array = np.zeros((20, 30, 3), dtype=np.float32)
    array[:10, :15, 0] = 1  # red at the stored upper left
    photo = open_photo_bytes(written(array, extratags=[(274, "H", 1, orientation, True)]), max_megapixels=1)
    pixels = photo.full().array
    assert (photo.height, photo.width) == pixels.shape[:2] == ((20, 30) if orientation == 3 else (30, 20))
    rows, columns = np.nonzero(pixels[:, :, 0] > 200)
    assert (rows.min() == 0, columns.min() == 0) == {3: (False, False), 6: (True, False), 8: (False, True)}[orientation]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            written(_PLAIN.astype(np.float16), compression="zlib", predictor=True),
            "a 16-bit TIFF of floats with",
        ),
        (written(whole(8), compression="webp"), "an 8-bit TIFF with WebP compression"),
        (written(_PLAIN.astype(np.float32), compression="zstd"), "a 32-bit TIFF of floats with ZSTD compression"),
        (written(np.zeros((8, 8), np.uint16), photometric="cfa"), "a 16-bit TIFF"),
        (written(np.zeros((8, 8, 3), np.complex64)), "a 64-bit TIFF of complex numbers"),
    ],
)
def test_what_cannot_be_opened_is_said_by_what_it_is(data: bytes, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra."""
    from tifffile import _imagecodecs

    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    monkeypatch.setattr(tifffile.tifffile, "imagecodecs", _imagecodecs)
    for table in ("DECOMPRESSORS", "PREDICTORS", "UNPREDICTORS"):
        tifffile.TIFF.__dict__.pop(table, None)
    with pytest.raises(PhotoUnreadableError, match=f"^{words}") as caught:
        opened(data)
    assert "cannot be opened" in str(caught.value) and "damaged" not in str(caught.value)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_cut_files_are_refused(share: float) -> None:
    data = written(np.random.default_rng(1).random((40, 60, 3)).astype(np.float32))
    with pytest.raises(PhotoUnreadableError):
        opened(data[: int(len(data) * share)])


def test_a_large_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(written(np.zeros((600, 700, 3), dtype=np.float32)))
    with pytest.raises(PhotoTooLargeError, match="700 x 600"):
        open_photo(tmp_path / "a.tif", max_megapixels=1)
