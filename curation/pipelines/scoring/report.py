"""What a ranking reports: counts, warnings in sentences, and the run record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from curation.domain.bursts.clocks import NO_CLOCKS, EventClocks
from curation.domain.identity.unfound import Unfound, unfound_told
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.presets import with_preset
from curation.domain.labelling.labels import Labels
from curation.domain.measuring.measures import FaceMeasures, PhotoMeasures
from curation.domain.report import Failure, ScoringReport
from curation.pipelines.event_clocks import clocks_json
from curation.pipelines.said.words import unfound_json
from curation.pipelines.scoring.event import ScoringEvent
from curation.pipelines.scoring.sources import RANKED_FROM
from curation.pipelines.stage import failures_as_json
from curation.settings import Settings
from curation.storage.photo_scores_file import PHOTO_SCORES
from curation.storage.run_records import CLUSTERING_RUN, SCORING_RUN, versions, write_run_record

__all__ = ["scoring_report", "scoring_warnings", "write_scoring_record"]

FRONTAL_YAW_DEG = 25.0  # the eyes of faces up to this yaw, and of this size or more, should nearly always be judged
FRONTAL_FACE_PX = 80
_BEST_SHOWN = 10


def scoring_warnings(
    settings: Settings,
    event: ScoringEvent,
    unfound: Sequence[Unfound],
    new: Sequence[str],
    waiting: Sequence[str],
    *,
    has_ages: bool,
) -> tuple[str, ...]:
    """What the user should know about a ranking, in sentences.

    Args:
        settings: With the rules.
        event: That was ranked.
        unfound: Words that find nobody.
        new: Photos that the clustering has not seen.
        waiting: Photos that must be looked at before they can be ranked anew.
        has_ages: Whether ages are known.
    """
    warnings = list(unfound_told(unfound))
    if new:
        came = "1 photo came" if len(new) == 1 else f"{len(new)} photos came"
        are = "is" if len(new) == 1 else "are"
        warnings.append(f"{came} after the clustering and {are} not ranked; run the clustering again")
    if event.analysis_key is None:
        warnings.append(f"there is no {CLUSTERING_RUN}: photos without faces are not ranked; run the clustering again")
    asked = settings.scoring.rules.of_age_that_are_on()
    if asked and not has_ages:
        warnings.append(
            f"the rule{'s' if len(asked) > 1 else ''} {' and '.join(asked)} had no effect: face_data.csv has no "
            "ages; run the clustering again"
        )
    if waiting:
        photos = "1 photo was" if len(waiting) == 1 else f"{len(waiting)} photos were"
        warnings.append(
            f"{photos} not looked at since faces or files changed; run the scoring again (python run_scoring.py)"
        )
    return tuple(warnings)


def scoring_report(
    ranked: Sequence[PhotoScore],
    measures: Iterable[PhotoMeasures],
    failures: Mapping[str, str],
    *,
    reused: int,
    labels: Labels,
    is_labelled: bool,
    new: tuple[str, ...],
    warnings: tuple[str, ...],
    seconds: float,
) -> ScoringReport:
    """The report of a ranking.

    Args:
        ranked: All photos, best first.
        measures: Of the photos.
        failures: Why photos could not be judged, by image path.
        reused: How many measures an earlier run had made.
        labels: Of the event.
        is_labelled: Whether they come from a file.
        new: Photos that the clustering has not seen.
        warnings: See `scoring_warnings`.
        seconds: Wall time.
    """
    faces = [face for measured in measures for face in measured.faces]
    judged = [face for face in faces if face.eyes.value is not None]
    return ScoringReport(
        total=len(ranked),
        scored=len(ranked) - len(failures),
        failed=len(failures),
        failures=tuple(Failure(path, reason) for path, reason in sorted(failures.items())),
        reused=reused,
        vetoed=sum(bool(score.vetoes) for score in ranked),
        faces=len(faces),
        judged_faces=len(judged),
        frontal_faces=sum(map(_is_frontal, faces)),
        frontal_judged_faces=sum(map(_is_frontal, judged)),
        labelled=is_labelled,
        labelled_clusters=len(labels.by_cluster) if is_labelled else 0,
        new_photos=new,
        warnings=warnings,
        best=tuple(
            (score.image_path, score.final_score) for score in ranked[:_BEST_SHOWN] if score.final_score is not None
        ),
        outputs=(PHOTO_SCORES, SCORING_RUN),
        seconds=seconds,
    )


def write_scoring_record(
    folder: Path,
    settings: Settings,
    report: ScoringReport,
    labels: Labels,
    engine: str | None,
    unfound: Sequence[Unfound],
    *,
    landmark_model: str,
    weights: Mapping[str, str],
    ranked_from: str,
    waiting: Sequence[str],
    clocks: EventClocks = NO_CLOCKS,
) -> None:
    """Write scoring_run.json.

    Args:
        folder: Of new files, as the table must appear with it; see `curation.storage.together.new_files`.
        settings: That the ranking was made with.
        report: Of the ranking.
        labels: Of the event.
        engine: That found the faces; None if there are none.
        unfound: Words that find nobody.
        landmark_model: SHA-256 of the model that the photos were measured with.
        weights: SHA-256 of all models that they were measured with, by name.
        ranked_from: See `curation.pipelines.scoring.sources.RankingSources`.
        waiting: Photos that must be looked at before they can be ranked anew.
        clocks: Of the cameras.

    Raises:
        StorageError: If it cannot be written.
    """
    write_run_record(
        folder / SCORING_RUN,
        {
            "stage": "scoring",
            "input_dir": settings.input_address or str(settings.io.input_dir),
            "engine": engine,
            "landmark_model": landmark_model,
            "weights": dict(weights),
            "labels": labels.to_json(),
            "labelled_by_user": report.labelled,
            "unfound": unfound_json(unfound),
            "counts": {
                "photos": report.total,
                "scored": report.scored,
                "failed": report.failed,
                "kept_from_earlier": report.reused,
                "vetoed": report.vetoed,
                "faces": report.faces,
                "faces_with_judged_eyes": report.judged_faces,
                "frontal_faces": report.frontal_faces,
                "frontal_faces_with_judged_eyes": report.frontal_judged_faces,
            },
            "failures": failures_as_json(report.failures),
            "new_photos": list(report.new_photos),
            "waiting": list(waiting),
            "clocks": clocks_json(clocks),
            RANKED_FROM: ranked_from,
            "warnings": list(report.warnings),
            "settings": _used_settings(settings),
            "seconds": round(report.seconds, 2),
            "versions": versions(),
        },
    )


def _is_frontal(face: FaceMeasures) -> bool:
    return abs(face.yaw_deg) <= FRONTAL_YAW_DEG and face.size_px >= FRONTAL_FACE_PX


def _used_settings(settings: Settings) -> dict[str, Any]:
    """The settings that the result depends on, with the values of the preset."""
    used = settings.recorded("io", "clustering", "scoring", "clocks", "performance")
    return used | {"scoring": used["scoring"] | with_preset(used["scoring"])}
