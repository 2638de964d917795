from __future__ import annotations

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.measured import _MEASURED, has_measurements, is_measured, measured
from curation.engines.weights.registry import REGISTRY

AGE_FILE, SEX_FILE = "dlib_cydral_age_v1.onnx", "dlib_cydral_gender_v1.onnx"


def test_nothing_is_known_of_unknown_content() -> None:
    assert measured("0" * 64) == measured("")
    assert not has_measurements("0" * 64)
    assert not is_measured("0" * 64, Attribute.AGE) and not is_measured("0" * 64, Attribute.SEX)
    assert is_measured("0" * 64, Attribute.LANDMARKS)


def test_the_weights_that_can_be_fetched_were_measured() -> None:
    age, sex = REGISTRY[AGE_FILE].sha256, REGISTRY[SEX_FILE].sha256
    assert age is not None and is_measured(age, Attribute.AGE) and not is_measured(age, Attribute.SEX)
    assert sex is not None and is_measured(sex, Attribute.SEX)


def test_tables_are_in_order() -> None:
    for sha256, known in _MEASURED.items():
        assert len(sha256) == 64
        for table in (known.age.table, known.age.wide_table) if known.age else ():
            if table is None:
                continue
            assert len(table.years) == len(table.low) == len(table.high) == len(table.within_ten)
            assert list(table.years) == sorted(set(table.years))
            assert all(low < high for low, high in zip(table.low, table.high, strict=True))
            assert all(0 <= share <= 1 for share in table.within_ten)
