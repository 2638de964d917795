"""Every odd file opens or is refused with a reason, within bounded memory, silently."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from curation.photos.files.decoding import open_photo
from tests.conftest import PROJECT_ROOT
from tests.photo_files import four_corners

MAX_PEAK_MB = 1500
# Peak memory is the process's own high-water mark, so the files are opened in a child.
CHILD = """
import json, sys, warnings
warnings.simplefilter("error")
from pathlib import Path
from curation.errors import PhotoError
from curation.photos.files.decoding import open_photo
from curation.photos.files.listing import list_photos
outcomes = {}
listing = list_photos(Path(sys.argv[1]), exclude=(), skip_raw_with_jpeg=True)
for file in listing.photos:
    try:
        photo = open_photo(file.path, max_megapixels=float(sys.argv[2]))
        reduced, full = photo.reduced(1600), photo.full()
        assert full.array.shape == (photo.height, photo.width, 3), file.image_path
        assert max(reduced.array.shape) <= 1600, file.image_path
        outcomes[file.image_path] = None
    except PhotoError as error:
        outcomes[file.image_path] = str(error)
status = Path("/proc/self/status").read_text()
peak = next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))
print(json.dumps({"outcomes": outcomes, "peak_mb": peak, "ignored": dict(listing.ignored)}))
"""


def opened_in_a_child(folder: Path, max_megapixels: float = 120) -> dict[str, dict[str, str | None]]:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(max_megapixels)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=PROJECT_ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # decoders' own messages do not reach the user
    result = json.loads(done.stdout)
    assert result["peak_mb"] < MAX_PEAK_MB
    return dict(result)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc to read the peak of memory")
def test_all_odd_files(test_data: Path) -> None:
    result = opened_in_a_child(test_data / "photos" / "odd")
    outcomes = result["outcomes"]
    assert len(outcomes) + len(result["ignored"]) >= 200
    failed = {path: reason for path, reason in outcomes.items() if reason is not None}
    assert all(failed.values())
    for path in (
        "pillow/truncated_jpeg.jpg",
        "pillow/truncated_image.png",
        "pillow/l2rgb_read.bmp",
        "pillow/decompression_bomb.gif",
        "pillow/png_decompression_dos.png",
        "pillow_heif/heif_corrupted__empty.heic",
        "raw_stubs/CanonRaw.cr3",
        "raw_stubs/Panasonic.rw2",
    ):
        assert path in failed
    assert not [path for path in failed if path.startswith("exif_orientation/")]
    assert len(failed) < 60


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc to read the peak of memory")
def test_a_hundred_megapixels_fit(tmp_path: Path) -> None:
    import cv2

    picture = cv2.resize(four_corners(), (12000, 9500), interpolation=cv2.INTER_NEAREST)
    cv2.imwrite(str(tmp_path / "a.jpg"), picture)
    cv2.imwrite(str(tmp_path / "b.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    result = opened_in_a_child(tmp_path)
    assert result["outcomes"] == {"a.jpg": None, "b.png": None}


@pytest.mark.parametrize("name", ["Landscape", "Portrait"])
def test_real_photos_of_every_orientation_are_alike(test_data: Path, name: str) -> None:
    folder = test_data / "photos" / "odd" / "exif_orientation"
    reference = open_photo(folder / f"{name}_1.jpg", max_megapixels=120).full().array.astype(int)
    for orientation in (0, *range(2, 9)):
        photo = open_photo(folder / f"{name}_{orientation}.jpg", max_megapixels=120)
        assert photo.full().array.shape == reference.shape
        # They were compressed one by one; any wrong turn differs by 30 and more.
        assert np.abs(photo.full().array - reference).mean() < 5
