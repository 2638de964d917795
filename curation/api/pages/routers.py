"""The routers of all pages."""

from __future__ import annotations

from fastapi import APIRouter

from curation.api.pages import choosing, event, faces, people, photos, sign_in, static_files, unfound

__all__ = ["PAGE_ROUTERS"]

PAGE_ROUTERS: tuple[APIRouter, ...] = (
    static_files.router,
    event.router,
    people.router,
    photos.router,
    choosing.router,
    unfound.router,
    faces.router,
    sign_in.router,
)
