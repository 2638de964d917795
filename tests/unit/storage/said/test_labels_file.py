from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation.errors import LabelsError, StorageError
from curation.storage.said.labels_file import labels_etag, parse_labels_text, read_labels, write_labels

LABELS = {"0": "main", "1": {"name": "Jürgen 写真 \N{GRINNING FACE}", "category": "important"}}


def test_labels_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "labels" / "cluster_labels.json"
    assert read_labels(path) is None
    write_labels(path, LABELS)
    assert read_labels(path) == LABELS
    assert "Jürgen 写真" in path.read_text(encoding="utf-8")


def test_what_a_windows_editor_adds_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(LABELS, indent=1).replace("\n", "\r\n").encode())
    assert read_labels(path) == LABELS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"0": "main",}', "line 1, column 1"),
        ('{\n"0": main}', "line 2, column 6"),
        ("", "line 1, column 1"),
        ('{"0": "main"} {}', "column 15"),
        ('{"0": "main", "1": "other", "0": "other"}', 'name "0" twice'),
        ('{"0": {"name": "A", "name": "B"}}', 'name "name" twice'),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "labels.json"
    path.write_text(text)
    with pytest.raises(LabelsError, match=message) as raised:
        read_labels(path)
    assert raised.value.exit_code == 3
    with pytest.raises(LabelsError, match=message):
        parse_labels_text(text, "the request")


def test_other_encodings_are_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_bytes(json.dumps(LABELS).encode("utf-16"))
    with pytest.raises(LabelsError, match="UTF-8"):
        read_labels(path)


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    for use in (read_labels, labels_etag):
        with pytest.raises(StorageError):
            use(tmp_path)


def test_the_tag_changes_with_the_content_only(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    missing = labels_etag(path)
    write_labels(path, LABELS)
    first = labels_etag(path)
    write_labels(path, {"0": "other"})
    second = labels_etag(path)
    write_labels(path, LABELS)
    assert labels_etag(path) == first
    assert len({missing, first, second}) == 3
    assert all(tag.startswith('"') and tag.endswith('"') for tag in (missing, first, second))


def test_a_name_that_is_no_text_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    write_labels(path, LABELS)
    with pytest.raises(ValueError, match="surrogates"):
        write_labels(path, {"0": {"name": "\udcff", "category": "main"}})
    assert read_labels(path) == LABELS
