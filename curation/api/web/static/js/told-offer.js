// "12 of your photos carry stars or rejections from another program": shown, looked at, and taken over when asked.

import { get, send } from "./api.js";
import { askWith } from "./dialog.js";
import { counted, make } from "./dom.js";
import { picksArrived, undoPick } from "./picks.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";

const AGAIN_AFTER_MS = 2000; // as long as files are being read
const DECLINED_KEY = "curation.told.declined";

/** Show the offer in this element, as long as there is one; `changed` draws the page anew. */
export function startToldOffer(element, changed) {
  let turn = 0;

  async function look() {
    const mine = ++turn;
    const told = await get(`${root}/told?limit=1`).catch(() => null);
    if (mine !== turn || !told) return;
    if (!told.complete) setTimeout(() => mine === turn && look(), AGAIN_AFTER_MS);
    element.hidden = !told.offered || declined() === mark(told);
    element.replaceChildren(...(element.hidden ? [] : content(told)));
  }

  function content(told) {
    const carry = told.offered === 1 ? "carries" : "carry";
    return [
      make("span", {}, `${counted(told.offered, "photo")} ${carry} stars or rejections from another program (${words(told)}). `),
      make("span", { class: "told-acts" },
        make("a", { href: `${root}/review/photos?file=anything` }, "Look at them"),
        make("button", { type: "button", class: "button", on: { click: () => take(told) } }, "Take them over …"),
        make("button", { type: "button", class: "button button-quiet", on: { click: () => decline(told) } }, "Not now")),
    ];
  }

  async function take(told) {
    const shown = told.preview.map((one) => make("li", {}, make("span", {}, one.image_path), make("span", { class: "muted" }, one.words)));
    const more = told.offered - told.preview.length;
    const isWanted = await askWith({
      title: `Take over what is said of ${counted(told.offered, "photo")}?`,
      yes: "Take them over",
      content: [
        make("p", { class: "muted" }, `${words(told)}. Photos that you picked, rejected or rated here stay as they are${told.kept ? ` (${counted(told.kept, "photo")} with another word in the file)` : ""}. Your files are not changed.`),
        make("ul", { class: "told-preview small" }, ...shown, more > 0 ? make("li", { class: "muted" }, `and ${counted(more, "more photo")}`) : null),
      ],
    });
    if (!isWanted) return;
    try {
      const { data } = await inOrder(() => send("POST", `${root}/told/picks`, {}));
      picksArrived(data.photos);
      toast(`Took over what was said of ${counted(data.changed, "photo")}`, { action: { label: "Undo", run: async () => { await undoPick(); refreshed(); } } });
    } catch (error) {
      toastError(error);
    }
    refreshed();
  }

  function refreshed() {
    changed();
    look();
  }

  function decline(told) {
    try { localStorage.setItem(DECLINED_KEY + root, mark(told)); } catch { /* It holds for this page. */ }
    element.hidden = true;
  }

  const declined = () => { try { return localStorage.getItem(DECLINED_KEY + root); } catch { return null; } };
  look();
}

const mark = (told) => `${told.offered} ${told.rated} ${told.picked} ${told.rejected}`;

function words({ rated, picked, rejected }) {
  const parts = [rated ? `${rated.toLocaleString("en")} with stars` : "", picked ? `${picked.toLocaleString("en")} picked` : "", rejected ? `${rejected.toLocaleString("en")} rejected` : ""];
  return parts.filter(Boolean).join(", ");
}
