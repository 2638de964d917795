from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImageRequest(_message.Message):
    __slots__ = ("image_data", "image_id", "request_id", "readers", "skip_storage")
    class ReadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    IMAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    READERS_FIELD_NUMBER: _ClassVar[int]
    SKIP_STORAGE_FIELD_NUMBER: _ClassVar[int]
    image_data: bytes
    image_id: str
    request_id: str
    readers: _containers.ScalarMap[str, str]
    skip_storage: bool
    def __init__(self, image_data: _Optional[bytes] = ..., image_id: _Optional[str] = ..., request_id: _Optional[str] = ..., readers: _Optional[_Mapping[str, str]] = ..., skip_storage: _Optional[bool] = ...) -> None: ...

class StorageRequest(_message.Message):
    __slots__ = ("image_data", "redis_key", "runtime", "request_id")
    IMAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    REDIS_KEY_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    image_data: bytes
    redis_key: str
    runtime: float
    request_id: str
    def __init__(self, image_data: _Optional[bytes] = ..., redis_key: _Optional[str] = ..., runtime: _Optional[float] = ..., request_id: _Optional[str] = ...) -> None: ...

class Box(_message.Message):
    __slots__ = ("x1", "y1", "x2", "y2")
    X1_FIELD_NUMBER: _ClassVar[int]
    Y1_FIELD_NUMBER: _ClassVar[int]
    X2_FIELD_NUMBER: _ClassVar[int]
    Y2_FIELD_NUMBER: _ClassVar[int]
    x1: int
    y1: int
    x2: int
    y2: int
    def __init__(self, x1: _Optional[int] = ..., y1: _Optional[int] = ..., x2: _Optional[int] = ..., y2: _Optional[int] = ...) -> None: ...

class Point(_message.Message):
    __slots__ = ("x", "y", "z")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    Z_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    z: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ..., z: _Optional[float] = ...) -> None: ...

class Pose(_message.Message):
    __slots__ = ("yaw_deg", "pitch_deg", "roll_deg")
    YAW_DEG_FIELD_NUMBER: _ClassVar[int]
    PITCH_DEG_FIELD_NUMBER: _ClassVar[int]
    ROLL_DEG_FIELD_NUMBER: _ClassVar[int]
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    def __init__(self, yaw_deg: _Optional[float] = ..., pitch_deg: _Optional[float] = ..., roll_deg: _Optional[float] = ...) -> None: ...

class Age(_message.Message):
    __slots__ = ("years", "low", "high", "certainty", "is_known", "ages", "distribution", "reader")
    YEARS_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    CERTAINTY_FIELD_NUMBER: _ClassVar[int]
    IS_KNOWN_FIELD_NUMBER: _ClassVar[int]
    AGES_FIELD_NUMBER: _ClassVar[int]
    DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    years: float
    low: float
    high: float
    certainty: float
    is_known: bool
    ages: _containers.RepeatedScalarFieldContainer[float]
    distribution: _containers.RepeatedScalarFieldContainer[float]
    reader: str
    def __init__(self, years: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., certainty: _Optional[float] = ..., is_known: _Optional[bool] = ..., ages: _Optional[_Iterable[float]] = ..., distribution: _Optional[_Iterable[float]] = ..., reader: _Optional[str] = ...) -> None: ...

class ClassEstimate(_message.Message):
    __slots__ = ("answer", "certainty", "classes", "distribution", "reader")
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    CERTAINTY_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    answer: str
    certainty: float
    classes: _containers.RepeatedScalarFieldContainer[str]
    distribution: _containers.RepeatedScalarFieldContainer[float]
    reader: str
    def __init__(self, answer: _Optional[str] = ..., certainty: _Optional[float] = ..., classes: _Optional[_Iterable[str]] = ..., distribution: _Optional[_Iterable[float]] = ..., reader: _Optional[str] = ...) -> None: ...

class Face(_message.Message):
    __slots__ = ("face_index", "box", "confidence", "landmarks5", "landmarks68", "landmarks478", "has_landmarks478", "pose", "age", "sex", "ethnicity", "emotion")
    FACE_INDEX_FIELD_NUMBER: _ClassVar[int]
    BOX_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    LANDMARKS5_FIELD_NUMBER: _ClassVar[int]
    LANDMARKS68_FIELD_NUMBER: _ClassVar[int]
    LANDMARKS478_FIELD_NUMBER: _ClassVar[int]
    HAS_LANDMARKS478_FIELD_NUMBER: _ClassVar[int]
    POSE_FIELD_NUMBER: _ClassVar[int]
    AGE_FIELD_NUMBER: _ClassVar[int]
    SEX_FIELD_NUMBER: _ClassVar[int]
    ETHNICITY_FIELD_NUMBER: _ClassVar[int]
    EMOTION_FIELD_NUMBER: _ClassVar[int]
    face_index: int
    box: Box
    confidence: float
    landmarks5: _containers.RepeatedCompositeFieldContainer[Point]
    landmarks68: _containers.RepeatedCompositeFieldContainer[Point]
    landmarks478: _containers.RepeatedCompositeFieldContainer[Point]
    has_landmarks478: bool
    pose: Pose
    age: Age
    sex: ClassEstimate
    ethnicity: ClassEstimate
    emotion: ClassEstimate
    def __init__(self, face_index: _Optional[int] = ..., box: _Optional[_Union[Box, _Mapping]] = ..., confidence: _Optional[float] = ..., landmarks5: _Optional[_Iterable[_Union[Point, _Mapping]]] = ..., landmarks68: _Optional[_Iterable[_Union[Point, _Mapping]]] = ..., landmarks478: _Optional[_Iterable[_Union[Point, _Mapping]]] = ..., has_landmarks478: _Optional[bool] = ..., pose: _Optional[_Union[Pose, _Mapping]] = ..., age: _Optional[_Union[Age, _Mapping]] = ..., sex: _Optional[_Union[ClassEstimate, _Mapping]] = ..., ethnicity: _Optional[_Union[ClassEstimate, _Mapping]] = ..., emotion: _Optional[_Union[ClassEstimate, _Mapping]] = ...) -> None: ...

class ErrorDetail(_message.Message):
    __slots__ = ("code", "message", "status")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    status: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., status: _Optional[str] = ...) -> None: ...

class LandmarkResponse(_message.Message):
    __slots__ = ("status", "runtime", "redis_key", "faces", "error", "width", "height", "storage_response", "engine", "weights")
    class WeightsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    REDIS_KEY_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    STORAGE_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    status: str
    runtime: float
    redis_key: str
    faces: _containers.RepeatedCompositeFieldContainer[Face]
    error: ErrorDetail
    width: int
    height: int
    storage_response: StorageResponse
    engine: str
    weights: _containers.ScalarMap[str, str]
    def __init__(self, status: _Optional[str] = ..., runtime: _Optional[float] = ..., redis_key: _Optional[str] = ..., faces: _Optional[_Iterable[_Union[Face, _Mapping]]] = ..., error: _Optional[_Union[ErrorDetail, _Mapping]] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., storage_response: _Optional[_Union[StorageResponse, _Mapping]] = ..., engine: _Optional[str] = ..., weights: _Optional[_Mapping[str, str]] = ...) -> None: ...

class AgeGenderResponse(_message.Message):
    __slots__ = ("status", "runtime", "redis_key", "faces", "error", "width", "height", "storage_response", "engine", "weights")
    class WeightsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    REDIS_KEY_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    STORAGE_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    status: str
    runtime: float
    redis_key: str
    faces: _containers.RepeatedCompositeFieldContainer[Face]
    error: ErrorDetail
    width: int
    height: int
    storage_response: StorageResponse
    engine: str
    weights: _containers.ScalarMap[str, str]
    def __init__(self, status: _Optional[str] = ..., runtime: _Optional[float] = ..., redis_key: _Optional[str] = ..., faces: _Optional[_Iterable[_Union[Face, _Mapping]]] = ..., error: _Optional[_Union[ErrorDetail, _Mapping]] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., storage_response: _Optional[_Union[StorageResponse, _Mapping]] = ..., engine: _Optional[str] = ..., weights: _Optional[_Mapping[str, str]] = ...) -> None: ...

class StorageResponse(_message.Message):
    __slots__ = ("status", "runtime", "redis_key", "error", "paths")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    REDIS_KEY_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    PATHS_FIELD_NUMBER: _ClassVar[int]
    status: str
    runtime: float
    redis_key: str
    error: ErrorDetail
    paths: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, status: _Optional[str] = ..., runtime: _Optional[float] = ..., redis_key: _Optional[str] = ..., error: _Optional[_Union[ErrorDetail, _Mapping]] = ..., paths: _Optional[_Iterable[str]] = ...) -> None: ...

class CombinedResponse(_message.Message):
    __slots__ = ("status", "landmark_response", "age_gender_response", "faces", "image_id", "error", "runtime", "redis_key", "request_id", "width", "height", "storage_response", "disagreements", "engine", "weights")
    class WeightsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LANDMARK_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    AGE_GENDER_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    REDIS_KEY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    STORAGE_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    DISAGREEMENTS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    status: str
    landmark_response: LandmarkResponse
    age_gender_response: AgeGenderResponse
    faces: _containers.RepeatedCompositeFieldContainer[Face]
    image_id: str
    error: ErrorDetail
    runtime: float
    redis_key: str
    request_id: str
    width: int
    height: int
    storage_response: StorageResponse
    disagreements: _containers.RepeatedScalarFieldContainer[str]
    engine: str
    weights: _containers.ScalarMap[str, str]
    def __init__(self, status: _Optional[str] = ..., landmark_response: _Optional[_Union[LandmarkResponse, _Mapping]] = ..., age_gender_response: _Optional[_Union[AgeGenderResponse, _Mapping]] = ..., faces: _Optional[_Iterable[_Union[Face, _Mapping]]] = ..., image_id: _Optional[str] = ..., error: _Optional[_Union[ErrorDetail, _Mapping]] = ..., runtime: _Optional[float] = ..., redis_key: _Optional[str] = ..., request_id: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., storage_response: _Optional[_Union[StorageResponse, _Mapping]] = ..., disagreements: _Optional[_Iterable[str]] = ..., engine: _Optional[str] = ..., weights: _Optional[_Mapping[str, str]] = ...) -> None: ...
