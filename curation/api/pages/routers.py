"""The routers of all pages."""

from __future__ import annotations

from fastapi import APIRouter

from curation.api.pages import choosing, event, people, photos, sign_in, static_files, unfound
from curation.api.pages.assets import pages as assets
from curation.api.pages.events import pages as events
from curation.api.pages.faces import charts, faces, log
from curation.api.pages.files import health as files
from curation.api.pages.guests import pages as guests
from curation.api.pages.known_people import pages as known_people
from curation.api.pages.one_photo import pages as one_photo
from curation.api.pages.video import pages as videos
from curation.api.pages.workers import pages as workers

__all__ = ["PAGE_ROUTERS"]

PAGE_ROUTERS: tuple[APIRouter, ...] = (
    static_files.router,
    events.router,
    event.router,
    people.router,
    photos.router,
    one_photo.router,
    choosing.router,
    unfound.router,
    files.router,
    known_people.router,
    videos.router,
    assets.router,
    faces.router,
    log.router,
    charts.router,
    workers.router,
    guests.router,
    sign_in.router,
)
