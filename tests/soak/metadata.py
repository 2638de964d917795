"""Hostile XMP, EXIF and IPTC, beside photos and in them, and sane ones as programs write them.

Each is read, and written with a description. Whatever they hold: an error of the photo at most, within `MOST_S`; what
is foreign stays, what was written is read back, and writing it again changes nothing. exiftool judges the copies of
sane files: nothing is lost, and there is no complaint that it did not have before.
"""

from __future__ import annotations

import random
import shutil
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from curation.errors import PhotoUnreadableError
from curation.photos.told.words import words_of_packet
from curation.photos.xmp.description import described_sidecar
from curation.photos.xmp.jpeg_segments import MAX_XMP_BYTES, rest_name
from curation.photos.xmp.packet import XmpPacket
from tests.hostile.judge import HAS_JUDGE, judged
from tests.hostile.metadata import DESCRIPTION, file_trouble, made_file, sidecar_trouble
from tests.hostile.xmp import bombs, hostile_packet, sane_packet
from tests.hostile_files import in_time
from tests.soak.part import Soak, SoakPart

__all__ = ["MOST_S", "PART", "bomb_trouble"]

MOST_S = 20.0
_OF_A_ROUND = 150
_JUDGED = 40


def bomb_trouble(content: bytes) -> str:
    """What is wrong with all that is done with a packet, its joining with another one and its parting too."""
    began = time.process_time()
    try:
        packet = XmpPacket.parse(content)
        words_of_packet(packet)
        described_sidecar(content, DESCRIPTION)
        packet.join(XmpPacket.parse(content.replace(b"name ", b"other name ").replace(b">1<", b">2<")))
        packet.split(MAX_XMP_BYTES, rest_name)
    except PhotoUnreadableError:
        pass
    took_s = time.process_time() - began
    return f"took {took_s:.0f} s" if took_s > MOST_S else ""


def _tried(act: Callable[[], str]) -> str:
    try:
        with in_time(3 * MOST_S):  # of the clock, of a machine that has much to do
            return act()
    except Exception:
        return traceback.format_exc()[-1200:]
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        return str(error)


def _run(soak: Soak) -> None:
    for name, content in bombs().items():
        trouble = _tried(lambda content=content: bomb_trouble(content))  # type: ignore[misc]
        soak.expect(not trouble, f"the bomb {name}: {trouble}")
        soak.counts["bombs"] += 1
    found: dict[str, str] = {}
    for chance in soak.rounds():
        folders = [soak.folder / name for name in ("work", "before", "after")]
        for folder in folders:
            folder.mkdir()
        for number in range(_OF_A_ROUND):
            for is_sane in (True, False):
                _one(soak, chance, folders, number, is_sane, found)
        if HAS_JUDGE:
            for fault in judged(*folders[1:]):
                found.setdefault(f"exiftool {fault[-60:]}", f"exiftool: {fault}, round {soak.counts['rounds']}")
            soak.counts["copies judged by exiftool"] += len(list(folders[2].iterdir()))
        if found:
            break
        for folder in folders:
            shutil.rmtree(folder)
    soak.expect(not found, "metadata is read, kept and written:\n" + "\n".join(found.values()))


def _one(
    soak: Soak, chance: random.Random, folders: list[Path], number: int, is_sane: bool, found: dict[str, str]
) -> None:
    work, before, after = folders
    packet = (sane_packet if is_sane else hostile_packet)(chance)
    trouble = _tried(lambda: sidecar_trouble(packet, is_sane=is_sane))
    soak.counts["sidecars"] += 1
    if trouble:
        found.setdefault(f"sidecar {trouble[-60:]}", f"a sidecar, {is_sane=}: {trouble}: {packet[:3000]!r}")
    name, content = made_file(chance, is_sane=is_sane)
    copies: list[bytes] = []

    def act() -> str:
        said, copy = file_trouble(work, name, content, is_sane=is_sane)
        copies.append(copy)
        return said

    trouble = _tried(act)
    soak.counts["files"] += 1
    if trouble:
        kept = soak.folder / f"{soak.counts['rounds']}-{number}-{name}"
        kept.write_bytes(content)
        found.setdefault(f"file {trouble[-60:]}", f"{kept.name}, {is_sane=}: {trouble}")
    elif is_sane and number < _JUDGED and copies[0]:
        (before / f"{number}-{name}").write_bytes(content)
        (after / f"{number}-{name}").write_bytes(copies[0])


PART = SoakPart("metadata", "hostile and sane XMP, EXIF and IPTC, read, merged, written, judged by exiftool", _run)
