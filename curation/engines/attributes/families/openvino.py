"""Age and sex by OpenVINO's age-gender-recognition-retail-0013 (Apache-2.0), with the input of deepface's networks."""

from __future__ import annotations

from curation.engines.attributes.families.deepface import DeepfaceReader

__all__ = ["OpenvinoReader"]


class OpenvinoReader(DeepfaceReader):
    """Reader `openvino`: the networks in the form that has deepface's inputs and outputs.

    Each takes (N, 224, 224, 3) BGR in [0, 1], which it reduces to 62 px itself, and gives the probabilities of the ages
    0 to 100, or of female and male.
    """
