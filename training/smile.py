"""Train and test the network that tells how much a face smiles.

    python -m training.smile ../shared --cache ../training-cache [--folds]

Writes curation/engines/expressions/data/smile.onnx. A fifth of the people is held out; half of them calibrate the
probabilities, the other half is reported. With --folds networks are trained without each source in turn instead, and
tested on that source.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from curation.engines.expressions.crops import MOUTH_CROP_PX
from ground_truth.metrics.roc import auc
from ground_truth.splits import is_held_out
from training.calibration import fitted_scaling, logistic
from training.fitting import Batch, fit, outputs
from training.networks import CropNet, export
from training.reliability import reliability_svg
from training.samples.face_chips import face_chips
from training.samples.smile_samples import MouthSample, hidden_mouth, mouth_samples, plain_mouth, training_mouth

SEED = 20261122
STEPS = 3000
_BATCH = 64
_HIDDEN_SHARE = 0.1
# Of the others: neutral faces, open mouths, and smiles; by label, since there are few open mouths and laughs.
_SHARES = {"neutral": 0.39, "open mouth": 0.10, "slight": 0.10, "smile": 0.36, "laugh": 0.05}
_SMOOTHING = 0.03

_FOLDS = {
    "lfw": ("lfw_smile", "lfw"),
    "genki_crops": ("genki_crops",),
    "utkface": ("utkface",),
    "whole photos": ("groups", "codebasics_sports", "five_celebs", "videos"),
}
ROOT = Path(__file__).resolve().parent.parent


class _Graded(nn.Module):
    """A network with the limits between the grades (proportional odds, McCullagh 1980): one scale for all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.network = CropNet(MOUTH_CROP_PX, 2)
        self.steps = nn.Parameter(torch.tensor([0.5, 0.5]))

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """(N, 1, h, w) crops to (N, 4) logits: smile, more than a slight one, laugh; hidden."""
        score, hidden = self.network(crops).split(1, dim=1)
        limits = torch.cat([torch.zeros(1), torch.cumsum(nn.functional.softplus(4 * self.steps), 0)])
        return torch.cat([score - limits, hidden], dim=1)


def batches(samples: Sequence[MouthSample], rng: np.random.Generator) -> Iterator[Batch]:
    """Endless batches of crops and targets (three limits, 0.5 where not known; hidden)."""
    same_share = {"none": "neutral", "smiling": "smile"}
    groups = {label: [s for s in samples if same_share.get(s.label, s.label) == label] for label in _SHARES}
    while True:
        crops = np.empty((_BATCH, MOUTH_CROP_PX, MOUTH_CROP_PX), dtype=np.uint8)
        targets = np.empty((_BATCH, 4), dtype=np.float32)
        for i, label in enumerate(rng.choice(list(_SHARES), _BATCH, p=list(_SHARES.values()))):
            group = groups[str(label)]
            sample = group[int(rng.integers(len(group)))]
            hidden = rng.random() < _HIDDEN_SHARE
            crops[i] = hidden_mouth(sample, rng) if hidden else training_mouth(sample, rng)
            known = (
                [float(sample.smiles), 0.5, 0.5] if sample.grade < 0 else [float(sample.grade > k) for k in range(3)]
            )
            known[0] = float(sample.smiles)
            targets[i] = [*known, float(hidden)]
        yield crops, targets


def loss(result: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each known limit where the mouth is visible, and of hidden or not."""
    soft = targets * (1 - 2 * _SMOOTHING) + _SMOOTHING
    each = nn.functional.binary_cross_entropy_with_logits(result, soft, reduction="none")
    weight = (targets[:, :3] != 0.5) * torch.tensor([1.0, 0.35, 0.35]) * (1 - targets[:, 3:])
    return (each[:, :3] * weight).sum() / weight[:, 0].sum() + each[:, 3].mean()


def trained(samples: Sequence[MouthSample], *, steps: int) -> nn.Module:
    """A network trained on samples."""
    torch.manual_seed(SEED)
    return fit(_Graded(), lambda rng: batches(samples, rng), loss, steps=steps, seed=SEED)


def print_accuracy(name: str, network: nn.Module, samples: Sequence[MouthSample]) -> None:
    """Print the accuracy of a network on samples."""
    result = outputs(network, np.stack([plain_mouth(s) for s in samples]))
    score, smiles = result[:, 0], np.array([s.smiles for s in samples])
    line = f"{name:30} smiles {int(smiles.sum()):4} other {int((~smiles).sum()):4}"
    if smiles.any() and (~smiles).any():
        line += f"; AUC {auc(score[smiles], score[~smiles]):.4f}; accuracy {((score > 0) == smiles).mean():.4f}"
    opened = np.array([s.label == "open mouth" for s in samples])
    if opened.any():
        line += f"; open mouths called smile {(score[opened] > 0).mean():.1%} of {int(opened.sum())}"
    grade = np.array([s.grade for s in samples])
    by_eye = np.array([s.label in ("none", "neutral", "slight", "laugh", "open mouth") or s.grade > 0 for s in samples])
    pairs = [(i, j) for i in np.flatnonzero(by_eye) for j in np.flatnonzero(by_eye) if 0 <= grade[i] < grade[j]]
    above = [(i, j) for i, j in pairs if grade[i] >= 1]
    if above:
        line += f"; grades in the right order {np.mean([score[i] < score[j] for i, j in pairs]):.3f}"
        line += f", among smiles {np.mean([score[i] < score[j] for i, j in above]):.3f} of {len(above)} pairs"
    line += f"; called hidden {(result[:, 3] > 0).mean():.2%}"
    medians = {g: f"{np.median(score[grade == g]):.1f}" for g in range(4) if (grade == g).any()}
    print(f"{line}; medians by grade {medians}", flush=True)


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
    samples = mouth_samples(arguments.data, face_chips(arguments.data, arguments.cache / "chips.npz"))
    learned = [s for s in samples if not is_held_out(s.person)]
    held_out = [s for s in samples if is_held_out(s.person)]
    if arguments.folds is None:
        _finish(trained(learned, steps=arguments.steps), held_out, arguments.output)
        return
    for name in arguments.folds or _FOLDS:
        excluded = _FOLDS[name]
        network = trained([s for s in learned if s.source not in excluded], steps=arguments.steps)
        for source in excluded:
            print_accuracy(f"without {name}: {source}", network, [s for s in samples if s.source == source])
        print_accuracy(f"without {name}: all of it", network, [s for s in samples if s.source in excluded])


def _finish(graded: nn.Module, held_out: Sequence[MouthSample], output: Path) -> None:
    for source in sorted({s.source for s in held_out}):
        print_accuracy(f"held out: {source}", graded, [s for s in held_out if s.source == source])
    print_accuracy("held out, all", graded, held_out)
    parts = [
        [s for s in held_out if is_held_out(f"second half {s.person}", share=0.5) == half] for half in (False, True)
    ]
    logits = [outputs(graded, np.stack([plain_mouth(s) for s in part]))[:, 0] for part in parts]
    truth = [np.array([s.smiles for s in part]) for part in parts]
    slope, offset = fitted_scaling(logits[0], truth[0])
    print(f"probability = logistic({slope:.3f} * output + {offset:.3f})")
    limits = nn.functional.softplus(4 * graded.steps).detach().numpy().cumsum()  # type: ignore[operator]
    print(f"more than slight from {slope * limits[0] + offset:.2f}, laugh from {slope * limits[1] + offset:.2f}")
    network = graded.network
    last = network.head[-1]  # type: ignore[index, union-attr]
    with torch.no_grad():
        last.weight[0] *= slope  # type: ignore[operator, index, union-attr]
        last.bias[0] = last.bias[0] * slope + offset  # type: ignore[operator, index, union-attr]
    export(network, MOUTH_CROP_PX, output / "smile.onnx", output="smile_and_hidden")  # type: ignore[arg-type]
    picture = reliability_svg("Smile", logistic(logits[1] * slope + offset), truth[1], uncalibrated=logistic(logits[1]))
    (ROOT / "docs/models/smile.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
