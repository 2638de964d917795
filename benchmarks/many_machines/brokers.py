"""How many requests and answers a broker of this machine passes on, one after the other."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import kombu

from benchmarks.harness.shared_out import Broker, cpu_s

__all__ = ["BrokerCosts", "measured_broker"]

_MESSAGES = 400
_REQUEST_BYTES = 900


@dataclass(frozen=True, slots=True)
class BrokerCosts:
    """Of one photo: a request and its answer, each published, kept and consumed.

    Attributes:
        seconds: From the first to the last photo, divided by the photos; both clients are in one process, so most of it
            is theirs.
        cpu_s: Processor time of the server alone.
    """

    seconds: float
    cpu_s: float


def measured_broker(broker: Broker, answer_kb: float) -> BrokerCosts:
    """Send requests, and answers of so many kilobytes, through the broker.

    Args:
        broker: The server.
        answer_kb: Of an answer.
    """
    request, answer = "r" * _REQUEST_BYTES, "a" * round(answer_kb * 1000)
    received = 0

    def take(body: Any, message: kombu.Message) -> None:
        nonlocal received
        received += 1
        message.ack()

    with kombu.Connection(broker.url) as sender, kombu.Connection(broker.url) as reader:
        queues = [kombu.Queue(f"plan.{name}", routing_key=f"plan.{name}") for name in ("requests", "answers")]
        with kombu.Producer(sender.channel()) as producer, kombu.Consumer(reader.channel(), queues, callbacks=[take]):
            before_s = cpu_s(broker.process)
            began = time.perf_counter()
            for number in range(_MESSAGES):
                producer.publish(request, routing_key="plan.requests", declare=queues, serializer="json")
                producer.publish(answer, routing_key="plan.answers", declare=queues, serializer="json")
                while received < 2 * number:  # one photo may be on its way
                    reader.drain_events(timeout=10)
            while received < 2 * _MESSAGES:
                reader.drain_events(timeout=10)
            seconds = time.perf_counter() - began
        for queue in queues:
            queue(sender.channel()).delete()
    return BrokerCosts(seconds / _MESSAGES, (cpu_s(broker.process) - before_s) / _MESSAGES)
