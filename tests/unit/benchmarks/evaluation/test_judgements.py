from __future__ import annotations

from benchmarks.evaluation.judgements import _Ranked, _row
from ground_truth.judged_events import EVENTS
from ground_truth.labels.judgements import Judgement


def _ranked(*order: str, main: str = "", worse: str = "") -> _Ranked:
    """Photos with names of one letter, best first; `main` show a main person, `worse` too, but are made worse."""
    ranks = {name: rank for rank, name in enumerate(order, 1)}
    return _Ranked(ranks, {}, frozenset(main), frozenset(main + worse))


def test_a_pair_agrees_if_the_better_photo_ranks_higher() -> None:
    event = _ranked("a", "b")
    assert event.agrees(Judgement("summit", "a", "b", "", ""))
    assert not event.agrees(Judgement("summit", "b", "a", "", ""))


def test_the_first_photos_are_as_many_as_show_a_main_person_unspoiled() -> None:
    assert _ranked("a", "b", "c", "d", main="ad").top() == (1, 2)
    assert _ranked("a", "b", "c", "d", main="cd", worse="a").top() == (1, 2)
    many = "".join(map(chr, range(100, 150)))
    assert _ranked(*many, main=many).top() == (20, 20)


def test_pairs_are_counted_by_what_may_be_chosen_on() -> None:
    pairs = [Judgement("summit", f"{number}", "x", "", "") for number in range(8)] + [
        Judgement("gala", "b", "a", "", "")
    ]
    ranked = {"summit": _ranked(*map(str, range(8)), "x"), "gala": _ranked("a", "b")}
    name, count, agree, chosen_on, half, events = _row("all", ranked, pairs)
    reserved = sum(pair.in_reserved_half for pair in pairs[:8])
    assert EVENTS["gala"].reserved and not EVENTS["summit"].reserved
    assert (name, count, agree, events) == ("all", "9", "8 of 9", "0 of 1")
    assert (chosen_on, half) == (f"{8 - reserved} of {8 - reserved}", f"{reserved} of {reserved}")
