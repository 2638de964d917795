from __future__ import annotations

from pathlib import Path

from curation.event.file_cache import Derived, FileCache


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    reads: list[str] = []

    def read(file: Path) -> str:
        reads.append(file.read_text())
        return reads[-1]

    cache = FileCache(path, read)
    assert cache.get() is None
    path.write_text("one")
    assert (cache.get(), cache.get(), reads) == ("one", "one", ["one"])
    path.write_text("three")
    assert (cache.get(), reads) == ("three", ["one", "three"])
    path.unlink()
    assert cache.get() is None


def test_a_derived_value_is_made_again_for_other_sources() -> None:
    derived: Derived[list[int]] = Derived()
    first, second = object(), object()
    cached = derived.get((first,), lambda: [1])
    assert derived.get((first,), lambda: [2]) is cached
    assert derived.get((second,), lambda: [3]) == [3]
    assert derived.get((second, first), lambda: [4]) == [4]
