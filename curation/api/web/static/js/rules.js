// Rules as controls: their effect is shown before anything is saved.

import { Problem, send } from "./api.js";
import { ask } from "./dialog.js";
import { counted, make, makeSvg } from "./dom.js";
import { followJob } from "./follow-job.js";
import { bind } from "./keyboard.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";

const PREVIEW_AFTER_MS = 180;
const TITLES = {
  "weights.eyes": "Open eyes", "weights.smile": "Smiles", "weights.focus": "Focus", "weights.exposure": "Exposure",
  preset: "Preset", "weights.people": "People", "weights.picture": "Picture", "category_weights.main": "Main",
  "category_weights.important": "Important",
  "category_weights.other": "Other", "category_weights.unknown": "Unknown", "thresholds.eyes_open": "Open eyes",
  "thresholds.smile": "Smile", "thresholds.focus": "Focus", "thresholds.min_face_px": "Smallest face",
  "thresholds.max_yaw_deg": "Most turned face", "bursts.enabled": "Look for bursts", "bursts.max_gap_s": "Gap",
  "bursts.max_span_s": "Whole burst", "problem_costs.turned_away": "Turned away", "problem_costs.cut_off": "Cut off",
  "problem_costs.small": "Very small", "problem_costs.nobody_looks": "Nobody looks", "problem_costs.stranger_in_front": "Stranger in front",
  "problem_costs.collage": "Collage", "problem_costs.screenshot": "Screenshot", "problem_costs.cut_out": "Cut-out",
  "problem_costs.tiny_file": "Tiny file",
};
const MODES = { off: "Off", veto: "Veto", weight: "Weight" };
const PRESETS = { general: "General", wedding: "Wedding", portrait: "Portrait session", sports: "Sports", conference: "Conference" };
// The upper end of a slider if the range allows much larger values than are useful; the field beside it accepts all.
const SLIDES_TO = { weights: 10, category_weights: 2, "thresholds.min_face_px": 200, "bursts.max_gap_s": 60, "bursts.max_span_s": 300 };

const form = document.getElementById("rules-controls");
const changes = document.getElementById("changes");
const state = document.getElementById("rules-state");
const topField = document.getElementById("rules-top");
const buttons = Object.fromEntries(["save", "discard", "defaults"].map((name) => [name, document.getElementById(`rules-${name}`)]));

let etag = null;
let controls = new Map(); // by key: the control as the service describes it
let values = new Map(); // by key: the value that the control shows
let following = new Set(); // keys of the controls whose value is the preset's
let presets = new Map(); // by name

const title = (control) => TITLES[control.key] ?? control.key.split(".").at(-1).replaceAll("_", " ");
// What config.yaml says: null for a value of the preset.
const own = (key) => (following.has(key) ? null : values.get(key));
const saved = (control) => (control.follows_preset ? null : control.value);
const changed = () => [...values.keys()].filter((key) => own(key) !== saved(controls.get(key))).map((key) => [key, own(key)]);
const defaultOf = (control) => presets.get(values.get("preset"))?.values[control.key] ?? control.default;

function nested(pairs) {
  const out = {};
  for (const [key, value] of pairs) {
    const path = key.split(".");
    let place = out;
    for (const name of path.slice(0, -1)) place = place[name] ??= {};
    place[path.at(-1)] = value;
  }
  return out;
}

async function load({ keep = false } = {}) {
  const kept = keep ? changed() : [];
  const answer = await send("GET", `${root}/rules`);
  etag = answer.etag;
  show(answer.data);
  for (const [key, value] of kept) if (controls.has(key)) setOwn(key, value);
  refresh();
}

function show(rules) {
  presets = new Map(rules.presets.map((preset) => [preset.name, preset]));
  controls = new Map(rules.sections.flatMap((section) => section.controls.map((control) => [control.key, control])));
  values = new Map([...controls].map(([key, control]) => [key, control.value]));
  following = new Set([...controls].filter(([, control]) => control.follows_preset).map(([key]) => key));
  form.replaceChildren(...rules.sections.map(drawSection));
  form.setAttribute("aria-busy", "false");
  buttons.save.title = `Saves to ${rules.file}`;
  state.dataset.file = rules.file;
  state.dataset.current = String(rules.ranking_is_current ?? "");
}

// Controls

function drawSection(section) {
  const byRule = new Map();
  for (const control of section.controls) {
    const [, name] = control.key.split(".");
    byRule.set(name, [...(byRule.get(name) ?? []), control]);
  }
  const rows = section.name === "rules" ? [...byRule.values()].map(drawRule) : section.controls.map(drawControl);
  const id = `section-${section.name}`;
  return make("section", { class: "rule-section panel", "aria-labelledby": id },
    make("header", {}, make("h2", { id }, section.title), make("p", {}, section.text)), ...rows);
}

function drawControl(control) {
  if (control.kind === "choice") return drawPreset(control);
  const { key } = control;
  const label = make("div", { class: "control-name" }, title(control), control.unit ? make("small", {}, control.unit) : null);
  const row = make("div", { class: "control", dataset: { key }, title: control.text });
  if (control.kind === "switch") {
    row.append(label, make("label", { class: "switch" },
      make("input", { type: "checkbox", checked: control.value, disabled: control.fixed_by !== null, "aria-label": control.text, on: { change: (event) => set(key, event.target.checked) } }),
      make("span", {}, control.text)), make("span"));
  } else {
    const most = Math.min(control.maximum ?? Infinity, SLIDES_TO[key] ?? SLIDES_TO[key.split(".")[0]] ?? Infinity);
    const step = control.kind === "integer" || most > 20 ? 1 : most > 2 ? 0.1 : 0.01;
    const range = make("input", {
      type: "range", min: control.minimum ?? 0, max: most, step, value: control.value, disabled: control.fixed_by !== null,
      "aria-label": `${title(control)}: ${control.text}`, on: { input: (event) => set(key, Number(event.target.value)) },
    });
    const field = make("input", {
      class: "field", type: "number", min: control.minimum, max: control.maximum, step: "any", value: control.value,
      disabled: control.fixed_by !== null, "aria-label": `${title(control)}, as a number`, inputmode: "decimal",
      on: { input: (event) => { if (event.target.value !== "" && event.target.checkValidity()) set(key, Number(event.target.value), event.target); } },
    });
    row.append(label, range, field);
  }
  row.append(resetButton([control]));
  if (control.fixed_by) row.append(make("p", { class: "control-fixed" }, `Set by ${control.fixed_by}; it cannot be changed here.`));
  return row;
}

function drawPreset(control) {
  const { key } = control;
  const row = make("div", { class: "rule", dataset: { key } });
  row.append(make("span", { class: "rule-name", id: "preset-text" }, presets.get(control.value)?.text ?? ""), make("span"), resetButton([control]));
  row.append(make("div", { class: "rule-more" }, make("div", { class: "segments", role: "radiogroup", "aria-label": control.text },
    ...control.choices.map((name) => make("label", { class: "segment", title: presets.get(name)?.text },
      make("input", { type: "radio", name: key, value: name, checked: name === control.value, disabled: control.fixed_by !== null, on: { change: () => set(key, name) } }),
      make("span", {}, PRESETS[name] ?? name))))));
  if (control.fixed_by) row.append(make("p", { class: "control-fixed" }, `Set by ${control.fixed_by}; it cannot be changed here.`));
  return row;
}

function drawRule(list) {
  const by = Object.fromEntries(list.map((control) => [control.key.split(".")[2], control]));
  const main = by.mode ?? by.enabled;
  const row = make("div", { class: "rule", dataset: { key: main.key } });
  row.append(make("span", { class: "rule-name" }, main.text));
  const fixed = main.fixed_by !== null;
  if (by.mode) {
    row.append(make("div", { class: "segments", role: "radiogroup", "aria-label": main.text },
      ...main.choices.map((mode) => make("label", { class: "segment", dataset: { mode } },
        make("input", { type: "radio", name: main.key, value: mode, checked: mode === main.value, disabled: fixed, on: { change: () => set(main.key, mode) } }),
        make("span", {}, MODES[mode] ?? mode)))));
  } else {
    row.append(make("label", { class: "switch" }, make("input", {
      type: "checkbox", checked: main.value, disabled: fixed, "aria-label": main.text, on: { change: (event) => set(main.key, event.target.checked) },
    })));
  }
  row.append(resetButton(list));
  const more = ["count", "weight"].filter((name) => by[name]).map((name) => {
    const control = by[name];
    return make("label", { class: "choose", dataset: { part: name } }, name === "count" ? `How many ${control.unit}` : "Weight",
      make("input", {
        class: "field", type: "number", min: control.minimum, max: control.maximum, step: name === "count" ? 1 : "any", value: control.value,
        disabled: control.fixed_by !== null, dataset: { field: control.key }, "aria-label": `${name === "count" ? "How many" : "Weight"}: ${main.text}`,
        on: { input: (event) => { if (event.target.value !== "" && event.target.checkValidity()) set(control.key, Number(event.target.value), event.target); } },
      }));
  });
  if (more.length) row.append(make("div", { class: "rule-more" }, ...more));
  if (fixed) row.append(make("p", { class: "control-fixed" }, `Set by ${main.fixed_by}; it cannot be changed here.`));
  return row;
}

function resetButton(list) {
  return make("button", {
    type: "button", class: "icon-button reset", title: `Default: ${list[0].default}`, "aria-label": `Default of ${title(list[0])}: ${list[0].default}`,
    on: { click: () => { list.forEach(setDefault); refresh(); } },
  }, makeSvg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, makeSvg("path", { d: "M8 5 4 9l4 4M4 9h9.5a5.5 5.5 0 0 1 0 11H9" })));
}

function set(key, value, from = null) {
  setValue(key, value, from);
  refresh();
}

function setDefault(control) {
  setOwn(control.key, presets.get(values.get("preset"))?.values[control.key] === undefined ? control.default : null);
}

/** Set what config.yaml says; null takes the value of the preset. */
function setOwn(key, value) {
  if (value !== null) return setValue(key, value);
  setValue(key, defaultOf(controls.get(key)));
  if (controls.get(key).fixed_by === null) following.add(key);
}

function setValue(key, value, from = null) {
  const control = controls.get(key);
  if (control.fixed_by !== null) return;
  values.set(key, value);
  following.delete(key);
  if (key === "preset") {
    document.getElementById("preset-text").textContent = presets.get(value)?.text ?? "";
    for (const other of [...following]) setOwn(other, null);
  }
  const row = form.querySelector(`[data-key="${key}"]`);
  const field = form.querySelector(`[data-field="${key}"]`);
  if (field && field !== from) field.value = value;
  for (const input of row?.querySelectorAll(":scope > input, :scope > .switch input, .segments input") ?? []) {
    if (input === from) continue;
    if (input.type === "checkbox") input.checked = value;
    else if (input.type === "radio") input.checked = input.value === value;
    else input.value = value;
  }
}

function refresh() {
  for (const row of form.querySelectorAll("[data-key]")) {
    const { key } = row.dataset;
    const group = key.startsWith("rules.") ? key.split(".").slice(0, 2).join(".") : null;
    const keys = group ? [...controls.keys()].filter((one) => one.startsWith(`${group}.`)) : [key];
    row.toggleAttribute("data-changed", keys.some((one) => values.get(one) !== controls.get(one).value));
    row.toggleAttribute("data-odd", keys.some((one) => values.get(one) !== defaultOf(controls.get(one)) && controls.get(one).fixed_by === null));
    const mode = group ? values.get(`${group}.mode`) : null;
    for (const part of row.querySelectorAll("[data-part]")) part.hidden = mode === "off" || (part.dataset.part === "weight" && mode !== "weight");
  }
  const number = changed().length;
  buttons.save.disabled = buttons.discard.disabled = number === 0;
  buttons.defaults.disabled = [...controls.values()].every((control) => control.fixed_by !== null || values.get(control.key) === defaultOf(control));
  state.textContent = number ? `${counted(number, "change")}, not saved` : state.dataset.current === "false" ? "The ranking is out of date" : "";
  schedule();
}

// What changes

let timer = 0;
let asked = null;

function schedule() {
  clearTimeout(timer);
  timer = setTimeout(preview, PREVIEW_AFTER_MS);
}

async function preview() {
  asked?.abort();
  const pairs = changed();
  if (!pairs.length) {
    changes.setAttribute("aria-busy", "false");
    changes.replaceChildren(make("div", { class: "panel changes-none" }, make("p", {}, "Nothing is changed."),
      make("p", { class: "small" }, "Move a slider or turn on a rule: here you see which photos enter and leave the best, and why.")));
    return;
  }
  asked = new AbortController();
  const { signal } = asked;
  changes.setAttribute("aria-busy", "true");
  try {
    const { data } = await send("POST", `${root}/rules/preview`, { scoring: nested(pairs), top: Math.max(1, Number(topField.value) || 100) }, { signal });
    drawPreview(data);
  } catch (error) {
    if (error.name === "AbortError") return;
    const text = error instanceof Problem ? error.message : "This did not work; see the browser's console.";
    if (!(error instanceof Problem)) console.error(error);
    changes.replaceChildren(make("div", { class: "notice notice-bad", role: "alert" }, make("p", {}, text)));
  }
  if (!signal.aborted) changes.setAttribute("aria-busy", "false");
}

function drawPreview(data) {
  const number = (value, text) => make("p", {}, make("strong", {}, value.toLocaleString("en")), text);
  const sum = make("div", { class: "changes-sum" },
    number(data.entered.length, `enter the best ${data.top}`), number(data.left.length, "leave them"),
    number(data.moved, `of ${data.photos.toLocaleString("en")} change rank`), number(data.newly_vetoed, "newly vetoed"),
    number(data.no_longer_vetoed, "no longer vetoed"));
  const parts = [sum];
  if (data.not_measured) parts.push(make("p", { class: "notice" }, `${counted(data.not_measured, "photo")} skipped: ${data.not_measured === 1 ? "its" : "their"} measures are not cached. Rank the photos again to measure them.`));
  if (!data.entered.length) {
    parts.push(make("p", { class: "panel changes-none" }, data.top >= data.photos
      ? `All ${data.photos.toLocaleString("en")} photos are among the best ${data.top}: compare fewer.`
      : `The best ${data.top} stay the same photos${data.moved ? ", in another order" : ""}.`));
  }
  if (data.entered.length || data.left.length) {
    parts.push(make("div", { class: "changes-lists" }, drawMoves("in", "Enter", data.entered), drawMoves("out", "Leave", data.left)));
  }
  changes.replaceChildren(...parts);
}

function drawMoves(way, text, photos) {
  const arrow = makeSvg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" },
    makeSvg("path", { d: way === "in" ? "M12 19V5M6 11l6-6 6 6" : "M12 5v14M6 13l6 6 6-6" }));
  const score = (side) => (side.final_score === null ? "–" : side.final_score.toFixed(2));
  return make("section", { class: "moves", dataset: { way } },
    make("h3", {}, arrow, `${text} (${photos.length})`),
    make("ul", { class: "panel" }, ...photos.map((photo) => make("li", { class: "move" },
      make("a", { href: `${root}/review/photos/${photo.photo_id}`, tabindex: -1, "aria-hidden": "true" },
        make("img", { src: `${root}/photos/${photo.photo_id}/picture?size=thumbnail`, alt: "", loading: "lazy", decoding: "async" })),
      make("div", {},
        make("p", { class: "move-line" },
          make("a", { href: `${root}/review/photos/${photo.photo_id}`, title: photo.image_path }, photo.image_path.split("/").at(-1)),
          make("span", { class: "move-ranks" }, `#${photo.before.rank} → #${photo.after.rank} · ${score(photo.before)} → ${score(photo.after)}`)),
        ...photo.reasons.map((reason) => make("p", { class: "move-why" }, reason)))))));
}

// Saving

async function save() {
  const pairs = changed();
  if (!pairs.length) return;
  buttons.save.disabled = true;
  try {
    const { data, etag: tag } = await send("PUT", `${root}/rules`, { scoring: nested(pairs) }, { ifMatch: etag });
    etag = tag;
    show(data);
    refresh();
    toast(`Saved to ${data.file}; ${data.note}`);
    if (data.job) watch(data.job.id);
  } catch (error) {
    if (error.status === 412) {
      const again = await ask({
        title: "The settings file was changed meanwhile",
        text: "It was edited after this page was opened. Read it again, and apply your changes to it?",
        yes: "Read it again",
      });
      if (again) await load({ keep: true }).catch(toastError);
    } else toastError(error);
    refresh();
  }
}

// Every page shows a message when the ranking is done; this one also loads the new ranks.
function watch(job) {
  document.dispatchEvent(new CustomEvent("curation:started"));
  followJob(job, { end: () => load({ keep: true }).catch(toastError) });
}

function discard() {
  for (const [key, control] of controls) setOwn(key, saved(control)); // the preset comes first
  refresh();
}

buttons.save.addEventListener("click", save);
buttons.discard.addEventListener("click", discard);
buttons.defaults.addEventListener("click", () => {
  for (const control of controls.values()) setDefault(control);
  refresh();
});
topField.addEventListener("input", schedule);
form.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("beforeunload", (event) => { if (changed().length) event.preventDefault(); });
// Ctrl+S works while the user types a number, too.
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s" && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    save();
  }
});
bind([
  { keys: "Mod+s", group: "Rules", label: "Save", run: () => {} },
  { keys: "Mod+z", group: "Rules", label: "Discard unsaved changes", run: discard },
]);

load().catch((error) => {
  form.setAttribute("aria-busy", "false");
  form.replaceChildren(make("div", { class: "notice notice-bad", role: "alert" }, make("p", {}, error.message)));
  if (!(error instanceof Problem)) console.error(error);
});
