"""All exceptions of Curation.

CurationError
├── SettingsError            wrong usage, an unknown key or a value out of range    exit 2
│   ├── SettingsFileError    the settings file cannot be used or changed while the program runs
│   ├── SettingFixedError    a setting that the environment or an option overrides
│   ├── RulesError           rules of scoring are not valid
│   └── ExtraMissingError    packages of an extra are needed, but not installed
├── InputError               something that the user gave is missing or wrong       exit 3
│   ├── PhotosMissingError   no folder of photos, or no photo in it
│   ├── FaceDataError        face_data.csv is missing, edited wrongly or stale
│   ├── LabelsError          cluster_labels.json is not valid
│   ├── OtherEventError      the output folder holds another event's labels
│   ├── PicksError           picks.json is not valid
│   ├── PeopleSeenError      people_seen.json is not valid
│   ├── CorrectionsError     corrections.json is not valid
│   ├── AttributeDocumentError   a JSON document is not of a picture's attributes
│   ├── AssetDocumentError       a JSON document is not of a picture that was taken apart
│   ├── NotClusteredError    the photos are not clustered yet
│   ├── NotScoredError       the photos are not scored yet
│   ├── NotFoundError        the event has nothing with this id or name
│   │   ├── PersonNotFoundError      no person has this name or id
│   │   ├── ClusterNotFoundError     the cluster has no faces
│   │   ├── PhotoNotFoundError       no photo has this id
│   │   ├── FaceNotFoundError        no face has this id
│   │   ├── CorrectionNotFoundError  no correction has this id
│   │   ├── UnfoundWordNotFoundError no word that finds nobody has this id
│   │   ├── SuggestionNotFoundError  no suggestion has this id
│   │   ├── AssetNotFoundError       no asset has this id
│   │   └── PhotoGoneError           the event has the photo, but its file is gone
│   ├── LabelsChangedError   someone else changed the labels in the meantime
│   │   └── LabelsConflictError      ... and the same labels to other values
│   ├── LabelTakenError      a name would be given to somebody who has another one
│   ├── PickTakenError       a pick would be given to a photo that has one
│   ├── NotAttachableError   a correction cannot be given to other faces
│   ├── AttributesOffError   a request needs ages of people, and none are read
│   ├── AssetsOffError       a request is about assets, and the service does not work on them
│   ├── AssetNotFailedError  an asset is to be tried again that did not fail
│   ├── NothingToSplitError  a request would split off all faces of a person
│   ├── NothingToUndoError   there is nothing left to undo
│   └── PhotoRefusedError    an uploaded photo is refused
│       ├── NotAPhotoError           its name has no extension of a photo
│       ├── UploadTooLargeError      it has too many bytes
│       ├── TooManyPhotosError       too many photos in one request
│       ├── PhotoPresentError        the event already has this photo
│       └── NameTakenError           too many photos have its name
├── WeightsError             a model file is missing or broken                      exit 4
│   ├── WeightsMissingError  missing, and could not be downloaded
│   └── WeightsBrokenError   damaged, or not the expected file
├── StorageError             a file cannot be read or written                       exit 5
│   ├── RedisUnavailableError    the Redis server of the services does not answer
│   ├── RoleUnavailableError     a role of the services does not answer
│   ├── CollectorUnavailableError  the collector that gets the services' log does not answer
│   └── DatabaseBusyError        the database of assets is busy or away for a moment
├── BusyError                another run uses the same output folder                exit 6
│   ├── TooBusyError         a role has too many requests waiting already
│   └── QueueFullError       the queue in Redis has too many pictures waiting already
├── WorkerError              worker processes cannot be started at all              exit 70
├── RunInterruptedError      the user or the service stopped the run                exit 130
└── PhotoError               one photo cannot be used; reported per photo, never ends a stage
    ├── PhotoUnreadableError the file is damaged, empty or not an image
    ├── PhotoTooLargeError   more pixels than `io.max_photo_megapixels`, or more bytes than a service takes
    ├── PhotoTooSmallError   fewer pixels than the smallest face
    ├── AssetRejectedError   a picture that is not taken apart: too small, nobody on it ...
    └── FaceAnalysisError    the engine failed on this photo

Every message says what to do next. `exit_code` is the exit code of the scripts, `code` the stable name in the error
responses of the service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

__all__ = [
    "NOT_CLUSTERED",
    "NOT_SCORED",
    "AssetDocumentError",
    "AssetNotFailedError",
    "AssetNotFoundError",
    "AssetRejectedError",
    "AssetsOffError",
    "AttributeDocumentError",
    "AttributesOffError",
    "BusyError",
    "ClusterNotFoundError",
    "CollectorUnavailableError",
    "CorrectionNotFoundError",
    "CorrectionsError",
    "CurationError",
    "DatabaseBusyError",
    "ExtraMissingError",
    "FaceAnalysisError",
    "FaceDataError",
    "FaceNotFoundError",
    "InputError",
    "LabelTakenError",
    "LabelsChangedError",
    "LabelsConflictError",
    "LabelsError",
    "NameTakenError",
    "NotAPhotoError",
    "NotAttachableError",
    "NotClusteredError",
    "NotFoundError",
    "NotScoredError",
    "NothingToSplitError",
    "NothingToUndoError",
    "OtherEventError",
    "PeopleSeenError",
    "PersonNotFoundError",
    "PhotoError",
    "PhotoGoneError",
    "PhotoNotFoundError",
    "PhotoPresentError",
    "PhotoRefusedError",
    "PhotoTooLargeError",
    "PhotoTooSmallError",
    "PhotoUnreadableError",
    "PhotosMissingError",
    "PickTakenError",
    "PicksError",
    "QueueFullError",
    "RedisUnavailableError",
    "RoleUnavailableError",
    "RulesError",
    "RunInterruptedError",
    "SettingFixedError",
    "SettingsError",
    "SettingsFileError",
    "StorageError",
    "SuggestionNotFoundError",
    "TooBusyError",
    "TooManyPhotosError",
    "UnfoundWordNotFoundError",
    "UploadTooLargeError",
    "WeightsBrokenError",
    "WeightsError",
    "WeightsMissingError",
    "WorkerError",
    "is_caused_by_interrupt",
]


NOT_CLUSTERED = "the photos are not clustered yet; run the clustering first: POST /cluster, or python run_clustering.py"
NOT_SCORED = "the photos are not scored yet; run the scoring first: POST /score, or python run_scoring.py"


class CurationError(Exception):
    """Base class of all errors that are reported to the user."""

    exit_code: ClassVar[int] = 70
    code: ClassVar[str] = "internal"


class SettingsError(CurationError):
    """The command line, the environment or config.yaml is not valid."""

    exit_code = 2
    code = "settings_invalid"


class SettingsFileError(SettingsError):
    """The settings file cannot be used, or cannot be changed, while the program runs."""

    code = "settings_file_invalid"


class SettingFixedError(SettingsError):
    """A setting cannot be changed in the file, because the environment or an option overrides it."""

    code = "setting_fixed"


class RulesError(SettingsError):
    """Rules of scoring are not valid.

    Attributes:
        problems: The key of each error, such as `scoring.weights.smile`, and what is wrong with its value.
    """

    code = "rules_invalid"

    def __init__(self, message: str, problems: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class ExtraMissingError(SettingsError):
    """Packages of an optional extra are needed, but not installed."""

    code = "extra_missing"


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


class NotFoundError(InputError):
    """The event has nothing with this id or name."""

    code = "not_found"


class PersonNotFoundError(NotFoundError):
    """No person of the event has this name or id."""

    code = "person_not_found"


class ClusterNotFoundError(NotFoundError):
    """The event has no faces in this cluster."""

    code = "cluster_not_found"


class PhotoNotFoundError(NotFoundError):
    """The event has no photo with this id."""

    code = "photo_not_found"


class FaceNotFoundError(NotFoundError):
    """The event has no face with this id."""

    code = "face_not_found"


class CorrectionNotFoundError(NotFoundError):
    """There is no correction with this id."""

    code = "correction_not_found"


class UnfoundWordNotFoundError(NotFoundError):
    """No label, correction or pick that finds nobody has this id."""

    code = "unfound_not_found"


class SuggestionNotFoundError(NotFoundError):
    """No suggestion has this id; it may have been answered, or the event may have changed."""

    code = "suggestion_not_found"


class AssetNotFoundError(NotFoundError):
    """There is no asset with this id."""

    code: ClassVar[str] = "asset_not_found"


class PhotoGoneError(NotFoundError):
    """The event has the photo, but its file is gone."""

    code = "picture_not_found"


class LabelsChangedError(InputError):
    """Someone else changed the labels since the client read them; nothing was written."""

    code = "labels_changed"


class LabelsConflictError(LabelsChangedError):
    """Someone else gave the same clusters other labels; nothing was written.

    Attributes:
        conflicts: For each such cluster its id (`cluster_id`) and both labels as JSON values (`yours`, `theirs`).
    """

    code = "labels_conflict"

    def __init__(self, message: str, conflicts: Sequence[dict[str, object]] = ()) -> None:
        super().__init__(message)
        self.conflicts = tuple(conflicts)


class LabelTakenError(InputError):
    """A name would be given to a person who has another one; nothing was written."""

    code = "label_taken"


class PickTakenError(InputError):
    """A pick would be given to a photo that has one of its own; nothing was written."""

    code = "pick_taken"


class NotAttachableError(InputError):
    """What was said cannot be given to others, or not to this kind."""

    code = "not_attachable"


class AttributesOffError(InputError):
    """A request needs attributes of people that the settings do not ask for, or that no clustering has read yet."""

    code = "attributes_off"


class AssetsOffError(InputError):
    """A request is about assets, and the service does not work on them: `assets.enabled` is false."""

    code: ClassVar[str] = "assets_off"


class AssetNotFailedError(InputError):
    """An asset is to be tried again that waits, is worked on, or has its result."""

    code: ClassVar[str] = "asset_not_failed"


class NothingToSplitError(InputError):
    """A request would split off all faces of a person."""

    code = "nothing_to_split"


class NothingToUndoError(InputError):
    """There is nothing left to undo."""

    code = "nothing_to_undo"


class PhotoRefusedError(InputError):
    """An uploaded photo is refused."""

    code = "photo_refused"


class NotAPhotoError(PhotoRefusedError):
    """The file name has no extension of a photo."""

    code = "not_a_photo"


class UploadTooLargeError(PhotoRefusedError):
    """The photo has more bytes than `service.upload_photo_mb`, or `services.max_image_mb`, allows."""

    code = "too_large"


class PhotoPresentError(PhotoRefusedError):
    """The event already has the same photo.

    Attributes:
        stored_as: Name of the file with this photo.
    """

    code = "already_there"

    def __init__(self, message: str, stored_as: str = "") -> None:
        super().__init__(message)
        self.stored_as = stored_as


class TooManyPhotosError(PhotoRefusedError):
    """A request has more photos than `service.upload_photos` allows."""

    code = "too_many"


class NameTakenError(PhotoRefusedError):
    """Too many photos have this name."""

    code = "name_taken"


class WeightsError(CurationError):
    """A model's weights cannot be used."""

    exit_code = 4
    code = "weights_unusable"


class WeightsMissingError(WeightsError):
    """A weights file is missing and could not be downloaded."""

    code = "weights_missing"


class WeightsBrokenError(WeightsError):
    """A weights file is damaged, or not the expected file."""

    code = "weights_broken"


class StorageError(CurationError):
    """A file cannot be read or written: a full disk, a missing permission, a broken store."""

    exit_code = 5
    code = "storage"


class RedisUnavailableError(StorageError):
    """The Redis server of the attribute services does not answer, or refuses the password."""

    code = "redis_unavailable"


class RoleUnavailableError(StorageError):
    """A role of the attribute services does not answer at its address."""

    code = "role_unavailable"


class CollectorUnavailableError(StorageError):
    """The collector of `services.otlp_endpoint` does not answer, or asks to come again later."""

    code = "collector_unavailable"


class DatabaseBusyError(StorageError):
    """The database of assets is busy or away for a moment; worth another try."""

    code: ClassVar[str] = "database_busy"


class BusyError(CurationError):
    """Another run uses the same output folder."""

    exit_code = 6
    code = "busy"


class TooBusyError(BusyError):
    """A role of the attribute services has too many requests waiting already.

    Attributes:
        retry_after_s: When it is worth trying again, in seconds.
    """

    code = "too_busy"

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class QueueFullError(BusyError):
    """So many pictures wait in the queue in Redis already that no more are taken now."""

    code = "queue_full"


class WorkerError(CurationError):
    """Worker processes cannot be started, or exit before they do any work."""

    code = "workers"


class RunInterruptedError(CurationError):
    """The run was stopped before it was complete; what was analysed so far is kept."""

    exit_code = 130
    code = "interrupted"


class PhotoError(CurationError):
    """One photo cannot be used. It is reported with the photo and never ends a stage."""

    exit_code = 1
    code = "photo"


class PhotoUnreadableError(PhotoError):
    """The file is damaged, truncated, empty or not an image."""

    code = "photo_unreadable"


class PhotoTooLargeError(PhotoError):
    """The photo has more pixels than `io.max_photo_megapixels` allows, or more bytes than `services.max_image_mb`."""

    code = "photo_too_large"


class PhotoTooSmallError(PhotoError):
    """The photo has fewer pixels than the smallest face that is measured."""

    code = "photo_too_small"


class FaceAnalysisError(PhotoError):
    """The engine failed on this photo."""

    code = "face_analysis"


def is_caused_by_interrupt(error: BaseException) -> bool:
    """Whether a KeyboardInterrupt is the error or its cause.

    A native library that is interrupted while it loads raises an error of its own from the KeyboardInterrupt.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        cause = cause.__cause__
    return cause is not None


class AssetRejectedError(PhotoError):
    """A picture that cannot be taken apart through no fault of the program; another try gives the same."""

    code: ClassVar[str] = "asset_rejected"

    def __init__(self, message: str, reason: str = "unreadable") -> None:
        """Say why.

        Args:
            message: For the user.
            reason: A value of `curation.domain.assets.states.RejectCode`.
        """
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type[AssetRejectedError], tuple[str, str]]:
        return type(self), (str(self), self.reason)
