"""What pages say for problems: words for a person, whatever the API says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from curation.api.pages.words.problems import TECHNICAL, words_by_code, words_of
from curation.errors import CurationError
from tests.service import ServiceClient


def kinds(kind: type[CurationError] = CurationError) -> Iterator[type[CurationError]]:
    yield kind
    for other in kind.__subclasses__():
        yield from kinds(other)


def test_every_problem_of_the_api_has_words_for_a_person(empty: ServiceClient) -> None:
    told = {
        (code, example["value"]["detail"])
        for path in empty.app.openapi()["paths"].values()
        for operation in path.values()
        for response in operation["responses"].values()
        for content in response.get("content", {}).values()
        for code, example in content.get("examples", {}).items()
        if "detail" in example["value"]
    }
    assert len(told) > 50
    for code, detail in told:
        words = words_of(code, detail)
        assert not TECHNICAL.search(words), f"{code}: {words}"
        assert words[0] == words[0].upper(), f"{code}: {words}"
        assert words[-1] in ".!?…)", f"{code}: {words}"


@pytest.mark.parametrize("code", sorted({kind.code for kind in kinds()}))
def test_commands_and_requests_never_reach_a_page(code: str) -> None:
    message = "no file is there: run `python -m curation weights fetch x`; GET /people lists all, or make extras --all"
    assert not TECHNICAL.search(words_of(code, message))


def test_what_helps_a_person_stays() -> None:
    said = words_of("label_taken", "Anna is called so already: choose another name; GET /people lists all")
    assert said == "Anna is called so already: choose another name."
    assert words_of("nowhere_known", "`make x`") == words_by_code()["internal"]


def test_the_sentences_are_whole() -> None:
    for code, words in words_by_code().items():
        # What is to be done when nothing answers is a command all the same.
        assert code == "offline" or not TECHNICAL.search(words), code
        assert words.endswith("."), code
