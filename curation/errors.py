"""The one tree of exceptions.

CurationError
├── SettingsError            wrong usage, an unknown key or a value out of range    exit 2
│   └── ExtraMissingError    it needs packages of an extra that is not installed
├── InputError               something that the user gave is missing or wrong       exit 3
│   ├── PhotosMissingError   no folder of photos, or no photo in it
│   ├── FaceDataError        face_data.csv is missing, edited wrongly or stale
│   ├── LabelsError          cluster_labels.json is not valid
│   ├── OtherEventError      the output folder holds another event's labels
│   ├── PicksError           picks.json is not valid
│   └── CorrectionsError     corrections.json is not valid
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

from typing import ClassVar

__all__ = [
    "BusyError",
    "CorrectionsError",
    "CurationError",
    "ExtraMissingError",
    "FaceAnalysisError",
    "FaceDataError",
    "InputError",
    "LabelsError",
    "OtherEventError",
    "PhotoError",
    "PhotoTooLargeError",
    "PhotoUnreadableError",
    "PhotosMissingError",
    "PicksError",
    "RunInterruptedError",
    "SettingsError",
    "StorageError",
    "WeightsBrokenError",
    "WeightsError",
    "WeightsMissingError",
    "WorkerError",
    "comes_of_an_interruption",
]


class CurationError(Exception):
    """Anything that Curation reports to its user."""

    exit_code: ClassVar[int] = 70
    code: ClassVar[str] = "internal"


class SettingsError(CurationError):
    """The command line, the environment or config.yaml asks for something impossible."""

    exit_code = 2
    code = "settings_invalid"


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
