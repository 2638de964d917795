"""The pages about films: all of them, one of them; and their fragments."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context, ServiceContext
from curation.api.pages.rendering import page_router, render
from curation.api.pages.video.view import film_card, film_view, poster_views
from curation.api.pages.video.words import EXPORTS
from curation.api.schemas.video.films import VIDEO_ID_PATTERN
from curation.domain.labelling.labels import MAX_NAME_CHARS, Category
from curation.errors import NotClusteredError
from curation.jobs.video.films import FilmSource

__all__ = ["router"]

router = page_router()

PAGE_SIZE = 48

FilmId = Annotated[str, Path(pattern=VIDEO_ID_PATTERN)]
NameQuery = Annotated[str, Query(alias="person", max_length=MAX_NAME_CHARS)]
SourceQuery = Annotated[str, Query(alias="source", max_length=20)]
PageQuery = Annotated[int, Query(ge=1, le=100_000)]


@router.get("/review/videos")
def videos_page(
    request: Request, context: Context, person: NameQuery = "", source: SourceQuery = "", page: PageQuery = 1
) -> HTMLResponse:
    """Films are dropped here, and watched while they are looked at."""
    if not context.videos.is_on:
        return render(request, "videos/off.html", place="videos", off=context.videos.off)
    return render(
        request,
        "videos/index.html",
        place="videos",
        max_film_mb=context.settings.video.max_video_mb,
        sources=(("", "All"), ("upload", "Handed in"), ("event", "Of the event")),
        **_list(context, person, source, page),
    )


@router.get("/fragments/videos/cards")
def video_cards(
    request: Request, context: Context, person: NameQuery = "", source: SourceQuery = "", page: PageQuery = 1
) -> HTMLResponse:
    """The list, fetched again when a film changes."""
    return render(request, "videos/_cards.html", **_list(context, person, source, page))


@router.get("/review/videos/{video_id}")
def video_page(request: Request, context: Context, video_id: FilmId) -> HTMLResponse:
    """One film: the player, who is on screen when, and everybody in it."""
    if not context.videos.is_on:
        return render(request, "videos/off.html", place="videos", off=context.videos.off)
    films, jobs = context.videos.films, context.videos.jobs
    film = films.get(video_id)
    return render(
        request,
        "videos/film.html",
        place="videos",
        view=film_view(film, films, jobs, partial(_is_on_photos, context)),
        proposals=context.film_known.proposals(films, film) if film.summary is not None else {},
        posters=poster_views(film, films, jobs),
        labels_etag=films.etag(film),
        categories=Category,
        exports=EXPORTS,
        max_poster_mb=context.settings.service.upload_photo_mb,
    )


@router.get("/fragments/videos/{video_id}/posters")
def video_posters(request: Request, context: Context, video_id: FilmId) -> HTMLResponse:
    """The posters, fetched again when one was matched."""
    films, jobs = context.videos.films, context.videos.jobs
    film = films.get(video_id)
    return render(request, "videos/_posters.html", video_id=film.id, posters=poster_views(film, films, jobs))


@router.get("/fragments/videos/{video_id}/annotated")
def video_annotated(request: Request, context: Context, video_id: FilmId) -> HTMLResponse:
    """How far the annotated version is."""
    films, jobs = context.videos.films, context.videos.jobs
    return render(request, "videos/_annotated.html", view=film_view(films.get(video_id), films, jobs))


def _is_on_photos(context: ServiceContext, cluster_id: int) -> bool:
    try:
        return context.catalog.has_cluster(cluster_id)
    except NotClusteredError:
        return False


def _list(context: ServiceContext, person: str, source: str, page: int) -> dict[str, Any]:
    films = context.videos.films
    everything = films.all()
    wanted = [film for film in everything if source not in tuple(FilmSource) or film.source == source]
    found = films.with_person(wanted, person) if person.strip() else wanted
    shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    names = {name for film in everything for name in films.names_of(film).values()}
    return {
        "cards": [film_card(film, films.names_of(film)) for film in shown],
        "total": len(found),
        "all_films": len(everything),
        "has_clips": any(film.source is FilmSource.EVENT for film in everything),
        "person": person,
        "source": source if source in tuple(FilmSource) else "",
        "page": page,
        "last_page": max(1, -(-len(found) // PAGE_SIZE)),
        "names": sorted(names | ({person} if person.strip() else set()), key=str.casefold),
    }
