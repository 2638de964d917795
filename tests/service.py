"""The service without engines: a client that speaks to the application directly, and an orchestrator that
writes small tables instead of looking at photos."""

from __future__ import annotations

import csv
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI

from curation import bootstrap
from curation.api.app import create_app
from curation.api.http.assets.desk import AssetDesk
from curation.api.http.video.desk import VideoDesk
from curation.domain.choosing.export import ExportReport, ExportRequest
from curation.domain.choosing.sidecars import SidecarReport, SidecarRequest
from curation.domain.judging.photo_score import PHOTO_SCORE_COLUMNS
from curation.domain.report import ClusteringReport, FilmsReport, Progress, ScoringReport
from curation.errors import PhotoUnreadableError, RunInterruptedError
from curation.event.catalog import Catalog
from curation.event.known_people.open_gallery import OpenGallery
from curation.event.people.edits import PeopleEdits
from curation.jobs.who_works import WhoWorks
from curation.pipelines.picture_faces import PictureFaceReader
from curation.services.viewer.face_services import FaceServices
from curation.settings import ServicesSettings, Settings, load_settings
from curation.storage.locks import hold_output
from curation.workers.decoders.pool import DecoderPool
from curation.workflow import WorkflowOrchestrator

__all__ = [
    "FakeOrchestrator",
    "ServiceClient",
    "make_settings",
    "no_assets",
    "service",
    "write_face_data",
    "write_photo_scores",
]

FACE_DATA_HEADER = (
    "image_path,face_index,facial_area,detection_confidence,cluster_id,cluster_confidence,face_quality,landmarks,"
    "embedding_row,engine"
)
WAIT_S = 30.0
JPEG = b"\xff\xd8\xff\xe0 not a picture, but bytes \xff\xd9"


def make_settings(folder: Path, **sections: Mapping[str, Any]) -> Settings:
    """The defaults, with every folder inside `folder`."""
    io = {
        "input_dir": folder / "photos",
        "output_dir": folder / "out",
        "state_dir": folder / "state",
        "models_dir": folder / "models",
    }
    return load_settings(None, default_root=folder, overrides={"io": io, **sections})


def write_face_data(output_dir: Path, faces: Sequence[tuple[str, int]]) -> None:
    """face_data.csv and thumbnails for faces given as `(image_path, cluster_id)`."""
    clusters_dir = output_dir / "output_clusters"
    rows: list[list[object]] = []
    for number, (image_path, cluster) in enumerate(faces):
        index = sum(row[0] == image_path for row in rows)
        landmarks = json.dumps([[20.0, 20.0], [40.0, 20.0], [30.0, 30.0], [22.0, 40.0], [38.0, 40.0]])
        box = f"[{10 + 60 * index}, 10, 40, 40]"
        rows.append([image_path, index, box, 0.9, cluster, 0.8, 0.7, landmarks, number, "dlib"])
        if cluster >= 0:
            (clusters_dir / f"cluster_{cluster}").mkdir(parents=True, exist_ok=True)
            (clusters_dir / f"cluster_{cluster}.jpg").write_bytes(JPEG + str(cluster).encode())
            (clusters_dir / f"cluster_{cluster}" / f"{number:02d}.jpg").write_bytes(JPEG + str(number).encode())
    _write_csv(output_dir / "face_data.csv", FACE_DATA_HEADER.split(","), rows)


def write_photo_scores(output_dir: Path, photos: Sequence[Mapping[str, object]]) -> None:
    """photo_scores.csv; what a photo leaves out is 0 or empty."""
    empty = dict.fromkeys(PHOTO_SCORE_COLUMNS, "") | {
        name: 0 for name in PHOTO_SCORE_COLUMNS if name.endswith("_count")
    }
    empty["best_of_burst"] = "true"
    rows = [
        [({**empty, "rank": rank, **photo})[name] for name in PHOTO_SCORE_COLUMNS]
        for rank, photo in enumerate(photos, start=1)
    ]
    _write_csv(output_dir / "photo_scores.csv", PHOTO_SCORE_COLUMNS, rows)


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


FACES = (("a.jpg", 0), ("a.jpg", 1), ("b.jpg", 0), ("b.jpg", 0), ("c d.jpg", 1), ("d.jpg", 0), ("d.jpg", -1))
"""Cluster 0 has four faces in three photos, cluster 1 two in two."""
PHOTOS: tuple[Mapping[str, object], ...] = (
    {"image_path": "a.jpg", "final_score": 0.9, "people": "Anna; person 1", "main_count": 1, "other_count": 1},
    {"image_path": "b.jpg", "final_score": 0.6, "people": "Anna", "main_count": 1, "focus_score": 0.5},
    {"image_path": "d.jpg", "final_score": 0.8, "people": "Anna", "main_count": 1, "vetoes": "Anna (main) blinks"},
    {"image_path": "c d.jpg", "error": "the file is cut off"},
)


class FakeOrchestrator:
    """Writes `FACES` and `PHOTOS`. With `hold` set it works until `release` is set or it is cancelled."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.hold = False
        self.began = threading.Event()
        self.release = threading.Event()
        self.error: Exception | None = None

    @property
    def picture_faces(self) -> PictureFaceReader:
        """Every picture is refused, as this service has no engine."""
        raise PhotoUnreadableError("no face can be seen there")

    def face_data_exists(self) -> bool:
        return (self.settings.io.output_dir / "face_data.csv").exists()

    def run_export(
        self,
        request: ExportRequest,
        *,
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> ExportReport:
        self._work(progress, cancel)
        # The real one, because it needs no model.
        return bootstrap.build(self.settings).run_export(request, progress=progress, cancel=cancel)

    def run_sidecars(
        self,
        request: SidecarRequest,
        *,
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> SidecarReport:
        self._work(progress, cancel)
        return bootstrap.build(self.settings).run_sidecars(request, progress=progress, cancel=cancel)

    def run_clustering(
        self, *, progress: Callable[[Progress], None] | None = None, cancel: threading.Event | None = None
    ) -> ClusteringReport:
        with hold_output(self.settings.io.output_dir):
            self._work(progress, cancel)
            write_face_data(self.settings.io.output_dir, FACES)
        return ClusteringReport(
            total=4,
            analysed=3,
            failed=1,
            failures=(),
            ignored=(),
            reused=0,
            faces=7,
            identified_faces=6,
            unreadable_faces=0,
            clusters=2,
            largest_clusters=((0, 3), (1, 2)),
            engine="dlib",
            engine_reason="tests ask for it",
            outputs=("face_data.csv",),
            seconds=0.1,
        )

    def run_videos(
        self, *, progress: Callable[[Progress], None] | None = None, cancel: threading.Event | None = None
    ) -> FilmsReport:
        return FilmsReport()

    def run_scoring(
        self, *, progress: Callable[[Progress], None] | None = None, cancel: threading.Event | None = None
    ) -> ScoringReport:
        with hold_output(self.settings.io.output_dir):
            self._work(progress, cancel)
            write_photo_scores(self.settings.io.output_dir, PHOTOS)
        return ScoringReport(
            total=4,
            scored=3,
            failed=1,
            failures=(),
            reused=0,
            vetoed=1,
            faces=7,
            judged_faces=6,
            frontal_faces=6,
            frontal_judged_faces=6,
            labelled=False,
            labelled_clusters=0,
            new_photos=(),
            warnings=(),
            best=(("a.jpg", 0.9),),
            outputs=("photo_scores.csv",),
            seconds=0.1,
        )

    def _work(self, progress: Callable[[Progress], None] | None, cancel: threading.Event | None) -> None:
        if progress is not None:
            progress(Progress("photos", 1, 4))
        self.began.set()
        while self.hold and not self.release.wait(0.005):
            if cancel is not None and cancel.is_set():
                raise RunInterruptedError("the run was stopped")
        if self.error is not None:
            raise self.error
        if progress is not None:
            progress(Progress("photos", 4, 4, 1))


class ServiceClient:
    """Sends requests to an application in this process, and waits for its jobs."""

    def __init__(
        self,
        send: Callable[..., httpx.Response],
        run: Callable[..., Any],
        app: FastAPI,
        settings: Settings,
        orchestrator: FakeOrchestrator,
    ) -> None:
        self._send = send
        self.run = run
        """Runs an async function where the application runs."""
        self.app = app
        self.settings = settings
        self.orchestrator = orchestrator

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        return self._send(method, url, **options)

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> httpx.Response:
        return self.request("PUT", url, **options)

    def finished(self, started: httpx.Response) -> dict[str, Any]:
        """The job that a stage answered with, when it has ended."""
        assert started.status_code == 202, started.text
        deadline_s = time.monotonic() + WAIT_S
        while time.monotonic() < deadline_s:
            job: dict[str, Any] = self.get(started.headers["location"]).json()
            if job["state"] not in ("queued", "running"):
                return job
            time.sleep(0.01)
        raise AssertionError(f"the job did not end: {job}")


def no_assets(settings: Settings, catalog: Catalog) -> AssetDesk:
    """Assets are switched off."""
    return AssetDesk()


def no_videos(settings: Settings, catalog: Catalog, labels: PeopleEdits) -> VideoDesk:
    """The extra for films is not installed."""
    return VideoDesk()


@contextmanager
def service(
    settings: Settings,
    orchestrator: FakeOrchestrator | None = None,
    face_services: Callable[[ServicesSettings], FaceServices] = FaceServices,
    open_assets: Callable[[Settings, Catalog], AssetDesk] = no_assets,
    open_videos: Callable[[Settings, Catalog, PeopleEdits], VideoDesk] = no_videos,
    who_works: Callable[[Settings], WhoWorks] = WhoWorks,
    open_gallery: Callable[[Settings], OpenGallery] = OpenGallery,
    build: Callable[[Settings], FakeOrchestrator] | None = None,
    make_decoders: Callable[[Settings], DecoderPool | None] = lambda settings: None,
) -> Iterator[ServiceClient]:
    """The started application; its lifespan ends with the block. `build` makes an orchestrator for each event.

    Pictures are decoded in this process, where tests can replace what decodes them.
    """
    fake = orchestrator or FakeOrchestrator(settings)
    app = create_app(
        lambda: settings,
        lambda of_event: cast(WorkflowOrchestrator, fake if build is None else build(of_event)),
        face_services,
        open_assets,
        open_videos,
        who_works,
        open_gallery,
        make_decoders=make_decoders,
    )
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")

        def send(method: str, url: str, **options: Any) -> httpx.Response:
            return portal.call(partial(client.request, method, url, **options))

        yield ServiceClient(send, portal.call, app, settings, fake)
        portal.call(client.aclose)
