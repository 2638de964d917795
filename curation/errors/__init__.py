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
│   ├── EventTakenError      the results of one event would fall on those of another
│   ├── EventsFileError      events.json is not valid
│   ├── FolderRefusedError   a folder outside of those that the service may show
│   ├── PicksError           picks.json is not valid
│   ├── PeopleSeenError      people_seen.json is not valid
│   ├── RefusalsError        known_refused.json is not valid
│   ├── CorrectionsError     corrections.json is not valid
│   ├── AttributeDocumentError   a JSON document is not of a picture's attributes
│   ├── AssetDocumentError       a JSON document is not of a picture that was taken apart
│   ├── FilmDocumentError        a file does not hold the results of a film
│   ├── CatalogueFileError       the CSV of a catalogue of films is not valid
│   ├── NotClusteredError    the photos are not clustered yet
│   ├── NotScoredError       the photos are not scored yet
│   ├── NotFoundError        the event has nothing with this id or name
│   │   ├── EventNotFoundError       this machine knows no event with this id
│   │   ├── FolderNotFoundError      there is no such folder, or it cannot be read
│   │   ├── PersonNotFoundError      no person has this name or id
│   │   ├── ClusterNotFoundError     the cluster has no faces
│   │   ├── PhotoNotFoundError       no photo has this id
│   │   ├── FaceNotFoundError        no face has this id
│   │   ├── CorrectionNotFoundError  no correction has this id
│   │   ├── UnfoundWordNotFoundError no word that finds nobody has this id
│   │   ├── SuggestionNotFoundError  no suggestion has this id
│   │   ├── AssetNotFoundError       no asset has this id
│   │   ├── KnownPersonNotFoundError the gallery has nobody with this id or name
│   │   ├── VideoNotFoundError       no film has this id
│   │   ├── CharacterNotFoundError   the film has no such character
│   │   ├── PosterNotFoundError      the film has no such poster
│   │   ├── VideoFileNotFoundError   the film has no such file (any more)
│   │   ├── TileNotFoundError        the photo has no such tile
│   │   └── PhotoGoneError           the event has the photo, but its file is gone
│   ├── LabelsChangedError   someone else changed the labels in the meantime
│   │   └── LabelsConflictError      ... and the same labels to other values
│   ├── KnownPersonTakenError the gallery has another person of this name
│   ├── GalleryOffError      a request is about known people, and the gallery is off
│   ├── LabelTakenError      a name would be given to somebody who has another one
│   ├── PickTakenError       a pick would be given to a photo that has one
│   ├── FacePresentError     a face is drawn where there is one
│   ├── NotAttachableError   a correction cannot be given to other faces
│   ├── AttributesOffError   a request needs ages of people, and none are read
│   ├── AssetsOffError       a request is about assets, and the service does not work on them
│   ├── VideosOffError       a request is about films, and the service cannot look at them
│   ├── FilmNotReadyError    a request needs the result of a film that has none yet
│   ├── AssetNotFailedError  an asset is to be tried again that did not fail
│   ├── NothingToSplitError  a request would split off all faces of a person
│   ├── NothingToUndoError   there is nothing left to undo
│   ├── NoWayBackError       there is no earlier version of a file of words to go back to
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
│   ├── DatabaseBusyError        the database of assets is busy or away for a moment
│   ├── ObjectStorageError       object storage refuses a request
│   │   ├── ObjectStorageUnavailableError  it does not answer
│   │   ├── ObjectMissingError       it has no such object
│   │   └── ObjectChangedError       somebody else wrote the object in the meantime
│   ├── BrokerUnavailableError   the broker of the workers does not answer
│   ├── WorkersMissingError      no worker of another machine takes work
│   └── GalleryError             the gallery of known people cannot be read or written
├── BusyError                another run uses the same output folder                exit 6
│   ├── EventsOpenError      as many events are at work as may be open at once
│   ├── DecodersBusyError    too many pictures are being decoded
│   ├── TooBusyError         a role has too many requests waiting already
│   └── QueueFullError       the queue in Redis has too many pictures waiting already
├── WorkerError              worker processes cannot be started at all              exit 5
├── RunInterruptedError      the user or the service stopped the run                exit 130
└── PhotoError               one photo cannot be used; reported per photo, never ends a stage
    ├── PhotoUnreadableError the file is damaged, empty or not an image
    │   ├── PhotoDamagedError    it is not whole: it is cut off, zeroed, spliced
    │   └── PhotoUnknownFormError    it may be whole, but is of a form that cannot be opened
    ├── PhotoTooLargeError   more pixels than `io.max_photo_megapixels`, or more bytes than a service takes
    ├── PhotoTooSmallError   fewer pixels than the smallest face
    ├── PhotoNotWrittenError a copy of it cannot be written where others can
    ├── ClipUnreadableError  a film is damaged, or holds no moving picture
    ├── ClipRefusedError     a film is too long or too large
    ├── AddressRefusedError  nothing is fetched from this address
    ├── AssetRejectedError   a picture that is not taken apart: too small, nobody on it ...
    └── FaceAnalysisError    the engine failed on this photo

Every message says what to do next. `exit_code` is the exit code of the scripts, `code` the stable name in the error
responses of the service.
"""

from curation.errors.base import CurationError, RunInterruptedError, WorkerError, is_caused_by_interrupt
from curation.errors.events import (
    EventNotFoundError,
    EventsFileError,
    EventsOpenError,
    EventTakenError,
    FolderNotFoundError,
    FolderRefusedError,
)
from curation.errors.films import (
    AddressRefusedError,
    CatalogueFileError,
    CharacterNotFoundError,
    ClipRefusedError,
    ClipUnreadableError,
    FilmDocumentError,
    FilmNotReadyError,
    PosterNotFoundError,
    VideoFileNotFoundError,
    VideoNotFoundError,
    VideosOffError,
)
from curation.errors.inputs import (
    NOT_CLUSTERED,
    NOT_SCORED,
    AssetDocumentError,
    AttributeDocumentError,
    CorrectionsError,
    FaceDataError,
    InputError,
    LabelsError,
    NotClusteredError,
    NotScoredError,
    OtherEventError,
    PeopleSeenError,
    PhotosMissingError,
    PicksError,
    RefusalsError,
)
from curation.errors.machine import (
    BrokerUnavailableError,
    BusyError,
    CollectorUnavailableError,
    DatabaseBusyError,
    DecodersBusyError,
    GalleryError,
    ObjectChangedError,
    ObjectMissingError,
    ObjectStorageError,
    ObjectStorageUnavailableError,
    QueueFullError,
    RedisUnavailableError,
    RoleUnavailableError,
    StorageError,
    TooBusyError,
    WeightsBrokenError,
    WeightsError,
    WeightsMissingError,
    WorkersMissingError,
)
from curation.errors.not_found import (
    AssetNotFoundError,
    ClusterNotFoundError,
    CorrectionNotFoundError,
    FaceNotFoundError,
    KnownPersonNotFoundError,
    NotFoundError,
    PersonNotFoundError,
    PhotoGoneError,
    PhotoNotFoundError,
    SuggestionNotFoundError,
    TileNotFoundError,
    UnfoundWordNotFoundError,
)
from curation.errors.photos import (
    AssetRejectedError,
    FaceAnalysisError,
    PhotoDamagedError,
    PhotoError,
    PhotoNotWrittenError,
    PhotoTooLargeError,
    PhotoTooSmallError,
    PhotoUnknownFormError,
    PhotoUnreadableError,
    fault_of,
)
from curation.errors.refusals import (
    AssetNotFailedError,
    AssetsOffError,
    AttributesOffError,
    FacePresentError,
    GalleryOffError,
    KnownPersonTakenError,
    LabelsChangedError,
    LabelsConflictError,
    LabelTakenError,
    NameTakenError,
    NotAPhotoError,
    NotAttachableError,
    NothingToSplitError,
    NothingToUndoError,
    NoWayBackError,
    PhotoPresentError,
    PhotoRefusedError,
    PickTakenError,
    TooManyPhotosError,
    UploadTooLargeError,
)
from curation.errors.usage import ExtraMissingError, RulesError, SettingFixedError, SettingsError, SettingsFileError

__all__ = [
    "NOT_CLUSTERED",
    "NOT_SCORED",
    "AddressRefusedError",
    "AssetDocumentError",
    "AssetNotFailedError",
    "AssetNotFoundError",
    "AssetRejectedError",
    "AssetsOffError",
    "AttributeDocumentError",
    "AttributesOffError",
    "BrokerUnavailableError",
    "BusyError",
    "CatalogueFileError",
    "CharacterNotFoundError",
    "ClipRefusedError",
    "ClipUnreadableError",
    "ClusterNotFoundError",
    "CollectorUnavailableError",
    "CorrectionNotFoundError",
    "CorrectionsError",
    "CurationError",
    "DatabaseBusyError",
    "DecodersBusyError",
    "EventNotFoundError",
    "EventTakenError",
    "EventsFileError",
    "EventsOpenError",
    "ExtraMissingError",
    "FaceAnalysisError",
    "FaceDataError",
    "FaceNotFoundError",
    "FacePresentError",
    "FilmDocumentError",
    "FilmNotReadyError",
    "FolderNotFoundError",
    "FolderRefusedError",
    "GalleryError",
    "GalleryOffError",
    "InputError",
    "KnownPersonNotFoundError",
    "KnownPersonTakenError",
    "LabelTakenError",
    "LabelsChangedError",
    "LabelsConflictError",
    "LabelsError",
    "NameTakenError",
    "NoWayBackError",
    "NotAPhotoError",
    "NotAttachableError",
    "NotClusteredError",
    "NotFoundError",
    "NotScoredError",
    "NothingToSplitError",
    "NothingToUndoError",
    "ObjectChangedError",
    "ObjectMissingError",
    "ObjectStorageError",
    "ObjectStorageUnavailableError",
    "OtherEventError",
    "PeopleSeenError",
    "PersonNotFoundError",
    "PhotoDamagedError",
    "PhotoError",
    "PhotoGoneError",
    "PhotoNotFoundError",
    "PhotoNotWrittenError",
    "PhotoPresentError",
    "PhotoRefusedError",
    "PhotoTooLargeError",
    "PhotoTooSmallError",
    "PhotoUnknownFormError",
    "PhotoUnreadableError",
    "PhotosMissingError",
    "PickTakenError",
    "PicksError",
    "PosterNotFoundError",
    "QueueFullError",
    "RedisUnavailableError",
    "RefusalsError",
    "RoleUnavailableError",
    "RulesError",
    "RunInterruptedError",
    "SettingFixedError",
    "SettingsError",
    "SettingsFileError",
    "StorageError",
    "SuggestionNotFoundError",
    "TileNotFoundError",
    "TooBusyError",
    "TooManyPhotosError",
    "UnfoundWordNotFoundError",
    "UploadTooLargeError",
    "VideoFileNotFoundError",
    "VideoNotFoundError",
    "VideosOffError",
    "WeightsBrokenError",
    "WeightsError",
    "WeightsMissingError",
    "WorkerError",
    "WorkersMissingError",
    "fault_of",
    "is_caused_by_interrupt",
]
