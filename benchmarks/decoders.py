"""What it costs that pictures are decoded in other processes than the service's.

    python -m benchmarks.decoders DATA [--models DIR] [--full]

A photo of 24 megapixels is shown in all ways of the page: as a thumbnail, on the screen and in full size, and in tiles,
of which the first decodes the photo and the others are cut from what is kept. Each is made in this process and in a
decoder process, in turns, so that a busy machine slows both alike. Then photos of DATA are analysed as the attribute
services do, the pixels decoded here or there, and the networks here: without readers, so that what decoding adds is not
hidden by them. That needs the weights of an engine.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg

from benchmarks.harness.report import Row, main
from curation.bootstrap import build_analyser
from curation.decoders import decoders_set
from curation.errors import WeightsError
from curation.event.one_photo.tile_work import TileCutter, TileTask, cut_in_decoder
from curation.photos.looks.pictures import PictureSize, photo_picture
from curation.photos.tiles.grid import TileGrid
from curation.pipelines.attributes.analyser import Wanted
from curation.settings import Settings
from curation.workers.decoders.pool import DecoderPool
from ground_truth.errors import Unavailable

__all__ = ["rows"]

_NAME = "decoders"
_WIDTH, _HEIGHT = 6000, 4000
_MEMORY = 300_000_000
_LARGE_ENOUGH = 90_000  # bytes of a photo; smaller ones take no time to decode


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module."""
    rounds = 9 if quick else 41
    with tempfile.TemporaryDirectory(prefix="curation-decoders-") as name, DecoderPool() as pool:
        photo = Path(name) / "photo.jpg"
        photo.write_bytes(_photo())
        began = time.perf_counter()
        pool.run(abs, (1,))
        yield Row(_NAME, "the start of a decoder process", 1000 * (time.perf_counter() - began), "ms", "none", None)
        for size in PictureSize:
            picture = partial(photo_picture, size=size, max_megapixels=120)
            yield _row(
                f"a picture, {size.value}", rounds, partial(picture, photo), partial(pool.run, picture, (photo,))
            )
        level = TileGrid(_WIDTH, _HEIGHT).levels()[0]
        cutter = TileCutter(_MEMORY)

        def task(version: int, column: int) -> TileTask:
            return TileTask(photo, str(version), level, column, 3, 120, _MEMORY)

        numbers = iter(range(10_000))
        yield _row(
            "the first tile of a photo",
            rounds,
            lambda: cutter.cut(task(next(numbers), 1)),
            lambda: pool.run(cut_in_decoder, (task(next(numbers), 1),)),
        )
        cutter.cut(task(-1, 0))
        pool.run(cut_in_decoder, (task(-1, 0),), home="a")
        columns = iter(range(10_000))
        yield _row(
            "another tile of it",
            4 * rounds,
            lambda: cutter.cut(task(-1, next(columns) % 10)),
            lambda: pool.run(cut_in_decoder, (task(-1, next(columns) % 10),), home="a"),
        )
        yield _row("nothing at all", 4 * rounds, partial(abs, 1), partial(pool.run, abs, (1,)))
        yield from _analysed(data, models, rounds, pool)


def _analysed(data: Path, models: Path, rounds: int, pool: DecoderPool) -> Iterator[Row]:
    settings = Settings()
    settings = settings.model_copy(
        update={
            "io": settings.io.model_copy(update={"models_dir": models}),
            "engine": settings.engine.model_copy(update={"download": False}),
        }
    )
    try:
        analyser = build_analyser(settings, {})
    except WeightsError as error:
        raise Unavailable(str(error)) from error
    photos = [path for path in sorted((data / "photos").rglob("*.jpg")) if path.stat().st_size > _LARGE_ENOUGH]
    if not photos:
        raise Unavailable(f"{data / 'photos'} has no photos")
    contents = [path.read_bytes() for path in photos[:: max(1, len(photos) // (4 * rounds))]]
    turns = (iter(contents), iter(contents))

    def here() -> None:
        analyser.analyse(next(turns[0]), wanted=Wanted())

    def apart() -> None:
        with decoders_set(pool):
            analyser.analyse(next(turns[1]), wanted=Wanted())

    yield _row(f"the faces of a photo, of {len(contents)}, for the attribute services", len(contents) - 1, here, apart)


def _row(what: str, rounds: int, here: Callable[[], Any], apart: Callable[[], Any]) -> Row:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for call, found in zip((here, apart), times, strict=True):
            began = time.perf_counter()
            call()
            found.append(1000 * (time.perf_counter() - began))
    here_ms, apart_ms = (statistics.median(found[1:]) for found in times)
    return Row(_NAME, what, apart_ms, "ms", f"in the service's process {here_ms:.2f} ms", here_ms / apart_ms)


def _photo() -> bytes:
    chance = np.random.default_rng(7)
    coarse = chance.integers(0, 256, (_HEIGHT // 20, _WIDTH // 20, 3), dtype=np.uint8)
    photo = coarse.repeat(20, 0).repeat(20, 1) // 2 + chance.integers(0, 60, (_HEIGHT, _WIDTH, 1), dtype=np.uint8)
    jpeg: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(photo), quality=90, colorspace="RGB")
    return jpeg


if __name__ == "__main__":
    main(__doc__, rows)
