"""Ways in which a file is broken by disks, by killed programs and by people who copy half of what belongs together."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

__all__ = ["DAMAGES", "PAGE_BYTES", "broken"]

PAGE_BYTES = 4096

DAMAGES = (
    "a few bytes of a page",
    "a page of zeros",
    "a page of chance",
    "a page of another place",
    "a flipped bit",
    "a cut file",
    "an empty file",
    "no header",
    "another schema version",
    "a broken log",
    "the log of another place",
    "no log",
    "a few broken pages",
)
"""What `broken` knows."""


def broken(path: Path, damage: str, chance: random.Random) -> None:
    """Break a file that nobody has open; what needs a log or a page that is not there does nothing.

    Args:
        path: Of the file.
        damage: One of `DAMAGES`.
        chance: Decides where.
    """
    content = bytearray(path.read_bytes())
    log = path.with_name(f"{path.name}-wal")
    pages = max(1, len(content) // PAGE_BYTES)
    match damage:
        case "a few broken pages":
            for _ in range(chance.randint(2, 5)):
                broken(path, chance.choice(DAMAGES[:5]), chance)
            return
        case "a few bytes of a page":
            start = chance.randrange(max(1, len(content)))
            size = len(content[start : start + chance.randint(1, 64)])
            content[start : start + size] = chance.randbytes(size)
        case "a page of zeros" | "a page of chance" | "a page of another place":
            start = chance.randrange(pages) * PAGE_BYTES
            other = chance.randrange(pages) * PAGE_BYTES
            size = len(content[start : start + PAGE_BYTES])
            new = {"a page of zeros": bytes(size), "a page of chance": chance.randbytes(size)}.get(damage)
            content[start : start + size] = new if new is not None else content[other : other + size].ljust(size, b"\0")
        case "a flipped bit":
            if content:
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        case "a cut file":
            del content[chance.randrange(len(content) + 1) :]
        case "an empty file":
            content.clear()
        case "no header":
            content[:100] = chance.randbytes(len(content[:100]))
        case "another schema version":
            version = chance.choice((bytes(4), b"\0\0\0\1", b"\0\0\0\x63", chance.randbytes(4)))
            content[60:64] = version[: len(content[60:64])]
        case "a broken log":
            if log.exists():
                broken(log, chance.choice(DAMAGES[:6]), chance)
            return
        case "the log of another place":
            other_log = path.parent / "another-wal"
            if other_log.exists():
                shutil.copyfile(other_log, log)
            return
        case "no log":
            log.unlink(missing_ok=True)
            return
    path.write_bytes(content)
