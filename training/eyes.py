"""Train and test the network that tells open from closed eyes.

    python -m training.eyes ../shared --cache ../training-cache [--folds]

Writes curation/engines/expressions/data/eyes.onnx. A fifth of the people is held out; half of them calibrate the
probabilities, the other half is reported. With --folds networks are trained without each source in turn instead, and
tested on that source.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from curation.engines.expressions.crops import EYE_CROP_PX
from ground_truth.metrics.roc import auc
from ground_truth.splits import is_held_out
from training.calibration import fitted_scaling, logistic
from training.fitting import Batch, fit, outputs
from training.networks import CropNet, export
from training.reliability import reliability_svg
from training.samples.eye_samples import (
    CLOSED,
    HIDDEN,
    OPEN,
    EyeSample,
    eye_samples,
    hidden_crop,
    plain_crop,
    training_crop,
)
from training.samples.face_chips import face_chips

SEED = 20261121
STEPS = 3000
_BATCH = 64
_SHARES = {OPEN: 0.46, CLOSED: 0.43, HIDDEN: 0.11}
_DRAWN_SHUT = 0.35  # of the closed eyes: open ones with lids drawn over them
_DRAWN_NARROW = 0.15  # of the open ones
_HARD = 0.25  # of the open ones: those that a simpler measure was uncertain about
_REAL_HIDDEN = 0.35
_SMOOTHING = 0.02

_FOLDS = {
    "cew_eyes": ("cew_eyes",),
    "eye_patches": ("eye_patches",),
    "lfw": ("lfw", "lfw_smile"),
    "utkface": ("utkface",),
    "genki_crops": ("genki_crops",),
    "whole photos": ("groups", "codebasics_sports", "five_celebs", "deepface_pairs"),
}
ROOT = Path(__file__).resolve().parent.parent


class _Pool:
    """Draws samples: a source with a probability proportional to the square root of its size, then evenly."""

    def __init__(self, samples: Sequence[EyeSample]) -> None:
        by_source: dict[str, list[EyeSample]] = {}
        for sample in samples:
            by_source.setdefault(sample.source, []).append(sample)
        self._lists = list(by_source.values())
        sizes = np.sqrt([len(group) for group in self._lists])
        self._edges = np.cumsum(sizes / sizes.sum()) if self._lists else np.array([])

    def __bool__(self) -> bool:
        return bool(self._lists)

    def draw(self, rng: np.random.Generator) -> EyeSample:
        group = self._lists[min(int(np.searchsorted(self._edges, rng.random())), len(self._lists) - 1)]
        return group[int(rng.integers(len(group)))]


def batches(samples: Sequence[EyeSample], rng: np.random.Generator) -> Iterator[Batch]:
    """Endless batches of crops and targets (open, hidden)."""
    opened = _Pool([s for s in samples if s.target == OPEN])
    whole = _Pool([s for s in samples if s.target == OPEN and len(s.outline) == 6])
    hard = _Pool([s for s in samples if s.target == OPEN and s.hard])
    closed = _Pool([s for s in samples if s.target == CLOSED])
    hidden = _Pool([s for s in samples if s.target == HIDDEN])
    while True:
        crops = np.empty((_BATCH, EYE_CROP_PX, EYE_CROP_PX), dtype=np.uint8)
        targets = np.empty((_BATCH, 2), dtype=np.float32)
        for i, kind in enumerate(rng.choice(list(_SHARES), _BATCH, p=list(_SHARES.values()))):
            chance = rng.random()
            if kind == OPEN and chance < _DRAWN_NARROW:
                crops[i] = training_crop(whole.draw(rng), rng, lowered=float(rng.uniform(0.1, 0.4)))
            elif kind == OPEN:
                crops[i] = training_crop((hard if hard and chance > 1 - _HARD else opened).draw(rng), rng)
            elif kind == CLOSED and chance < _DRAWN_SHUT:
                crops[i] = training_crop(whole.draw(rng), rng, lowered=1.0)
            elif kind == CLOSED:
                crops[i] = training_crop(closed.draw(rng), rng)
            elif hidden and chance < _REAL_HIDDEN:
                crops[i] = training_crop(hidden.draw(rng), rng)
            else:
                crops[i] = hidden_crop(opened.draw(rng), rng)
            targets[i] = float(kind == OPEN), float(kind == HIDDEN)
        yield crops, targets


def loss(result: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of open or closed where the eye is visible, and of hidden or not."""
    soft = targets * (1 - 2 * _SMOOTHING) + _SMOOTHING
    each = nn.functional.binary_cross_entropy_with_logits(result, soft, reduction="none")
    seen = 1 - targets[:, 1]
    return (each[:, 0] * seen).sum() / seen.sum() + each[:, 1].mean()


def trained(samples: Sequence[EyeSample], *, steps: int) -> nn.Module:
    """A network trained on samples."""
    torch.manual_seed(SEED)
    network = CropNet(EYE_CROP_PX, 2)
    return fit(network, lambda rng: batches(samples, rng), loss, steps=steps, seed=SEED)


def print_accuracy(name: str, network: nn.Module, samples: Sequence[EyeSample], closed: Sequence[EyeSample]) -> None:
    """Print the accuracy of a network on samples; where a source has few closed eyes, those of `closed` are used."""
    crops = np.stack([plain_crop(s) for s in samples])
    target = np.array([s.target for s in samples])
    result = outputs(network, crops)
    opened = result[target == OPEN]
    shut = result[target == CLOSED]
    other = ""
    if len(shut) < 30 and len(closed):
        shut = outputs(network, np.stack([plain_crop(s) for s in closed]))
        other = " (held out)"
    hard = np.array([s.hard for s in samples]) & (target == OPEN)
    line = f"{name:28} open {len(opened):5} called closed {(opened[:, 0] < 0).mean():6.2%}"
    line += f" (hard ones: {int(hard.sum())}, {(result[hard, 0] < 0).mean() if hard.any() else 0:.1%})"
    if len(shut) and len(opened):
        accuracy = ((opened[:, 0] >= 0).mean() + (shut[:, 0] < 0).mean()) / 2
        line += f"; closed{other} {len(shut):4} found {(shut[:, 0] < 0).mean():6.2%}"
        line += f"; AUC {auc(opened[:, 0], shut[:, 0]):.4f}; accuracy {accuracy:.4f}"
    line += f"; called hidden: {(result[target != HIDDEN, 1] > 0).mean():.2%}"
    if (target == HIDDEN).any():
        line += f", of {int((target == HIDDEN).sum())} hidden found {(result[target == HIDDEN, 1] > 0).mean():.1%}"
    print(line, flush=True)


def main() -> None:
    """Train, test, and write the network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds photos/ and weights/")
    parser.add_argument("--cache", type=Path, required=True, help="folder for the cached faces, some 300 MB")
    parser.add_argument("--folds", nargs="*", help="train without each source instead, or without the given ones")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--output", type=Path, default=ROOT / "curation/engines/expressions/data")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    samples = eye_samples(arguments.data, face_chips(arguments.data, arguments.cache / "chips.npz"))
    learned = [s for s in samples if not is_held_out(s.person)]
    held_out = [s for s in samples if is_held_out(s.person)]
    if arguments.folds is None:
        network = trained(learned, steps=arguments.steps)
        _finish(network, held_out, arguments.output)
        return
    closed = [s for s in held_out if s.target == CLOSED and s.source == "cew_eyes"]
    for name in arguments.folds or _FOLDS:
        excluded = _FOLDS[name]
        network = trained([s for s in learned if s.source not in excluded], steps=arguments.steps)
        for source in excluded:
            print_accuracy(f"without {name}: {source}", network, [s for s in samples if s.source == source], closed)


def _finish(network: nn.Module, held_out: Sequence[EyeSample], output: Path) -> None:
    closed = [s for s in held_out if s.target == CLOSED and s.source == "cew_eyes"]
    for source in sorted({s.source for s in held_out}):
        print_accuracy(f"held out: {source}", network, [s for s in held_out if s.source == source], closed)
    parts = [[s for s in held_out if s.target != HIDDEN and _second_half(s) == half] for half in (False, True)]
    logits, truth = zip(*(_logits(network, part) for part in parts), strict=True)
    slope, offset = fitted_scaling(logits[0], truth[0])
    print(f"probability = logistic({slope:.3f} * output + {offset:.3f})")
    last = network.head[-1]  # type: ignore[index, union-attr]
    with torch.no_grad():
        last.weight[0] *= slope  # type: ignore[operator, index, union-attr]
        last.bias[0] = last.bias[0] * slope + offset  # type: ignore[operator, index, union-attr]
    export(network, EYE_CROP_PX, output / "eyes.onnx", output="open_and_hidden")
    print_accuracy("held out, all, scaled", network, held_out, closed)
    picture = reliability_svg(
        "Eyes: open", logistic(logits[1] * slope + offset), truth[1], uncalibrated=logistic(logits[1])
    )
    (ROOT / "docs/models/eyes.svg").write_text(picture, encoding="utf-8")


def _second_half(sample: EyeSample) -> bool:
    return is_held_out(f"second half {sample.person}", share=0.5)


def _logits(network: nn.Module, samples: Sequence[EyeSample]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    result = outputs(network, np.stack([plain_crop(s) for s in samples]))
    return result[:, 0], np.array([s.target == OPEN for s in samples])


if __name__ == "__main__":
    main()
