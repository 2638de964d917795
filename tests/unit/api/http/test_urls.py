from __future__ import annotations

from typing import Any

import pytest
from fastapi import Request

from curation.api.http.urls import cluster_thumbnail_url, face_picture_url, photo_picture_url
from tests.service import ServiceClient


@pytest.mark.parametrize("root_path", ["", "/event"])
def test_as_the_router_says(empty: ServiceClient, root_path: str) -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "app": empty.app,
        "router": empty.app.router,
        "method": "GET",
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "path": f"{root_path}/photos",
        "root_path": root_path,
        "query_string": b"",
        "headers": [],
    }
    request = Request(scope)
    photo, face = "0" * 16, "0" * 16 + "-3"
    assert photo_picture_url(request, photo) == request.url_for("get_photo_picture", photo_id=photo).path
    assert face_picture_url(request, face) == request.url_for("get_face_picture", face_id=face).path
    assert cluster_thumbnail_url(request, 7) == request.url_for("get_thumbnail", cluster_id=7).path
