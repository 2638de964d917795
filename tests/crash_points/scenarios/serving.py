"""The service: uploads and jobs; outputs in object storage; and stages with processes of their own."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

from PIL import Image

from curation.pipelines.originals import originals_of
from curation.pipelines.per_photo import WorkerParts, prepare_worker
from curation.settings import Settings
from curation.workers.processes import ProcessPool
from curation.workflow import WorkflowOrchestrator, WorkflowParts
from tests.crash_points.changes import Whom
from tests.crash_points.scenario import Scenario, Step, tree
from tests.crash_points.scenarios.stages import filled_event
from tests.fake_workflow import FakeEvent
from tests.object_event import ObjectEvent
from tests.service import FakeOrchestrator, service

__all__ = ["SCENARIOS"]


class _Uploads(Scenario):
    """Photos that are sent to the service; one comes twice under the same name."""

    name = "uploads"
    what = "photos are sent to the service"
    is_atomic = True

    def prepare(self, folder: Path) -> None:
        FakeEvent(folder)

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        workflow = FakeEvent(folder).workflow()
        with service(workflow.settings, cast(FakeOrchestrator, workflow)) as client:

            def send(name: str, number: int) -> Step:
                def post() -> None:
                    answer = client.post("/photos", files=[("photos", (name, _jpeg(number), "image/jpeg"))])
                    assert answer.status_code < 300, answer.text

                return post

            yield send("a.jpg", 1), send("b.jpg", 2), send("a.jpg", 3), send("c d.jpg", 4)

    def state(self, folder: Path) -> Mapping[str, Any]:
        return {path.name: "" for path in sorted((folder / "photos").iterdir()) if not path.name.startswith(".")}

    def leaves(self, folder: Path) -> Mapping[str, str]:
        return tree(folder / "photos")


def _jpeg(number: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 10 * number)).save(out, "JPEG")
    return out.getvalue()


class _Jobs(Scenario):
    """Both stages as jobs of the service; a job that was answered is known afterwards."""

    name = "jobs"
    what = "both stages as jobs of the service"

    def prepare(self, folder: Path) -> None:
        filled_event(folder)

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        workflow = FakeEvent(folder).workflow()
        with service(workflow.settings, cast(FakeOrchestrator, workflow)) as client:

            def run(stage: str) -> None:
                job = client.finished(client.post(stage))
                assert job["state"] == "succeeded", job
                known = client.get("/jobs").json()["jobs"]
                assert all(one["state"] in ("succeeded", "interrupted", "failed") for one in known), known

            yield partial(run, "/cluster"), partial(run, "/score")

    def leaves(self, folder: Path) -> Mapping[str, str]:
        return {name: digest for name, digest in tree(folder / "out").items() if not name.startswith(".")}


class _Objects(Scenario):
    """Photos and outputs in object storage, here a folder; the working copy is pushed as one."""

    name = "object storage"
    what = "both stages with photos and outputs in object storage"

    def prepare(self, folder: Path) -> None:
        photos = filled_event(folder / "painted").photos
        (folder / "bucket").mkdir()
        photos.rename(folder / "bucket" / "in")
        (folder / "bucket" / "out").mkdir()

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        event = ObjectEvent(folder / "machine", f"file://{folder / 'bucket'}")
        yield event.cluster, event.score

    def leaves(self, folder: Path) -> Mapping[str, str]:
        found = tree(folder / "bucket")
        return {name: digest for name, digest in found.items() if "/.curation/" not in name}


class _Processes(Scenario):
    """The first run with two worker processes, of which anybody may be killed."""

    name = "processes"
    what = "the first stage with worker processes: the program alone, a worker, or all are killed"
    whom = (Whom.FIRST, Whom.CHILD, Whom.ALL)

    def prepare(self, folder: Path) -> None:
        filled_event(folder)

    def steps(self, folder: Path) -> AbstractContextManager[Sequence[Step]]:
        event = _EventOfProcesses(folder)
        return self.opened(event.cluster)


class _EventOfProcesses(FakeEvent):
    def workflow(self, sections: Mapping[str, Mapping[str, Any]] | None = None) -> WorkflowOrchestrator:
        settings = self.settings(sections)

        def make_pool(*_: object) -> ProcessPool:
            return ProcessPool(2, initializer=_prepare, initargs=(self.folder,))

        parts = WorkflowParts(lambda *_: self.spec, _no_predictor, make_pool)
        return WorkflowOrchestrator(settings, parts)


def _no_predictor() -> Any:
    raise AssertionError("nobody needs landmarks here")


def _prepare(folder: Path) -> None:
    """Make a worker ready."""
    event = FakeEvent(folder)
    settings: Settings = event.settings()
    prepare_worker(
        WorkerParts(
            make_engine=lambda: event.engine,
            make_predictor=_no_predictor,
            state_dir=settings.io.state_dir,
            max_megapixels=settings.io.max_photo_megapixels,
            chip_px=settings.clustering.thumbnail_px,
            make_readers=lambda asked: [],
            originals=originals_of(settings),
        )
    )


SCENARIOS: tuple[Scenario, ...] = (_Uploads(), _Jobs(), _Objects(), _Processes())
