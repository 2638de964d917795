"""The one tree of exceptions.

CurationError
├── SettingsError            wrong usage, an unknown key or a value out of range    exit 2
│   ├── SettingsFileError    the settings file cannot be used or changed while the program runs
│   ├── SettingFixedError    a setting that something stronger than the file determines
│   ├── RulesError           rules of scoring that are to be tried or kept are not valid
│   └── ExtraMissingError    it needs packages of an extra that is not installed
├── InputError               something that the user gave is missing or wrong       exit 3
│   ├── PhotosMissingError   no folder of photos, or no photo in it
│   ├── FaceDataError        face_data.csv is missing, edited wrongly or stale
│   ├── LabelsError          cluster_labels.json is not valid
│   ├── OtherEventError      the output folder holds another event's labels
│   ├── PicksError           picks.json is not valid
│   ├── CorrectionsError     corrections.json is not valid
│   ├── NotClusteredError    asked for before the first clustering
│   ├── NotScoredError       asked for before the first scoring
│   ├── NotFoundError        the event has nothing of this id or name
│   │   ├── PersonNotFoundError      nobody is called so
│   │   ├── ClusterNotFoundError     no face belongs to the cluster
│   │   ├── PhotoNotFoundError       no photo has this id
│   │   ├── FaceNotFoundError        no face has this id
│   │   ├── CorrectionNotFoundError  no correction has this id
│   │   └── PhotoGoneError           the photo is known, but its file is not there any more
│   ├── LabelsChangedError   somebody else changed the labels meanwhile
│   │   └── LabelsConflictError      ... and the same ones, to something else
│   ├── NothingToSplitError  all faces of a person were to be split off
│   ├── NothingToUndoError   no change is left that could be undone
│   └── PhotoRefusedError    a photo that was sent is not taken
│       ├── NotAPhotoError           its name is not that of a photo
│       ├── UploadTooLargeError      it has too many bytes
│       ├── TooManyPhotosError       too many came at once
│       ├── PhotoPresentError        the event has it already
│       └── NameTakenError           too many photos have its name
├── WeightsError             a model file is missing or broken                      exit 4
│   ├── WeightsMissingError  not there, and not to be fetched
│   └── WeightsBrokenError   there, but not what it should be
├── StorageError             a file cannot be read or written                       exit 5
├── BusyError                another run is at work on the same output              exit 6
├── WorkerError              worker processes cannot be started at all              exit 70
├── RunInterruptedError      the user or the service stopped the run                exit 130
└── PhotoError               one photo cannot be used; becomes a row of the report, never ends a stage
    ├── PhotoUnreadableError the file is damaged, empty or not a picture
    ├── PhotoTooLargeError   more pixels than `io.max_photo_megapixels`
    └── FaceAnalysisError    the engine failed on this photo

Every message says what to do next. `exit_code` is the scripts' exit code, `code` the stable
name that the service puts into its error bodies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

__all__ = [
    "NOT_CLUSTERED",
    "NOT_SCORED",
    "BusyError",
    "ClusterNotFoundError",
    "CorrectionNotFoundError",
    "CorrectionsError",
    "CurationError",
    "ExtraMissingError",
    "FaceAnalysisError",
    "FaceDataError",
    "FaceNotFoundError",
    "InputError",
    "LabelsChangedError",
    "LabelsConflictError",
    "LabelsError",
    "NameTakenError",
    "NotAPhotoError",
    "NotClusteredError",
    "NotFoundError",
    "NotScoredError",
    "NothingToSplitError",
    "NothingToUndoError",
    "OtherEventError",
    "PersonNotFoundError",
    "PhotoError",
    "PhotoGoneError",
    "PhotoNotFoundError",
    "PhotoPresentError",
    "PhotoRefusedError",
    "PhotoTooLargeError",
    "PhotoUnreadableError",
    "PhotosMissingError",
    "PicksError",
    "RulesError",
    "RunInterruptedError",
    "SettingFixedError",
    "SettingsError",
    "SettingsFileError",
    "StorageError",
    "TooManyPhotosError",
    "UploadTooLargeError",
    "WeightsBrokenError",
    "WeightsError",
    "WeightsMissingError",
    "WorkerError",
    "comes_of_an_interruption",
]


NOT_CLUSTERED = "the photos are not clustered yet; run the clustering first: POST /cluster, or python run_clustering.py"
NOT_SCORED = "the photos are not scored yet; run the scoring first: POST /score, or python run_scoring.py"


class CurationError(Exception):
    """Anything that Curation reports to its user."""

    exit_code: ClassVar[int] = 70
    code: ClassVar[str] = "internal"


class SettingsError(CurationError):
    """The command line, the environment or config.yaml asks for something impossible."""

    exit_code = 2
    code = "settings_invalid"


class SettingsFileError(SettingsError):
    """The settings file cannot be used, or cannot be changed, while the program runs."""

    code = "settings_file_invalid"


class SettingFixedError(SettingsError):
    """A setting is to be changed in the file that the environment or an option determines."""

    code = "setting_fixed"


class RulesError(SettingsError):
    """Rules of scoring are not valid.

    Attributes:
        problems: The key of each mistake, such as `scoring.weights.smile`, and what is wrong with its value.
    """

    code = "rules_invalid"

    def __init__(self, message: str, problems: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class ExtraMissingError(SettingsError):
    """What was asked for needs packages of an extra that is not installed."""

    code = "extra_missing"


class InputError(CurationError):
    """Something that the user gave is missing or wrong."""

    exit_code = 3
    code = "input_invalid"


class PhotosMissingError(InputError):
    """There is no folder of photos, or no photo in it."""

    code = "photos_missing"


class FaceDataError(InputError):
    """face_data.csv is missing, or was changed so that it cannot be used."""

    code = "face_data_invalid"


class LabelsError(InputError):
    """cluster_labels.json is not valid; it is refused whole."""

    code = "labels_invalid"


class OtherEventError(InputError):
    """The output folder holds the labels of other photos."""

    code = "other_event"


class PicksError(InputError):
    """picks.json is not valid; it is refused whole."""

    code = "picks_invalid"


class CorrectionsError(InputError):
    """corrections.json is not valid; it is refused whole."""

    code = "corrections_invalid"


class NotClusteredError(InputError):
    """Something was asked for that needs the results of the clustering."""

    code = "not_clustered"

    def __init__(self, message: str = NOT_CLUSTERED) -> None:
        super().__init__(message)


class NotScoredError(InputError):
    """Something was asked for that needs the results of the scoring."""

    code = "not_scored"

    def __init__(self, message: str = NOT_SCORED) -> None:
        super().__init__(message)


class NotFoundError(InputError):
    """The event has nothing of this id or name."""

    code = "not_found"


class PersonNotFoundError(NotFoundError):
    """Nobody in the event is called so."""

    code = "person_not_found"


class ClusterNotFoundError(NotFoundError):
    """No face of the event belongs to the cluster."""

    code = "cluster_not_found"


class PhotoNotFoundError(NotFoundError):
    """The event has no photo of this id."""

    code = "photo_not_found"


class FaceNotFoundError(NotFoundError):
    """The event has no face of this id."""

    code = "face_not_found"


class CorrectionNotFoundError(NotFoundError):
    """There is no correction of this id."""

    code = "correction_not_found"


class PhotoGoneError(NotFoundError):
    """The photo is known, but its file is not there any more."""

    code = "picture_not_found"


class LabelsChangedError(InputError):
    """Somebody else changed the labels since they were read; nothing was written."""

    code = "labels_changed"


class LabelsConflictError(LabelsChangedError):
    """Somebody else gave the same clusters other labels; nothing was written.

    Attributes:
        conflicts: Of each such cluster its id (`cluster_id`) and both labels as JSON values (`yours`, `theirs`).
    """

    code = "labels_conflict"

    def __init__(self, message: str, conflicts: Sequence[dict[str, object]] = ()) -> None:
        super().__init__(message)
        self.conflicts = tuple(conflicts)


class NothingToSplitError(InputError):
    """All faces of a person were to be split off: nobody would be left."""

    code = "nothing_to_split"


class NothingToUndoError(InputError):
    """No change is left that could be undone."""

    code = "nothing_to_undo"


class PhotoRefusedError(InputError):
    """A photo that was sent is not taken into the event."""

    code = "photo_refused"


class NotAPhotoError(PhotoRefusedError):
    """Its name is not that of a photo."""

    code = "not_a_photo"


class UploadTooLargeError(PhotoRefusedError):
    """It has more bytes than `service.upload_photo_mb` allows."""

    code = "too_large"


class PhotoPresentError(PhotoRefusedError):
    """The event has the same photo already.

    Attributes:
        kept_as: The file that holds it.
    """

    code = "already_there"

    def __init__(self, message: str, kept_as: str = "") -> None:
        super().__init__(message)
        self.kept_as = kept_as


class TooManyPhotosError(PhotoRefusedError):
    """More photos came at once than `service.upload_photos` allows."""

    code = "too_many"


class NameTakenError(PhotoRefusedError):
    """Too many photos have this name."""

    code = "name_taken"


class WeightsError(CurationError):
    """A model's weights cannot be used."""

    exit_code = 4
    code = "weights_unusable"


class WeightsMissingError(WeightsError):
    """A weights file is not there and could not be fetched."""

    code = "weights_missing"


class WeightsBrokenError(WeightsError):
    """A weights file is there but is not what it should be."""

    code = "weights_broken"


class StorageError(CurationError):
    """A file cannot be read or written: a full disk, a missing permission, a broken store."""

    exit_code = 5
    code = "storage"


class BusyError(CurationError):
    """Another run is at work on the same output folder."""

    exit_code = 6
    code = "busy"


class WorkerError(CurationError):
    """Worker processes cannot be started, or die before they do any work."""

    code = "workers"


class RunInterruptedError(CurationError):
    """The run was stopped before its end; what was analysed so far is kept."""

    exit_code = 130
    code = "interrupted"


class PhotoError(CurationError):
    """One photo cannot be used. It becomes a row of the report and never ends a stage."""

    exit_code = 1
    code = "photo"


class PhotoUnreadableError(PhotoError):
    """The file is damaged, cut off, empty or not a picture."""

    code = "photo_unreadable"


class PhotoTooLargeError(PhotoError):
    """The photo has more pixels than `io.max_photo_megapixels` allows."""

    code = "photo_too_large"


class FaceAnalysisError(PhotoError):
    """The engine failed on this photo."""

    code = "face_analysis"


def comes_of_an_interruption(error: BaseException) -> bool:
    """Whether a KeyboardInterrupt is the error or its cause.

    A native library that is interrupted while it is being loaded raises an error of its own from it.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        cause = cause.__cause__
    return cause is not None
