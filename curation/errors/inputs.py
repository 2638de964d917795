"""Something that the user gave is missing or wrong: photos, tables, labels, other files."""

from __future__ import annotations

from typing import ClassVar

from curation.errors.base import CurationError

__all__ = [
    "NOT_CLUSTERED",
    "NOT_SCORED",
    "AssetDocumentError",
    "AttributeDocumentError",
    "CorrectionsError",
    "FaceDataError",
    "InputError",
    "LabelsError",
    "NotClusteredError",
    "NotScoredError",
    "OtherEventError",
    "PeopleSeenError",
    "PhotosMissingError",
    "PicksError",
    "RefusalsError",
]

NOT_CLUSTERED = "the photos are not clustered yet; run the clustering first: POST /cluster, or python run_clustering.py"
NOT_SCORED = "the photos are not scored yet; run the scoring first: POST /score, or python run_scoring.py"


class InputError(CurationError):
    """Something that the user gave is missing or wrong."""

    exit_code = 3
    code = "input_invalid"


class PhotosMissingError(InputError):
    """There is no folder of photos, or no photo in it."""

    code = "photos_missing"


class FaceDataError(InputError):
    """face_data.csv is missing, edited wrongly or stale."""

    code = "face_data_invalid"


class LabelsError(InputError):
    """cluster_labels.json is not valid; no part of it is used."""

    code = "labels_invalid"


class OtherEventError(InputError):
    """The output folder holds the labels of another event."""

    code = "other_event"


class PicksError(InputError):
    """picks.json is not valid; no part of it is used."""

    code = "picks_invalid"


class PeopleSeenError(InputError):
    """people_seen.json is not valid; no part of it is used."""

    code = "people_seen_invalid"


class RefusalsError(InputError):
    """known_refused.json is not valid; no part of it is used."""

    code = "known_refused_invalid"


class CorrectionsError(InputError):
    """corrections.json is not valid; no part of it is used."""

    code = "corrections_invalid"


class AttributeDocumentError(InputError):
    """A JSON document does not hold the attributes of a picture's faces, or those of another version."""

    code = "attribute_document_invalid"


class AssetDocumentError(InputError):
    """A JSON document is not of a picture that was taken apart, or of another version."""

    code: ClassVar[str] = "asset_document_invalid"


class NotClusteredError(InputError):
    """The results of the clustering are needed, but there are none yet."""

    code = "not_clustered"

    def __init__(self, message: str = NOT_CLUSTERED) -> None:
        super().__init__(message)


class NotScoredError(InputError):
    """The results of the scoring are needed, but there are none yet."""

    code = "not_scored"

    def __init__(self, message: str = NOT_SCORED) -> None:
        super().__init__(message)
