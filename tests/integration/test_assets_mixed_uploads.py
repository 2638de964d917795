"""A thousand uploads, a fifth of them broken in five ways, from several threads: each ends in the right state."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from curation.domain.assets.asset import Asset, AssetQuery
from curation.domain.assets.states import AssetState, RejectCode
from curation.errors import AssetRejectedError, PhotoUnreadableError
from curation.jobs.assets.asset_jobs import AssetJobs
from curation.jobs.assets.work import AssetWork
from curation.pipelines.assets import gate
from curation.pipelines.assets.limits import GateLimits
from curation.storage.assets.files import AssetFiles
from curation.storage.assets.sqlite_store import SqliteAssetStore
from tests.fake_assets import QUICK, SETTINGS_HASH, FakeDone, document, prepare

UPLOADS = 1000
LIMITS = GateLimits(min_side_px=256, max_megapixels=1.0, max_bytes=10_000_000)
COMPLETED, REJECTED = AssetState.COMPLETED, AssetState.REJECTED


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    content: bytes
    state: AssetState
    code: str | None


def uploads() -> list[Upload]:
    noise = np.random.default_rng(3).integers(0, 256, (280, 300, 3), np.uint8)
    made = []
    for number in range(UPLOADS):
        kind = number // 5 % 5 if number % 5 == 0 else None
        name = f"{number}.jpg"
        if kind is None:
            made.append(Upload(name, _jpeg(Image.new("RGB", (300, 280)), number), COMPLETED, None))
        elif kind == 0:  # the end is missing, which only decoding shows
            made.append(Upload(name, _jpeg(Image.fromarray(noise), number)[:-9000], REJECTED, RejectCode.UNREADABLE))
        elif kind == 1:
            made.append(Upload(name, f"this is no picture {number}".encode(), REJECTED, RejectCode.FORMAT))
        elif kind == 2:
            made.append(Upload(name, _jpeg(Image.new("RGB", (300, 255)), number), REJECTED, RejectCode.TOO_SMALL))
        elif kind == 3:
            made.append(Upload(name, _jpeg(Image.new("RGB", (1001, 1000)), number), REJECTED, RejectCode.TOO_LARGE))
        else:
            made.append(Upload(f"{number}.pdf", f"%PDF-1.7\n{number}".encode(), REJECTED, RejectCode.FORMAT))
    return made


def _jpeg(image: Image.Image, number: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", comment=str(number))
    return out.getvalue()


def decode(task: tuple[Path, Path]) -> FakeDone:
    """The work without its networks: the picture is read and decoded as always."""
    path, folder = task
    try:
        pixels = gate.check(path.read_bytes(), LIMITS).full().array
    except PhotoUnreadableError as error:
        raise AssetRejectedError(str(error), RejectCode.UNREADABLE) from error
    (folder / "mask.png").write_bytes(pixels[:1, :1].tobytes())
    return FakeDone(document())


def _task(asset: Asset, attempt: int, path: Path, folder: Path) -> tuple[Path, Path]:
    return path, folder


def test_a_thousand_mixed_uploads_end_in_the_right_state(tmp_path: Path) -> None:
    work = AssetWork(
        SETTINGS_HASH, lambda content, name: gate.check(content, LIMITS, name=name), decode, _task, prepare
    )
    store = SqliteAssetStore(tmp_path / "assets.sqlite")
    jobs = AssetJobs(store, AssetFiles(tmp_path / "assets"), lambda: work, QUICK)
    jobs.start()
    slowest_s = 0.0

    def hand_in(upload: Upload) -> str:
        nonlocal slowest_s
        begun = time.thread_time()
        asset = jobs.submit(upload.content, upload.name)
        if asset.state is REJECTED:
            slowest_s = max(slowest_s, time.thread_time() - begun)
        return asset.id

    all_uploads = uploads()
    with ThreadPoolExecutor(4) as threads:
        ids = list(threads.map(hand_in, all_uploads))
    jobs.run_until_done()
    assert len(set(ids)) == UPLOADS
    assert slowest_s < 0.1
    wrong = []
    for upload, asset_id in zip(all_uploads, ids, strict=True):
        asset = jobs.get(asset_id)
        if (asset.state, asset.code) != (upload.state, upload.code):
            wrong.append((upload.name, asset.state, asset.code, asset.message))
    assert wrong == []
    assert dict(jobs.counts()) == dict.fromkeys(AssetState, 0) | {COMPLETED: 800, REJECTED: 200}
    assert jobs.find(AssetQuery(state=COMPLETED), limit=1)[0] == 800
    jobs.close()
