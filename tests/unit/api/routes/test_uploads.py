"""Uploading photos to the service."""

from __future__ import annotations

import errno
import io
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from curation.disk.file_modes import start_umask
from curation.disk.temporaries import OwnFile
from curation.domain.faces.ids import photo_id
from curation.errors import NotAPhotoError
from curation.event.incoming_photos import photo_name, remove_abandoned_uploads
from tests.service import ServiceClient, make_settings, service
from tests.unit.api.http.test_errors import problem


def jpeg(number: int = 0) -> bytes:
    """Every number gives another file."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 200)).save(file, "JPEG", comment=str(number))
    return file.getvalue()


def send(client: ServiceClient, *files: tuple[str, bytes]) -> httpx.Response:
    return client.post("/photos", files=[("photos", (name, content, "image/jpeg")) for name, content in files])


def folder(client: ServiceClient) -> Path:
    return client.settings.io.input_dir


def names(client: ServiceClient) -> set[str]:
    return {path.name for path in folder(client).iterdir()}


def test_a_photo_is_stored_as_it_is(empty: ServiceClient) -> None:
    content = jpeg()
    answer = send(empty, ("IMG 1.jpg", content))
    assert answer.status_code == 201, answer.text
    assert answer.json() == {
        "stored": 1,
        "photos": [
            {
                "sent_as": "IMG 1.jpg",
                "stored": True,
                "image_path": "IMG 1.jpg",
                "photo_id": photo_id("IMG 1.jpg"),
                "code": None,
                "reason": None,
            }
        ],
    }
    assert (folder(empty) / "IMG 1.jpg").read_bytes() == content
    assert names(empty) == {"IMG 1.jpg"}
    # One of the user's own photos from now on: the rights are those that the umask gives.
    assert (folder(empty) / "IMG 1.jpg").stat().st_mode & 0o777 == 0o666 & ~start_umask()


def test_each_file_has_its_own_answer(empty: ServiceClient) -> None:
    answer = send(empty, ("a.jpg", jpeg(1)), ("notes.txt", b"hello"), ("b.jpg", jpeg(2)[:300]), ("c.jpg", jpeg(3)))
    assert answer.status_code == 201
    body = answer.json()
    assert body["stored"] == 2
    assert [photo["code"] for photo in body["photos"]] == [None, "not_a_photo", "photo_unreadable", None]
    assert names(empty) == {"a.jpg", "c.jpg"}


def test_nothing_is_written_over(empty: ServiceClient) -> None:
    send(empty, ("a.jpg", jpeg(1)))
    answer = send(empty, ("a.jpg", jpeg(2)), ("a.jpg", jpeg(3)))
    assert [photo["image_path"] for photo in answer.json()["photos"]] == ["a (2).jpg", "a (3).jpg"]
    assert (folder(empty) / "a.jpg").read_bytes() == jpeg(1)
    assert (folder(empty) / "a (2).jpg").read_bytes() == jpeg(2)


def test_the_same_photo_is_not_stored_twice(empty: ServiceClient) -> None:
    send(empty, ("a.jpg", jpeg(1)), ("a.jpg", jpeg(2)))
    body = problem(send(empty, ("a.jpg", jpeg(2))), 409, "already_there")
    assert body["photos"][0]["image_path"] == "a (2).jpg"
    assert names(empty) == {"a.jpg", "a (2).jpg"}


def test_a_disk_without_links(empty: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    for shade in (1, 2):
        assert send(empty, ("a.jpg", jpeg(shade))).status_code == 201
    assert (folder(empty) / "a.jpg").read_bytes() == jpeg(1)
    assert (folder(empty) / "a (2).jpg").read_bytes() == jpeg(2)
    assert names(empty) == {"a.jpg", "a (2).jpg"}


def test_of_many_at_once_none_is_lost(empty: ServiceClient) -> None:
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda shade=shade: answers.append(send(empty, ("a.jpg", jpeg(shade)))))
        for shade in range(0, 160, 20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    contents = {path.read_bytes() for path in folder(empty).iterdir()}
    assert contents == {jpeg(shade) for shade in range(0, 160, 20)}


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/a.jpg", "a.jpg"),
        ("C:\\Users\\me\\b.JPG", "b.JPG"),
        ("/etc/passwd.png", "passwd.png"),
        (".hidden.jpg", "hidden.jpg"),
        (" .a..jpg", "a.jpg"),
        ('a\x00\nb<>:"|?*.jpg', "a__b_______.jpg"),
        ("con.jpg", "_con.jpg"),
        ("COM1.x.jpg", "_COM1.x.jpg"),
        ("cafe\u0301.jpg", "caf\u00e9.jpg"),
        ("\udcff.jpg", "_.jpg"),
        ("a.jpg. ", "a.jpg"),
        ("\U0001f4f7" * 100 + ".jpg", "\U0001f4f7" * 37 + ".jpg"),
        ("raw.CR3", "raw.CR3"),
    ],
)
def test_names_are_made_safe(sent: str, name: str) -> None:
    assert photo_name(sent) == name


@pytest.mark.parametrize("sent", ["", ".", "..", "jpg", "...jpg", ".jpg/", "a.txt", "a.jpg.exe", "a.mp4", "a/"])
def test_names_of_no_photo(sent: str) -> None:
    with pytest.raises(NotAPhotoError):
        photo_name(sent)


def test_whatever_the_name_says_it_stays_in_the_folder(empty: ServiceClient, tmp_path: Path) -> None:
    before = {path for path in tmp_path.rglob("*") if folder(empty) not in path.parents}
    for number, sent in enumerate(("../up.jpg", "/tmp/abs.jpg", "..\\up.jpg", "a/../../up.jpg", "%2e%2e/up.jpg")):
        assert send(empty, (sent, jpeg(number))).status_code == 201
    after = {path for path in tmp_path.rglob("*") if folder(empty) not in path.parents}
    # Results and locks come of what follows an upload.
    elsewhere = {path for path in after - before if path.is_file() and not {"out", "locks"} & set(path.parts)}
    assert elsewhere <= {folder(empty)}
    assert all(path.parent == folder(empty) for path in folder(empty).rglob("*"))


def test_limits(tmp_path: Path) -> None:
    section = {"upload_photo_mb": 0.1, "upload_photos": 2, "upload_total_mb": 1}
    with service(make_settings(tmp_path, service=section)) as client:
        problem(send(client, ("a.jpg", jpeg() + b"\0" * 100_000)), 413, "too_large")
        body = send(client, *((f"{n}.jpg", jpeg(n)) for n in range(4))).json()
        assert [photo["code"] for photo in body["photos"]] == [None, None, "too_many", "too_many"]
        large = (("a.jpg", b"\0" * 600_000), ("b.jpg", b"\0" * 600_000))
        assert "at most" in problem(send(client, *large), 413, "too_large")["detail"]
        assert names(client) == {"0.jpg", "1.jpg"}


def test_a_form_of_endless_files_and_fields_is_not_read_to_its_end(tmp_path: Path) -> None:
    with service(make_settings(tmp_path, service={"upload_photos": 2})) as client:
        body = send(client, *((f"{number}.jpg", jpeg(number)) for number in range(40))).json()
        assert [photo["code"] for photo in body["photos"]] == [None, None, "too_many", "too_many"]
        fields = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 1001 + b"--b--\r\n"
        headers = {"content-type": "multipart/form-data; boundary=b"}
        for path in ("/photos", "/attributes", "/attributes/picture"):
            said = problem(client.post(path, content=fields, headers=headers), 400, "bad_request")
            assert "more than 1000 fields" in said["detail"]


def test_a_photo_with_too_many_pixels(tmp_path: Path) -> None:
    with service(make_settings(tmp_path, io={"max_photo_megapixels": 1, **folders(tmp_path)})) as client:
        file = io.BytesIO()
        Image.new("RGB", (1200, 1200)).save(file, "PNG")
        problem(send(client, ("a.png", file.getvalue())), 422, "photo_too_large")


def folders(folder: Path) -> dict[str, Any]:
    return {"input_dir": folder / "photos", "output_dir": folder / "out", "state_dir": folder / "state"}


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "multipart/mixed; boundary=x", "x" * 9])
def test_another_kind_of_body(empty: ServiceClient, kind: str) -> None:
    problem(empty.post("/photos", content=b"{}", headers={"content-type": kind}), 415, "media_type_not_supported")


FORM = b'--x\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'


@pytest.mark.parametrize(
    "body", [b"", b"hello", FORM, FORM + jpeg(), FORM + jpeg() + b"\r\n--x", b"--x\r\nbad header\r\n\r\n"]
)
def test_a_form_that_is_cut_off(empty: ServiceClient, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    problem(empty.post("/photos", content=body, headers=headers), 400, "bad_request")
    assert not folder(empty).exists() or names(empty) == set()


@pytest.mark.parametrize("length", [257, 5000])
def test_a_boundary_that_is_too_long(empty: ServiceClient, length: int) -> None:
    boundary = "x" * length
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\na\r\n--{boundary}--\r\n'
    )
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    problem(empty.post("/photos", content=body.encode(), headers=headers), 400, "bad_request")


def test_a_form_without_files(empty: ServiceClient) -> None:
    answer = empty.post("/photos", files=[("photos", (None, "text"))])
    problem(answer, 422, "request_invalid")


def test_a_form_in_single_bytes(empty: ServiceClient) -> None:
    whole = FORM + jpeg() + b"\r\n--x--\r\n"

    async def pieces() -> AsyncIterator[bytes]:
        for place in range(len(whole)):
            yield whole[place : place + 1]

    headers = {"content-type": 'multipart/form-data; boundary="x"'}
    assert empty.post("/photos", content=pieces(), headers=headers).status_code == 201
    assert (folder(empty) / "a.jpg").read_bytes() == jpeg()


def test_a_full_disk(empty: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert "free some space" in problem(send(empty, ("a.jpg", jpeg())), 507, "storage")["detail"]
    assert names(empty) == set()


def test_what_a_dead_process_left_is_removed(tmp_path: Path) -> None:
    dead = tmp_path / ".abc.curation-upload.jpg"
    photo = tmp_path / "a.jpg"
    for path in (dead, photo):
        path.touch()
    with OwnFile(lambda: tmp_path / ".def.curation-upload.jpg") as alive:
        remove_abandoned_uploads(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {alive.path.name, photo.name}
    remove_abandoned_uploads(tmp_path / "missing")


def test_another_site_cannot_send_photos(empty: ServiceClient) -> None:
    files = [("photos", ("a.jpg", jpeg(), "image/jpeg"))]
    problem(empty.post("/photos", files=files, headers={"origin": "http://evil.example"}), 403, "origin_not_allowed")
    assert not folder(empty).exists()
