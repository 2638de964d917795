"""Small convolutional networks for one CPU core, and their export to ONNX."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import nn

__all__ = ["CropNet", "export"]


class CropNet(nn.Module):
    """A network from a grey crop to a few numbers: four convolutions, then two dense layers.

    Args:
        size_px: Side of the crop, a multiple of 8.
        outputs: Number of outputs.
    """

    def __init__(self, size_px: int, outputs: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _layer(1, 12, stride=2),
            _layer(12, 20, stride=1),
            nn.MaxPool2d(2),
            _layer(20, 32, stride=1),
            nn.MaxPool2d(2),
            _layer(32, 48, stride=1),
            nn.AvgPool2d(2),
        )
        side = size_px // 16
        self.head = nn.Sequential(
            nn.Flatten(), nn.Dropout(0.4), nn.Linear(48 * side * side, 48), nn.ReLU(), nn.Dropout(0.2),
            nn.Linear(48, outputs),
        )  # fmt: skip

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """(N, 1, size_px, size_px) standardised crops to (N, outputs)."""
        result: torch.Tensor = self.head(self.features(crops))
        return result


def _layer(inputs: int, outputs: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def export(network: nn.Module, size_px: int, path: Path, *, output: str) -> None:
    """Write a network as an ONNX file with the input "crops" (N, 1, size_px, size_px) of any N."""
    network.eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the exporter that needs no other package
        torch.onnx.export(
            network,
            (torch.zeros(1, 1, size_px, size_px),),
            str(path),
            input_names=["crops"],
            output_names=[output],
            dynamic_axes={"crops": {0: "faces"}, output: {0: "faces"}},
            opset_version=17,
            dynamo=False,
        )
