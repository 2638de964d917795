"""What earlier runs know of the contents that a photo may have: looked up by the parent, sent with the task.

The parent knows the size of a photo's file, but its content only when somebody has read it. So it sends what it knows
of every content of this size, which is nearly always one or none: a photo that was moved, renamed or copied is then
recognised by the worker, which has no access to the parent's analysis store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.domain.measuring.measures import PhotoMeasures
from curation.pipelines.known_photos import FacePlace
from curation.storage.analysis_store import AnalysisStore

if TYPE_CHECKING:
    from curation.pipelines.per_photo import AnalyseTask, MeasureTask

__all__ = ["KnownContent", "SentKnowledge", "known_contents"]


@dataclass(frozen=True, slots=True)
class KnownContent:
    """What is known of a content.

    Attributes:
        sha256: Of the content.
        analysis_key: Of an analysis; None if there is none that the task asks for.
        faces: Of this analysis, if the task has to read something of them.
        attributes: Keys of attributes that were read.
        measures_key: Of measures; None if there are none that the task asks for.
        measures: Under this key.
    """

    sha256: str
    analysis_key: str | None
    faces: tuple[FacePlace, ...] = ()
    attributes: tuple[str, ...] = ()
    measures_key: str | None = None
    measures: PhotoMeasures | None = None


def known_contents(task: Any, store: AnalysisStore) -> tuple[KnownContent, ...]:
    """What the store knows of the contents that the photos of a task may have.

    Raises:
        StorageError: If the store fails.
    """
    # A worker's main process imports this module, and its children are forked: they load these libraries, not it.
    from curation.pipelines.per_photo import AnalyseBatch, AnalyseTask, MeasureTask

    if isinstance(task, AnalyseBatch):
        return tuple(content for one in task.tasks for content in known_contents(one, store))
    if not isinstance(task, AnalyseTask | MeasureTask) or task.size_bytes is None:
        return ()
    contents = store.contents_of_size(task.size_bytes)
    if isinstance(task, AnalyseTask):
        return tuple(filter(None, (_of_analysis(task, sha256, store) for sha256 in contents)))
    return tuple(filter(None, (_of_measures(task, sha256, store) for sha256 in contents)))


def _of_analysis(task: AnalyseTask, sha256: str, store: AnalysisStore) -> KnownContent | None:
    is_analysed = store.has_analysis(sha256, task.key)
    read = tuple(key for _, key in task.attributes if store.having_attributes([sha256], key))
    if not is_analysed and not read:
        return None
    faces: tuple[FacePlace, ...] = ()
    if is_analysed and len(read) < len(task.attributes):
        known = store.analysis(sha256, task.key)
        faces = () if known is None else tuple((face.box, face.landmarks) for face in known.faces)
    return KnownContent(sha256, task.key if is_analysed else None, faces, read)


def _of_measures(task: MeasureTask, sha256: str, store: AnalysisStore) -> KnownContent | None:
    is_analysed = task.analysis_key is not None and store.has_analysis(sha256, task.analysis_key)
    measures = store.measures({sha256: (sha256, task.measures_key)}).get(sha256)
    if not is_analysed and measures is None:
        return None
    return KnownContent(
        sha256,
        task.analysis_key if is_analysed else None,
        measures_key=None if measures is None else task.measures_key,
        measures=measures,
    )


class SentKnowledge:
    """Implements `KnownPhotos` with what came with the task that is worked on."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._contents: Sequence[KnownContent] = ()

    def use(self, contents: Sequence[KnownContent]) -> None:
        """Take what came with the next task; the earlier ones are forgotten."""
        self._contents = contents

    def is_analysed(self, sha256: str, key: str) -> bool:
        """See `KnownPhotos.is_analysed`."""
        return any(one.analysis_key == key for one in self._of(sha256))

    def faces(self, sha256: str, key: str) -> Sequence[FacePlace]:
        """See `KnownPhotos.faces`."""
        return next((one.faces for one in self._of(sha256) if one.analysis_key == key), ())

    def has_attribute(self, sha256: str, key: str) -> bool:
        """See `KnownPhotos.has_attribute`."""
        return any(key in one.attributes for one in self._of(sha256))

    def measures(self, sha256: str, key: str) -> PhotoMeasures | None:
        """See `KnownPhotos.measures`."""
        return next((one.measures for one in self._of(sha256) if one.measures_key == key), None)

    def close(self) -> None:
        """Nothing is open."""

    def _of(self, sha256: str) -> list[KnownContent]:
        return [one for one in self._contents if one.sha256 == sha256]
