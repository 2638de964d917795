"""An event of painted photos in object storage, as several machines see it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curation.settings import Settings
from tests.fake_workflow import FakeEvent
from tests.film_event import FilmEvent

__all__ = ["ObjectEvent", "painted"]


class ObjectEvent(FilmEvent):
    """One machine's view of it. `photos` is a folder of this machine whose photos are not those of the event.

    Attributes:
        address: Below it `in` has the photos and `out` the outputs.
    """

    def __init__(self, folder: Path, address: str) -> None:
        super().__init__(folder)
        self.address = address
        self.output = self.settings().io.output_dir

    def settings(self, sections: Mapping[str, Mapping[str, Any]] | None = None) -> Settings:
        given = dict(sections or {})
        io = {"input_dir": f"{self.address}/in", "output_dir": f"{self.address}/out", "object_timeout_s": 20}
        return super().settings({**given, "io": io | dict(given.get("io", {}))})

    def outputs(self) -> dict[str, bytes]:
        """`snapshot` without what is only of this machine."""
        return {key: content for key, content in self.snapshot().items() if not key.startswith(".curation")}


def painted(event: FakeEvent, variant: int = 0) -> dict[str, bytes]:
    """A few photos of three people, as bytes by name; another variant has one photo more."""
    photos = [("a.png", (0, 1)), ("day 2/b %20 ü.png", (0,)), ("c.png", (1, 2)), ("d.png", (0, 2)), ("e.png", ())]
    photos += [("f.png", (1, 0))] if variant else []
    return {name: event.add(name, *people).read_bytes() for name, people in photos}


if __name__ == "__main__":
    machine = ObjectEvent(Path(sys.argv[1]), sys.argv[2])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    machine.cluster()
    machine.score()
