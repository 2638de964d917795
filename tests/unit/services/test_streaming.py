"""A stream that breaks: what had no answer is sent again, and nothing twice to the caller."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from curation.services import streaming
from curation.services.answers import ImageAnswer, ImageToProcess
from curation.services.streaming import PictureStream


class Broken(grpc.RpcError):  # type: ignore[misc]  # grpc has no types
    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code

    def trailing_metadata(self) -> tuple[tuple[str, str], ...]:
        return ()


class Message:
    """Stands for both directions."""

    def __init__(self, image_id: str, content: bytes) -> None:
        self.image_id = image_id
        self.content = content


class FakeCall:
    """A stream of gRPC: takes messages and gives answers, until it breaks."""

    def __init__(self, messages: Iterator[Message], answers: Callable[[Iterator[Message]], Iterator[Message]]) -> None:
        self._answers = answers(messages)

    def __iter__(self) -> Iterator[Message]:
        return self._answers

    def cancel(self) -> None:
        pass


class Server:
    """Answers; the stream breaks after some messages, as often as told."""

    def __init__(self, *breaks: int, code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> None:
        self._breaks = list(breaks)
        self._code = code
        self.streams = 0
        self.received: list[bytes] = []

    def __call__(self, messages: Iterator[Message], *, metadata: object) -> FakeCall:
        self.streams += 1
        return FakeCall(messages, self._answers)

    def _answers(self, messages: Iterator[Message]) -> Iterator[Message]:
        left = self._breaks.pop(0) if self._breaks else None
        for message in messages:
            self.received.append(message.content)
            if left == 0:
                raise Broken(self._code)
            left = left - 1 if left is not None else None
            yield message


def stream(server: Server, *, ahead: int = 4, tries: int = 3, largest: int = 100) -> PictureStream:
    def refused(given: ImageToProcess) -> ImageAnswer | None:
        return ImageAnswer("Failed: too large", image_id=given.image_id) if len(given.content) > largest else None

    make: Any = PictureStream
    made: PictureStream = make(
        server,
        metadata=(),
        ahead=ahead,
        tries=tries,
        refused_here=refused,
        answer_of_rpc_error=lambda error, given: ImageAnswer(f"Failed: {error.code().name}", image_id=given.image_id),
        answer_of_message=lambda message, given: ImageAnswer("Success", image_id=given.image_id),
        request_message=lambda given: Message(given.image_id, given.content),
    )
    return made


def pictures(count: int) -> Iterator[ImageToProcess]:
    return (ImageToProcess(b"%d" % number, f"picture {number}") for number in range(count))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "delays_s", lambda: iter([0.0, 0.0, 0.0]))


def statuses(answers: list[ImageAnswer]) -> Counter[str]:
    return Counter(answer.status for answer in answers)


@pytest.mark.parametrize("breaks", [(), (0,), (3,), (0, 0), (2, 1, 5, 0)])
def test_each_picture_has_one_answer(breaks: tuple[int, ...]) -> None:
    server = Server(*breaks)
    answers = list(stream(server).answers(pictures(20)))

    assert Counter(answer.image_id for answer in answers) == Counter(each.image_id for each in pictures(20))
    assert statuses(answers) == {"Success": 20}
    assert server.streams == len(breaks) + 1


def test_pictures_with_the_same_id_are_told_apart() -> None:
    answers = list(stream(Server(1)).answers(ImageToProcess(b"%d" % number, "same") for number in range(5)))
    assert Counter(answer.image_id for answer in answers) == {"same": 5}


def test_a_picture_that_breaks_every_stream_is_given_up_and_the_others_go_on() -> None:
    class Poisoned(Server):
        def _answers(self, messages: Iterator[Message]) -> Iterator[Message]:
            for message in messages:
                self.received.append(message.content)
                if message.content == b"3":
                    raise Broken(grpc.StatusCode.UNAVAILABLE)
                yield message

    server = Poisoned()
    answers = list(stream(server).answers(pictures(10)))

    assert {answer.image_id for answer in answers if answer.status == "Failed: UNAVAILABLE"} == {"picture 3"}
    assert statuses(answers)["Success"] == 9
    assert server.received.count(b"3") == 3


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_what_is_refused_for_good_is_the_answer_to_all(code: grpc.StatusCode) -> None:
    server = Server(2, code=code)
    answers = list(stream(server).answers(pictures(10)))

    assert server.streams == 1
    assert statuses(answers) == {"Success": 2, f"Failed: {code.name}": 8}


def test_a_server_that_stays_away_is_the_answer_to_all() -> None:
    answers = list(stream(Server(0, 0, 0, 0, 0)).answers(pictures(6)))
    assert statuses(answers) == {"Failed: UNAVAILABLE": 6}


def test_what_is_not_even_sent_has_its_answer() -> None:
    given = [ImageToProcess(b"x" * size, str(size)) for size in (1, 200, 2, 300)]
    answers = list(stream(Server()).answers(given))
    assert {answer.image_id: answer.status for answer in answers} == {
        "1": "Success",
        "2": "Success",
        "200": "Failed: too large",
        "300": "Failed: too large",
    }


def test_an_error_of_the_callers_iterator_comes_out() -> None:
    def failing() -> Iterator[ImageToProcess]:
        yield from pictures(2)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(stream(Server()).answers(failing()))


def test_a_server_that_ends_early_is_told() -> None:
    class Lazy(Server):
        def _answers(self, messages: Iterator[Message]) -> Iterator[Message]:
            for message in messages:
                yield message
                next(messages, None)
                return

    answers = list(stream(Lazy()).answers(pictures(4)))
    assert statuses(answers)["Success"] == 2
    assert sum(answer.code == "internal" for answer in answers) == 2


def test_no_more_than_the_bound_are_under_way() -> None:
    taken = 0

    def counted() -> Iterator[ImageToProcess]:
        nonlocal taken
        for each in pictures(50):
            taken += 1
            yield each

    answered = 0
    for _ in stream(Server(), ahead=3).answers(counted()):
        answered += 1
        assert taken <= answered + 3
        time.sleep(0)
    assert answered == 50
