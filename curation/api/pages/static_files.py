"""The style sheets, scripts and icons of the pages.

Their addresses contain a digest of all of them, so that a browser can cache them for good and still never mixes
two versions: scripts import each other by relative addresses, which keep the digest.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from curation.api.http.conditional import matches_any
from curation.api.http.errors import ApiProblem

__all__ = ["asset_url", "router"]

router = APIRouter(prefix="/static", include_in_schema=False)

_DIGEST_CHARS = 12
_ONE_YEAR_S = 365 * 24 * 3600
_MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
"""The system's table is not used, because on some machines it maps scripts to plain text, which browsers refuse."""


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    media_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class _Assets:
    version: str
    by_path: Mapping[str, _Asset]


def asset_url(path: str) -> str:
    """The address of a static file.

    Args:
        path: The path below `web/static`, such as `css/base.css`.

    Raises:
        KeyError: If there is no such file.
    """
    assets = _assets()
    if path not in assets.by_path:
        raise KeyError(f"there is no static file {path!r}; known: {', '.join(sorted(assets.by_path))}")
    return f"/static/{assets.version}/{path}"


@router.get("/{version}/{path:path}", name="get_static_file")
async def get_static_file(request: Request, version: str, path: str) -> Response:
    """A static file; only files that are part of the package can be requested."""
    assets = _assets()
    asset = assets.by_path.get(path)
    if asset is None:
        raise ApiProblem(404, "not_found", f"there is nothing at {request.url.path}; the start page is at /")
    # A page of an older version may still request a file: it gets the current one, but must not cache it.
    lasting = f"public, max-age={_ONE_YEAR_S}, immutable" if version == assets.version else "no-cache"
    headers = {"ETag": asset.etag, "Cache-Control": lasting, "X-Content-Type-Options": "nosniff"}
    known = request.headers.get("if-none-match")
    if known is not None and matches_any(known, asset.etag, weak=True):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers=headers, media_type=asset.media_type)


@cache
def _assets() -> _Assets:
    files = dict(_walk(resources.files("curation.api") / "web" / "static", ""))
    whole = hashlib.sha256()
    by_path = {}
    for path, content in sorted(files.items()):
        digest = hashlib.sha256(content).hexdigest()
        whole.update(f"{path}\0{digest}\n".encode())
        suffix = path[path.rfind(".") :]
        media_type = _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        by_path[path] = _Asset(content, media_type, f'"{digest[:_DIGEST_CHARS]}"')
    return _Assets(whole.hexdigest()[:_DIGEST_CHARS], by_path)


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        else:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
