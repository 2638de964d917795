"""How long it takes to preview other rules, to choose photos and to pick one, with 20,000 photos and 60,000 faces.

    python -m benchmarks.picking DATA [--full]

The event is synthetic: bursts of five photos, three faces on each photo, four main and eleven important people. The
photo files are empty, since nothing here opens them. All figures are of one process without HTTP; in brackets is its
CPU time, which depends less on other work on the machine. DATA is not used.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.events.synthetic_measures import MEASURES_PER_FACE, MEASURES_PER_PHOTO, synthetic_measures
from benchmarks.events.synthetic_outputs import FACES_PER_PHOTO, write_event
from benchmarks.harness.report import Row, main, median_seconds
from curation.domain.choosing.best_choice import choose
from curation.domain.choosing.choice import ChoiceRequest
from curation.domain.choosing.coverage import coverage, people_of_photos
from curation.domain.choosing.covering import Item, Need, best_cover, greedy_cover
from curation.domain.judging.picks import NO_PICKS, PhotoPick, Pick, Picks
from curation.domain.judging.ranking import with_picks
from curation.domain.judging.rule_changes import compare_tops
from curation.domain.judging.scoring_rules import ScoringRules
from curation.domain.measuring.measures import MINIATURE_BYTES
from curation.pipelines.scoring.event import measures_key, read_event
from curation.pipelines.scoring.rescoring import Rescorer
from curation.settings import ScoringSettings, Settings, load_settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.file_stamps import stamp_of
from curation.storage.run_records import CLUSTERING_RUN, SCORING_RUN, read_run_record, write_run_record

__all__ = ["rows"]

_NAME = "picking"
_PHOTOS = 20_000
_BURST = 5
_CHOSEN = 100
_AIM_S = 2.0
_PREDICTOR = "c" * 64


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module."""
    rounds = 3 if quick else 9
    with tempfile.TemporaryDirectory(prefix="curation-picking-") as name:
        settings = _event(Path(name))
        rescorer = Rescorer(settings)
        what = f"{_PHOTOS} photos, {FACES_PER_PHOTO * _PHOTOS} faces"
        first_s, cpu = _timed(rescorer.event, 1)
        yield Row(_NAME, f"read the event for the first time, {what} {cpu}", first_s, "s")
        labels = settings.io.output_dir / settings.scoring.labels_json

        def read_again() -> None:
            labels.touch()
            rescorer.event()

        again_s, again_cpu = _timed(read_again, rounds)
        yield Row(
            _NAME, f"read it again after a label changed {again_cpu}", again_s, "s", "the first time", first_s / again_s
        )
        yield from _previews(rescorer, settings.scoring, rounds)
        yield from _picks(rescorer, settings.scoring, rounds)
        yield from _choices(rescorer, settings.scoring, rounds)


def _timed(function: Callable[[], object], rounds: int) -> tuple[float, str]:
    """Median wall time in seconds, and the median CPU time as text in brackets."""
    cpu_s: list[float] = []

    def measured() -> None:
        before_s = time.process_time()
        function()
        cpu_s.append(time.process_time() - before_s)

    (seconds,) = median_seconds([measured], rounds=rounds)
    return seconds, f"({statistics.median(cpu_s):.2g} s of CPU)"


def _previews(rescorer: Rescorer, scoring: ScoringSettings, rounds: int) -> Iterator[Row]:
    rescorer.ranked(scoring, NO_PICKS)
    current = ScoringRules.from_mapping(scoring.model_dump())  # with the values of the preset
    step = iter(range(1, 1000))

    def preview(section: str, key: str, per_step: float) -> None:
        old = getattr(scoring, section)
        value = getattr(getattr(current, section), key) + per_step * next(step)
        tried = scoring.model_copy(update={section: old.model_copy(update={key: value})})
        _, before = rescorer.ranked(scoring, NO_PICKS)
        _, after = rescorer.ranked(tried, NO_PICKS)
        compare_tops(before, after, 100)

    for title, section, key, per_step in (
        ("another weight", "weights", "smile", 0.1),
        ("another threshold", "thresholds", "smile", 0.001),
    ):
        seconds, cpu = _timed(partial(preview, section, key, per_step), rounds)
        yield Row(
            _NAME, f"preview {title}, best 100 {cpu}", seconds, "s", f"aim: at most {_AIM_S:g} s", _AIM_S / seconds
        )


def _picks(rescorer: Rescorer, scoring: ScoringSettings, rounds: int) -> Iterator[Row]:
    _, ranked = rescorer.ranked(scoring, NO_PICKS)
    rules = ScoringRules.from_mapping(scoring.model_dump())
    some = Picks({score.image_path: PhotoPick(Pick.PICKED, 5) for score in ranked[::200]})
    seconds, cpu = _timed(lambda: with_picks(ranked, some, rules), rounds)
    yield Row(_NAME, f"rank all photos after 100 were picked {cpu}", seconds, "s")


def _choices(rescorer: Rescorer, scoring: ScoringSettings, rounds: int) -> Iterator[Row]:
    event, ranked = rescorer.ranked(scoring, NO_PICKS)
    rules = ScoringRules.from_mapping(scoring.model_dump())
    seconds, cpu = _timed(lambda: people_of_photos(event.shots, rules.thresholds), rounds)
    yield Row(_NAME, f"who is clearly visible in which photo {cpu}", seconds, "s")
    people = people_of_photos(event.shots, rules.thresholds)
    covered = coverage(ranked, people, event.persons.values())
    request = ChoiceRequest(_CHOSEN)
    choose(request, ranked, people, covered, rules)  # imports the solver, which is not timed
    seconds, cpu = _timed(lambda: choose(request, ranked, people, covered, rules), rounds)
    yield Row(
        _NAME, f"choose {_CHOSEN} photos with reasons, 3 of each main person, one of each burst {cpu}", seconds, "s"
    )
    items, needs = _hard_items()
    exact_s, greedy_s = median_seconds(
        [lambda: best_cover(items, needs, 60), lambda: greedy_cover(items, needs, 60)], rounds=1
    )
    best = sum(items[i].value for i in best_cover(items, needs, 60).chosen)
    simple = sum(items[i].value for i in greedy_cover(items, needs, 60))
    against = f"greedy choice: {simple:.2f} in {greedy_s:.2f} s"
    title = f"scores of 60 chosen of {len(items)} where 60 people need 2 each, in {exact_s:.2f} s"
    yield Row(_NAME, title, best, "sum", against, best / simple)


def _hard_items() -> tuple[list[Item], list[Need]]:
    random = np.random.default_rng(5)
    items = [
        Item(
            round(float(random.random()), 4) + 1.0,
            frozenset(random.integers(0, 60, size=int(random.integers(1, 5))).tolist()),
            int(random.integers(0, 1000)),
        )
        for _ in range(2000)
    ]
    return items, [Need(2, person < 10) for person in range(60)]


def _event(folder: Path) -> Settings:
    write_event(folder, _PHOTOS)
    settings = load_settings(folder / "config.yaml", default_root=folder)
    random = np.random.default_rng(1)
    event = read_event(settings.io.output_dir)
    start = datetime(2026, 6, 20, 14)
    with closing(AnalysisStore(settings.io.state_dir)) as store:
        for number, (path, faces) in enumerate(event.faces.items()):
            file = settings.io.input_dir / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            file.touch()
            os.utime(file, ns=(number, number))
            stamp = stamp_of(file)
            assert stamp is not None
            moment, within = divmod(number, _BURST)
            picture = np.random.default_rng(moment).integers(0, 256, MINIATURE_BYTES, dtype=np.uint8).tobytes()
            taken = start + timedelta(seconds=60.0 * moment + within)
            values = 0.25 + 0.75 * random.random(MEASURES_PER_FACE * len(faces) + MEASURES_PER_PHOTO)
            measures = synthetic_measures(values.tolist(), size_px=(6000, 4000), taken=taken, miniature=picture)
            store.save_measures(stamp, f"{number:064x}", measures_key(_PREDICTOR, faces), measures)
    # Without this key, photos are not compared with what the clustering analysed.
    record = dict(read_run_record(settings.io.output_dir / CLUSTERING_RUN) or {})
    write_run_record(settings.io.output_dir / CLUSTERING_RUN, record | {"analysis_key": None})
    noted = json.loads(settings.model_dump_json(include={"scoring"}))
    write_run_record(settings.io.output_dir / SCORING_RUN, {"landmark_model": _PREDICTOR, "settings": noted})
    return settings


if __name__ == "__main__":
    main(__doc__, rows)
