"""Messages, results and entries that no program of ours writes: a sample of `make soak ARGS=messages`."""

from __future__ import annotations

import random
from pathlib import Path

import grpc
import pytest
import redis

from curation.errors import RoleUnavailableError
from curation.services.addresses import peer_address
from curation.services.client import AttributeClient
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.protocol.messages import image_of_message
from curation.services.protocol.statuses import DETAIL_KEY, AnsweredError, detail_of_trailers, status_of
from curation.services.role import Role
from tests import queue_world, service_roles
from tests.hostile.messages import hostile_message, hostile_metadata
from tests.redis_server import RedisServer, redis_process, redis_server
from tests.soak.messages import METHODS, poison, queue_trouble, trouble_of_call, trouble_of_stream

__all__ = ["redis_process", "redis_server"]

_CALLS = 20
_ENTRIES = 24


def test_each_method_answers_with_a_documented_status_and_is_well_afterwards(redis_server: RedisServer) -> None:
    chance = random.Random(3)
    client = redis.Redis(redis_server.host, redis_server.port)
    with service_roles.roles(service_roles.services_settings(redis_server)) as known:
        channels = {role: grpc.insecure_channel(peer_address(known, role)) for role in METHODS.values()}
        for _ in range(_CALLS):
            poison(client, chance)
            for method, role in METHODS.items():
                content = hostile_message(chance)
                trouble = trouble_of_call(channels[role], method, content, hostile_metadata(chance), 30)
                assert not trouble, f"{trouble}: {content[:300]!r}"
        messages = [hostile_message(chance) for _ in range(20)]
        # What cannot be read is answered in its place, and what comes behind it is worked on.
        assert not trouble_of_stream(channels[Role.IMAGE_INPUT], [b"\xff\xff", *messages, b"\xff"], random.Random(1))
        for channel in channels.values():
            channel.close()
        with AttributeClient(known) as attributes:
            assert set(attributes.health().values()) == {"SERVING"}
            assert attributes.process(b"faces 3").is_complete
            # Names of files may hold bytes that are no text.
            assert attributes.process(b"faces 3", image_id="\udcff.jpg").image_id == "\udcff.jpg"
            assert attributes.process(b"faces 3", request_id="x" * 5000).grpc_status == "INVALID_ARGUMENT"
    client.close()


def test_entries_of_other_programs_end_and_good_pictures_are_done(redis_server: RedisServer, tmp_path: Path) -> None:
    settings = queue_world.services_settings(redis_server, tmp_path)
    assert not queue_trouble(redis_server, settings, random.Random(5), _ENTRIES)


def test_what_another_program_answers_is_no_fault_of_this_one() -> None:
    status, text = grpc.StatusCode.UNAVAILABLE, "away"
    assert detail_of_trailers(status, text, [(DETAIL_KEY, b"\xff\xff")]).code == "unavailable"
    for named in ("mro", "__doc__", "OK", "", "name"):
        assert status_of(AnsweredError(pb.ErrorDetail(status=named))) is grpc.StatusCode.INTERNAL
    with pytest.raises(RoleUnavailableError, match="another program"):
        image_of_message(pb.CombinedResponse(engine="x", faces=[pb.Face()]))
