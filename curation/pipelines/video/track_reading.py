"""Which tracks count, and what is read of their best faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from curation.domain.attributes.values import FaceAttributes
from curation.domain.faces.face import AnalysedFace, Box, DetectedFace
from curation.domain.faces.geometry import clipped_box
from curation.domain.film.track import Track, TrackFace
from curation.domain.film.tracking.best_faces import weighted_mean
from curation.engines.attributes.reader import AttributeReader
from curation.engines.landmarks import LandmarkPredictor
from curation.errors import PhotoError
from curation.photos.looks.thumbnails import face_chip_jpeg
from curation.pipelines.attributes.reading import read_attributes
from curation.pipelines.video.looking import Looker, SeenFace
from curation.pipelines.video.options import LookOptions
from curation.pipelines.video.tracker import FinishedTrack

__all__ = ["TrackReader"]


class TrackReader:
    """Turns finished tracks into values."""

    def __init__(
        self,
        options: LookOptions,
        looker: Looker,
        readers: Callable[[], Sequence[AttributeReader]],
        predictor: Callable[[], LandmarkPredictor],
        *,
        chip_px: int,
    ) -> None:
        """Set how tracks are judged.

        Args:
            options: Limits of areas and confidences.
            looker: That embedded the faces.
            readers: Gives the readers of attributes; called only if attributes are asked for.
            predictor: Gives the predictor of the 68 landmarks; called only if a reader needs it.
            chip_px: Longer side of the chips.
        """
        self._options = options
        self._looker = looker
        self._readers = readers
        self._predictor = predictor
        self._chip_px = chip_px

    def track(self, finished: FinishedTrack, shot: int, area: Box) -> Track | None:
        """The track, or None if it does not count: too doubtful, too small or large, or outside of the picture.

        Args:
            finished: As the tracker built it.
            shot: Number of its shot.
            area: The picture without black bars.
        """
        sightings = tuple(face.sighting for face in finished.faces)
        if max(sighting.confidence for sighting in sightings) < self._options.track_min_conf:
            return None
        share = median(sighting.box.w * sighting.box.h for sighting in sightings) / (area.w * area.h)
        if not self._options.min_area <= share <= self._options.max_area:
            return None
        if not _is_within(sightings[len(sightings) // 2].box, area):
            return None
        faces = tuple(self._face(face) for face in finished.chosen)
        return Track(
            shot=shot,
            span=finished.span,
            sightings=sightings,
            faces=faces,
            mean=weighted_mean(
                [face.face.detected.embedding for face in faces], [face.face.quality.score for face in faces]
            ),
            start_tolerance_s=round(float(finished.start_tolerance), 4),
            end_tolerance_s=round(float(finished.end_tolerance), 4),
        )

    def _face(self, face: SeenFace) -> TrackFace:
        sighting, crop = face.sighting, face.crop
        assert crop is not None  # a face that is embedded has one
        return TrackFace(
            time=sighting.time,
            frame_index=sighting.frame_index,
            face=AnalysedFace(
                DetectedFace(sighting.box, sighting.landmarks, sighting.confidence, face.embedding(self._looker)),
                face.quality,
                face_chip_jpeg(crop.full(), crop.box_within(sighting.box), long_side_px=self._chip_px),
            ),
            attributes=self._attributes(face),
        )

    def _attributes(self, face: SeenFace) -> FaceAttributes | None:
        options, crop = self._options, face.crop
        if not options.attributes or crop is None or not self._qualifies(face):
            return None
        box = face.sighting.box
        more_x, more_y = options.bbox_expand_factor * box.w / 2, options.bbox_expand_factor * box.h / 2
        x, y = box.x - crop.left, box.y - crop.top
        wide = clipped_box(x - more_x, y - more_y, x + box.w + more_x, y + box.h + more_y, crop.width, crop.height)
        points = crop.points_within(face.sighting.landmarks)
        try:
            (read,) = read_attributes(crop, [(wide or crop.box_within(box), points)], self._readers(), self._predictor)
        except PhotoError:  # one face less; the others of the track tell enough
            return None
        return read

    def _qualifies(self, face: SeenFace) -> bool:
        options = self._options
        return (
            face.sighting.confidence >= options.min_conf_cla
            and face.quality.sharpness >= options.min_sharpness_cla
            and abs(face.quality.yaw_deg) <= options.max_z_cla
        )


def _is_within(box: Box, area: Box) -> bool:
    x, y = box.x + box.w / 2, box.y + box.h / 2
    return area.x <= x <= area.x + area.w and area.y <= y <= area.y + area.h
