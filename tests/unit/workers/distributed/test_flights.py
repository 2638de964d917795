"""When a task that was sent counts as lost, and when it is given up."""

from __future__ import annotations

import pytest

from curation.workers.distributed.flights import Flight, Flights, Sent
from curation.workers.distributed.muster import Muster
from curation.workers.distributed.post import Round
from tests.unit.workers.distributed.values import hello


def made(**options: object) -> Flights[int]:
    chosen: dict[str, object] = {"max_losses": 3, "lease_s": 60.0, **options}
    return Flights(**chosen)  # type: ignore[arg-type]


def flown(flights: Flights[int], number: int, *, at: float = 0.0) -> Flight[int]:
    """A task that was sent."""
    flight = Flight(number, f"{number:x}", None, f"photo {number}")
    flights.add(flight)
    send(flights, flight, at=at)
    return flight


def send(flights: Flights[int], flight: Flight[int], *, at: float = 0.0, number: int = 0) -> Sent:
    sent = Sent(f"run/{flight.task_id}/{flight.sends + 1}", number or int(flight.task), at, 1)
    flights.sent(flight, sent)
    return sent


def test_what_is_overtaken_and_what_is_in_no_queue_is_missing() -> None:
    flights = made()
    first, second, third = (flown(flights, number) for number in (1, 2, 3))
    muster = Muster()
    muster.heard(hello(held=("run/2/1",)), 1.0)
    flights.seen(muster.holders(), 1.0)
    # The third waits in the queue; the first would have been given out before the second.
    assert not flights.missing(muster.holders(), Round(1, 2.0, waiting=1)), "a message may be on its way"
    assert [flight for flight, _ in flights.missing(muster.holders(), Round(2, 4.0, waiting=1))] == [first]
    flights.lose(first, "run/1/1", counts=False)
    assert not flights.missing(muster.holders(), Round(3, 6.0, waiting=0))
    assert [flight for flight, _ in flights.missing(muster.holders(), Round(4, 8.0, waiting=0))] == [third]
    assert second.live, "it is held"


def test_what_was_sent_after_the_greeting_is_not_missing() -> None:
    flights = made()
    flown(flights, 1, at=5.0)
    for number in range(4):
        assert not flights.missing({}, Round(number, 4.0, waiting=0))


def test_a_task_is_given_up_after_so_many_losses_that_count() -> None:
    flights = made(max_losses=2)
    flight = flown(flights, 1)
    assert not flights.lose(flight, "run/1/1", counts=False)
    assert flights.next_again(0.0, with_suspects=False) is flight
    send(flights, flight)
    assert not flights.lose(flight, "run/1/2", counts=True)
    assert flights.next_again(0.0, with_suspects=False) is None, "suspects wait until the others are done"
    assert flights.next_again(0.0, with_suspects=True) is flight
    send(flights, flight)
    assert flights.lose(flight, "run/1/3", counts=True)
    assert (len(flights), flights.of("1")) == (0, None)


def test_a_loss_is_counted_once_and_another_copy_is_waited_for() -> None:
    flights = made(max_losses=2)
    flight = flown(flights, 1)
    send(flights, flight)
    assert not flights.lose(flight, "run/1/1", counts=True)
    assert not flights.lose(flight, "run/1/1", counts=True), "it was lost before"
    assert (flight.losses, flights.has_waiting) == (1, False)
    assert flights.lose(flight, "run/1/2", counts=True)


def test_a_task_that_waits_for_its_time_is_not_sent_again_earlier() -> None:
    flights = made()
    flight = flown(flights, 1)
    flights.lose(flight, "run/1/1", counts=False, not_before=5.0)
    assert flights.next_again(4.0, with_suspects=True) is None
    assert flights.next_again(5.0, with_suspects=True) is flight


@pytest.mark.parametrize(("lease_s", "late"), [(60.0, True), (None, False)])
def test_the_lease_begins_when_a_worker_has_the_task(lease_s: float | None, late: bool) -> None:
    flights = made(lease_s=lease_s)
    flown(flights, 1)
    flown(flights, 2)
    muster = Muster()
    muster.heard(hello(held=("run/1/1",)), 100.0)
    flights.seen(muster.holders(), 100.0)
    assert not flights.overdue(159.0)
    assert [flight.task for flight, _ in flights.overdue(161.0)] == ([1] if late else []), (
        "the second waits in the queue"
    )


def test_what_a_dead_worker_had_is_lost_with_it() -> None:
    flights = made()
    flown(flights, 1)
    flown(flights, 2)
    muster = Muster()
    muster.heard(hello("one", held=("run/1/1",)), 0.0)
    muster.heard(hello("two", held=("run/2/1",)), 0.0)
    flights.seen(muster.holders(), 0.0)
    muster.heard(hello("two", held=("run/2/1",)), 9.0)
    (gone,) = muster.silent(11.0)
    assert [(flight.task, sent.id) for flight, sent in flights.lost_with(gone)] == [(1, "run/1/1")]


def test_stragglers_take_much_longer_than_the_others() -> None:
    flights = made()
    for number in range(1, 6):
        flights.end(flown(flights, number), sent_id=f"run/{number}/1", seconds=4.0)
    slow = flown(flights, 6)
    muster = Muster()
    muster.heard(hello(held=("run/6/1",)), 0.0)
    flights.seen(muster.holders(), 0.0)
    assert not flights.stragglers(11.0)
    assert flights.stragglers(13.0) == [slow]
    slow.is_doubled = True
    assert not flights.stragglers(100.0), "once only"
