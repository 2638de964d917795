"""The broker between parent and workers: where it is, its queues, and what its errors mean.

Names on the broker: the exchange `curation.pidbox`, by which all workers are told something, and two queues for each
run, `curation.tasks.RUN` and `curation.answers.RUN`. A queue that nobody uses for `QUEUE_EXPIRES_S` is removed.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from curation.errors import BrokerUnavailableError
from curation.extras import Extra, extra_for

if TYPE_CHECKING:
    from kombu import Connection, Exchange, Queue

    from curation.settings.scale import WorkersSettings

__all__ = [
    "CONTROL",
    "QUEUE_EXPIRES_S",
    "TASK_NAME",
    "BrokerOptions",
    "answer_queue",
    "broker_away",
    "broker_errors",
    "connect",
    "control_exchange",
    "forget_left_queues",
    "is_denied",
    "task_queue",
    "tell_all",
    "tls_options",
    "transport_options",
    "unavailable",
]

CONTROL = "curation"
"""Namespace of what all workers are told."""

TASK_NAME = "curation.work"
"""Of the only Celery task: what it does stands in the request."""

QUEUE_EXPIRES_S = 3600
"""Longer than the queue of a living run is ever without a message or a reader."""

_ANSWERS_EXPIRE_S = 300  # nobody reads them after the end of the run; an answer may come late

_CONNECT_TIMEOUT_S = 5.0
_QUICK_S = 2.0
_STILL_S = 15.0
_HEARTBEAT_S = 20  # after two of them without a sign of life RabbitMQ's connection counts as lost
# Redis hands a task out again after this time if its worker did not acknowledge it. The parent notices lost tasks much
# earlier, so this only has to be longer than the longest task.
_VISIBILITY_TIMEOUT_S = 6 * 3600
_REDIS_WAIT_S = 0.2
_REFUSALS = ("NOAUTH", "WRONGPASS", "ACCESS_REFUSED", "invalid username-password")
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
_PREFIX = "curation."


@dataclass(frozen=True, slots=True)
class BrokerOptions:
    """How a parent uses the broker and its workers.

    Attributes:
        url: Of the broker, with its password; not part of the representation.
        ahead: Tasks that are sent at once for each process of a worker.
        max_sends: How often a task is sent that its workers do not survive.
        lease_margin_s: How much longer than its time limit a worker may take for a task, in seconds.
        patience_s: How long the parent waits for a broker or for workers that are away, in seconds.
    """

    url: str = field(repr=False)
    ahead: int = 3
    max_sends: int = 3
    lease_margin_s: float = 30.0
    patience_s: float = 300.0

    @classmethod
    def of(cls, settings: WorkersSettings) -> Self:
        """The options of the section `workers`."""
        return cls(
            settings.broker_url.get_secret_value(),
            settings.ahead,
            settings.max_sends,
            settings.lease_margin_s,
            settings.patience_s,
        )

    @property
    def address(self) -> str:
        """The broker's address without user and password, for messages and pages."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        try:
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            port = ""
        return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"

    @property
    def is_redis(self) -> bool:
        """Whether the broker is Redis."""
        return self.url.startswith("redis")


def transport_options(options: BrokerOptions, *, connect_timeout_s: float = _CONNECT_TIMEOUT_S) -> dict[str, Any]:
    """What Celery and kombu are told of the transport."""
    if options.is_redis:
        return {
            "visibility_timeout": _VISIBILITY_TIMEOUT_S,
            "socket_connect_timeout": connect_timeout_s,
            "socket_keepalive": True,
            # How long Redis is asked to wait for a message; in that time a worker does not see a new run's queue.
            "polling_interval": _REDIS_WAIT_S,
        }
    # With confirmation, who has published knows that the broker has it.
    return {"confirm_publish": True, "connect_timeout": connect_timeout_s}


def tls_options(options: BrokerOptions) -> dict[str, Any] | None:
    """How the broker's certificate is checked; None without encryption.

    It has to be signed by an authority that this machine trusts (SSL_CERT_FILE in the environment names others) and be
    that of the address. An address that says `ssl_cert_reqs` itself has its way.
    """
    host = urlsplit(options.url).hostname
    if options.url.startswith("amqps:"):
        return {"server_hostname": host, "cert_reqs": ssl.CERT_REQUIRED}
    if options.url.startswith("rediss:") and "ssl_cert_reqs" not in options.url:
        return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    return None


def connect(options: BrokerOptions, *, watched: bool = False, quick: bool = False) -> Connection:
    """A connection that is opened when it is first used.

    Args:
        options: Of the broker.
        watched: Whether its user calls `heartbeat_check` every few seconds, so that it is lost when the other side is.
        quick: Whether somebody waits for it: it gives up after two seconds.

    Raises:
        ExtraMissingError: If the packages of the extra `workers` are not installed.
    """
    with extra_for(Extra.WORKERS, "performance.pool: celery"):
        import kombu

        if options.is_redis:
            import redis  # noqa: F401

    patience_s = _QUICK_S if quick else _STILL_S
    return kombu.Connection(
        options.url,
        ssl=tls_options(options) or False,
        connect_timeout=_QUICK_S if quick else _CONNECT_TIMEOUT_S,
        heartbeat=_HEARTBEAT_S if watched and not options.is_redis else 0,
        transport_options={
            **transport_options(options, connect_timeout_s=_QUICK_S if quick else _CONNECT_TIMEOUT_S),
            # A broker that stands still must not hold up whoever publishes.
            **({"socket_timeout": patience_s} if options.is_redis else {"write_timeout": patience_s}),
        },
    )


def broker_errors(connection: Connection) -> tuple[type[BaseException], ...]:
    """What a use of the connection may raise because of the broker or the network."""
    from kombu.exceptions import KombuError

    return (*connection.connection_errors, *connection.channel_errors, KombuError, OSError)


def is_denied(error: BaseException) -> bool:
    """Whether the broker is there but refuses this user, or is not trusted, which waiting does not mend."""
    name = type(error).__name__
    if name in ("AuthenticationError", "AccessRefused", "NotAllowed", "AuthenticationWrongNumberOfArgsError"):
        return True
    # Redis without a password where it needs one; kombu's own error has the reason as its text.
    return any(sign in str(error) for sign in (*_REFUSALS, _UNTRUSTED))


@contextmanager
def broker_away(options: BrokerOptions, connection: Connection) -> Iterator[None]:
    """Translate the errors of a single use of the broker.

    Raises:
        BrokerUnavailableError: If the broker does not answer or refuses the password.
    """
    try:
        yield
    except broker_errors(connection) as error:
        raise unavailable(options, error) from error


def unavailable(options: BrokerOptions, error: BaseException | None) -> BrokerUnavailableError:
    """The error for the user; the text of the library's own error may hold the address with the password."""
    if error is not None and _UNTRUSTED in str(error):
        return BrokerUnavailableError(
            f"the certificate of the broker at {options.address} is not trusted; name the file of the authority that "
            "signed it in the environment variable SSL_CERT_FILE, and use the host name that it was made for"
        )
    if error is not None and is_denied(error):
        return BrokerUnavailableError(
            f"the broker at {options.address} refuses the user or the password of workers.broker_url"
        )
    return BrokerUnavailableError(
        f"the broker at {options.address} does not answer (workers.broker_url); start it, or check address and network"
    )


def task_queue(run: str) -> Queue:
    """The queue of a run's tasks."""
    return _queue(f"{_PREFIX}tasks.{run}")


def answer_queue(run: str) -> Queue:
    """The queue of what workers say to the parent of a run."""
    return _queue(f"{_PREFIX}answers.{run}", _ANSWERS_EXPIRE_S)


def _queue(name: str, expires_s: int = QUEUE_EXPIRES_S) -> Queue:
    from kombu import Exchange, Queue

    # The default exchange leads to the queue by its name, so nothing has to be bound and nothing stays when it is gone.
    return Queue(name, Exchange(""), routing_key=name, durable=True, expires=expires_s)


def control_exchange() -> Exchange:
    """The exchange by which all workers are told something."""
    from kombu import Exchange

    return Exchange(f"{CONTROL}.pidbox", type="fanout", durable=False, delivery_mode="transient")


def tell_all(producer: Any, command: str, arguments: dict[str, Any]) -> None:
    """Tell all workers something, as Celery's control commands do."""
    exchange = control_exchange()
    producer.publish(
        {
            "method": f"{CONTROL}_{command}",
            "arguments": arguments,
            "destination": None,
            "pattern": None,
            "matcher": None,
        },
        exchange=exchange.name,
        declare=[exchange],
        serializer="json",
        delivery_mode="transient",
        headers={"clock": 1, "expires": time.time() + 60},
        retry=False,
    )


def forget_left_queues(connection: Connection) -> None:
    """Let Redis remove queues that were left behind; RabbitMQ does it by itself.

    A worker that is killed leaves tasks that Redis gives back hours later, when their run and its queue are gone. Such
    a queue has no time of its end. Queues of living runs get theirs anew with each message.
    """
    channel = connection.default_channel
    client = getattr(channel, "client", None)
    if client is None or connection.transport.driver_type != "redis":
        return
    for key in client.scan_iter(match=f"{_PREFIX}*", count=1000, _type="list"):
        if client.ttl(key) == -1:
            client.expire(key, QUEUE_EXPIRES_S)
