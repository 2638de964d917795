"""Open eyes and smiles of faces, recognised by two small networks that are part of the program.

Their training is in training/, their accuracy in docs/models/eyes.md and docs/models/smile.md.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.engines.base import Pixels, WeightsFile
from curation.engines.expressions.crops import eye_crop, mouth_crop, standardised
from curation.engines.onnx_sessions import onnx_session
from curation.errors import WeightsBrokenError, WeightsMissingError

__all__ = ["DATA_DIR", "Answer", "ExpressionReader", "FaceExpression", "packaged_expressions", "packaged_weights"]

DATA_DIR = Path(__file__).parent / "data"
"""The folder of the networks' files in the package."""

_EYES_FILE, _SMILE_FILE = "eyes.onnx", "smile.onnx"
_ADVICE = "it is part of the program: install the program again"


class Answer(NamedTuple):
    """A network's output for one crop, in log-odds: 0 is undecided, above 0 is yes.

    Attributes:
        yes: That the eye is open, or that the mouth smiles; its logistic function is a probability.
        hidden: That the eye or the mouth cannot be seen, for instance behind dark glasses, a mask or a hand.
    """

    yes: float
    hidden: float


class FaceExpression(NamedTuple):
    """The networks' outputs for one face; None where its landmarks allow no crop.

    Attributes:
        right_eye: Of the person's right eye.
        left_eye: Of the person's left eye.
        mouth: Of the mouth.
    """

    right_eye: Answer | None
    left_eye: Answer | None
    mouth: Answer | None


class ExpressionReader:
    """Runs both networks on the CPU, each in one batch per photo; built once in each worker."""

    def __init__(self, folder: Path = DATA_DIR) -> None:
        """Load the networks.

        Args:
            folder: Contains eyes.onnx and smile.onnx.

        Raises:
            WeightsMissingError: If a file is missing.
            WeightsBrokenError: If ONNX Runtime cannot load it.
        """
        self._eyes, self._smile = (_session(folder / name) for name in (_EYES_FILE, _SMILE_FILE))

    def read(self, pixels: Pixels, faces: Sequence[NDArray[np.floating]]) -> list[FaceExpression]:
        """Run the networks on the faces of a photo.

        Args:
            pixels: The photo, with the eyes of each face about 70 pixels apart if it is large enough.
            faces: (68, 2) landmarks of each, in pixels of the upright full-size photo.
        """
        eyes: list[NDArray[np.uint8] | None] = []
        mouths: list[NDArray[np.uint8] | None] = []
        for points in faces:
            for side in (0, 1):
                eyes.append(_or_none(eye_crop, pixels, points, side))
            mouths.append(_or_none(mouth_crop, pixels, points))
        of_eyes, of_mouths = _answers(self._eyes, eyes), _answers(self._smile, mouths)
        return [FaceExpression(of_eyes[2 * i], of_eyes[2 * i + 1], of_mouths[i]) for i in range(len(faces))]


@functools.cache
def packaged_expressions() -> ExpressionReader:
    """The networks of the program, loaded at the first call in a process.

    Raises:
        WeightsMissingError: If a file is missing.
        WeightsBrokenError: If ONNX Runtime cannot load it.
    """
    return ExpressionReader()


def packaged_weights() -> tuple[WeightsFile, ...]:
    """The files of the networks with their hashes, for the record of a run.

    Raises:
        WeightsMissingError: If a file is missing.
    """
    files = []
    for name in (_EYES_FILE, _SMILE_FILE):
        path = DATA_DIR / name
        try:
            files.append(WeightsFile(name, path, hashlib.sha256(path.read_bytes()).hexdigest()))
        except OSError as error:
            raise WeightsMissingError(f"{path} cannot be read ({error.strerror}); {_ADVICE}") from error
    return tuple(files)


def _session(path: Path) -> Any:
    if not path.is_file():
        raise WeightsMissingError(f"{path} is missing; {_ADVICE}")
    try:
        # The file is part of the installed package, so its hash is not checked.
        return onnx_session(WeightsFile(path.name, path, sha256=""), ("CPUExecutionProvider",))
    except WeightsBrokenError as error:
        raise WeightsBrokenError(f"{path} cannot be loaded; {_ADVICE}") from error


def _or_none(crop: Any, *arguments: Any) -> NDArray[np.uint8] | None:
    try:
        result: NDArray[np.uint8] = crop(*arguments)
    except ValueError:  # the landmarks coincide
        return None
    return result


def _answers(session: Any, crops: Sequence[NDArray[np.uint8] | None]) -> list[Answer | None]:
    """The outputs in the order of the crops, which are run in one batch; None for a missing crop."""
    seen = [crop for crop in crops if crop is not None]
    if not seen:
        return [None] * len(crops)
    (result,) = session.run(None, {"crops": standardised(np.stack(seen))})
    answers = iter(result.tolist())
    return [None if crop is None else Answer(*next(answers)) for crop in crops]
