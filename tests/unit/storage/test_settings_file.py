from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import StorageError
from curation.storage.settings_file import config_etag, read_config, write_config


def test_a_missing_file_is_empty(tmp_path: Path) -> None:
    assert read_config(tmp_path / "config.yaml") == b""


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    write_config(path, b"io: {}\n")
    assert read_config(path) == b"io: {}\n"


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    target, link = tmp_path / "target.yaml", tmp_path / "config.yaml"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_config(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        read_config(tmp_path)


def test_the_tag_depends_on_the_content_only() -> None:
    assert config_etag(b"a") == config_etag(b"a") != config_etag(b"")
    assert config_etag(b"").startswith('"') and config_etag(b"").endswith('"')
