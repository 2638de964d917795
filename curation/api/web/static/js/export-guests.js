// Links with which guests find their own photos: made, shown once, revoked.

import { get, send } from "./api.js";
import { ask } from "./dialog.js";
import { make } from "./dom.js";
import { root } from "./root.js";
import { toastError } from "./toast.js";

const section = document.getElementById("guests");
const form = document.getElementById("guests-form");
const hint = document.getElementById("guests-hint");

async function list() {
  const { links } = await get(`${root}/guest-links`);
  document.getElementById("guests-list").replaceChildren(...links.map((link) => {
    const until = new Date(link.expires_at).toLocaleDateString(undefined, { dateStyle: "medium" });
    const what = `${link.photos === "picks" ? "my picks of them" : "all photos of them"}${link.download ? "" : ", no download"}`;
    const name = link.name || "without a name";
    return make("li", {}, make("span", {}, make("strong", {}, name), ` · ${what} · until ${until}`),
      make("button", { class: "button button-small", type: "button", "aria-label": `Revoke the link ${name}`, on: { click: () => revoke(link) } }, "Revoke"));
  }));
}

async function revoke(link) {
  const sure = await ask({ title: "Revoke this link?", text: "Whoever has it can no longer look for photos, at once.", yes: "Revoke", bad: true });
  if (!sure) return;
  await send("DELETE", `${root}/guest-links/${link.link_id}`).catch(toastError);
  hint.textContent = "The link is revoked.";
  await list().catch(toastError);
  form.querySelector("button").focus();
}

/** Fill the section, if guests may look for their photos. */
export function showGuests() {
  if (!("on" in section.dataset)) return;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { name, photos, days, download } = form.elements;
    try {
      const { data } = await send("POST", `${root}/guest-links`, { name: name.value.trim(), photos: photos.value, days: Math.min(90, Math.max(1, Number(days.value) || 14)), download: download.checked });
      const field = document.getElementById("guests-url");
      field.value = `${location.origin}${data.url}`;
      document.getElementById("guests-new").hidden = false;
      field.focus();
      field.select();
      hint.textContent = "Copy the link now: it cannot be shown again, but you can make another one.";
      await list();
    } catch (error) {
      hint.textContent = error.message;
    }
  });
  document.getElementById("guests-copy").addEventListener("click", async () => {
    const field = document.getElementById("guests-url");
    field.select();
    await navigator.clipboard.writeText(field.value).then(() => { hint.textContent = "Copied."; }, () => { hint.textContent = "Press Ctrl+C to copy it."; });
  });
  list().catch(toastError);
}
