"""What it costs to look whether files are whole, and whether a whole file is ever taken for a broken one.

    python -m benchmarks.whole_files DATA [--models DIR] [--full]

Cost: this process becomes a worker, and analyses photos of codebasics_sports as they are, and saved as HEIC, AVIF and
WebP, with and without the checks, in turns. Processor time, of which the median of the rounds is shown; the ratio is
the time without divided by the time with them, 1 is free. The aim is 0.97 and more.

False alarms: files that `benchmarks.events.picture_files` makes, 20,000 with `--full`, and all pictures of DATA except
odd/, which holds broken files on purpose. The aim is none.

What is seen: those photos, cut off or overwritten with zeros at random places.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

from PIL import Image

from benchmarks.events.picture_files import PictureFile, picture_files
from benchmarks.harness.report import Row, main
from curation.bootstrap import worker_setup
from curation.domain.files.health import FileFault
from curation.engines.selection import select_engine
from curation.errors import CurationError, PhotoError
from curation.photos.decoding import open_photo_bytes
from curation.photos.files import decoding
from curation.photos.files.formats import sniff
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.check import faults_of
from curation.pipelines.per_photo import AnalyseTask, analyse_photo_worker
from curation.settings import load_settings
from curation.storage.analysis_store import AnalysisStore
from curation.worker_setup import build_worker
from ground_truth.errors import Unavailable

__all__ = ["rows"]

_NAME = "whole_files"
_ENGINE = "retinaface-arcface"
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
_FORMS = ("JPEG", "HEIF", "AVIF", "WEBP")
_SAVED_PX = 2000
_MEGAPIXELS = 100
_SHORTEST_HOLE, _LONGEST_HOLE = 512, 65536


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module.

    Raises:
        Unavailable: If there are no photos, or no weights.
    """
    photos = sorted(path for path in (data / "photos").rglob("*") if path.suffix.lower() in _SUFFIXES)
    sports = [path for path in photos if "codebasics_sports" in path.parts]
    if not sports:
        raise Unavailable(f"there are no photos of codebasics_sports in {data}")
    with tempfile.TemporaryDirectory(prefix="curation-whole-") as name:
        saved = _saved(sports[:: max(1, len(sports) // (6 if quick else 24))], Path(name))
        _become_worker(Path(name), models)
        for form in _FORMS:
            yield _cost(form, saved[form], 3 if quick else 7)
        yield from _seen(saved, 20 if quick else 200)
    whole = [path for path in photos if "odd" not in path.parts]
    yield _alarms(f"{len(whole):,} pictures of the data", (PictureFile(str(p), p.read_bytes()) for p in whole))
    count = 600 if quick else 20_000
    yield _alarms(f"{count:,} made files", picture_files(count, sports))


def _saved(photos: Sequence[Path], folder: Path) -> dict[str, list[Path]]:
    """The photos in all forms."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    found: dict[str, list[Path]] = {form: [] for form in _FORMS}
    for number, path in enumerate(photos):
        found["JPEG"].append(path)
        with Image.open(path) as opened:
            image = opened.convert("RGB")
        image.thumbnail((_SAVED_PX, _SAVED_PX))
        for form in _FORMS[1:]:
            place = folder / f"{number}.{form.lower()}"
            image.save(place, form, quality=85)
            found[form].append(place)
    return found


def _become_worker(folder: Path, models: Path) -> None:
    io = {"input_dir": folder, "output_dir": folder, "state_dir": folder / "state", "models_dir": models}
    settings = load_settings(
        None, default_root=folder, overrides={"io": io, "engine": {"name": _ENGINE, "download": False}}
    )
    try:
        spec = select_engine(settings, pinned=None, allow_download=False)
    except CurationError as error:
        raise Unavailable(str(error)) from error
    AnalysisStore(folder / "state").close()
    build_worker(worker_setup(settings, spec, None))


def _cost(form: str, photos: Sequence[Path], rounds: int) -> Row:
    def unchecked(file: PhotoFile, kind: object) -> tuple[FileFault, ...]:
        return ()

    def analysed() -> float:
        began = time.process_time()
        for path in photos:
            analyse_photo_worker(AnalyseTask(path.name, path, "whole"))
        return time.process_time() - began

    analysed()  # networks are loaded at the first photo
    checked, plain = [], []
    for _ in range(rounds):
        checked.append(analysed())
        with patch.object(decoding, "require_seen_part_whole", unchecked):
            plain.append(analysed())
    ms = 1000 / len(photos)
    with_ms, without_ms = statistics.median(checked) * ms, statistics.median(plain) * ms
    alone = _seconds(lambda: [_faults(path.read_bytes(), path.name) for path in photos]) * ms
    figure = f"{len(photos)} photos as {form}, clustering with checks; a check alone takes {alone:.2f} ms"
    return Row(_NAME, figure, with_ms, "ms/photo", f"without checks {without_ms:.1f}", without_ms / with_ms)


def _seconds(function: Callable[[], object]) -> float:
    began = time.process_time()
    function()
    return time.process_time() - began


def _faults(content: bytes, name: str) -> tuple[FileFault, ...]:
    kind = sniff(content[:64], name.rpartition(".")[2].lower())
    return () if kind is None else faults_of(PhotoFile(None, content), kind)


def _alarms(what: str, files: Iterable[PictureFile]) -> Row:
    alarms = 0
    for file in files:
        faults = _faults(file.content, file.name)
        if faults:
            alarms += 1
            print(f"{file.name}: {faults[0].reason}")
    return Row(_NAME, f"{what}: taken for broken", alarms, "files", "aim: 0")


def _seen(saved: dict[str, list[Path]], tries: int) -> Iterator[Row]:
    chance = random.Random(17)
    for form, paths in saved.items():
        counts: Counter[str] = Counter()
        for _ in range(tries):
            whole = chance.choice(paths).read_bytes()
            start = chance.randrange(len(whole))
            if chance.random() < 0.5:
                broken = whole[: start + 1]
            else:
                size = min(chance.randint(_SHORTEST_HOLE, _LONGEST_HOLE), len(whole) - start)
                broken = whole[:start] + bytes(size) + whole[start + size :]
            counts[_outcome(broken, whole)] += 1
        told = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        yield Row(_NAME, f"{tries} cuts and holes in {form}: {told}; silent", counts["silent"], "files", "aim: 0")


def _outcome(broken: bytes, whole: bytes) -> str:
    try:
        photo = open_photo_bytes(broken, max_megapixels=_MEGAPIXELS)
        pixels = photo.full().array
    except PhotoError:
        return "refused"
    if photo.faults:
        return "told"
    reference = open_photo_bytes(whole, max_megapixels=_MEGAPIXELS).full().array
    return "every pixel there" if (pixels.shape == reference.shape and (pixels == reference).all()) else "silent"


if __name__ == "__main__":
    main(__doc__, rows)
