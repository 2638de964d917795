"""The paths of pictures, built by hand: a list has hundreds of them, and asking the router is too slow for that."""

from __future__ import annotations

from fastapi import Request
from starlette.types import Scope

__all__ = ["cluster_thumbnail_url", "face_picture_url", "path_within", "photo_picture_url", "root_of"]


def photo_picture_url(request: Request, photo_id: str) -> str:
    """The path of a photo's picture, see `routes.pictures`."""
    return f"{root_of(request)}/photos/{photo_id}/picture"


def face_picture_url(request: Request, face_id: str) -> str:
    """The path of a face's picture, see `routes.pictures`."""
    return f"{root_of(request)}/faces/{face_id}/picture"


def cluster_thumbnail_url(request: Request, cluster_id: int) -> str:
    """The path of the picture of a cluster's best face, see `routes.clusters`."""
    return f"{root_of(request)}/clusters/{cluster_id}/thumbnail"


def root_of(request: Request) -> str:
    """How addresses of the request's event begin: empty for the default event, `/events/ID` for another one."""
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")


def path_within(scope: Scope) -> str:
    """The path of a request within its event: what routes are matched with, without the root."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path
