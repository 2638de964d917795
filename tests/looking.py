"""Looking at hostile files in a process of its own: `python -m tests.picture_looks`, `python -m tests.film_looks`.

Such a process reads paths from standard input, a line each, and answers each with a line of JSON: what was seen. An
answer that does not come is the end of the process, or a file that takes too long, which whoever started it notices.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.errors import CurationError, PhotoError

__all__ = ["Trials", "answer"]


@dataclass(slots=True)
class Trials:
    """What was tried with a file.

    Attributes:
        bugs: What was raised that is no error of this program about one file.
        raised: Errors of this program.
    """

    bugs: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)

    def tried(self, act: Callable[[], Any]) -> Any:
        """What `act` returns; None if it raises."""
        try:
            return act()
        except CurationError as error:
            self.raised.append(f"{type(error).__name__}: {error}")
            if not isinstance(error, PhotoError):
                self.bugs.append(f"{type(error).__name__} is no error of one file: {error}")
        except MemoryError:
            self.bugs.append("MemoryError\n" + traceback.format_exc())
        except Exception:
            self.bugs.append(traceback.format_exc())
        return None

    def seen(self) -> dict[str, Any]:
        """The answer of a look."""
        return {"bugs": self.bugs, "raised": self.raised}


def answer(look_at: Callable[[Path], dict[str, Any]]) -> None:
    """Look at every file that is named on standard input; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        path = Path(line.rstrip("\n"))
        fds, used_s = _open_files(), _processor_s()
        seen = look_at(path)
        seen["seconds"] = _processor_s() - used_s
        if _open_files() > fds:
            gc.collect()  # what an exception of a library holds is closed when it is collected
        seen["fds"] = _open_files() - fds
        seen["left"] = [path.name for path in Path(tempfile.gettempdir()).iterdir()]
        print(json.dumps(seen), file=answers, flush=True)


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
