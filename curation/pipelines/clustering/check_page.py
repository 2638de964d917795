"""The page that shows numbered pairs of faces and records answers by key; one self-contained HTML file."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from curation.domain.faces.face import FaceRow

__all__ = ["PagePair", "grouping_page"]


@dataclass(frozen=True, slots=True)
class PagePair:
    """A question: two faces and their pictures (JPEG; None if the photo cannot be opened)."""

    number: int
    first: FaceRow
    second: FaceRow
    first_jpeg: bytes | None
    second_jpeg: bytes | None


_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.4 system-ui, sans-serif; max-width: 60rem; margin: 1rem auto; padding: 0 1rem; }
section { border: 2px solid #8886; border-radius: 8px; margin: 1rem 0; padding: .6rem 1rem; }
section:focus { outline: 3px solid #2a7de1; }
section[data-answer="true"] { border-color: #2e9e4f; }
section[data-answer="false"] { border-color: #d0453b; }
section[data-answer="null"] { border-color: #c59a00; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; } figcaption { font-size: .8rem; max-width: 20rem; overflow-wrap: anywhere; }
img { max-width: 20rem; border-radius: 4px; }
button { font: inherit; min-height: 2.75rem; padding: 0 1rem; margin: .5rem .5rem 0 0; }
button[aria-pressed="true"] { outline: 3px solid; }
#done { position: sticky; bottom: 0; background: Canvas; padding: .6rem 0; }
"""

_SCRIPT = """
"use strict";
const answers = new Map();
const sections = [...document.querySelectorAll("section")];
const save = document.getElementById("save");
function answer(section, value) {
  const pair = pairs[section.dataset.place];
  answers.set(section.dataset.place, { first: pair[0], second: pair[1], same: value });
  section.dataset.answer = String(value);
  for (const button of section.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.value === String(value)));
  }
  document.getElementById("count").textContent = answers.size + " of " + sections.length + " answered";
  const text = JSON.stringify({ answers: [...answers.values()] }, null, 1);
  URL.revokeObjectURL(save.href);
  save.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  save.hidden = false;
  const next = sections[sections.indexOf(section) + 1];
  if (next) { next.focus(); next.scrollIntoView({ block: "center" }); }
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) { answer(button.closest("section"), JSON.parse(button.value)); }
});
document.addEventListener("keydown", (event) => {
  const section = document.activeElement.closest("section");
  const value = { y: true, n: false, "?": null }[event.key];
  if (section && value !== undefined) { event.preventDefault(); answer(section, value); }
});
"""


def grouping_page(pairs: Sequence[PagePair], answers_name: str) -> str:
    """The page as HTML.

    Args:
        pairs: In the order of the questions.
        answers_name: Name of the file that the page offers for download.
    """
    faces = [[_named(pair.first), _named(pair.second)] for pair in pairs]
    data = json.dumps(faces).replace("<", "\\u003c")  # so that no file name can end the script
    sections = "\n".join(_section(place, pair) for place, pair in enumerate(pairs))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Same person?</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Same person?</h1>
<p>Answer in the terminal by number, or here with the buttons or the keys y (yes), n (no) and ? (cannot tell); then
save the answers and run the command again with <code>--answers</code> and the saved file.</p>
{sections}
<p id="done"><span id="count" role="status">0 of {len(pairs)} answered</span>
<a id="save" download="{escape(answers_name)}" hidden>Save the answers</a></p>
<script>
const pairs = {data};
{_SCRIPT}</script>
</body>
</html>
"""


def _named(face: FaceRow) -> dict[str, object]:
    return {"image_path": face.image_path, "box": list(face.facial_area)}


def _section(place: int, pair: PagePair) -> str:
    return f"""<section tabindex="0" data-place="{place}" aria-labelledby="pair{pair.number}">
<h2 id="pair{pair.number}">{pair.number}</h2>
<div class="pair">{_figure(pair.first, pair.first_jpeg)}{_figure(pair.second, pair.second_jpeg)}</div>
<button type="button" value="true" aria-pressed="false">Same person</button>
<button type="button" value="false" aria-pressed="false">Two persons</button>
<button type="button" value="null" aria-pressed="false">Cannot tell</button>
</section>"""


def _figure(face: FaceRow, jpeg: bytes | None) -> str:
    name = escape(face.image_path)
    if jpeg is None:
        return f"<figure><p>This photo cannot be opened any more.</p><figcaption>{name}</figcaption></figure>"
    source = base64.b64encode(jpeg).decode("ascii")
    picture = f'<img src="data:image/jpeg;base64,{source}" alt="A face in {name}">'
    return f"<figure>{picture}<figcaption>{name}</figcaption></figure>"
