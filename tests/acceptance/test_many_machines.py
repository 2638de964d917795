"""Coordinator and workers share a broker and object storage only, and 200 times something of it is killed.

Each stage is done by two workers of two processes each. Processes of workers, whole workers, the broker and the
coordinator are killed with -9 at random moments of both stages, and started again; at the end every output in object
storage has the bytes of a run by the local pool from a local folder, and each photo is counted once. More kills, and
others: `python -m tests.many_machines.on_demand --help`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.many_machines.killing import Event, Trial
from tests.many_machines.servers import RabbitBroker, RedisBroker
from tests.s3_server import S3Process, S3Server

_PHOTOS = 80
# RabbitMQ takes seconds to start.
_KILLS_PER_STAGE = {
    RedisBroker: {"child": 41, "worker": 4, "coordinator": 2, "broker": 3},
    RabbitBroker: {"child": 43, "worker": 4, "coordinator": 2, "broker": 1},
}
_SEED = 1


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Event]:
    """Photos in a folder and in object storage, and what the local pool makes of them."""
    folder = tmp_path_factory.mktemp("many")
    process = S3Process(folder)
    server = S3Server(process.endpoint, "event")
    server.client().create_bucket(Bucket=server.bucket)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {**server.environment, "NO_PROXY": "127.0.0.1"}.items():
            environment.setenv(name, value)
        yield Event(folder / "event", server.address, _PHOTOS, server.environment)
    process.stop()


def test_the_fake_parts_stay_in_their_processes() -> None:
    from curation.engines import building, selection

    assert building.build_engine.__module__ == building.__name__
    assert selection.select_engine.__module__ == selection.__name__


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [RedisBroker, RabbitBroker])
def test_outputs_have_the_same_bytes_whatever_is_killed(event: Event, kind: type[RedisBroker | RabbitBroker]) -> None:
    kills = _KILLS_PER_STAGE[kind]
    with kind() as broker:
        trial = Trial(event, broker, kind.__name__, kills_per_stage=kills, pace_s=0.25, nap_s=0.3, seed=_SEED)
        trial.run()
    assert sum(trial.kills.of_kind[one] for one in kills) == 2 * sum(kills.values()) == 100
