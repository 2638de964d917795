"""A service that has something of everything, to which any request of its own description can be sent."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import cast
from unittest import mock

import httpx
from PIL import Image

from curation.api.app import create_app
from curation.domain.assets.asset import asset_id
from curation.domain.faces.ids import face_id, photo_id
from curation.engines.weights import registry
from curation.pipelines.stage import content_key
from curation.settings import Settings
from curation.workflow import WorkflowOrchestrator
from tests.fake_asset_jobs import SETTINGS_HASH, FakeAssets, people_picture
from tests.fake_face_services import FakeFaceServices
from tests.fake_films import FakeFilms, film, poster_picture
from tests.service import (
    FACES,
    PHOTOS,
    FakeOrchestrator,
    ServiceClient,
    make_settings,
    service,
    write_face_data,
    write_photo_scores,
)

__all__ = ["AUTHORISED", "KNOWN_IDS", "DescribedParts", "described_parts", "described_service", "post_known_film"]

TOKEN = "0123456789-abcdefghij"
KNOWN_ASSET = people_picture(2)
KNOWN_IDS = {
    "asset_id": asset_id(hashlib.sha256(KNOWN_ASSET).hexdigest(), SETTINGS_HASH),
    "photo_id": photo_id("a.jpg"),
    "face_id": face_id(photo_id("a.jpg"), 0),
    "cluster_id": 0,
    "number": 0,
    "video_id": content_key({"content": hashlib.sha256(film()).hexdigest(), "settings": FakeFilms().settings_hash}),
    "poster_id": hashlib.sha256(poster_picture()).hexdigest()[:16],
}
AUTHORISED = {"authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True, slots=True)
class DescribedParts:
    """What a service is made of that has something of everything.

    Attributes:
        settings: Its settings, with the token of `AUTHORISED`.
        assets: Has taken a picture apart.
        films: Works on what is posted; `release` ends those that last.
    """

    settings: Settings
    assets: FakeAssets
    films: FakeFilms


@contextmanager
def described_parts(folder: Path, host: str) -> Iterator[DescribedParts]:
    """The folders of an event with people, photos and pictures that were taken apart; no weights can be fetched."""
    # No weights are fetched from the web: their sources answer nobody.
    nowhere = {
        name: replace(known, addresses=("http://127.0.0.1:9/nothing",)) for name, known in registry.REGISTRY.items()
    }
    service = {"host": host, "token": TOKEN, "guest_selfies": True, "folder_roots": [str(folder)]}
    settings = make_settings(folder, service=service)
    write_face_data(settings.io.output_dir, FACES)
    write_photo_scores(settings.io.output_dir, PHOTOS)
    settings.io.input_dir.mkdir()
    for photo in PHOTOS[:3]:
        Image.new("RGB", (200, 150), "teal").save(settings.io.input_dir / str(photo["image_path"]))
    # Without attribute services, which are programs of their own, every picture would get a 503.
    assets = FakeAssets(folder / "assets")
    for content, name in ((KNOWN_ASSET, "2 people.jpg"), (b"no picture", "note.txt")):
        assets.settled(assets.submit(content, name).id)
    films = FakeFilms(joined=frozenset({1}))
    with mock.patch.object(registry, "REGISTRY", MappingProxyType(nowhere)):
        yield DescribedParts(settings, assets, films)
        films.release.set()


def post_known_film(post: Callable[..., httpx.Response]) -> None:
    """Give the service the film and the poster of `KNOWN_IDS`."""
    files = {"film": ("film.mp4", film()), "poster": ("poster.jpg", poster_picture())}
    answer = post("/videos", files=files, headers=AUTHORISED).json()
    known = (answer["video"]["video_id"], answer["poster_id"])
    assert known == (KNOWN_IDS["video_id"], KNOWN_IDS["poster_id"])


@contextmanager
def described_service(folder: Path) -> Iterator[ServiceClient]:
    """The service, with people, photos, pictures that were taken apart and a film; `KNOWN_IDS` are of them."""
    with (
        described_parts(folder, "testserver") as parts,  # as schemathesis calls it
        service(
            parts.settings,
            face_services=FakeFaceServices().connected,
            open_assets=parts.assets.opened,
            open_videos=parts.films.open,
        ) as client,
    ):
        post_known_film(client.post)
        yield client


def main() -> None:
    """Serve it for real: `python -m tests.described_service FOLDER PORT`, an empty folder and a free port."""
    import uvicorn

    with described_parts(Path(sys.argv[1]), "127.0.0.1") as parts:
        app = create_app(
            lambda: parts.settings,
            lambda of_event: cast(WorkflowOrchestrator, FakeOrchestrator(of_event)),
            FakeFaceServices().connected,
            parts.assets.opened,
            parts.films.open,
        )
        uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")


if __name__ == "__main__":
    main()
