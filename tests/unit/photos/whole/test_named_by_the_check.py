"""Where a decoder only says that it failed, the health report says how the file is broken."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from curation.domain.files.health import FaultKind
from curation.errors import PhotoDamagedError
from curation.photos.files.decoding import open_photo_bytes


def picture(kind: str, **options: object) -> bytes:
    noise = np.random.default_rng(1).integers(1, 255, (96, 128, 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).save(buffer, kind, **options)
    return buffer.getvalue()


FILES = {
    "WebP": picture("WEBP", quality=80),
    "AVIF": picture("AVIF", quality=80),
    "TIFF, list at the end": picture("TIFF", compression="tiff_lzw"),
}


def failure(data: bytes) -> PhotoDamagedError:
    with pytest.raises(PhotoDamagedError) as caught:
        open_photo_bytes(data, max_megapixels=1).full()
    return caught.value


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_cut(name: str, share: float) -> None:
    data = FILES[name]
    assert failure(data[: int(len(data) * share)]).kind == FaultKind.CUT


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_zeros_to_the_end(name: str, share: float) -> None:
    data = FILES[name]
    whole = int(len(data) * share)
    assert failure(data[:whole] + bytes(len(data) - whole)).kind == FaultKind.ZEROED
