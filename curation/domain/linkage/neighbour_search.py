"""Search for the most similar rows of a matrix, by blocks of similarities in float32 on several threads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Neighbours", "most_similar", "pair_similarities", "rounding_bound", "search_threads"]

Rows = NDArray[np.intp]

_BLOCK_NUMBERS = 2**25  # similarities that all threads hold together: 128 MB
_MOST_ROWS = 512
_GROUP = 64  # columns of which only the largest is examined first
_CHUNK_PAIRS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The rows most similar to each of R rows.

    Attributes:
        index: (R, K) rows, the most similar first, -1 where there are fewer.
        similarity: (R, K), -inf where there are fewer.
        bound: (R,) no other row is more similar than this.
    """

    index: NDArray[np.int32]
    similarity: NDArray[np.float32]
    bound: NDArray[np.float32]


def rounding_bound(dimensions: int, longest: float) -> float:
    """Bound of the error of an inner product in float32, in any order of summation (Higham 2002, section 3.1).

    Args:
        dimensions: Dimensions of the vectors.
        longest: Length of the longest vector.
    """
    unit = 2.0**-24
    # Two more for each factor's own rounding to float32, and one for float32's subnormal numbers.
    terms = dimensions + 5
    return longest**2 * terms * unit / (1 - terms * unit) + 1e-30


@contextmanager
def search_threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of threads; meanwhile BLAS does not start threads of its own."""
    # Imported here, because the import sets an environment variable.
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(count) as pool:
        yield pool


def pair_similarities(matrix: NDArray[np.float32], a: Rows, b: Rows, pool: ThreadPoolExecutor) -> NDArray[np.float32]:
    """(R,) inner products of rows, pair by pair."""

    def part(start: int) -> NDArray[np.float32]:
        stop = start + _CHUNK_PAIRS
        return np.asarray(np.einsum("ij,ij->i", matrix[a[start:stop]], matrix[b[start:stop]]))

    starts = range(0, len(a), _CHUNK_PAIRS)
    if len(starts) < 2:
        return part(0)
    return np.concatenate(list(pool.map(part, starts)))


def most_similar(
    matrix: NDArray[np.float32],
    rows: Rows,
    usable: NDArray[np.bool_],
    count: int,
    floor: float,
    pool: ThreadPoolExecutor,
    threads: int,
) -> Neighbours:
    """The `count` most similar rows to each of `rows`, but none below `floor`; fewer if some are not usable.

    Args:
        matrix: (N, D).
        rows: (R,) rows whose neighbours are searched.
        usable: (N,) which rows may be neighbours; no row is its own neighbour.
        count: Number of neighbours of each row.
        floor: Similarities up to this value do not count.
        pool: Runs the blocks.
        threads: Number of threads of the pool.
    """
    out = Neighbours(
        np.full((len(rows), count), -1, dtype=np.int32),
        np.full((len(rows), count), -np.inf, dtype=np.float32),
        np.full(len(rows), floor, dtype=np.float32),
    )
    step = max(1, min(_MOST_ROWS, _BLOCK_NUMBERS // (len(matrix) * threads), -(-len(rows) // threads)))

    def fill(start: int) -> None:
        block = rows[start : start + step]
        similarity = matrix[block] @ matrix.T
        similarity[np.arange(len(block)), block] = -np.inf
        _best_of_block(similarity, usable, start, out)

    for _ in pool.map(fill, range(0, len(rows), step)):
        pass
    return out


def _best_of_block(similarity: NDArray[np.float32], usable: NDArray[np.bool_], start: int, out: Neighbours) -> None:
    """Fill `out` from row `start` on."""
    height, width = similarity.shape
    count = out.index.shape[1]
    least = out.bound[start : start + height]
    group = min(_GROUP, width // (4 * count))
    if group > 1:
        # At least `count` groups reach this value, so at least `count` rows do.
        groups = width // group
        largest = similarity[:, : groups * group].reshape(height, group, groups).max(axis=1)
        least = np.maximum(least, np.partition(largest, groups - count, axis=1)[:, groups - count])
    row, column = np.divmod(np.flatnonzero(similarity >= least[:, None]), width)
    value = similarity[row, column]
    is_usable = usable[column]
    row, column, value = row[is_usable], column[is_usable], value[is_usable]
    order = np.lexsort((-value, row))
    row, column, value = row[order], column[order], value[order]
    rank = np.arange(len(row)) - np.searchsorted(row, np.arange(height))[row]
    kept, next_best = rank < count, rank == count
    out.index[start + row[kept], rank[kept]] = column[kept]
    out.similarity[start + row[kept], rank[kept]] = value[kept]
    out.bound[start : start + height] = least
    out.bound[start + row[next_best]] = value[next_best]
