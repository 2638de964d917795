"""What one event of the service consists of: building its parts, starting them and ending them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from curation import bootstrap
from curation.api.context import ServiceContext
from curation.api.http.assets.desk import AssetDesk
from curation.api.http.assets.events import AssetFeed
from curation.api.http.assets.pictures import AssetPictures
from curation.api.http.assets.receiving import remove_abandoned
from curation.api.http.attributes.requests import AttributeRequests
from curation.api.http.guests.desk import open_guest_desk
from curation.api.http.pictures import PictureResponses
from curation.api.http.video.desk import VideoDesk
from curation.errors import CurationError, ExtraMissingError
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog
from curation.event.film.event_films import EventFilms
from curation.event.incoming_photos import remove_abandoned_uploads
from curation.event.known_people.event_known import EventKnown
from curation.event.known_people.open_gallery import OpenGallery
from curation.event.outfits.event_outfits import EventOutfits
from curation.event.people.edits import PeopleEdits
from curation.event.people.suggestions import MergeSuggester
from curation.event.pictures import EventPictures
from curation.event.rules.current_ranking import CurrentRanking
from curation.event.rules.judgement import Judgement
from curation.event.rules.rule_book import RuleBook
from curation.event.rules.written_ranking import ranking_writer
from curation.event.told.event_offers import EventOffers
from curation.event.unfound_words import UnfoundWords
from curation.jobs.engine_weights import weights_run
from curation.jobs.following.follower import Follower
from curation.jobs.job import Stage
from curation.jobs.logs import JobLogs
from curation.jobs.look_through import LookThrough
from curation.jobs.runner import JobRunner
from curation.jobs.stage_runs import stage_runs
from curation.jobs.store import MAX_STORED_JOBS, JobStore
from curation.jobs.video.film_known import FilmKnown
from curation.jobs.who_works import WhoWorks
from curation.pipelines.scoring.rescoring import Rescorer
from curation.services.viewer.face_services import FaceServices
from curation.settings import ServicesSettings, Settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.together.finishing import finish_pending
from curation.storage.working_copy.keeping import KeptCopy
from curation.storage.working_copy.opening import working_copy_of
from curation.workers.decoders.limits import DecoderLimits
from curation.workers.decoders.pool import DecoderPool
from curation.workflow import WorkflowOrchestrator, event_listing

__all__ = [
    "JOBS_DATABASE",
    "EventParts",
    "OpenEvent",
    "build_orchestrator",
    "decoders_of",
    "open_configured_assets",
    "open_configured_videos",
    "start_event",
]

_MB_PER_MEGAPIXEL = 32.0  # 18 are measured for a PNG; 16 bits and opacity take more
JOBS_DATABASE = "jobs.sqlite3"
"""The name of the jobs database in the folder of the event (`Settings.event_dir`)."""


def build_orchestrator(settings: Settings) -> WorkflowOrchestrator:
    """The orchestrator of an event; it never downloads weights."""
    return bootstrap.build(settings, allow_download=False, caller="the service")


def decoders_of(settings: Settings) -> DecoderPool:
    """The processes that decode pictures for the service; none starts before it is needed."""
    service = settings.service
    usual = DecoderLimits(cpu_s=service.picture_seconds, held_mb=service.decoded_photos_mb)
    # What the settings let in must also be shown.
    largest_mb = round(_MB_PER_MEGAPIXEL * settings.io.max_photo_megapixels)
    return DecoderPool(replace(usual, memory_mb=max(usual.memory_mb, largest_mb)))


def open_configured_assets(settings: Settings, catalog: Catalog) -> AssetDesk:
    """What works on the assets of an event; off unless the settings switch it on. It never downloads weights."""
    if not settings.assets.enabled:
        return AssetDesk()
    # Only here: whoever does not work on assets pays nothing for them.
    from curation.event.outfits.search import OutfitSearch
    from curation.jobs.assets.building import build_asset_jobs
    from curation.storage.assets.opening import open_asset_store

    jobs, store = build_asset_jobs(settings), open_asset_store(settings)

    def missing() -> str:
        try:
            _ = jobs.work
        except CurationError as error:
            return str(error)
        return ""

    def close() -> None:
        jobs.close()
        store.close()

    return AssetDesk(jobs, OutfitSearch(settings, catalog, store), missing=missing, close=close)


def open_configured_videos(settings: Settings, catalog: Catalog, labels: PeopleEdits) -> VideoDesk:
    """What looks at the films of an event; off where the extra is not installed. It never downloads weights."""
    # Only here: without the extra none of it can be imported.
    from curation.jobs.video.building import build_films, demand_extra

    try:
        demand_extra()
    except ExtraMissingError as error:
        return VideoDesk(off=str(error))
    return VideoDesk(*build_films(settings, catalog, labels))


@dataclass(frozen=True, slots=True)
class EventParts:
    """How the parts of an event are made; the defaults never download weights.

    Attributes:
        build: Builds the orchestrator.
        face_services: Makes the way to the attribute services, which are other processes.
        open_assets: Opens the assets.
        open_videos: Opens the films.
        who_works: Makes what asks who works on what.
        open_gallery: Makes what opens the gallery of known people.
    """

    build: Callable[[Settings], WorkflowOrchestrator] = build_orchestrator
    face_services: Callable[[ServicesSettings], FaceServices] = FaceServices
    open_assets: Callable[[Settings, Catalog], AssetDesk] = open_configured_assets
    open_videos: Callable[[Settings, Catalog, PeopleEdits], VideoDesk] = open_configured_videos
    who_works: Callable[[Settings], WhoWorks] = WhoWorks
    open_gallery: Callable[[Settings], OpenGallery] = OpenGallery


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """An event whose parts have started.

    Attributes:
        context: What the routes work with.
    """

    context: ServiceContext
    _ends: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """End its parts, whatever state they are in: jobs are stopped, changes that wait are written."""
        self._ends.close()


def start_event(settings: Settings, parts: EventParts) -> OpenEvent:
    """Build and start everything that belongs to one event.

    Args:
        settings: Of the event.
        parts: How its parts are made.

    Raises:
        CurationError: If its folders or databases cannot be used.
    """
    with ExitStack() as ends:
        context = _start(settings, parts, ends)
        return OpenEvent(context, ends.pop_all())


def _start(settings: Settings, parts: EventParts, ends: ExitStack) -> ServiceContext:
    """Start the parts; what ends them is pushed onto `ends`, which calls it in the reverse order."""
    finish_pending(settings.io.output_dir)
    orchestrator = parts.build(settings)
    store = JobStore(settings.event_dir / JOBS_DATABASE)
    ends.callback(store.close)
    logs = JobLogs(settings.event_dir)
    logs.delete_except({job.id for job in store.list(limit=2 * MAX_STORED_JOBS)})
    mirror = _mirror(settings)
    if mirror is not None:
        ends.callback(mirror.stop)
        mirror.start()  # before anything reads the outputs
    rule_book = RuleBook(orchestrator)
    catalog = Catalog(settings)
    ends.callback(catalog.ranked.close)
    people_edits = PeopleEdits(settings, catalog)
    offers = EventOffers(catalog, people_edits)
    ends.callback(offers.close)
    known = EventKnown(settings, catalog, people_edits, parts.open_gallery(settings))
    ends.callback(known.close)
    outfits = EventOutfits(settings, catalog, people_edits)
    ends.callback(outfits.close)
    who_works = parts.who_works(settings)
    ends.callback(who_works.close)
    attributes = AttributeRequests(parts.face_services(settings.services))
    ends.callback(attributes.services.close)
    assets = parts.open_assets(settings, catalog)
    ends.callback(assets.stop)
    videos = parts.open_videos(settings, catalog, people_edits)
    ends.callback(videos.stop)
    rescorer = Rescorer(settings)
    ranking = CurrentRanking(
        settings,
        rule_book,
        rescorer,
        catalog.ranked,
        write=ranking_writer(orchestrator, catalog.ranked, catalog.words, partial(_listed, settings)),
        list_photos=None if settings.input_address else partial(_listed, settings),
    )
    ends.callback(ranking.stop)
    runs = stage_runs(
        orchestrator,
        before_scoring=rule_book.refresh,
        after_run=catalog.read_ahead,
        before_export=ranking.catch_up,
    )
    look_through = LookThrough(settings.io.output_dir)
    runner = JobRunner(
        store,
        {**runs, Stage.VIDEO: videos.run, Stage.WEIGHTS: weights_run(settings)},
        log_context=logs.recording,
        after_job=look_through.after_job,
    )
    ends.callback(runner.stop)
    follower = Follower(
        settings,
        runner,
        list_photos=partial(event_listing, settings, needs_photos=False),
        looked_through=partial(_looked_through, catalog),
        begin=partial(look_through.start, runner),
    )
    ends.callback(follower.stop)
    analysis = AnalysisLookup(settings, catalog)
    pictures = PictureResponses(EventPictures(settings, catalog, analysis))
    judgement = Judgement(catalog, ranking)

    def read_ahead() -> None:
        if not settings.input_address:
            remove_abandoned_uploads(settings.io.input_dir)
        catalog.read_ahead()
        rescorer.read_ahead()

    if mirror is not None:
        mirror.after_change = read_ahead
    remove_abandoned(settings.event_dir)
    assets.start()
    videos.start(runner)
    threading.Thread(target=read_ahead, name="curation-read-ahead", daemon=True).start()
    ranking.start()
    assets.name_people(outfits)
    look_through.go_on(runner)
    follower.start()
    return ServiceContext(
        settings=settings,
        orchestrator=orchestrator,
        runner=runner,
        catalog=catalog,
        job_logs=logs,
        analysis=analysis,
        pictures=pictures,
        people=people_edits,
        merge_suggester=MergeSuggester(settings, catalog),
        rules=rule_book,
        rescorer=rescorer,
        ranking=ranking,
        judgement=judgement,
        unfound=UnfoundWords(settings, catalog, people_edits),
        offers=offers,
        attributes=attributes,
        outfits=outfits,
        assets=assets,
        asset_feed=AssetFeed(assets),
        asset_pictures=AssetPictures(assets, max_megapixels=settings.io.max_photo_megapixels),
        videos=videos,
        event_films=EventFilms(settings, catalog),
        who_works=who_works,
        known=known,
        film_known=FilmKnown(settings, known),
        look_through=look_through,
        follower=follower,
        guests=open_guest_desk(settings, catalog, lambda: orchestrator.picture_faces),
        mirror=mirror,
    )


def _looked_through(catalog: Catalog) -> tuple[str, ...] | None:
    """The paths of the photos of the last clustering; None if there was none."""
    if not catalog.face_data_path.is_file():
        return None
    return tuple(photo.image_path for photo in catalog.photos_by_id().values())


def _listed(settings: Settings) -> tuple[str, ...]:
    """The paths of all photos of the folder."""
    return tuple(photo.image_path for photo in event_listing(settings, needs_photos=False).photos)


def _mirror(settings: Settings) -> KeptCopy | None:
    """What keeps the places of the event in object storage; None if both are folders."""
    if not (settings.input_address or settings.output_address):
        return None
    # What is known of photos; on a machine that has made no run it is nothing yet.
    AnalysisStore(settings.io.state_dir).close()
    list_photos = partial(event_listing, settings, needs_photos=False) if settings.input_address else None
    return KeptCopy(working_copy_of(settings), list_photos=list_photos)
