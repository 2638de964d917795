"""How long until a face of a photo of 24 megapixels is sharp at 100 % in a browser, beside the full-size JPEG.

    python -m benchmarks.tiles DATA [--full]

The event and the server are those of `benchmarks.service`; no photo was shown before, so that no cache helps. In a
window of 1440 x 900 pixels the page of a photo is opened, `Z` is pressed, and the time is taken until the photo is
shown at 100 % with all of its pixels: the movement of the zoom, which takes 170 ms, included. Then the next photo is
opened with the arrow key. The alternative is what a page without tiles does: the same browser fetches and decodes the
full-size JPEG of the same service. DATA is not used; Chromium is needed.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

from benchmarks.events.synthetic_outputs import write_event
from benchmarks.harness.report import Row, main
from benchmarks.harness.server import Server, serving
from curation.domain.faces.ids import photo_id
from ground_truth.errors import Unavailable

__all__ = ["rows"]

_NAME = "tiles"
_AIM_MS = 300
_PHOTOS = 60
_LOOKS_MS = 1000  # a glance at the photo before the key is pressed
_SHARP = """
() => new Promise((done) => {
  const view = () => document.getElementById("photo-view");
  const began = performance.now();
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "KEY", code: "KEY", bubbles: true, cancelable: true }));
  const title = document.title;
  const look = () => {
    const isThere = "KEY" === "z" || document.title !== title;
    const note = document.getElementById("zoom-note")?.textContent;
    const isSharp = isThere && note === "100 %" && view()?.matches("[data-sharp][data-zoomed]");
    if (isSharp) return done(performance.now() - began);
    if (performance.now() - began > 20000) return done(-1);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})
"""
_FULL = """
async (address) => {
  const began = performance.now();
  const image = new Image();
  image.src = address;
  await image.decode();
  return performance.now() - began;
}
"""


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module.

    Raises:
        Unavailable: If there is no Chromium.
    """
    rounds = 5 if quick else 15
    chromium = shutil.which("chromium")
    if chromium is None:
        raise Unavailable("there is no chromium")
    with tempfile.TemporaryDirectory(prefix="curation-tiles-") as name:
        folder = Path(name)
        write_event(folder, _PHOTOS)
        with serving(folder) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            yield from _times(server, page, rounds)
            browser.close()


def _times(server: Server, page: Page, rounds: int) -> Iterator[Row]:
    ids = iter(photo_id(f"day {number % 3}/IMG_{number:06d}.jpg") for number in range(_PHOTOS))
    origin = str(server.client.base_url).rstrip("/")
    full_ms = [_full_ms(page, origin, next(ids)) for _ in range(rounds)]
    before_mb = server.memory_mb()
    at_once_ms = [_zoom_ms(page, origin, next(ids), looks_ms=0) for _ in range(rounds)]
    zoom_ms, next_ms = [], []
    for _ in range(rounds):
        zoom_ms.append(_zoom_ms(page, origin, next(ids), looks_ms=_LOOKS_MS))
        page.wait_for_timeout(_LOOKS_MS)
        next_ms.append(_ms(page, "ArrowRight"))
    full = statistics.median(full_ms)
    against = f"the full-size JPEG, {full:.0f} ms; aim: at most {_AIM_MS} ms"
    for figure, times_ms in (
        (f"Z after a look of {_LOOKS_MS / 1000:g} s at the photo", zoom_ms),
        ("the next photo with the arrow key, zoomed", next_ms),
        ("Z as soon as the photo is there", at_once_ms),
    ):
        median = statistics.median(times_ms)
        yield Row(
            _NAME, f"{figure}: sharp at 100 % (slowest {max(times_ms):.0f} ms)", median, "ms", against, full / median
        )
    yield _tile_bytes(server, next(ids))
    yield Row(
        _NAME,
        "memory of the service afterwards",
        server.memory_mb(),
        "MB",
        f"after the full-size JPEGs: {before_mb:.0f} MB",
    )


def _full_ms(page: Page, origin: str, photo: str) -> float:
    page.goto(f"{origin}/review/photos/{photo}?stacks=off")
    page.wait_for_timeout(_LOOKS_MS)
    return float(page.evaluate(_FULL, f"{origin}/photos/{photo}/picture?size=full"))


def _zoom_ms(page: Page, origin: str, photo: str, *, looks_ms: int) -> float:
    page.goto(f"{origin}/review/photos/{photo}?stacks=off")
    page.wait_for_selector("#photo-view canvas")
    page.wait_for_timeout(looks_ms)
    return _ms(page, "z")


def _ms(page: Page, key: str) -> float:
    found = float(page.evaluate(_SHARP.replace("KEY", key)))
    if found < 0:
        raise RuntimeError(f"the photo did not become sharp after {key}")
    return found


def _tile_bytes(server: Server, photo: str) -> Row:
    tiles = server.client.get(f"/photos/{photo}/tiles").json()
    sizes: list[int] = []
    for x, y in ((3, 2), (4, 2), (5, 2), (3, 3), (4, 3), (5, 3)):
        answer: httpx.Response = server.client.get(tiles["tile_url"].format(level=0, x=x, y=y))
        sizes.append(len(answer.content))
    full = len(server.client.get(f"/photos/{photo}/picture?size=full").content)
    figure = "of a window of 900 x 700 pixels at 100 %: its tiles"
    return Row(_NAME, figure, sum(sizes) / 1e6, "MB", f"the full-size JPEG, {full / 1e6:.1f} MB", full / sum(sizes))


if __name__ == "__main__":
    main(__doc__, rows)
