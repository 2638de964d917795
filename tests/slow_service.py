"""The service in a process of its own, with photos whose decoding never ends: `python -m tests.slow_service PORT`.

The name of the photo says how: "stuck" keeps all threads of its process from running, as a decoder may that never lets
go of the interpreter; "asleep" waits for something that does not come, as for a disk that is away.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import Any

from curation.photos.files.decoding import open_photo as _open_photo
from curation.photos.looks import pictures


def _opened(path: Path, **options: Any) -> Any:
    if "stuck" in path.name:
        re.match(r"(a|a)*b", "a" * 64)  # tries 2 ** 64 ways, in native code
    if "asleep" in path.name:
        time.sleep(3600)
    return _open_photo(path, **options)


# Decoder processes import this module, too, and call what they find in the other one.
pictures.open_photo = _opened  # type: ignore[attr-defined]

if __name__ == "__main__":
    # Not above, as decoder processes have no use for them.
    import uvicorn

    import main_api

    uvicorn.run(main_api.app, port=int(sys.argv[1]), log_level="warning")
