from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import SettingsError, StorageError
from curation.settings.config_text import Scalar, changed_config
from curation.storage.settings_file import config_etag, read_config, write_config

Changes = dict[tuple[str, ...], Scalar]


def differences(old: bytes, new: bytes) -> list[str]:
    lines = difflib.unified_diff(old.decode().split("\n"), new.decode().split("\n"), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]


def lookup(content: bytes, path: tuple[str, ...]) -> Any:
    data = yaml.safe_load(content)
    for key in path:
        data = data[key]
    return data


def test_only_the_values_change(project_root: Path) -> None:
    config = (project_root / "config.yaml").read_bytes()
    changes: Changes = {
        ("scoring", "weights", "smile"): 5.25,
        ("scoring", "rules", "require_smile", "mode"): "veto",
        ("scoring", "rules", "max_unknown_faces", "count"): 12,
        ("scoring", "thresholds", "min_face_px"): 100,
        ("scoring", "bursts", "enabled"): False,
        ("scoring", "preset"): "general",
    }
    new = changed_config(config, changes)
    assert differences(config, new) == [
        '-    min_face_px: 40              # smaller faces are not judged ("cannot tell"); pixels, 16 to 1000',
        '+    min_face_px: 100             # smaller faces are not judged ("cannot tell"); pixels, 16 to 1000',
        "-    smile: null                  # (1.0)",
        "+    smile: 5.25                  # (1.0)",
        "-    enabled: true                # find photos of the same moment",
        "+    enabled: false               # find photos of the same moment",
        "-    require_smile:             {mode: off, weight: 1.0}",
        "+    require_smile:             {mode: veto, weight: 1.0}",
        "-    max_unknown_faces:         {mode: off, weight: 1.0, count: 5}",
        "+    max_unknown_faces:         {mode: off, weight: 1.0, count: 12}",
    ]
    assert (
        changed_config(
            new,
            {path: lookup(config, path) for path in changes if path[-1] not in ("enabled", "mode")}
            | {("scoring", "bursts", "enabled"): True, ("scoring", "rules", "require_smile", "mode"): "off"},
        )
        == config
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "scoring:\n  weights:\n    smile: 5.0\n"),
        ("# mine\n", "# mine\nscoring:\n  weights:\n    smile: 5.0\n"),
        ("io:\n  input_dir: x", "io:\n  input_dir: x\nscoring:\n  weights:\n    smile: 5.0\n"),
        ("scoring: # hi\nio:\n  a: b\n", "scoring: # hi\n  weights:\n    smile: 5.0\nio:\n  a: b\n"),
        (
            "scoring:\n    weights:\n        eyes: 1   # sure\n\n# next\nio: {}\n",
            "scoring:\n    weights:\n        eyes: 1   # sure\n        smile: 5.0\n\n# next\nio: {}\n",
        ),
        ("scoring:\r\n  weights: {smile: 1}\r\n", "scoring:\r\n  weights: {smile: 5.0}\r\n"),
        ("scoring:\r\n  weights:\r\n    eyes: 1", "scoring:\r\n  weights:\r\n    eyes: 1\r\n    smile: 5.0\r\n"),
        ("scoring: {}\n", "scoring: {weights: {smile: 5.0}}\n"),
        ("scoring: {weights: {eyes: 1, }}", "scoring: {weights: {eyes: 1, smile: 5.0 }}"),
        ('scoring: {"weights": {"smile": "2"}}', 'scoring: {"weights": {"smile": 5.0}}'),
        ("\ufeffscoring:\n  weights:\n    smile: 1\n", "\ufeffscoring:\n  weights:\n    smile: 5.0\n"),
        ("scoring:\n  weights: ~\n", None),
        (
            "---\nscoring:\n  weights:\n    eyes: 1\n...\n",
            "---\nscoring:\n  weights:\n    eyes: 1\n    smile: 5.0\n...\n",
        ),
    ],
)
def test_keys_that_are_not_there_yet(old: str, new: str | None) -> None:
    made = changed_config(old.encode(), {("scoring", "weights", "smile"): 5.0})
    assert lookup(made.removeprefix(b"\xef\xbb\xbf"), ("scoring", "weights", "smile")) == 5.0
    if new is not None:
        assert made.decode() == new


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff", "not UTF-8"),
        (b"scoring: [", "not valid YAML, so it cannot be changed"),
        (b"[1, 2]", "must contain sections"),
        (b"scoring: 3\n", "`scoring` contains 3"),
        (b"scoring:\n  weights: {smile: 1}\n  weights: {smile: 2}\n", "is there twice"),
        (b"base: &b {smile: 1}\nscoring:\n  weights: *b\n", "edit it by hand"),
    ],
)
def test_what_cannot_be_changed(content: bytes, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        changed_config(content, {("scoring", "weights", "smile"): 5.0})


@pytest.mark.parametrize("value", [1e-7, 123456789.0, 0.1, True, "weight", 7, 1.0, 100.0, "off"])
def test_values_are_read_as_they_were_meant(value: Scalar) -> None:
    made = changed_config(b"scoring:\n  weights:\n    smile: 50   # here\n", {("scoring", "weights", "smile"): value})
    read = lookup(made, ("scoring", "weights", "smile"))
    assert read == value or (value == "off" and read is False)
    assert type(read) is type(value) or value == "off"
    assert made.endswith(b"# here\n")


def test_what_is_the_same_already_is_not_touched() -> None:
    content = b"scoring:  {rules: {a: {mode: off}},   weights: {smile: 2}}"
    same: Changes = {("scoring", "weights", "smile"): 2.0, ("scoring", "rules", "a", "mode"): "off"}
    assert changed_config(content, same) == content
    assert changed_config(b"", {}) == b""


names = st.sampled_from(["eyes", "smile", "focus", "mode"])
sections = st.sampled_from(["weights", "rules", "thresholds"])
leaves = st.booleans() | st.integers(0, 99) | st.floats(0, 100) | st.sampled_from(["off", "veto", "weight"])
trees = st.dictionaries(sections, st.dictionaries(names, leaves, max_size=3), max_size=3)


@settings(deadline=None)
@given(
    trees,
    st.dictionaries(st.tuples(st.just("scoring"), sections, names), leaves, max_size=4),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_file_says_what_was_asked_for_and_keeps_its_comments(
    tree: dict[str, dict[str, Scalar]], changes: Changes, flow: bool, end: str
) -> None:
    text = "# first\n" + yaml.safe_dump({"io": {"a": 1}, "scoring": tree}, default_flow_style=flow, sort_keys=False)
    text += "# last\n"
    made = changed_config(text.replace("\n", end).encode(), changes)
    expected: dict[str, Any] = {"io": {"a": 1}, "scoring": {name: dict(of) for name, of in tree.items()}}
    for path, value in changes.items():
        expected["scoring"].setdefault(path[1], {})[path[2]] = value
    read = yaml.safe_load(made)
    assert {name: dict(of) for name, of in (read["scoring"] or {}).items()}.keys() == expected["scoring"].keys()
    for section, values in expected["scoring"].items():
        for name, value in values.items():
            assert read["scoring"][section][name] == value or (value == "off" and not read["scoring"][section][name])
    assert made.startswith(b"# first")
    assert b"# last" in made
    assert made.count(b"\r\n") == (made.count(b"\n") if end == "\r\n" else 0)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    assert read_config(path) == b""
    write_config(path, b"io: {}\n")
    assert read_config(path) == b"io: {}\n"
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    write_config(link, b"io:\n")
    assert link.is_symlink()
    assert path.read_bytes() == b"io:\n"
    assert config_etag(b"a") != config_etag(b"b")
    with pytest.raises(StorageError):
        read_config(tmp_path)
