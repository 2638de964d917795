"""Where the time per photo goes, in both stages, on one core; and how close that is to the limit.

    python -m benchmarks.profile_photo DATA [--models DIR] [--full]

This process becomes a worker like those of the pool and analyses photos of codebasics_sports and groups, and photos of
24 megapixels (enlarged from groups). The times of the phases do not overlap and add up to the total. The limit is the
least time that any program needs with these libraries: to decode the JPEG at the size that was used, and to run the
networks on their inputs. The ratio is the limit divided by the total; 1 is perfect. Times are CPU times, which depend
little on other work on the machine; of several rounds, the one with the median time is shown. Start-up and writing
into the store (which the parent does) are not included.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

import onnxruntime
import simplejpeg

from benchmarks.events.photo_folders import upscaled
from benchmarks.harness.report import Row, main
from curation.bootstrap import worker_setup
from curation.engines.landmarks import LandmarkPredictor
from curation.engines.retinaface import engine as retinaface_arcface
from curation.engines.retinaface.decoding import RetinaFaceDecoder
from curation.engines.selection import select_engine
from curation.engines.weights.inventory import locate
from curation.engines.weights.registry import DLIB_PREDICTOR_FILE
from curation.errors import CurationError, PhotoError
from curation.photos.files import decoding, lazy_photo
from curation.pipelines import measuring, per_photo
from curation.pipelines.per_photo import AnalyseTask, MeasureTask, analyse_photo_worker, score_photo_worker
from curation.settings import Settings, load_settings
from curation.storage.analysis_store import AnalysisStore
from curation.worker_setup import build_worker
from ground_truth.errors import Unavailable

__all__ = ["rows"]

_NAME = "profile_photo"
_ENGINES = ("retinaface-arcface", "dlib")
_DECODING = "JPEG decoding"
_NETWORK = "network"
_REST = "everything else"
_SUFFIXES = frozenset({".jpg", ".jpeg"})


class _Clocks:
    """CPU seconds by phase; a phase does not include the phases within it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    def timed(self, phase: str | Callable[..., str], function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with a clock; `phase` is its phase, or computes it from the arguments."""

        @wraps(function)
        def with_clock(*args: Any, **options: Any) -> Any:
            name = phase if isinstance(phase, str) else phase(*args)
            self._inner.append(0.0)
            began = time.process_time()
            try:
                return function(*args, **options)
            finally:
                took = time.process_time() - began
                self.seconds[name] += took - self._inner.pop()
                if self._inner:
                    self._inner[-1] += took

        return with_clock

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Put clocks on the functions of all phases until the end of the block."""
        phases: list[tuple[object, str, str | Callable[..., str]]] = [
            (per_photo, "read_content", "reading and hashing"),
            (simplejpeg, "decode_jpeg", _DECODING),
            (decoding, "array_to_srgb", "colour profiles"),
            (lazy_photo.OpenPhoto, "reduced", "resizing the whole photo"),
            (onnxruntime.InferenceSession, "run", _network_name),
            (RetinaFaceDecoder, "faces", "decoding the detector's output"),
            (retinaface_arcface, "aligned_face", "alignment"),
            (per_photo, "face_quality", "quality"),
            (per_photo, "face_chip_jpeg", "thumbnails"),
            (LandmarkPredictor, "predict", "68 landmarks"),
            (measuring, "unsmeared_detail", "focus"),
            (measuring, "sharpest_detail", "focus of the photo"),
            (measuring, "light_levels", "exposure"),
        ]
        with ExitStack() as stack:
            for owner, name, phase in phases:
                stack.enter_context(patch.object(owner, name, self.timed(phase, getattr(owner, name))))
            yield


def _network_name(session: Any, *_: object) -> str:
    return f"{_NETWORK} {Path(session._model_path).name}"


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module."""
    count, rounds = (16, 3) if quick else (60, 5)
    with tempfile.TemporaryDirectory(prefix="curation-profile-") as folder:
        huge = Path(folder) / "huge"
        upscaled(data / "photos" / "groups", huge, count=6 if quick else 16)
        sets = {
            "codebasics_sports": _photos(data / "photos" / "codebasics_sports", count),
            "groups": _photos(data / "photos" / "groups", count),
            "24 MP": _photos(huge, count),
        }
        for engine in _ENGINES:
            measure = _prepared(engine, models, Path(folder))
            for name, photos in sets.items():
                yield from measure(f"{engine}, {len(photos)} of {name}", photos, rounds)


def _photos(folder: Path, count: int) -> list[Path]:
    photos = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not photos:
        raise Unavailable(f"there are no photos in {folder}")
    count = min(count, len(photos))
    return [photos[place * len(photos) // count] for place in range(count)]


def _prepared(engine: str, models: Path, folder: Path) -> Callable[[str, Sequence[Path], int], Iterator[Row]]:
    """Make this process a worker of an engine, and return the function that measures photos with it."""
    io = {"input_dir": folder, "output_dir": folder, "state_dir": folder / "state", "models_dir": models}
    settings: Settings = load_settings(
        None, default_root=folder, overrides={"io": io, "engine": {"name": engine, "download": False}}
    )
    try:
        spec = select_engine(settings, pinned=None, allow_download=False)
        predictor = locate(DLIB_PREDICTOR_FILE, models)
    except CurationError as error:
        raise Unavailable(str(error)) from error
    AnalysisStore(folder / "state").close()
    build_worker(worker_setup(settings, spec, predictor))
    return _both_stages


def _both_stages(title: str, photos: Sequence[Path], rounds: int) -> Iterator[Row]:
    tasks: list[MeasureTask] = []
    for path in photos:
        try:
            analysis = analyse_photo_worker(AnalyseTask(path.name, path, "profile")).analysis
        except PhotoError:
            continue
        assert analysis is not None  # no analysis is cached here
        faces = tuple((face.detected.box, face.detected.landmarks) for face in analysis.faces)
        tasks.append(MeasureTask(path.name, path, faces, None, "profile"))
    if not tasks:
        raise Unavailable(f"none of the photos of {title} can be read")
    faces_count = sum(len(task.faces) for task in tasks)
    title = f"{title} ({faces_count} faces)"
    analyse = [partial(analyse_photo_worker, AnalyseTask(task.image_path, task.path, "profile")) for task in tasks]
    score = [partial(score_photo_worker, task) for task in tasks]
    yield from _stage(f"clustering, {title}", analyse, rounds)
    yield from _stage(f"scoring, {title}", score, rounds)


def _stage(title: str, photos: Sequence[Callable[[], object]], rounds: int) -> Iterator[Row]:
    photos[0]()  # models are loaded at the first photo that needs them
    measured = [_round(photos) for _ in range(rounds)]
    seconds = sorted(measured, key=lambda one: sum(one.values()))[rounds // 2]
    per_photo_ms = {phase: 1000 * value / len(photos) for phase, value in seconds.items()}
    whole = sum(per_photo_ms.values())
    limit = sum(value for phase, value in per_photo_ms.items() if phase == _DECODING or phase.startswith(_NETWORK))
    yield Row(_NAME, title, whole, "ms/photo", f"decoding and networks alone {limit:.1f}", limit / whole)
    for phase, value in sorted(per_photo_ms.items(), key=lambda item: -item[1]):
        yield Row(_NAME, f"... {phase}", value, "ms/photo", f"{100 * value / whole:.0f} % of the total")


def _round(photos: Sequence[Callable[[], object]]) -> dict[str, float]:
    clocks = _Clocks()
    with clocks.attached():
        for photo in photos:
            clocks.timed(_REST, photo)()
    return clocks.seconds


if __name__ == "__main__":
    main(__doc__, rows)
