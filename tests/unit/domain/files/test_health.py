from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.files.health import FaultKind, FileFault, faults_from_json, faults_to_json
from curation.errors import PhotoDamagedError

_faults = st.builds(FileFault, st.sampled_from(FaultKind), st.text(), st.text(), st.booleans())


@settings(max_examples=40)
@given(st.lists(_faults, max_size=3))
def test_faults_are_read_as_they_were_written(faults: list[FileFault]) -> None:
    assert faults_from_json(faults_to_json(faults)) == tuple(faults)


@pytest.mark.parametrize("text", ["", "{}x", "[1]", '[["cut", "a", "b"]]', '[["rotten", "a", "b", true]]'])
def test_what_was_written_by_somebody_else_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        faults_from_json(text)


def test_an_error_of_a_damaged_photo_arrives_whole_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(PhotoDamagedError("it is cut off", kind="cut", good="the upper half")))
    assert isinstance(error, PhotoDamagedError)
    assert (str(error), error.kind, error.good) == ("it is cut off", "cut", "the upper half")
