from __future__ import annotations

from pathlib import Path

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.catalogue import FAMILIES
from curation.engines.attributes.combining import combined_specs, single_specs
from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import WeightsFile


def spec(reader: str, *names: Attribute) -> ReaderSpec:
    files = dict.fromkeys(FAMILIES[reader].files[name][0] for name in names)
    weights = tuple(WeightsFile(file, Path(file), file[:4] * 16) for file in files)
    return ReaderSpec(reader, names, weights, ("CPUExecutionProvider",), warning="beware")


def test_each_attribute_has_its_own_weights() -> None:
    both = spec("dlib", Attribute.AGE, Attribute.SEX)
    single = single_specs([both, spec("fairface", Attribute.ETHNICITY)])
    assert [one.attributes for one in single] == [(Attribute.AGE,), (Attribute.SEX,), (Attribute.ETHNICITY,)]
    assert [one.weights for one in single[:2]] == [(both.weights[0],), (both.weights[1],)]
    assert {one.warning for one in single} == {"beware"}


def test_a_file_that_several_attributes_share_is_read_once() -> None:
    together = spec("fairface", Attribute.AGE, Attribute.SEX)
    single = single_specs([together])
    assert [one.weights for one in single] == [together.weights, together.weights]
    assert combined_specs(single, (Attribute.AGE, Attribute.SEX)) == (together,)


def test_what_is_not_asked_for_is_left_out() -> None:
    single = single_specs([spec("dlib", Attribute.AGE, Attribute.SEX), spec("deepface", Attribute.EMOTION)])
    (only,) = combined_specs(single, (Attribute.SEX,))
    assert (only.name, only.attributes) == ("dlib", (Attribute.SEX,))
    assert combined_specs(single, ()) == ()
