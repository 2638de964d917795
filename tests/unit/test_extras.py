from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from curation.errors import ExtraMissingError
from curation.extras import Extra, extra_for


@pytest.mark.parametrize("extra", list(Extra))
def test_a_missing_package_is_named_with_both_ways_to_get_it(extra: Extra) -> None:
    with pytest.raises(ExtraMissingError) as raised, extra_for(extra, "python -m curation something"):
        importlib.import_module("a_package_that_nobody_has.part")

    message = str(raised.value)
    assert message.startswith(f"python -m curation something needs the extra {extra.value}")
    assert "a_package_that_nobody_has is not installed" in message
    assert f"pip install 'curation[{extra.value}]'" in message
    assert f"make extras EXTRAS={extra.value}" in message
    assert isinstance(raised.value.__cause__, ModuleNotFoundError)
    assert (raised.value.exit_code, raised.value.code) == (2, "extra_missing")


def test_what_is_installed_is_imported() -> None:
    with extra_for(Extra.VIDEO, "this test"):
        import json

    assert json.dumps(1) == "1"


def test_a_package_that_is_there_but_does_not_load_is_another_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_package.py").write_text("raise ImportError('libbroken.so.1 is not there')\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ImportError, match=r"libbroken\.so\.1"), extra_for(Extra.VIDEO, "this test"):
        importlib.import_module("broken_package")
    assert "broken_package" not in sys.modules


def test_a_module_of_ours_that_is_missing_is_our_fault() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"curation\.nothing"), extra_for(Extra.VIDEO, "this test"):
        importlib.import_module("curation.nothing")


def test_a_fault_of_the_work_itself_passes_through() -> None:
    with pytest.raises(ValueError, match="the film"), extra_for(Extra.VIDEO, "this test"):
        raise ValueError("the film")
