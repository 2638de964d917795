"""Stores beside the events: the gallery, assets, the files of attribute services, and the sample event."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from curation.bootstrap import build_attribute_files
from curation.domain.assets.asset import AssetQuery
from curation.domain.attributes.values import ImageAttributes
from curation.gallery.opening import open_gallery
from curation.jobs.assets.asset_jobs import AssetJobs
from curation.photos.sample_event import build_sample_event
from curation.settings import GallerySettings, load_settings
from curation.storage.assets.files import AssetFiles
from curation.storage.assets.sqlite_store import SqliteAssetStore
from tests.attribute_values import a_face, an_image
from tests.crash_points.scenario import Scenario, Step, tree
from tests.fake_assets import QUICK, document, fake_work, picture
from tests.gallery_faces import exemplars_of

__all__ = ["SCENARIOS"]


class _Gallery(Scenario):
    """Known people come, are joined, and are forgotten."""

    is_atomic = True
    files_differ = True  # ids by chance

    def __init__(self, *, is_encrypted: bool) -> None:
        self.name = "gallery, encrypted" if is_encrypted else "gallery"
        self.what = f"known people are enrolled, joined, renamed and forgotten{', in an encrypted file' * is_encrypted}"
        self._is_encrypted = is_encrypted

    def lacking(self) -> str:
        return "the extra gallery" if self._is_encrypted and find_spec("sqlcipher3") is None else ""

    def prepare(self, folder: Path) -> None:
        (folder / "key").write_text("5e" * 32, encoding="ascii")
        store = open_gallery(self._settings(folder))
        store.enrol("Stays", "", exemplars_of(9), max_exemplars=6)
        store.close()

    def _settings(self, folder: Path) -> GallerySettings:
        path = folder / "gallery"
        return GallerySettings(path=path, key_file=folder / "key") if self._is_encrypted else GallerySettings(path=path)

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        store = open_gallery(self._settings(folder))

        def enrol(name: str, number: int) -> Step:
            return lambda: store.enrol(name, "main", exemplars_of(number, 4), max_exemplars=6)

        def id_of(name: str) -> str:
            found = store.find(name)
            assert found is not None, name
            return found.person_id

        yield (
            enrol("Anna", 1),
            enrol("Ben", 2),
            enrol("Cara", 3),
            lambda: store.merge(id_of("Ben"), id_of("Anna"), max_exemplars=6),
            lambda: store.rename(id_of("Cara"), "Carla"),
            enrol("Anna", 4),
            lambda: store.forget(id_of("Anna")),
        )
        store.close()

    def state(self, folder: Path) -> Mapping[str, Any]:
        store = open_gallery(self._settings(folder))
        try:
            return {person.name: [person.category, person.exemplars] for person in store.people()}
        finally:
            store.close()


_LEASE_S = 0.01


class _Assets(Scenario):
    """Pictures are handed in, taken apart, and deleted, by one process that does everything."""

    name = "assets"
    what = "pictures are handed in, taken apart and deleted"
    is_atomic = True
    files_differ = True  # folders of tries

    def prepare(self, folder: Path) -> None:
        (folder / "assets").mkdir()

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        store = SqliteAssetStore(folder / "assets.sqlite")
        files = AssetFiles(folder / "assets")
        jobs = AssetJobs(store, files, fake_work, QUICK)

        def submit(number: int) -> Step:
            return lambda: jobs.submit(picture("ok", number), "a.jpg")

        def work_all() -> None:
            time.sleep(_LEASE_S)
            store.sweep(max_attempts=10_000)
            while (claim := store.claim("test", lease_s=60, max_attempts=10_000)) is not None:
                attempt = files.begin_attempt(claim.asset.id, claim.attempt)
                number = int(files.original(claim.asset.id).read_text().split("\n")[1])
                (attempt / "cutout.png").write_bytes(_png(number))
                files.make_result(claim.asset.id, attempt)
                if store.complete(claim, document(number)):
                    files.keep_only_result(claim.asset.id)

        def delete(number: int) -> Step:
            def remove() -> None:
                digest = hashlib.sha256(picture("ok", number)).hexdigest()
                _, assets = store.find(AssetQuery(), limit=100)
                for asset in assets:
                    if asset.sha256 == digest:
                        jobs.delete(asset.id)

            return remove

        yield submit(1), submit(2), delete(1), submit(3), submit(1), delete(3), work_all
        jobs.close()

    def state(self, folder: Path) -> Mapping[str, Any]:
        store = SqliteAssetStore(folder / "assets.sqlite")
        try:
            _, assets = store.find(AssetQuery(), limit=100)
            return {"ids": sorted(asset.id for asset in assets)}
        finally:
            store.close()

    def leaves(self, folder: Path) -> Mapping[str, str]:
        """After what the service clears away by age."""
        store = SqliteAssetStore(folder / "assets.sqlite")
        files = AssetFiles(folder / "assets")
        for path in [*(folder / "assets").rglob("*"), folder / "assets"]:
            os.utime(path, (1e9, 1e9))

        def is_known(asset_id: str) -> bool:
            return store.get(asset_id) is not None

        files.sweep_deleted(is_known)
        files.sweep_orphans(is_known, older_than_s=60)
        store.close()
        return tree(folder)


def _png(number: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8), (number, 0, 0)).save(out, "PNG")
    return out.getvalue()


class _AttributeFiles(Scenario):
    """Pictures and documents of the attribute services, in both forms; one comes again with other faces."""

    name = "attribute files"
    what = "annotated pictures and documents of the attribute services"

    def prepare(self, folder: Path) -> None:
        build_attribute_files(self._settings(folder)).write(_jpeg(0), _image_of(_jpeg(0)), _WHEN)

    def _settings(self, folder: Path) -> Any:
        return load_settings(None, default_root=folder)

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        files = build_attribute_files(self._settings(folder))

        def work_through() -> None:  # the queue hands a picture out again until it is done
            files.write(_jpeg(0), replace(_image_of(_jpeg(0)), faces=(a_face(),)), _WHEN)
            files.write(_jpeg(1), _image_of(_jpeg(1)), _WHEN)
            files.write(_jpeg(0, "PNG"), _image_of(_jpeg(0, "PNG")), _WHEN)

        yield (work_through,)


_WHEN = datetime(2026, 1, 31, 12, 30, 15, tzinfo=UTC)


def _jpeg(seed: int, kind: str = "JPEG") -> bytes:
    array = np.random.default_rng(seed).integers(90, 110, (240, 420, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(array).save(out, kind)
    return out.getvalue()


def _image_of(content: bytes) -> ImageAttributes:
    return replace(an_image(a_face()), sha256=hashlib.sha256(content).hexdigest())


class _Sample(Scenario):
    """The sample event is there as a whole, or not."""

    name = "sample event"
    what = "the sample event is made"

    def prepare(self, folder: Path) -> None:
        (folder / "keep").write_text("a file", encoding="ascii")

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        yield (lambda: build_sample_event(folder / "photos"),)

    def leaves(self, folder: Path) -> Mapping[str, str]:
        return tree(folder)


SCENARIOS: tuple[Scenario, ...] = (
    _Gallery(is_encrypted=False),
    _Gallery(is_encrypted=True),
    _Assets(),
    _AttributeFiles(),
    _Sample(),
)
