"""Exports as folders, hard links and ZIP files, and sidecars beside the originals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from curation.domain.choosing.export import ExportMode, ExportRequest
from curation.domain.choosing.programs import Program
from curation.domain.choosing.sidecars import SidecarRequest, WhichPhotos
from curation.storage.sidecars.journal import journals_in
from tests.crash_points.scenario import Scenario, Step, tree
from tests.fake_workflow import FakeEvent
from tests.unit.pipelines.export.exports import as_jpeg

__all__ = ["SCENARIOS"]


def _event(folder: Path) -> FakeEvent:
    event = FakeEvent(folder)
    for number in range(5):
        as_jpeg(event, f"IMG_{number:04}.jpg", number % 3, (number + 1) % 3)
    (event.photos / "IMG_0001.jpg.xmp").write_text(_FOREIGN, encoding="utf-8")
    event.cluster()
    event.label({"0": {"name": "Anna", "category": "main"}})
    event.score()
    return event


_FOREIGN = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="2"/></rdf:RDF></x:xmpmeta>
"""


class _Export(Scenario):
    """One export; the next one under the same name is as if the killed one had not been, unless that was complete."""

    is_atomic = True

    def __init__(self, mode: ExportMode) -> None:
        self.name = f"export {mode.value}"
        self.what = f"an export, mode {mode.value}"
        self._mode = mode

    def prepare(self, folder: Path) -> None:
        _event(folder)

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        workflow = FakeEvent(folder).workflow()
        is_link = self._mode is ExportMode.HARDLINK

        def export(name: str) -> Step:
            request = ExportRequest(best=4, mode=self._mode, name=name, embed=not is_link, sidecars=True)
            return lambda: workflow.run_export(request)

        yield export("Party"), export("Second")

    def state(self, folder: Path) -> Mapping[str, Any]:
        exports = FakeEvent(folder).settings().io.exports
        shown = [path.name for path in exports.iterdir()] if exports.is_dir() else []
        return {"exports": sorted(name for name in shown if not name.startswith("."))}

    def leaves(self, folder: Path) -> Mapping[str, str]:
        return tree(folder, without_content=(".zip", "contact_sheet.html"))


class _Sidecars(Scenario):
    """Sidecars are written, and taken back: then the folder is what it was."""

    name = "sidecars"
    what = "sidecars beside the originals, with their journal, and taken back"

    def prepare(self, folder: Path) -> None:
        _event(folder)

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        workflow = FakeEvent(folder).workflow()

        def write() -> None:
            workflow.run_sidecars(
                SidecarRequest(Program.DIGIKAM, WhichPhotos.ALL, dry_run=False, name=_free_name(folder))
            )

        yield (write,)

    def leaves(self, folder: Path) -> Mapping[str, str]:
        """Taken back, newest run first."""
        workflow = FakeEvent(folder).workflow()
        written = tree(folder / "photos")
        # A run that was killed before its first sidecar has no journal, and nothing to take back.
        for run in journals_in(folder / "out" / "sidecar_backups"):
            workflow.run_sidecars(SidecarRequest(Program.DIGIKAM, undo=run.name))
        assert (folder / "photos" / "IMG_0001.jpg.xmp").read_text(encoding="utf-8") == _FOREIGN
        return {f"written {name}": digest for name, digest in written.items()} | tree(folder / "photos")


def _free_name(folder: Path) -> str:
    backups = folder / "out" / "sidecar_backups"
    return f"run {len(list(backups.iterdir())) if backups.is_dir() else 0}"


SCENARIOS: tuple[Scenario, ...] = (*map(_Export, ExportMode), _Sidecars())
