"""Every file that is read, with hostile contents: a value, or an error of the user's with its exit code.

Structure-aware changes of a valid content take turns with whole hostile files, changed bytes, and tables as they come
back from spreadsheets.
"""

from __future__ import annotations

import logging
import random
import shutil

from tests.hostile_files import WHOLE_FILES, fault_of, hostile_bytes, hostile_json, hostile_lines
from tests.outside import READERS, FileReader
from tests.soak.part import Soak, SoakPart

__all__ = ["PART"]

_CHANGES = 60  # of each file in a round


def _contents(reader: FileReader, chance: random.Random) -> list[tuple[str, bytes]]:
    out = [("as it should be", reader.valid)]
    out += [(f"whole {content[:20]!a}", content) for content in chance.sample(WHOLE_FILES, 3)]
    if reader.is_json:
        out += chance.sample(list(hostile_json(reader.valid)), _CHANGES)
    out += [(f"bytes {number}", hostile_bytes(reader.valid, chance)) for number in range(_CHANGES)]
    if reader.file.endswith(".csv"):
        out += [(f"lines {number}", hostile_lines(reader.valid, chance)) for number in range(_CHANGES)]
    # Two changes at once: what passes the first check may break the second.
    out += [(f"{what}, and bytes", hostile_bytes(content, chance)) for what, content in chance.sample(out, 10)]
    return out


def _run(soak: Soak) -> None:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # thousands of damaged files are told of
    try:
        for chance in soak.rounds():
            for reader in READERS:
                for number, (what, content) in enumerate(_contents(reader, chance)):
                    folder = soak.folder / str(number)
                    path = folder / reader.file
                    path.parent.mkdir(parents=True)
                    path.write_bytes(content)
                    fault = fault_of(lambda reader=reader, path=path: reader.read(path))  # type: ignore[misc]
                    soak.expect(not fault, f"{reader.name}, {what}: {fault} ({path})")
                    soak.counts["files"] += 1
                    shutil.rmtree(folder)
    finally:
        logging.disable(before)


PART = SoakPart("files", "hostile contents of every file that is read", _run)
