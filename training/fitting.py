"""The training loop of both networks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from curation.engines.expressions.crops import standardised

__all__ = ["fit", "outputs"]

_BATCH = 64
_PEAK_RATE = 3e-3
_WEIGHT_DECAY = 2e-3
_AVERAGE_DECAY = 0.995  # of the running mean of the weights, which is the result

Batch = tuple[NDArray[np.uint8], NDArray[np.float32]]
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def fit(
    network: nn.Module, epoch: Callable[[np.random.Generator], Iterator[Batch]], loss: Loss, *, steps: int, seed: int
) -> nn.Module:
    """Train a network.

    Args:
        network: The network with its initial weights.
        epoch: Yields endless batches: crops (B, h, w) uint8 and targets (B, K) float32.
        loss: The loss of outputs and targets.
        steps: Number of batches.
        seed: Seed of the random generator for `epoch`.

    Returns:
        A network whose weights are the running mean over the last steps.
    """
    optimiser = torch.optim.AdamW(network.parameters(), lr=_PEAK_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _PEAK_RATE, total_steps=steps, pct_start=0.15)
    mean = copy.deepcopy(network)
    batches = epoch(np.random.default_rng(seed))
    for step in range(steps):
        crops, targets = next(batches)
        network.train()
        optimiser.zero_grad()
        result = loss(network(torch.from_numpy(standardised(crops))), torch.from_numpy(targets))
        result.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        decay = min(_AVERAGE_DECAY, step / (step + 10))
        with torch.no_grad():
            for kept, new in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
                if kept.dtype.is_floating_point:
                    kept.mul_(decay).add_(new, alpha=1 - decay)
                else:
                    kept.copy_(new)
    mean.eval()
    return mean


def outputs(network: nn.Module, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The outputs (N, K) of a network for (N, h, w) uint8 crops."""
    network.eval()
    with torch.no_grad():
        parts = [network(torch.from_numpy(standardised(crops[i : i + 512]))).numpy() for i in range(0, len(crops), 512)]
    return np.asarray(np.concatenate(parts), dtype=np.float64)
