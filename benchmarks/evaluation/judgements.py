"""The ranking against judgements by eye: pairs of photos of one event with labelled people.

The events are described in `ground_truth/judged_events.py`, the pairs in `ground_truth/labels/judgements.csv`. Each
event runs as run_clustering.py and run_scoring.py do; in between its clusters are labelled as a user would.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.evaluation.tables import Table
from curation.bootstrap import build
from curation.settings import Settings
from curation.settings.sections import ScoringSettings
from curation.storage.photo_scores_file import PHOTO_SCORES, read_photo_scores
from ground_truth.evaluation import Evaluation
from ground_truth.judged_events import EVENTS, JudgedEvents, is_reserved
from ground_truth.labels.judgements import JudgedPhoto, Judgement, judgements

__all__ = ["tables"]

_ENGINE = "retinaface-arcface"
_TOP = 20
_EASY = ("main there", "both mains", "important there", "main over important", "important too")


@dataclass(frozen=True, slots=True)
class _Ranked:
    """An event as the program ranks it.

    Attributes:
        ranks: Rank of each photo; 1 is best.
        photos: The photos, by file name.
        main: File names of photos that show a main person and are not made worse.
        shown: File names of all photos that show a main person.
    """

    ranks: Mapping[str, int]
    photos: Mapping[str, JudgedPhoto]
    main: frozenset[str]
    shown: frozenset[str]

    def agrees(self, pair: Judgement) -> bool:
        return self.ranks[pair.better] < self.ranks[pair.worse]

    def top(self) -> tuple[int, int]:
        """How many of the first photos show a main person, and how many could."""
        size = min(_TOP, len(self.main))
        first = sorted(self.ranks, key=self.ranks.__getitem__)[:size]
        return sum(path in self.shown for path in first), size


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """By kind of event, by reason, and the first photos of each event."""
    ranked = _ranked(evaluation)
    pairs = judgements()
    if evaluation.verbose:
        for pair in pairs:
            event = ranked[pair.event]
            if not event.agrees(pair):
                ranks = f"{event.ranks[pair.better]} and {event.ranks[pair.worse]}"
                print(f"{pair.event}: {pair.better} over {pair.worse}, ranks {ranks}: {pair.reason} ({pair.remark})")
    yield _table(
        f"`{_ENGINE}`: pairs of photos of one event that the program ranks as a photographer would, by kind of event.",
        "event",
        ranked,
        pairs,
        lambda pair: EVENTS[pair.event].kind,
    )
    yield _table(
        f"`{_ENGINE}`: the same pairs by what decided.",
        "decided by",
        ranked,
        pairs,
        lambda pair: pair.reason,
    )
    rows, tops = [], []
    for name in EVENTS:
        if EVENTS[name].main:
            shown, size = ranked[name].top()
            rows.append([name, str(len(ranked[name].photos)), str(len(ranked[name].main)), f"{shown} of {size}"])
            tops.append((shown, size))
    full = [shown for shown, size in tops if size == _TOP]
    all_shown, all_size = (sum(column) for column in zip(*tops, strict=True))
    rows.append(["**all**", "", "", f"{all_shown} of {all_size}; at least {min(full)} where there are {_TOP}"])
    yield Table(
        f"`{_ENGINE}`: how many of the first {_TOP} photos show a main person; of fewer where an event has fewer such "
        "photos that were not made worse.",
        ["event", "photos", "with a main person", "of the first"],
        rows,
    )


def _table(
    caption: str,
    what: str,
    ranked: Mapping[str, _Ranked],
    pairs: Sequence[Judgement],
    key: Callable[[Judgement], str],
) -> Table:
    groups: dict[str, list[Judgement]] = defaultdict(list)
    for pair in pairs:
        groups[key(pair)].append(pair)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    rows = [_row(name, ranked, group) for name, group in ordered]
    who = [pair for pair in pairs if pair.reason in _EASY]
    state = [pair for pair in pairs if pair.reason not in _EASY]
    rows += [_row("who is there", ranked, who), _row("everything else", ranked, state)] if what == "decided by" else []
    rows.append(_row("**all**", ranked, pairs))
    return Table(caption, [what, "pairs", "agree", "half for choosing", "reserved half", "reserved events"], rows)


def _row(name: str, ranked: Mapping[str, _Ranked], pairs: Sequence[Judgement]) -> list[str]:
    def share(part: Sequence[Judgement]) -> str:
        if not part:
            return "-"
        right = sum(ranked[pair.event].agrees(pair) for pair in part)
        return f"{right} of {len(part)}" + (f" ({right / len(part):.0%})" if len(part) >= _TOP else "")

    chosen_on = [pair for pair in pairs if not is_reserved(pair)]
    half = [pair for pair in pairs if is_reserved(pair) and not EVENTS[pair.event].reserved]
    events = [pair for pair in pairs if EVENTS[pair.event].reserved]
    return [name, str(len(pairs)), *(share(part) for part in (pairs, chosen_on, half, events))]


def _ranked(evaluation: Evaluation) -> dict[str, _Ranked]:
    events = JudgedEvents(evaluation)
    out = {}
    for number, (name, event) in enumerate(EVENTS.items()):
        folder = evaluation.scratch / "judged" / str(number)
        photos = events.materialise(name, folder)
        clustered = evaluation.clustered(_ENGINE, folder, f"judged-{number}")
        labels = events.cluster_labels(name, photos, folder, clustered.rows)
        if labels:
            (clustered.output / "cluster_labels.json").write_text(json.dumps(labels), encoding="utf-8")
        build(_settings(evaluation, folder, clustered.output, event.preset)).run_scoring()
        ranks = {score.image_path: score.rank for score in read_photo_scores(clustered.output / PHOTO_SCORES)}
        shown = frozenset(path for path, photo in photos.items() if events.people(photo) & event.main)
        main = frozenset(path for path in shown if not photos[path].recipe)
        out[name] = _Ranked(ranks, photos, main, shown)
    return out


def _settings(evaluation: Evaluation, folder: Path, output: Path, preset: str) -> Settings:
    scoring: dict[str, Any] = {"preset": preset} if "preset" in ScoringSettings.model_fields else {}
    return evaluation.settings(_ENGINE, io={"input_dir": folder.resolve(), "output_dir": output}, scoring=scoring)
