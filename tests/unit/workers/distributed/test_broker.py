"""The broker's address and names."""

from __future__ import annotations

import ssl

import pytest
from pydantic import SecretStr

from curation.settings.scale import WorkersSettings
from curation.workers.celery_app import make_app
from curation.workers.distributed import broker
from curation.workers.distributed.broker import BrokerOptions


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:geheim@redis:6379/1", "redis://redis:6379/1"),
        ("amqp://anna:geheim@host//", "amqp://host"),
        ("amqps://anna:geheim@[::1]:5671/curation", "amqps://[::1]:5671/curation"),
        ("redis://anna:geheim@host:port/0", "redis://host/0"),
    ],
)
def test_the_password_is_never_shown(url: str, shown: str) -> None:
    options = BrokerOptions(url)
    assert options.address == shown
    assert "geheim" not in repr(options) + str(options) + str(broker.unavailable(options, OSError(url)))


def test_options_of_settings() -> None:
    settings = WorkersSettings(
        broker_url=SecretStr("redis://h/0"), ahead=4, max_sends=5, lease_margin_s=6, patience_s=7
    )
    assert BrokerOptions.of(settings) == BrokerOptions("redis://h/0", 4, 5, 6.0, 7.0)


@pytest.mark.parametrize("url", ["rediss://h:1/0", "amqps://h//"])
def test_certificates_are_checked(url: str) -> None:
    connection = broker.connect(BrokerOptions(url))
    assert isinstance(connection.ssl, dict)
    assert ssl.CERT_REQUIRED in connection.ssl.values()
    app = make_app(BrokerOptions(url))
    assert app.connection_for_read().ssl == broker.tls_options(BrokerOptions(url))
    assert broker.tls_options(BrokerOptions("rediss://h:1/0?ssl_cert_reqs=none")) is None


def test_queues_lead_by_the_default_exchange_and_expire() -> None:
    tasks, answers = broker.task_queue("ab"), broker.answer_queue("ab")
    assert (tasks.name, answers.name) == ("curation.tasks.ab", "curation.answers.ab")
    assert tasks.exchange.name == answers.exchange.name == ""
    assert tasks.expires == 3600 and answers.expires == 300


@pytest.mark.parametrize(
    ("error", "denied"),
    [
        (OSError("Connection refused"), False),
        (RuntimeError("NOAUTH Authentication required."), True),
        (RuntimeError("WRONGPASS invalid username-password pair"), True),
    ],
)
def test_a_broker_that_refuses_us_is_not_waited_for(error: Exception, denied: bool) -> None:
    assert broker.is_denied(error) is denied
    said = str(broker.unavailable(BrokerOptions("redis://h/0"), error))
    assert ("refuses" in said) is denied


def test_a_certificate_that_is_not_trusted_is_told() -> None:
    error = OSError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    assert broker.is_denied(error)
    assert "SSL_CERT_FILE" in str(broker.unavailable(BrokerOptions("rediss://h/0"), error))
