from __future__ import annotations

from importlib import import_module

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.evaluation.__main__ import SECTIONS


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_benchmark_of_the_table_offers_rows(name: str) -> None:
    assert callable(import_module(f"benchmarks.{name}").rows)


@pytest.mark.parametrize("name", SECTIONS)
def test_each_section_of_the_evaluation_offers_tables(name: str) -> None:
    assert callable(import_module(f"benchmarks.evaluation.{name}").tables)
