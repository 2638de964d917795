"""The model files for whole people: boxes, poses, masks, clothes; see docs/assets_people.md.

Where only an MD5 is published, it is compared with what is downloaded, and the SHA-256 of the first download is
recorded.
"""

from __future__ import annotations

from curation.engines.weights.known import KnownWeights

__all__ = ["ASSETS_PART", "BODY_FILES"]

ASSETS_PART = "assets"
"""The part of the program that uses these files."""

_MEDIAPIPE = "Apache-2.0 (MediaPipe, by Google)"
# As in third_party/external_files.bzl of MediaPipe, which names an object's generation and the SHA-256 of its content.
_GOOGLE = "https://storage.googleapis.com/mediapipe-assets"
_POSE_CONTRACT = (
    "1 x 256 x 256 x 3 RGB in [0, 1] of a turned square around a person -> 195 numbers: x, y, z in pixels of it, "
    "log-odds of visibility and presence of 39 points; 1 number, the probability that there is a person"
)
_REMBG = "https://github.com/danielgatis/rembg/releases/download/v0.0.0"
_U2NET = "Apache-2.0 (U-2-Net, by Xuebin Qin)"
_U2NET_CONTRACT = (
    "1 x 3 x 320 x 320 RGB, divided by the picture's maximum, as ImageNet's -> first output 1 x 1 x 320 x 320 in [0, 1]"
)
_BIREFNET = "MIT (BiRefNet, by Peng Zheng)"
_BIREFNET_CONTRACT = "1 x 3 x 1024 x 1024 RGB as ImageNet's -> first output 1 x 1 x 1024 x 1024, log-odds"
_PAN_FOLDER = (
    "https://raw.githubusercontent.com/Kazuhito00/Skin-Clothes-Hair-Segmentation-using-SMP/{}"
    "PAN%28timm-mobilenetv3_small_100%29_452_1.02M_0.8028/best_model_simplifier.onnx"
)


def _of_google(folder: str, name: str, new: int, old: int) -> tuple[str, ...]:
    """The addresses of an asset of MediaPipe: where it lies now and where it lay, with their generations."""
    return f"{_GOOGLE}/modules/{folder}/{name}?generation={new}", f"{_GOOGLE}/{name}?generation={old}"


BODY_FILES = (
    KnownWeights(
        name="yolox_nano.onnx",
        purpose="assets: boxes of people (YOLOX-nano)",
        licence="Apache-2.0 (YOLOX, by Megvii); trained on COCO",
        addresses=("https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx",),
        contract=(
            "1 x 3 x 416 x 416 BGR in 0 to 255, in the upper left corner, the rest 114 -> 3549 x 85: centre and size "
            "in steps of the grid, probabilities of an object and of 80 classes"
        ),
        part=ASSETS_PART,
        # Not published; three projects that downloaded it tell the same. Copies that were exported again differ.
        delivered="sha256:c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
    ),
    KnownWeights(
        name="pose_detection.tflite",
        purpose="assets: where the person of a picture stands (BlazePose's detector)",
        licence=_MEDIAPIPE,
        addresses=_of_google("pose_detection", "pose_detection.tflite", 1782183650790966, 1661875889147923),
        sha256="a63c614bef30d35947f13be361820b1e4e3bec9cfeebf4d11216a18373108e85",
        contract="1 x 224 x 224 x 3 RGB in [-1, 1] -> 2254 x 12 boxes and points, 2254 log-odds",
        part=ASSETS_PART,
    ),
    KnownWeights(
        name="pose_landmark_lite.tflite",
        purpose="assets, pose lite: 33 landmarks of a pose (BlazePose)",
        licence=_MEDIAPIPE,
        addresses=_of_google("pose_landmark", "pose_landmark_lite.tflite", 1782183674047673, 1661875901231143),
        sha256="f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
        size_bytes=2_819_824,
        contract=_POSE_CONTRACT,
        part=ASSETS_PART,
    ),
    KnownWeights(
        name="pose_landmark_full.tflite",
        purpose="assets, pose full: 33 landmarks of a pose (BlazePose)",
        licence=_MEDIAPIPE,
        addresses=_of_google("pose_landmark", "pose_landmark_full.tflite", 1782183658450386, 1661875894245786),
        sha256="e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        size_bytes=6_440_512,
        contract=_POSE_CONTRACT,
        part=ASSETS_PART,
    ),
    KnownWeights(
        name="pose_landmark_heavy.tflite",
        purpose="assets, pose heavy: 33 landmarks of a pose (BlazePose), better and slower",
        licence=_MEDIAPIPE,
        addresses=_of_google("pose_landmark", "pose_landmark_heavy.tflite", 1782183666398574, 1661875897944151),
        sha256="59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
        size_bytes=27_709_200,
        contract=_POSE_CONTRACT,
        part=ASSETS_PART,
    ),
    KnownWeights(
        name="selfie_segmentation.tflite",
        purpose="assets: masks of people, fast (MediaPipe's selfie segmentation)",
        licence=_MEDIAPIPE,
        addresses=_of_google("selfie_segmentation", "selfie_segmentation.tflite", 1782183681393267, 1661875931201364),
        sha256="8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27",
        contract="1 x 256 x 256 x 3 RGB in [0, 1] -> 1 x 256 x 256 x 1 in [0, 1]",
        part=ASSETS_PART,
    ),
    KnownWeights(
        name="u2netp.onnx",
        purpose="assets, cutouts auto: what stands out of a picture (U-2-Net, small)",
        licence=f"{_U2NET}; trained on DUTS-TR",
        addresses=(f"{_REMBG}/u2netp.onnx",),
        # Of a file with the MD5 that rembg publishes, 8e83ca70e441ab06c318d82300c84806.
        sha256="309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        size_bytes=4_574_861,
        contract=_U2NET_CONTRACT,
        part=ASSETS_PART,
    ),
    KnownWeights(
        name="u2net.onnx",
        purpose="assets: what stands out of a picture (U-2-Net); to try out, no setting chooses it",
        licence=f"{_U2NET}; trained on DUTS-TR",
        addresses=(f"{_REMBG}/u2net.onnx",),
        contract=_U2NET_CONTRACT,
        part=ASSETS_PART,
        delivered="md5:60024c5c889badc19c04ad937298a77b",
    ),
    KnownWeights(
        name="u2net_human_seg.onnx",
        purpose="assets: people (U-2-Net, trained on people); to try out, no setting chooses it",
        licence=f"{_U2NET}; trained on Supervisely Person",
        addresses=(f"{_REMBG}/u2net_human_seg.onnx",),
        contract=_U2NET_CONTRACT,
        part=ASSETS_PART,
        delivered="md5:c09ddc2e0104f800e3e1bb4652583d1f",
    ),
    KnownWeights(
        name="isnet-general-use.onnx",
        purpose="assets, fine_segmenter isnet: fine cut-outs (IS-Net); needs about 1.3 GB of memory",
        licence="Apache-2.0 (DIS, by Xuebin Qin); its training data DIS5K has terms of its own",
        addresses=(f"{_REMBG}/isnet-general-use.onnx",),
        contract="1 x 3 x 1024 x 1024 RGB, / 255 - 0.5 -> first output 1 x 1 x 1024 x 1024 in [0, 1]",
        part=ASSETS_PART,
        delivered="md5:fc16ebd8b0c10d971d3513d564d01e29",
    ),
    KnownWeights(
        name="birefnet-general-lite.onnx",
        purpose="assets, fine_segmenter birefnet-lite: fine cut-outs (BiRefNet, Swin-T)",
        licence=_BIREFNET,
        addresses=(f"{_REMBG}/BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx",),
        contract=_BIREFNET_CONTRACT,
        part=ASSETS_PART,
        delivered="md5:4fab47adc4ff364be1713e97b7e66334",
    ),
    KnownWeights(
        name="birefnet-general.onnx",
        purpose="assets, fine_segmenter birefnet: fine cut-outs (BiRefNet, Swin-L, about 1 GB)",
        licence=_BIREFNET,
        addresses=(f"{_REMBG}/BiRefNet-general-epoch_244.onnx",),
        contract=_BIREFNET_CONTRACT,
        part=ASSETS_PART,
        delivered="md5:7a35a0141cbbc80de11d9c9a28f52697",
    ),
    KnownWeights(
        name="birefnet-portrait.onnx",
        purpose="assets, fine_segmenter birefnet-portrait: fine cut-outs of people (BiRefNet, Swin-L, about 1 GB)",
        licence=f"{_BIREFNET}; trained on P3M-10k, which is for research use",
        addresses=(f"{_REMBG}/BiRefNet-portrait-epoch_150.onnx",),
        contract=_BIREFNET_CONTRACT,
        part=ASSETS_PART,
        delivered="md5:c3a64a6abf20250d090cd055f12a3b67",
    ),
    KnownWeights(
        name="pan_skin_clothes_hair.onnx",
        purpose="assets: skin, clothes and hair (PAN, MobileNetV3)",
        licence="MIT (Skin-Clothes-Hair-Segmentation-using-SMP, by Kazuhito Takahashi); its 452 pictures are private",
        addresses=(
            _PAN_FOLDER.format("main/02.model/_old/"),
            _PAN_FOLDER.format("d00ca2f4de60e95e3dbc00c451d354b4422bd3ef/02.model/"),
        ),
        contract="1 x 3 x 512 x 512 RGB as ImageNet's -> 1 x 3 x 512 x 512 in [0, 1]: skin, clothes, hair",
        part=ASSETS_PART,
        delivered="sha256:324a22a1c2e3a433d6225d4c5c50f50912797a4d14b69f7d632eeb5c85346f36",
    ),
    KnownWeights(
        name="osnet_x0_25_msmt17.onnx",
        purpose="assets: looks of a body as a vector, to compare outfits within an event (OSNet)",
        licence="code MIT (deep-person-reid, by Kaiyang Zhou); trained on MSMT17, which is for research use",
        addresses=(
            "https://raw.githubusercontent.com/czqosu/person_tracking/7963365cb156e8cd669ac377c532a6ebebd3939e/models/"
            "osnet_x0_25_msmt17.onnx",
        ),
        contract="N x 3 x 256 x 128 RGB as ImageNet's -> N x 512",
        part=ASSETS_PART,
        delivered="sha256:dddd73c80b78e24ef982f9c352c1947b42d67433887011e8eb33a00313edef5e",
    ),
)
"""All of them, in the order in which they are listed."""
