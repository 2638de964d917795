"""Choosing the best items so that everybody is covered: a small integer program, solved exactly.

    maximise    sum of value(i) x(i)
    subject to  sum of x(i) <= count                          x(i) is 0 or 1
                sum of x(i) over i that show p >= need(p)      for each person p
                sum of x(i) over i of one burst <= 1           for each burst

Where not all needs can be met, the shortfall is minimised first: first the number of people who would not be shown at
all, those of the first class before those of the second; then the parts of the day without a photo, and of equally many
the lightest; then what else is missing of people, in the same order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Covering", "Item", "Need", "best_cover", "greedy_cover"]

TIME_LIMIT_S = 10.0  # of one call of the solver; 20,000 photos take a fraction of it
_INFEASIBLE, _SOLVER_ERROR = 2, 4  # `status` of scipy.optimize.milp: proven to have no solution; no answer at all
_MOST_ITEMS = 4000
_OF_GROUP, _OF_PART = 3, 6
_SLACK = 0.5  # shortfalls are whole numbers; a bound within the solver's tolerance (1e-6) makes it fail


@dataclass(frozen=True, slots=True)
class Item:
    """One of the items to choose from.

    Attributes:
        value: Above 0, more is better.
        shows: The people that it shows and the part of the day that it is of, by their number.
        burst: At most one item of each burst may be chosen; None is a burst of its own.
    """

    value: float
    shows: frozenset[int]
    burst: int | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What is needed for a person, or for a part of the day.

    Attributes:
        at_least: How many of the chosen items should show the person.
        first_class: Whether the person takes priority over those who are not first class.
        weight: For a part of the day, how much of the event it is, above 0; 0 for a person.
    """

    at_least: int
    first_class: bool
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Covering:
    """The result.

    Attributes:
        chosen: Numbers of the items, ascending.
        proven: Whether it is proven that nothing better is possible; False if the time limit was reached before, or if
            there were so many items that only the best of each kind were compared.
    """

    chosen: tuple[int, ...]
    proven: bool


def best_cover(items: Sequence[Item], needs: Sequence[Need], count: int) -> Covering:
    """Choose at most `count` items.

    Args:
        items: Of equal items, the earlier one is preferred.
        needs: One for each person and part of the day, by number.
        count: Maximum number of chosen items.

    Returns:
        The best choice; the same for the same arguments.
    """
    # Without needs the greedy choice is exact: the sets that may be chosen form a matroid.
    plain = _best_of_all(items, count)
    if all(sum(person in items[i].shows for i in plain) >= need.at_least for person, need in enumerate(needs)):
        return Covering(plain, True)
    kept = _worth_a_look(items, needs, count)
    if not kept:
        return Covering((), True)
    is_whole = len(kept) <= _MOST_ITEMS or not any(need.weight for need in needs)
    if not is_whole:
        kept = _core(items, needs, count, kept)
    program = _Program([items[i] for i in kept], needs, count)
    solution, proven = program.solve()
    proven &= is_whole
    if solution is None:
        return Covering(greedy_cover(items, needs, count), False)
    return Covering(_canonical(items, needs, {kept[i] for i in solution}), proven)


def greedy_cover(items: Sequence[Item], needs: Sequence[Need], count: int) -> tuple[int, ...]:
    """Choose greedily, each time the item that helps most: a good choice, but not always the best.

    Args:
        items: As for `best_cover`.
        needs: As for `best_cover`.
        count: As for `best_cover`.

    Returns:
        Numbers of the items, ascending.
    """
    missing = [need.at_least for need in needs]
    chosen: list[int] = []
    bursts: set[int] = set()
    open_ = list(range(len(items)))
    while open_ and len(chosen) < count:

        def gain(i: int) -> tuple[int, int, int, int, int, float, int]:
            helped = [p for p in items[i].shows if missing[p] > 0]
            parts = sum(needs[p].weight for p in helped)
            people = [p for p in helped if not needs[p].weight]
            absent = [needs[p].first_class for p in people if missing[p] == needs[p].at_least]
            more = [needs[p].first_class for p in people if missing[p] < needs[p].at_least]
            return (
                sum(absent),
                len(absent) - sum(absent),
                parts,
                sum(more),
                len(more) - sum(more),
                items[i].value,
                -i,
            )

        best = max(open_, key=gain)
        chosen.append(best)
        burst = items[best].burst
        if burst is not None:
            bursts.add(burst)
        for person in items[best].shows:
            missing[person] -= 1
        open_ = [i for i in open_ if i != best and (items[i].burst is None or items[i].burst not in bursts)]
    return tuple(sorted(chosen))


def _needed(item: Item, needs: Sequence[Need]) -> frozenset[int]:
    return frozenset(person for person in item.shows if needs[person].at_least > 0)


def _by_value(items: Sequence[Item]) -> list[int]:
    return sorted(range(len(items)), key=lambda i: (-items[i].value, i))


def _best_of_all(items: Sequence[Item], count: int) -> tuple[int, ...]:
    """The best items of different bursts, regardless of the people that they show."""
    chosen: list[int] = []
    bursts: set[int] = set()
    for i in _by_value(items):
        if len(chosen) >= count:
            break
        burst = items[i].burst
        if burst is None or burst not in bursts:
            chosen.append(i)
            if burst is not None:
                bursts.add(burst)
    return tuple(sorted(chosen))


def _worth_a_look(items: Sequence[Item], needs: Sequence[Need], count: int) -> list[int]:
    """Of the items that show the same people, the best `count`, each of another burst; ascending.

    No better choice is lost: a choice with a dropped item has at most `count - 1` other items, which block the bursts
    of at most so many of these `count`; one of them is left to replace the dropped item, with no less value.
    """
    taken: defaultdict[frozenset[int], int] = defaultdict(int)
    bursts: set[tuple[frozenset[int], int]] = set()
    kept = []
    for i in _by_value(items):
        shows, burst = _needed(items[i], needs), items[i].burst
        if taken[shows] >= count or (burst is not None and (shows, burst) in bursts):
            continue
        taken[shows] += 1
        if burst is not None:
            bursts.add((shows, burst))
        kept.append(i)
    return sorted(kept)


def _core(items: Sequence[Item], needs: Sequence[Need], count: int, kept: Sequence[int]) -> list[int]:
    """Of very many items those that a good choice is made of: with parts of the day, nearly each is one of its kind.

    These are the best of all, of each person, of each part of the day and of each person in it, and the best of those
    that show the same people. A better choice may be lost, though hardly ever by more than a few hundredths of a score.
    """
    of_kind: Counter[object] = Counter()
    core = []
    for i in sorted(kept, key=lambda i: (-items[i].value, i)):
        shows = _needed(items[i], needs)
        parts = [need for need in shows if needs[need].weight]
        people = frozenset(shows) - frozenset(parts)
        kinds: list[tuple[object, int]] = [("all", 2 * count), (people, _OF_GROUP if len(people) > 1 else 0)]
        kinds += [(("person", person), 3 * needs[person].at_least + _OF_GROUP) for person in people]
        kinds += [(("part", part), _OF_PART) for part in parts]
        kinds += [((part, person), 1) for part in parts for person in people]
        is_wanted = any(of_kind[kind] < most for kind, most in kinds)
        of_kind.update(kind for kind, _ in kinds)
        if is_wanted:
            core.append(i)
    return sorted(core)


class _Program:
    """The integer program: variables for the items, for whether people are absent, and for what else is missing."""

    def __init__(self, items: Sequence[Item], needs: Sequence[Need], count: int) -> None:
        from scipy.sparse import csr_array

        self._values = np.array([item.value for item in items])
        self._needs = [(person, need) for person, need in enumerate(needs) if need.at_least > 0]
        row_of = {person: row for row, (person, _) in enumerate(self._needs)}
        total, people = len(items), len(self._needs)
        rows: list[int] = []
        columns: list[int] = []
        for column, item in enumerate(items):
            found = [row_of[person] for person in item.shows if person in row_of]
            rows += found
            columns += [column] * len(found)
        for row in range(people):
            rows += [row, row]
            columns += [total + row, total + people + row]
        low = [float(need.at_least) for _, need in self._needs]
        high = [np.inf] * people
        # The total count, and one item of each burst.
        rows += [people] * total
        columns += range(total)
        low.append(-np.inf)
        high.append(float(count))
        size = Counter(item.burst for item in items if item.burst is not None)
        burst_row: dict[int, int] = {}
        for column, item in enumerate(items):
            if item.burst is not None and size[item.burst] > 1:
                row = burst_row.setdefault(item.burst, people + 1 + len(burst_row))
                rows.append(row)
                columns.append(column)
        low += [-np.inf] * len(burst_row)
        high += [1.0] * len(burst_row)
        self._total, self._people = total, people
        shape = (len(low), total + 2 * people)
        self._matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
        self._limits = (np.array(low), np.array(high))

    def solve(self) -> tuple[list[int] | None, bool]:
        """The chosen items, or None if none were found in time; and whether they are proven to be the best."""
        upper = np.ones(self._total + 2 * self._people)
        upper[self._total :] = 0.0
        solution, proven = self._optimum(-self._goal(), upper)
        if solution is not None or not proven:
            return solution, proven
        # Not all needs can be met: minimise the kinds of shortfall, the worst first; each becomes a constraint.
        rest = [max(0.0, need.at_least - 1.0) for _, need in self._needs]
        upper[self._total :] = [1.0] * self._people + rest
        extra: list[tuple[NDArray[np.float64], float]] = []
        all_proven = True
        for cost in self._stages():
            if not cost.any():
                continue
            found = self._missing(cost, upper, extra)
            if found is None:
                return None, False
            extra.append((cost, found[0]))
            all_proven &= found[1]
        solution, proven = self._optimum(-self._goal(), upper, extra)
        return solution, proven and all_proven

    def _stages(self) -> Iterator[NDArray[np.float64]]:
        """The kinds of shortfall as costs in whole numbers, the worst first."""
        rows = list(enumerate(need for _, need in self._needs))

        def cost(offset: int, of: Callable[[Need], float]) -> NDArray[np.float64]:
            out = np.zeros(self._total + 2 * self._people)
            for row, need in rows:
                out[self._total + offset + row] = of(need)
            return out

        for first_class in (True, False):
            yield cost(0, lambda need, first=first_class: not need.weight and need.first_class is first)  # type: ignore[misc]
        # One part more always costs more than any other choice of equally many parts.
        all_weights = 1 + sum(need.weight for _, need in rows)
        yield cost(0, lambda need: all_weights + need.weight if need.weight else 0.0)
        for first_class in (True, False):
            yield cost(self._people, lambda need, first=first_class: not need.weight and need.first_class is first)  # type: ignore[misc]

    def _goal(self) -> NDArray[np.float64]:
        goal = np.zeros(self._total + 2 * self._people)
        goal[: self._total] = self._values
        return goal

    def _missing(
        self, cost: NDArray[np.float64], upper: NDArray[np.float64], extra: Sequence[tuple[NDArray[np.float64], float]]
    ) -> tuple[float, bool] | None:
        result = self._solved(cost, upper, extra)
        return None if result.x is None else (float(round(result.fun)), result.status == 0)

    def _optimum(
        self,
        cost: NDArray[np.float64],
        upper: NDArray[np.float64],
        extra: Sequence[tuple[NDArray[np.float64], float]] = (),
    ) -> tuple[list[int] | None, bool]:
        result = self._solved(cost, upper, extra)
        if result.x is None:
            return None, result.status == _INFEASIBLE
        return np.flatnonzero(result.x[: self._total] > 0.5).tolist(), result.status == 0

    def _solved(
        self, cost: NDArray[np.float64], upper: NDArray[np.float64], extra: Sequence[tuple[NDArray[np.float64], float]]
    ) -> Any:
        # Imported here, because the import takes half a second.
        from scipy.optimize import Bounds, LinearConstraint, milp

        low, high = self._limits
        limits = [LinearConstraint(self._matrix, low, high)]
        limits += [LinearConstraint(of_stage, -np.inf, most + _SLACK) for of_stage, most in extra]
        allows_shortfall = bool(upper[self._total :].any())  # then there is always a solution
        result = None
        # HiGHS sometimes fails after its own presolve; without presolve it is slower and finds the optimum.
        for presolve in (True, False):
            result = milp(
                cost,
                integrality=np.ones(len(upper)),
                bounds=Bounds(np.zeros(len(upper)), upper),
                constraints=limits,
                options={"time_limit": TIME_LIMIT_S, "mip_rel_gap": 0.0, "presolve": presolve},
            )
            is_failure = result.status == _SOLVER_ERROR or (result.status == _INFEASIBLE and allows_shortfall)
            if not is_failure:
                break
        return result


def _canonical(items: Sequence[Item], needs: Sequence[Need], chosen: set[int]) -> tuple[int, ...]:
    """The same choice with equal items replaced by those that come first.

    The solver may return any of several best choices, and stops at differences of a millionth.
    """
    owner: dict[int, int] = {}
    alike: defaultdict[frozenset[int], list[int]] = defaultdict(list)
    for i in _by_value(items):
        alike[_needed(items[i], needs)].append(i)
    for i in chosen:
        burst = items[i].burst
        if burst is not None:
            owner[burst] = i
    for i in sorted(chosen, key=lambda i: (items[i].value, -i)):
        for other in alike[_needed(items[i], needs)]:
            if (items[other].value, -other) <= (items[i].value, -i):
                break
            burst = items[other].burst
            if other in chosen or (burst is not None and owner.get(burst, i) != i):
                continue
            old = items[i].burst
            if old is not None:
                del owner[old]
            if burst is not None:
                owner[burst] = other
            chosen = (chosen - {i}) | {other}
            break
    return tuple(sorted(chosen))
