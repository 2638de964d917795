"""`curation told`: what other programs said in the files of the photos, and taking it over."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from curation.cli.said_outputs import add_places, with_edited_outputs
from curation.cli.terminal import printable
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.domain.told.file_told import FileTold
    from curation.domain.told.taking import Offer
    from curation.event.told.names import NameOffered, NamesOffered

__all__ = ["add_commands"]

_SHOWN = 20


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `told` to a parser."""
    parser = groups.add_parser(
        "told",
        help="stars, rejections and names that other programs wrote into the files",
        description="Lists what other programs said in the files of the photos and beside them: stars, rejections and "
        "names of people. Nothing of it counts here before you take it over. What you said here always stays.",
    )
    add_places(parser)
    parser.add_argument("--take-picks", action="store_true", help="take stars and rejections over as your picks")
    parser.add_argument("--take-names", action="store_true", help="give people the names that most files agree on")
    parser.add_argument("--dry-run", action="store_true", help="only print what would be taken over")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.set_defaults(command=_told)


def _told(arguments: argparse.Namespace, settings: Settings) -> int:
    return with_edited_outputs(arguments, settings, _listed)


def _listed(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.event.catalog import Catalog
    from curation.event.people.edits import PeopleEdits
    from curation.event.told.names import NamesOffered
    from curation.event.told.offers import PicksOffered

    catalog = Catalog(settings)
    catalog.photos()  # says what is missing before anything is read
    catalog.told.read_now(photo.image_path for photo in catalog.photos_by_id().values())
    names, picks = NamesOffered(catalog, PeopleEdits(settings, catalog)), PicksOffered(catalog)
    offer, proposed, told = picks.offer(), names.listed(), catalog.ranked.told()
    if arguments.json:
        print(json.dumps(_json(told, offer, proposed), indent=2, ensure_ascii=False))
    else:
        _print(told, offer, proposed)
    is_asked = arguments.take_picks or arguments.take_names
    if arguments.dry_run or not is_asked:
        if is_asked and not arguments.json:
            print("nothing was taken over (--dry-run)")
        return 0
    done = []
    if arguments.take_picks:
        count = len(picks.take().photos)
        done.append(f"took over the picks of {_photos(count)}; undo it on the page with Undo, or in picks.json")
    if arguments.take_names:
        done += _named(names, proposed)
    catalog.ranked.try_flush()
    if not arguments.json:
        print("\n".join(done))
    return 0


def _named(names: NamesOffered, proposed: list[NameOffered]) -> list[str]:
    from curation.errors import SuggestionNotFoundError

    done = []
    for one in proposed:
        try:
            names.accept(one.vote.cluster_id, one.vote.name)
        except SuggestionNotFoundError:
            continue  # a name that was given just now keeps this one away: nobody is twice in a photo
        done.append(f"person {one.vote.cluster_id} is {printable(one.vote.name)}")
    if not done:
        return ["no name was given"]
    return [*done, "next: run run_scoring.py, so that the ranking knows them"]


def _print(told: Mapping[str, FileTold], offer: Offer, proposed: list[NameOffered]) -> None:
    from curation.domain.told.file_told import told_words

    saying = {path: one for path, one in told.items() if one.says_anything}
    if not saying:
        print("no other program said anything in the files of these photos")
    for path in sorted(saying)[:_SHOWN]:
        print(f"  {printable(path)}: {printable(told_words(saying[path]))}")
    if len(saying) > _SHOWN:
        print(f"  and {len(saying) - _SHOWN} more photos (--json lists all)")
    for path, one in sorted(told.items()):
        for note in one.notes:
            print(f"note: {printable(path)}: {printable(note)}")
    if offer.picks:
        print(
            f"picks to take over (--take-picks): {_photos(len(offer.picks))}, {offer.rated} with stars, "
            f"{offer.picked} picked, {offer.rejected} rejected"
        )
    if offer.kept:
        print(f"{_photos(offer.kept)} say something else in their files than you said here; your word stays")
    for name in proposed:
        whose = f"person {name.vote.cluster_id} is {printable(name.vote.name)}"
        print(f"name to take over (--take-names): {whose}, {name.words}")


def _json(told: Mapping[str, FileTold], offer: Offer, proposed: list[NameOffered]) -> dict[str, object]:
    photos = {
        path: {
            "rating": one.rating,
            "pick": None if one.pick is None else one.pick.value,
            "label": one.label,
            "people": list(one.people),
            "programs": list(one.programs),
            "notes": list(one.notes),
        }
        for path, one in sorted(told.items())
        if one.says_anything or one.notes
    }
    return {
        "photos": photos,
        "picks": sorted(offer.picks),
        "kept": offer.kept,
        "names": [
            {
                "cluster_id": one.vote.cluster_id,
                "name": one.vote.name,
                "votes": len(one.vote.photos),
                "against": one.vote.against,
                "photos": one.photos,
                "programs": list(one.vote.programs),
            }
            for one in proposed
        ],
    }


def _photos(count: int) -> str:
    return "1 photo" if count == 1 else f"{count} photos"
