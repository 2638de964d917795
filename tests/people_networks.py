"""Tiny ONNX networks with the inputs and outputs of the networks for bodies, whose answers are chosen by the test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from curation.domain.bodies.person import FaceOfBody
from curation.domain.bodies.pose import Pose, PoseJoint, PoseLandmark
from curation.domain.faces.face import Box, FiveLandmarks
from curation.engines.base import WeightsFile
from curation.engines.bodies.base import BodySpec
from curation.engines.bodies.catalogue import BODY_NETWORKS, PERSON_BOXES, POSE_DETECTOR

__all__ = [
    "boxes_answer",
    "face_at",
    "landmarks_answer",
    "people_specs",
    "standing_pose",
    "write_body_network",
    "written_spec",
]

_CPU = ("CPUExecutionProvider",)
_FIVE = np.array([[0.30, 0.35], [0.70, 0.35], [0.50, 0.55], [0.35, 0.75], [0.65, 0.75]])

# A person who stands upright, in shares of the body's height: x from the middle, y from the top of the head.
_BODY: Mapping[PoseJoint, tuple[float, float]] = {
    PoseJoint.NOSE: (0.0, 0.07),
    PoseJoint.LEFT_EYE: (0.015, 0.055),
    PoseJoint.RIGHT_EYE: (-0.015, 0.055),
    PoseJoint.LEFT_EYE_INNER: (0.01, 0.055),
    PoseJoint.RIGHT_EYE_INNER: (-0.01, 0.055),
    PoseJoint.LEFT_EYE_OUTER: (0.02, 0.055),
    PoseJoint.RIGHT_EYE_OUTER: (-0.02, 0.055),
    PoseJoint.LEFT_EAR: (0.04, 0.06),
    PoseJoint.RIGHT_EAR: (-0.04, 0.06),
    PoseJoint.MOUTH_LEFT: (0.015, 0.09),
    PoseJoint.MOUTH_RIGHT: (-0.015, 0.09),
    PoseJoint.LEFT_SHOULDER: (0.11, 0.18),
    PoseJoint.RIGHT_SHOULDER: (-0.11, 0.18),
    PoseJoint.LEFT_ELBOW: (0.14, 0.34),
    PoseJoint.RIGHT_ELBOW: (-0.14, 0.34),
    PoseJoint.LEFT_WRIST: (0.15, 0.48),
    PoseJoint.RIGHT_WRIST: (-0.15, 0.48),
    PoseJoint.LEFT_HIP: (0.07, 0.52),
    PoseJoint.RIGHT_HIP: (-0.07, 0.52),
    PoseJoint.LEFT_KNEE: (0.07, 0.74),
    PoseJoint.RIGHT_KNEE: (-0.07, 0.74),
    PoseJoint.LEFT_ANKLE: (0.07, 0.95),
    PoseJoint.RIGHT_ANKLE: (-0.07, 0.95),
}


def standing_pose(x: float, y: float, height: float, *, confidence: float = 1.0, visibility: float = 0.9) -> Pose:
    """Somebody who stands upright.

    Args:
        x: Of the middle of the body.
        y: Of the top of the head.
        height: Of the body.
        confidence: Of the skeleton.
        visibility: Of all landmarks.
    """
    marks = []
    for joint in PoseJoint:
        dx, dy = _BODY.get(joint) or _BODY[_nearest(joint)]
        marks.append(PoseLandmark(x + dx * height, y + dy * height, 0.0, visibility))
    return Pose(tuple(marks), confidence)


def _nearest(joint: PoseJoint) -> PoseJoint:
    """The joint whose place a hand's or foot's landmark takes."""
    side = joint.name.split("_")[0]
    return PoseJoint[f"{side}_{'ANKLE' if joint >= PoseJoint.LEFT_HEEL else 'WRIST'}"]


def face_at(x: int, y: int, side: int, index: int = 0, confidence: float = 0.99) -> FaceOfBody:
    """An upright face."""
    five = FiveLandmarks.from_array(np.array([x, y]) + _FIVE * side)
    return FaceOfBody(index, Box(x, y, side, side), five, confidence)


def write_body_network(path: Path, shape: Sequence[int], outputs: Sequence[NDArray[np.float64]]) -> None:
    """Write a network whose outputs are constants, whatever it sees.

    Args:
        path: The file.
        shape: Of the input.
        outputs: What it gives, each with its whole shape.
    """
    axes = numpy_helper.from_array(np.arange(len(shape), dtype=np.int64), "axes")
    nothing = numpy_helper.from_array(np.array(0, dtype=np.float32), "nothing")
    nodes = [
        helper.make_node("ReduceSum", ["input", "axes"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "nothing"], ["zero"]),
    ]
    constants, ends = [axes, nothing], []
    for number, values in enumerate(outputs):
        constants.append(numpy_helper.from_array(values.astype(np.float32), f"values{number}"))
        nodes.append(helper.make_node("Add", [f"values{number}", "zero"], [f"output{number}"]))
        ends.append(helper.make_tensor_value_info(f"output{number}", TensorProto.FLOAT, values.shape))
    entry = helper.make_tensor_value_info("input", TensorProto.FLOAT, [size or "n" for size in shape])
    graph = helper.make_graph(nodes, "stand-in", [entry], ends, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def written_spec(name: str, folder: Path, outputs: Sequence[NDArray[np.float64]]) -> BodySpec:
    """A network of the catalogue whose file is a stand-in."""
    network = BODY_NETWORKS[name]
    path = folder / network.files[0]
    write_body_network(path, network.shape, outputs)
    return BodySpec(name, (WeightsFile(path.name, path, hashlib.sha256(path.read_bytes()).hexdigest()),), _CPU)


def boxes_answer(boxes: Sequence[tuple[float, float, float, float, float]] = ()) -> list[NDArray[np.float64]]:
    """What YOLOX gives for boxes of people.

    Args:
        boxes: x, y of the middle, width, height in pixels of the network's input, confidence.
    """
    answer = np.zeros((1, 3549, 85))
    for x, y, width, height, confidence in boxes:
        row, column = int(y // 8), int(x // 8)
        place = answer[0, row * 52 + column]
        while place[4]:  # two boxes with nearly the same middle
            column += 1
            place = answer[0, row * 52 + column]
        place[:6] = [x / 8 - column, y / 8 - row, np.log(width / 8), np.log(height / 8), 1.0, confidence]
    return [answer]


def landmarks_answer(pose: Pose | None) -> list[NDArray[np.float64]]:
    """What the network of landmarks gives: a skeleton in pixels of its input, or nothing."""
    values = np.zeros((39, 5))
    if pose is not None:
        for place, mark in enumerate(pose.landmarks):
            odds = np.log(mark.visibility / (1 - mark.visibility))
            values[place] = [mark.x, mark.y, mark.z, odds, 50.0]
    values[33, :2], values[34, :2] = [128, 128], [128, 128 - 256 / 2.5]
    confidence = 0.0 if pose is None else pose.confidence
    return [values.reshape(1, 195), np.array([[confidence]])]


def people_specs(
    folder: Path,
    boxes: Sequence[tuple[float, float, float, float, float]] = (),
    pose: Pose | None = None,
    stand: bool = False,
) -> tuple[BodySpec, ...]:
    """Stand-ins for the three networks that find people.

    Args:
        folder: Where the files are written.
        boxes: See `boxes_answer`.
        pose: See `landmarks_answer`.
        stand: Whether BlazePose's detector sees somebody in the middle of whatever it is given.
    """
    numbers, odds = np.zeros((1, 2254, 12)), np.full((1, 2254, 1), -100.0)
    if stand:
        middle = 14 * 28 * 2 + 14 * 2  # of the first map, whose steps are 8 pixels; its anchor is at 116, 116
        odds[0, middle, 0] = 9.0
        numbers[0, middle] = [0, 0, 40, 40, -4, -4, -4, -4 - 224 / 2.5, 0, 0, 0, 0]
    return (
        written_spec(PERSON_BOXES, folder, boxes_answer(boxes)),
        written_spec(POSE_DETECTOR, folder, [numbers, odds]),
        written_spec("full", folder, landmarks_answer(pose)),
    )
