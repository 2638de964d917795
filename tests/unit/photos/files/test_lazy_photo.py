from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from curation.domain.files.health import FaultKind, FileFault
from curation.errors import PhotoDamagedError, PhotoTooLargeError, PhotoUnreadableError
from curation.photos.files import decoding
from curation.photos.files.jpeg import decode_jpeg
from curation.photos.files.lazy_photo import OpenPhoto
from tests.photo_files import corner_colours, four_corners, save
from tests.unit.photos.files.opened_photos import UPRIGHT, noise, opened


def test_each_size_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.jpg", noise(1600, 1200), "JPEG", orientation=6)
    divisors: list[int] = []

    def counted(data: bytes, header: Any, divisor: int) -> NDArray[np.uint8]:
        divisors.append(divisor)
        return decode_jpeg(data, header, divisor)

    monkeypatch.setattr(decoding, "decode_jpeg", counted)

    photo = opened(path)
    assert divisors == []
    first = photo.reduced(400)
    assert divisors == [4]
    assert photo.reduced(400).array.base is first.array.base
    assert photo.reduced(200).array.shape == (150, 200, 3)
    assert divisors == [4]
    photo.full()
    photo.full()
    photo.reduced(500)
    assert divisors == [4, 1]

    divisors.clear()
    photo = opened(path)
    photo.full()
    photo.reduced(400)
    assert divisors == [1]

    divisors.clear()
    photo = opened(path)
    assert photo.reduced(1500).array.shape == (1125, 1500, 3)  # needs the full size, which is cached
    photo.full()
    assert divisors == [1]


def test_details_are_decoded_once_at_the_smallest_size_that_shows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "a.jpg", noise(1600, 1200), "JPEG", orientation=8)
    divisors: list[int] = []

    def counted(data: bytes, header: Any, divisor: int) -> NDArray[np.uint8]:
        divisors.append(divisor)
        return decode_jpeg(data, header, divisor)

    monkeypatch.setattr(decoding, "decode_jpeg", counted)
    photo = opened(path)
    assert photo.reduced(300).scale == 0.1875
    assert photo.detailed(0.2).scale == 0.25  # what the reduced picture was made from
    assert photo.detailed(0.3).scale == 0.5
    assert photo.detailed(0.5).array.base is photo.detailed(0.4).array.base
    assert divisors == [4, 2]
    assert photo.detailed(0.6).scale == photo.full().scale == photo.detailed(1).scale == 1
    assert photo.detailed(0.1).scale == 0.25
    assert divisors == [4, 2, 1]
    divisors.clear()
    photo = opened(path)
    assert photo.already_decoded(0.3).scale == 0.5 and photo.already_decoded(1).scale == 0.5 and divisors == [2]
    capped = opened(path, 0.5)
    assert capped.detailed(1).scale == capped.detailed(0.6).scale == 0.5


def test_nothing_is_resized_for_little(tmp_path: Path) -> None:
    photo = opened(save(tmp_path / "a.jpg", noise(1600, 1200), "JPEG"))
    assert photo.reduced(450).scale == 0.25
    assert photo.reduced(460).scale == 0.2875


@pytest.mark.parametrize("size", [(1600, 1201), (1601, 1200), (1599, 1199)])
def test_halving_keeps_every_point_in_its_place(tmp_path: Path, size: tuple[int, int]) -> None:
    ramp = np.tile(np.linspace(0, 255, size[0]).astype(np.uint8)[np.newaxis, :, np.newaxis], (size[1], 1, 3))
    photo = opened(save(tmp_path / "a.png", ramp, "PNG"))
    photo.full()
    for long_side_px in (820, 800, 500, 400, 130):
        pixels = photo.reduced(long_side_px)
        assert 0.88 * long_side_px <= pixels.array.shape[1] <= long_side_px
        columns = np.arange(pixels.array.shape[1])
        expected = ((columns + 0.5) / pixels.scale - 0.5) * 255 / (size[0] - 1)
        assert np.abs(pixels.array[0, :, 0] - expected).max() < 2.5


def test_reduced_is_the_same_picture_whatever_the_order(tmp_path: Path) -> None:
    smooth = np.asarray(Image.fromarray(noise(20, 15)).resize((1600, 1200), Image.Resampling.BICUBIC))
    path = save(tmp_path / "a.jpg", smooth, "JPEG", quality=95)
    scaled = opened(path).reduced(300)
    photo = opened(path)
    photo.full()
    averaged = photo.reduced(300)
    assert scaled.array.shape == averaged.array.shape == (225, 300, 3)
    assert scaled.scale == averaged.scale
    assert np.abs(scaled.array.astype(int) - averaged.array).mean() < 2


def test_a_small_photo_is_never_enlarged(tmp_path: Path) -> None:
    photo = opened(save(tmp_path / "a.png", four_corners(), "PNG"))
    pixels = photo.reduced(1600)
    assert pixels.array.shape == (64, 96, 3) and pixels.scale == 1
    with pytest.raises(ValueError, match="reduced to 0"):
        photo.reduced(0)


def test_extreme_shapes(tmp_path: Path) -> None:
    photo = opened(save(tmp_path / "a.png", noise(5000, 1), "PNG"))
    assert photo.reduced(100).array.shape == (1, 100, 3)
    photo = opened(save(tmp_path / "b.jpg", noise(1, 1), "JPEG"))
    assert photo.full().array.shape == (1, 1, 3)
    assert photo.reduced(100).scale == 1


def test_large_photos_are_refused_but_jpegs_decoded_smaller(tmp_path: Path) -> None:
    array = np.asarray(Image.fromarray(four_corners()).resize((1503, 1001)))
    with pytest.raises(PhotoTooLargeError, match=r"1\.505 megapixels are more than io\.max_photo_megapixels = 1:"):
        opened(save(tmp_path / "a.png", array, "PNG"), 1)
    photo = opened(save(tmp_path / "a.jpg", array, "JPEG", orientation=8), 1)
    assert (photo.width, photo.height) == (1503, 1001)
    full = photo.full()
    assert full.array.shape == (501, 752, 3) and full.scale == 0.5
    assert corner_colours(full.array) == UPRIGHT
    assert photo.reduced(300).array.shape == (200, 300, 3)
    assert photo.reduced(1000).scale == 0.5
    assert opened(save(tmp_path / "b.jpg", array, "JPEG"), 0.03).full().scale == 0.125
    with pytest.raises(PhotoTooLargeError):
        opened(tmp_path / "b.jpg", 0.02)


def test_formats_that_take_much_memory_have_a_smaller_limit(tmp_path: Path) -> None:
    path = save(tmp_path / "a.webp", noise(1000, 800), "WEBP")
    with pytest.raises(PhotoTooLargeError, match=r"of which 0\.5 apply to this format"):
        opened(path, 1)
    opened(path, 2)


def test_full_of_a_turned_photo_is_a_view(tmp_path: Path) -> None:
    photo = opened(save(tmp_path / "a.jpg", four_corners(), "JPEG", orientation=6))
    assert np.shares_memory(photo.full().array, photo.full().array)
    assert not photo.full().array.flags.c_contiguous


class _Refusing:
    """A check that was called so many times, and then says what it says."""

    def __init__(self, *faults: FileFault, error: Exception | None = None) -> None:
        self.calls = 0
        self._faults = faults
        self._error = error

    def __call__(self) -> tuple[FileFault, ...]:
        self.calls += 1
        if self._error is not None:
            raise self._error
        return self._faults


def _checked(path: Path, check: _Refusing) -> OpenPhoto:
    source = opened(path)._source
    assert source is not None
    return OpenPhoto(source, max_megapixels=100, check=check)


def test_a_file_is_checked_once_and_before_its_picture_is_decoded(tmp_path: Path) -> None:
    fault = FileFault(FaultKind.CUT, "a part that nobody sees is missing", is_seen=False)
    check = _Refusing(fault)
    photo = _checked(save(tmp_path / "a.jpg", noise(64, 48), "JPEG"), check)
    assert (check.calls, photo.faults) == (0, ())
    photo.reduced(16)
    photo.full()
    assert (check.calls, photo.faults) == (1, (fault,))


@pytest.mark.parametrize(
    ("error", "words"),
    [(PhotoDamagedError("cut off", kind="cut"), "cut off"), (OSError(5, "Input/output error"), "cannot be read")],
)
def test_a_broken_file_is_never_shown(tmp_path: Path, error: Exception, words: str) -> None:
    photo = _checked(save(tmp_path / "a.jpg", noise(64, 48), "JPEG"), _Refusing(error=error))
    for _ in range(2):
        with pytest.raises(PhotoUnreadableError, match=words):
            photo.full()


def test_a_failure_of_the_decoder_is_told_as_what_the_file_shows_or_as_it_is(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", noise(64, 48), "JPEG")

    def failing(divisor: int) -> NDArray[np.uint8]:
        raise PhotoUnreadableError("it failed") from OSError(5, "Input/output error")

    for faults, words in ((), "it failed"), ((FileFault(FaultKind.CUT, "a part is missing", is_seen=False),), "a part"):
        photo = _checked(path, _Refusing(*faults))
        photo._source.decode = failing  # type: ignore[union-attr, method-assign]
        with pytest.raises(PhotoUnreadableError, match=words) as caught:
            photo.full()
        cause = caught.value.__cause__
        assert cause is not caught.value
        assert isinstance(cause if not faults else cause.__cause__, OSError)  # type: ignore[union-attr]
