"""The contact sheet of an export: one self-contained HTML file with all pictures, for the screen and for printing."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from urllib.parse import quote_from_bytes

__all__ = ["SheetPhoto", "contact_sheet"]

_STARS = 5

_STYLE = """
:root { color-scheme: light dark; --quiet: color-mix(in srgb, CanvasText 68%, Canvas); }
body { font: 14px/1.4 system-ui, sans-serif; max-width: 84rem; margin: 1.5rem auto; padding: 0 1.5rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; border-bottom: 1px solid #8886; }
h1 { font-size: 1.3rem; margin: 0 0 .4rem; } header p { margin: 0 0 .4rem; color: var(--quiet); }
ol { list-style: none; margin: 1rem 0; padding: 0; display: grid; gap: 1.1rem 1rem;
  grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
li { break-inside: avoid; min-width: 0; }
a { display: flex; align-items: center; justify-content: center; height: 14rem; background: #8882; border-radius: 3px; }
a:focus-visible { outline: 3px solid #2a7de1; outline-offset: 2px; }
img { max-width: 100%; max-height: 14rem; display: block; }
p { margin: .3rem 0 0; overflow-wrap: anywhere; }
.top { display: flex; justify-content: space-between; gap: .5rem; font-variant-numeric: tabular-nums; }
.top span:last-child { white-space: nowrap; }
.names { font-weight: 600; } .why, .file { font-size: .85em; color: var(--quiet); margin-top: .1rem; }
.stars { letter-spacing: .05em; }
@media print {
  @page { size: A4; margin: 12mm; }
  body { margin: 0; padding: 0; max-width: none; font-size: 9pt; }
  ol { grid-template-columns: repeat(3, 1fr); gap: 5mm; }
  a, img { height: 52mm; max-height: 52mm; } a { background: none; }
}
"""


@dataclass(frozen=True, slots=True)
class SheetPhoto:
    """The entry of a photo on the sheet.

    Attributes:
        file: Path of the photo in the export, for the link; undecodable bytes as surrogates.
        shown: The same path as text.
        thumbnail: A JPEG; None if the photo cannot be decoded.
        names: Of the people in the photo.
        rank: In the ranking; None without scores.
        score: In [0, 1]; None without scores.
        rating: Stars from 1 to 5; None without a rating.
        picked: Whether the user picked it.
        words: The score in words.
    """

    file: str
    shown: str
    thumbnail: bytes | None
    names: tuple[str, ...]
    rank: int | None
    score: float | None
    rating: int | None
    picked: bool
    words: str


def contact_sheet(title: str, total: int, photos: Iterable[SheetPhoto]) -> Iterator[bytes]:
    """The page in parts, so that not all pictures have to be in memory.

    Args:
        title: Of the page.
        total: Number of photos.
        photos: In the order of the sheet.
    """
    count = f"{total} photo{'' if total == 1 else 's'}"
    yield _encoded(f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<header><h1>{escape(title)}</h1><p>{count}</p></header>
<ol>
""")
    for photo in photos:
        yield _encoded(_item(photo))
    yield b"</ol>\n</body>\n</html>\n"


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _item(photo: SheetPhoto) -> str:
    place = "" if photo.rank is None else f"{photo.rank}."
    score = "" if photo.score is None else f"{photo.score:.2f}"
    names = ", ".join(photo.names)
    if photo.thumbnail is None:
        picture = "This photo cannot be shown."
    else:
        data = base64.b64encode(photo.thumbnail).decode("ascii")
        picture = f'<img src="data:image/jpeg;base64,{data}" alt="{escape(names or photo.shown)}">'
    marks = _marks(photo)
    lines = [
        f'<p class="top"><span>{place} <b>{score}</b></span><span>{marks}</span></p>',
        f'<p class="names">{escape(names)}</p>' if names else "",
        f'<p class="why">{escape(photo.words)}</p>' if photo.words else "",
        f'<p class="file">{escape(photo.shown)}</p>',
    ]
    # A leading "./", so that a name with a colon is not taken for an absolute address.
    link = "./" + quote_from_bytes(photo.file.encode("utf-8", "surrogateescape"))
    return f'<li><a href="{link}">{picture}</a>{"".join(lines)}</li>\n'


def _marks(photo: SheetPhoto) -> str:
    parts = []
    if photo.picked:
        parts.append("picked")
    if photo.rating is not None:
        stars = "\N{BLACK STAR}" * photo.rating + "\N{WHITE STAR}" * (_STARS - photo.rating)
        parts.append(f'<span class="stars" role="img" aria-label="{photo.rating} of {_STARS} stars">{stars}</span>')
    return " ".join(parts)
