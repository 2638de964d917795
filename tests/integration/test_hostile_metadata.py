"""XMP, EXIF and IPTC by grammar, beside photos and in them: a sample of `make soak ARGS=metadata`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.hostile.judge import HAS_JUDGE, judged
from tests.hostile.metadata import file_trouble, made_file, sidecar_trouble
from tests.hostile.xmp import hostile_packet, sane_packet

_EACH = 60


@pytest.mark.parametrize("is_sane", [True, False], ids=["sane", "hostile"])
def test_what_stands_beside_photos_is_read_and_what_is_foreign_stays(is_sane: bool) -> None:
    for number in range(2 * _EACH):
        packet = (sane_packet if is_sane else hostile_packet)(random.Random(number))
        trouble = sidecar_trouble(packet, is_sane=is_sane)
        assert not trouble, f"{number}: {trouble}: {packet[:2000]!r}"


@pytest.mark.parametrize("is_sane", [True, False], ids=["sane", "hostile"])
def test_what_stands_in_photos_is_read_and_what_is_foreign_stays(is_sane: bool, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("work", "before", "after")]
    for folder in folders:
        folder.mkdir()
    for number in range(_EACH):
        name, content = made_file(random.Random(number), is_sane=is_sane)
        trouble, copy = file_trouble(folders[0], name, content, is_sane=is_sane)
        assert not trouble, f"{number}, {name}: {trouble}"
        if is_sane and copy and number < 12:
            (folders[1] / f"{number}-{name}").write_bytes(content)
            (folders[2] / f"{number}-{name}").write_bytes(copy)
    if is_sane and HAS_JUDGE:
        assert len(list(folders[2].iterdir())) > 5
        assert judged(*folders[1:]) == []
