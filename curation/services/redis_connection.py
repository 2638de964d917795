"""The connection to the Redis server, with short time-outs and an error that says how to start it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from curation.errors import RedisUnavailableError
from curation.extras import Extra, extra_for

if TYPE_CHECKING:
    import redis

    from curation.settings.services import RedisSettings

__all__ = ["connect", "redis_address", "redis_errors_explained", "require_redis"]

_CONNECT_S = 1.0
_ANSWER_S = 5.0  # for the largest values, pictures


def redis_address(settings: RedisSettings) -> str:
    """HOST:PORT of the server, as messages name it."""
    return f"{settings.host}:{settings.port}"


def connect(settings: RedisSettings, *, answer_s: float | None = _ANSWER_S) -> redis.Redis:
    """A client with a pool of connections; it connects when a command is sent, again after every loss.

    A command is tried again once on a new connection, as a server that was started anew leaves the old ones dead.

    Args:
        settings: Address, data base and password.
        answer_s: How long a command may take; None for no limit, for commands that block longer.

    Returns:
        The client; keys and values are bytes. It is thread-safe.

    Raises:
        ExtraMissingError: If the package redis is not installed.
    """
    with extra_for(Extra.SERVICES, "python -m curation services"):
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    return redis.Redis(
        host=settings.host,
        port=settings.port,
        db=settings.database,
        password=settings.password.get_secret_value() if settings.password is not None else None,
        socket_connect_timeout=_CONNECT_S,
        socket_timeout=answer_s,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=30,
    )


@contextmanager
def redis_errors_explained(settings: RedisSettings) -> Iterator[None]:
    """Turn errors of the package redis into ours.

    Args:
        settings: Whose address the message names.

    Raises:
        RedisUnavailableError: If the server is away, too slow, full, or refuses the password.
    """
    import redis

    try:
        yield
    except redis.AuthenticationError as error:
        raise RedisUnavailableError(
            f"the Redis server at {redis_address(settings)} refuses the password: set services.redis.password "
            f"(CURATION_SERVICES__REDIS__PASSWORD) to the one of its configuration ({error})"
        ) from error
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise RedisUnavailableError(
            f"there is no Redis server at {redis_address(settings)} (services.redis.host and port): start one with "
            f"`redis-server --port {settings.port}` or `docker compose up -d redis`, or name another one ({error})"
        ) from error
    except redis.RedisError as error:
        raise RedisUnavailableError(
            f"the Redis server at {redis_address(settings)} refuses a command: {error}; look at its log and its memory"
        ) from error


def require_redis(settings: RedisSettings) -> None:
    """Make sure that the server answers now.

    Raises:
        RedisUnavailableError: If it does not.
        ExtraMissingError: If the package redis is not installed.
    """
    client = connect(settings)
    try:
        with redis_errors_explained(settings):
            client.ping()
    finally:
        client.close()
