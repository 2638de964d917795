"""A service over painted photos in this process: the real routes, pages and files, without an engine's patience."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn

from curation.api.app import create_app
from curation.api.http.assets.desk import AssetDesk
from curation.api.http.video.desk import VideoDesk
from curation.event.catalog import Catalog
from curation.event.known_people.open_gallery import OpenGallery
from curation.event.people.edits import PeopleEdits
from curation.jobs.who_works import WhoWorks
from curation.services.viewer.face_services import FaceServices
from curation.settings import ServicesSettings, Settings
from curation.workflow import WorkflowOrchestrator
from tests.fake_workflow import FakeEvent
from tests.service import no_assets, no_videos

__all__ = ["serving"]

WAIT_S = 20.0


@contextmanager
def serving(
    event: FakeEvent,
    face_services: Callable[[ServicesSettings], FaceServices] = FaceServices,
    open_assets: Callable[[Settings, Catalog], AssetDesk] = no_assets,
    open_videos: Callable[[Settings, Catalog, PeopleEdits], VideoDesk] = no_videos,
    who_works: Callable[[Settings], WhoWorks] = WhoWorks,
    open_gallery: Callable[[Settings], OpenGallery] = OpenGallery,
    sections: Mapping[str, Mapping[str, Any]] | None = None,
    build: Callable[[Settings], WorkflowOrchestrator] | None = None,
) -> Iterator[str]:
    """The address of a service over the event, with other settings of some sections; it ends with the block.

    `build` makes the orchestrator of each event that is opened; without it all of them work on this one.
    """
    settings = event.settings(sections)
    app = create_app(
        lambda: settings,
        build or (lambda _: event.workflow()),
        face_services,
        open_assets,
        open_videos,
        who_works,
        open_gallery,
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        deadline_s = time.monotonic() + WAIT_S
        while not server.started:
            assert time.monotonic() < deadline_s, "the service did not start"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(WAIT_S)
        with suppress(OSError):
            listener.close()
