"""The dominant colours of clothes: K-means in OKLab, clusters of one name taken together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.outfits.naming import colour_names
from curation.domain.outfits.oklab import oklab
from curation.domain.outfits.outfit import GarmentColour

__all__ = ["garment_colours"]

_SEED = 0
_STARTS = 2
_MOST_PIXELS = 3000  # more change the shares by less than a percent
_LEAST_SHARE = 0.02  # smaller ones are folds, seams and noise


def garment_colours(
    pixels: NDArray[np.uint8], *, count: int, weights: NDArray[np.floating] | None = None
) -> tuple[GarmentColour, ...]:
    """The colours of a garment.

    Args:
        pixels: (N, 3) uint8 sRGB, those of the garment.
        count: How many clusters are looked for, at least 1; fewer colours come back if some have one name.
        weights: (N,) how certainly each pixel belongs to the garment; all the same if None.

    Returns:
        At most `count`, the largest share first (of equal ones by name); empty without pixels. The same pixels always
        give the same colours.
    """
    if pixels.ndim != 2 or pixels.shape[1:] != (3,) or pixels.dtype != np.uint8:
        raise ValueError(f"pixels are (N, 3) uint8, not {pixels.shape} {pixels.dtype}")
    if count < 1:
        raise ValueError(f"at least 1 colour is looked for, not {count}")
    # Importing them changes the environment (OpenMP's variables), which an import of this module must not.
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    worth = np.ones(len(pixels)) if weights is None else np.asarray(weights, dtype=np.float64)
    pixels, worth = pixels[worth > 0], worth[worth > 0]
    if not len(pixels):
        return ()
    if len(pixels) > _MOST_PIXELS:
        chosen = np.linspace(0, len(pixels) - 1, _MOST_PIXELS).round().astype(np.intp)
        pixels, worth = pixels[chosen], worth[chosen]
    lab = oklab(pixels)
    distinct = len(np.unique(pixels, axis=0))
    means = KMeans(min(count, distinct), n_init=_STARTS, random_state=_SEED)
    # A garment is a matter of milliseconds; threads would only wait for each other on a busy machine.
    with threadpool_limits(1):
        cluster_of = means.fit_predict(lab, sample_weight=worth)
    names = colour_names(means.cluster_centers_)
    found = []
    for name in sorted(set(names)):
        inside = np.isin(cluster_of, [k for k, each in enumerate(names) if each is name])
        share = float(worth[inside].sum() / worth.sum())
        if share > 0:
            red, green, blue = np.average(pixels[inside], axis=0, weights=worth[inside]).round().astype(int).tolist()
            found.append(GarmentColour(name, share, (red, green, blue)))
    found.sort(key=lambda colour: (-colour.share, colour.name))
    return tuple(colour for place, colour in enumerate(found) if not place or colour.share >= _LEAST_SHARE)
