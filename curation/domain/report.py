"""What a stage reports to its caller: progress while it runs, and a report at the end."""

from __future__ import annotations

from dataclasses import dataclass

from curation.domain.files.broken import BrokenFile

__all__ = ["ClusteringReport", "Failure", "FilmsReport", "Progress", "RecognitionReport", "ScoringReport"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is. `done` counts photos (or files) of the current phase, including failed ones."""

    phase: str
    done: int
    total: int
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """A photo that could not be used, and why.

    Attributes:
        image_path: Of the photo.
        reason: For the user.
        fault: What is wrong with its file, a value of `curation.domain.files.health.FaultKind`; empty if the file is
            not known to be broken.
        good: What of the file is still good.
        twin: The file that stands in for it; empty if there is none.
    """

    image_path: str
    reason: str
    fault: str = ""
    good: str = ""
    twin: str = ""


@dataclass(frozen=True, slots=True)
class ClusteringReport:
    """The result of a clustering run; `analysed + failed == total`.

    Attributes:
        total: Photos that were found.
        analysed: Photos that were analysed, with or without faces.
        failed: Photos that could not be used.
        failures: Why, one for each failed photo.
        ignored: Files that were skipped, and why.
        reused: Photos among `analysed` whose analysis was cached by an earlier run.
        faces: Faces that were found.
        identified_faces: Faces that were good enough to be grouped.
        unreadable_faces: Faces that cannot be read, whatever their size; they are in no cluster.
        clusters: Clusters, including those of a single face.
        largest_clusters: (cluster id, number of photos) of the largest ones.
        engine: Name of the engine.
        engine_reason: Why this engine was chosen.
        outputs: Files and folders that were written.
        seconds: Wall time.
        warnings: What the user should know about labels, corrections, picks and files, in sentences.
        broken_files: Files that are broken, whether or not their photos were analysed.
        absent_photos: Photos and clips that are not on this disk; they are in no other number.
        broken: All of these, by path.
        with_raw: Photos among `analysed` that have a RAW file of the same shot.
    """

    total: int
    analysed: int
    failed: int
    failures: tuple[Failure, ...]
    ignored: tuple[Failure, ...]
    reused: int
    faces: int
    identified_faces: int
    unreadable_faces: int
    clusters: int
    largest_clusters: tuple[tuple[int, int], ...]
    engine: str
    engine_reason: str
    outputs: tuple[str, ...]
    seconds: float
    warnings: tuple[str, ...] = ()
    broken_files: int = 0
    absent_photos: int = 0
    broken: tuple[BrokenFile, ...] = ()
    with_raw: int = 0


@dataclass(frozen=True, slots=True)
class ScoringReport:
    """The result of a scoring run; `scored + failed == total`.

    Attributes:
        total: Photos that the clustering had found.
        scored: Photos with a score.
        failed: Photos without a score.
        failures: Why, one for each failed photo.
        reused: Photos among `scored` whose measures were cached by an earlier run.
        vetoed: Photos that a rule vetoed.
        faces: Faces that were measured.
        judged_faces: Faces whose eyes could be judged.
        frontal_faces: Frontal faces of at least 80 px.
        frontal_judged_faces: Frontal faces whose eyes could be judged.
        labelled: Whether there was a labels file.
        labelled_clusters: Clusters that have a label.
        new_photos: Photos in the folder that the clustering has not seen.
        warnings: What the user should know about labels and data, in sentences.
        best: (image_path, final score) of the best photos.
        outputs: Files that were written.
        seconds: Wall time.
    """

    total: int
    scored: int
    failed: int
    failures: tuple[Failure, ...]
    reused: int
    vetoed: int
    faces: int
    judged_faces: int
    frontal_faces: int
    frontal_judged_faces: int
    labelled: bool
    labelled_clusters: int
    new_photos: tuple[str, ...]
    warnings: tuple[str, ...]
    best: tuple[tuple[str, float], ...]
    outputs: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class FilmsReport:
    """The result of looking at the clips of an event; `analysed + failed == total`.

    Attributes:
        total: Clips, without those that only accompany a photo.
        analysed: Clips that were looked at, also those of which only a part could be.
        failed: Clips that could not be used.
        failures: Why, one for each failed clip.
        partial: Clips among `analysed` of which only a part could be looked at.
        companions: Short films beside their photos, which are a part of these.
        people: Different people in the clips.
        known_people: Those of them who are on photos, too.
        tracks: Appearances of faces.
        seconds_of_film: Length of all clips that were looked at.
        warnings: What the user should know, in sentences.
        outputs: Files that were written.
        seconds: Wall time.
    """

    total: int = 0
    analysed: int = 0
    failed: int = 0
    failures: tuple[Failure, ...] = ()
    partial: int = 0
    companions: int = 0
    people: int = 0
    known_people: int = 0
    tracks: int = 0
    seconds_of_film: float = 0.0
    warnings: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RecognitionReport:
    """What the comparison with the gallery of known people did.

    Attributes:
        outputs: Files that were written.
        warnings: What the user should know, in sentences.
    """

    outputs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
