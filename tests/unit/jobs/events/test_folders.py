"""The folders that the service may show, and no other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from curation.errors import FolderNotFoundError, FolderRefusedError
from curation.jobs.events import folders
from curation.jobs.events.counting import PhotoCount, count_photos
from curation.jobs.events.folders import FolderBrowser
from tests.mounts import cannot_mount_fuse, hanging_disk
from tests.service import make_settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in ("home/party/day 2", "home/.hidden", "home/@eaDir", "outside/secret"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("home/party/a.jpg", "home/party/b.CR3", "home/party/day 2/c.HEIC", "home/party/notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "home" / "way out").symlink_to(tmp_path / "outside")
    (tmp_path / "home" / "inside").symlink_to(tmp_path / "home" / "party")
    return tmp_path / "home"


@pytest.fixture
def browser(home: Path) -> FolderBrowser:
    return FolderBrowser(make_settings(home.parent, service={"folder_roots": [str(home)]}), is_local=False)


def test_folders_with_what_is_in_them(browser: FolderBrowser, home: Path) -> None:
    view = browser.look(None)
    assert (view.path, view.parent, view.roots) == (str(home), None, (str(home),))
    assert [folder.name for folder in view.folders] == ["inside", "party"]
    assert view.photos == PhotoCount(3, True)
    party = browser.look(view.folders[1].path)
    assert (party.parent, [folder.name for folder in party.folders]) == (str(home), ["day 2"])
    assert browser.look(view.folders[0].path).path == party.path


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "{home}/..",
        "{home}/../outside",
        "{home}/way out",
        "{home}/way out/secret",
        "/",
        "/etc",
        "relative",
        "",
        "a\0b",
        "~nobody-of-this-name/photos",
    ],
)
def test_there_is_no_way_out(browser: FolderBrowser, home: Path, path: str) -> None:
    with pytest.raises(FolderRefusedError):
        browser.look(path.format(home=home))
    with pytest.raises(FolderRefusedError):
        browser.may_open(path.format(home=home))
    with pytest.raises(FolderRefusedError):
        browser.may_write(path.format(home=home))


def test_a_folder_whose_name_only_begins_alike_is_outside(browser: FolderBrowser, home: Path) -> None:
    (home.parent / "home2").mkdir()
    with pytest.raises(FolderRefusedError, match=r"service\.folder_roots"):
        browser.look(f"{home}2")


def test_what_is_not_there_or_no_folder(browser: FolderBrowser, home: Path) -> None:
    for name in ("nowhere", "party/a.jpg", "party/a.jpg/b"):
        with pytest.raises(FolderNotFoundError):
            browser.look(str(home / name))
        with pytest.raises(FolderNotFoundError, match="plugged in"):
            browser.may_open(str(home / name))
    browser.may_write(str(home / "new"))


def test_odd_names(browser: FolderBrowser, home: Path) -> None:
    for name in (b"line\nbreak", b"\xff\xfe", b'<b>"quoted"', "\U0001f382".encode()):
        (home / os.fsdecode(name)).mkdir()
    shown = [folder.name for folder in browser.look(str(home)).folders]
    assert shown == ['<b>"quoted"', "inside", "line\nbreak", "party", "\U0001f382"]


def test_which_roots(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home))
    settings = make_settings(home.parent)
    assert FolderBrowser(settings, is_local=True).roots == (str(home),)
    remote = FolderBrowser(settings, is_local=False)
    assert remote.roots == ()
    with pytest.raises(FolderRefusedError, match=r"service\.folder_roots"):
        remote.look(None)
    named = make_settings(home.parent, service={"folder_roots": ["~/party", "home", "s3://bucket/events"]})
    assert FolderBrowser(named, is_local=True).roots == (str(home / "party"), str(home))


def test_addresses_must_lie_below_one_of_the_roots(home: Path) -> None:
    named = FolderBrowser(make_settings(home.parent, service={"folder_roots": ["s3://bucket/events"]}), is_local=True)
    named.may_open("s3://bucket/events/party/")
    named.may_write("s3://bucket/events/out")
    for place in ("s3://bucket/eventsx", "s3://bucket", "gs://bucket/events/party", str(home)):
        with pytest.raises(FolderRefusedError):
            named.may_open(place)
    FolderBrowser(make_settings(home.parent), is_local=True).may_open("s3://any/where")
    with pytest.raises(FolderRefusedError):
        FolderBrowser(make_settings(home.parent), is_local=False).may_open("s3://any/where")


def test_counting_is_given_up_in_time(home: Path) -> None:
    assert count_photos(home / "party") == PhotoCount(3, True)
    assert count_photos(home, most_entries=4).is_complete is False
    assert count_photos(home, most_s=-1.0).is_complete is False
    assert count_photos(home / "nowhere") == PhotoCount(0, False)


@pytest.mark.skipif(bool(cannot_mount_fuse()), reason=cannot_mount_fuse())
def test_a_disk_that_hangs_keeps_no_folder_from_being_shown(
    browser: FolderBrowser, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_LIMIT_S", 0.3)
    with hanging_disk(home / "dead share"):
        for _ in range(2):
            view = browser.look(None)
            assert [(one.name, one.is_readable) for one in view.folders] == [
                ("dead share", False),
                ("inside", True),
                ("party", True),
            ]
            assert not view.photos.is_complete
        with pytest.raises(FolderNotFoundError, match=r"has not answered for 0\.3 s"):
            browser.look(str(home / "dead share"))
        with pytest.raises(FolderNotFoundError, match="has not answered"):
            browser.may_open(str(home / "dead share"))
        assert browser.look(str(home / "party")).photos == PhotoCount(3, True)
