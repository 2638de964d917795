// The strip of time: a span is chosen by a drag, by its two ends with the keys, or by a press on a scene.

const PAGE_BINS = 10;
const WIDTH = 1000; // of the drawing

/**
 * @param {HTMLElement} element #timeline.
 * @param {() => void} onChange Called when another span is chosen; its values are in the hidden inputs `from` and `to`.
 */
export function timeline(element, onChange) {
  const strip = element.querySelector("#timeline-strip");
  const bars = [...strip.querySelectorAll(".timeline-bar")];
  const [fromEnd, toEnd] = [element.querySelector("#timeline-from"), element.querySelector("#timeline-to")];
  const [before, after] = [element.querySelector("#timeline-before"), element.querySelector("#timeline-after")];
  const clear = element.querySelector("#timeline-clear");
  const inputs = { from: element.querySelector("[name=from]"), to: element.querySelector("[name=to]") };
  const last = bars.length - 1;
  const edges = bars.map((bar) => {
    const x = Number(bar.getAttribute("x"));
    return [x, x + Number(bar.getAttribute("width"))];
  });
  let span = read();

  // What the address says, as numbers of bars.
  function read() {
    const { from: { value: from }, to: { value: to } } = inputs;
    const start = from ? bars.findIndex((bar) => bar.dataset.end > from) : 0;
    const end = to ? bars.findLastIndex((bar) => bar.dataset.start <= to) : last;
    return [start < 0 ? last : start, end < 0 ? 0 : end];
  }

  function paint() {
    const [start, end] = span;
    const isWhole = start === 0 && end === last;
    const [left, right] = [edges[start][0], edges[end][1]];
    put(before, 0, left, isWhole);
    put(after, right, WIDTH, isWhole);
    place(fromEnd, start, left, bars[start].dataset.label);
    place(toEnd, end, right, bars[end].dataset.label);
    bars.forEach((bar, at) => bar.toggleAttribute("data-out", at < start || at > end));
    clear.hidden = isWhole;
    const photos = bars.slice(start, end + 1).reduce((sum, bar) => sum + Number(bar.dataset.photos), 0);
    strip.title = isWhole ? "Drag to choose a span of time" : `${bars[start].dataset.label} to ${bars[end].dataset.label}: ${photos} photos`;
  }

  function put(shade, left, right, isHidden) {
    shade.hidden = isHidden || right - left < 1;
    shade.style.setProperty("left", `${left / 10}%`);
    shade.style.setProperty("width", `${(right - left) / 10}%`);
  }

  function place(end, value, x, label) {
    end.style.setProperty("left", `${x / 10}%`);
    end.setAttribute("aria-valuenow", String(value));
    end.setAttribute("aria-valuetext", label);
    end.title = label;
  }

  function choose(start, end) {
    span = [Math.max(0, Math.min(start, end)), Math.min(last, Math.max(start, end))];
    paint();
  }

  function commit() {
    const isWhole = span[0] === 0 && span[1] === last;
    const values = isWhole ? ["", ""] : [bars[span[0]].dataset.start, bars[span[1]].dataset.end];
    if (inputs.from.value === values[0] && inputs.to.value === values[1]) return;
    [inputs.from.value, inputs.to.value] = values;
    onChange();
  }

  const binAt = (event) => {
    const { left, width } = strip.getBoundingClientRect();
    const x = ((event.clientX - left) / width) * WIDTH;
    const at = edges.findIndex(([, right]) => x <= right);
    return at < 0 ? last : at;
  };

  let pressed = null;
  strip.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    strip.setPointerCapture(event.pointerId);
    const at = binAt(event);
    // An end that is taken hold of moves alone.
    const end = event.target.closest(".timeline-end");
    pressed = { anchor: end === fromEnd ? span[1] : end === toEnd ? span[0] : at, isEnd: end !== null, hasMoved: false };
    if (end) end.focus();
  });
  strip.addEventListener("pointermove", (event) => {
    if (!pressed) return;
    const at = binAt(event);
    if (!pressed.isEnd && !pressed.hasMoved && at === pressed.anchor) return;
    pressed.hasMoved = true;
    choose(pressed.anchor, at);
  });
  strip.addEventListener("pointerup", (event) => {
    if (!pressed) return;
    const { hasMoved, isEnd } = pressed;
    pressed = null;
    if (hasMoved) commit();
    else if (!isEnd) chooseScene(sceneAt(binAt(event)));
  });
  strip.addEventListener("pointercancel", () => { pressed = null; span = read(); paint(); });

  // Scenes

  const sceneRow = element.querySelector("#timeline-scenes");
  const scenes = [...sceneRow.querySelectorAll("button")];
  const sceneAt = (bin) => scenes.find((one) => Number(one.dataset.first) <= bin && bin <= Number(one.dataset.last));
  function chooseScene(scene) {
    if (!scene) return;
    const [start, end] = [Number(scene.dataset.first), Number(scene.dataset.last)];
    // A second press on the same scene shows the whole event again.
    if (span[0] === start && span[1] === end) choose(0, last);
    else choose(start, end);
    commit();
  }
  function placeScenes() {
    let free = 0;
    const width = strip.clientWidth;
    const room = sceneRow.clientWidth; // what else stands beside the times takes some of the strip's width
    for (const one of scenes) {
      const x = (Number(one.dataset.x) / WIDTH) * width;
      one.hidden = false;
      one.style.setProperty("left", `${x}px`);
      one.hidden = x < free || x + one.offsetWidth > room + 4;
      if (!one.hidden) free = x + one.offsetWidth + 8;
    }
  }
  for (const one of scenes) one.addEventListener("click", () => chooseScene(one));
  const resized = new ResizeObserver(placeScenes);
  for (const one of [strip, sceneRow]) resized.observe(one);

  // Keys

  for (const end of [fromEnd, toEnd]) {
    end.addEventListener("keydown", (event) => {
      const value = Number(end.getAttribute("aria-valuenow"));
      const scene = scenes.indexOf(sceneAt(value));
      const isFrom = end === fromEnd;
      const edge = (at) => (scenes[at] ? Number(isFrom ? scenes[at].dataset.first : scenes[at].dataset.last) : value);
      const to = {
        ArrowLeft: value - 1, ArrowDown: value - 1, ArrowRight: value + 1, ArrowUp: value + 1,
        PageDown: scenes.length > 1 ? edge(scene - 1) : value - PAGE_BINS, PageUp: scenes.length > 1 ? edge(scene + 1) : value + PAGE_BINS,
        Home: 0, End: last,
      }[event.key];
      if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      if (isFrom) choose(Math.max(0, Math.min(to, span[1])), span[1]);
      else choose(span[0], Math.min(last, Math.max(to, span[0])));
      later();
    });
    end.addEventListener("keyup", (event) => { if (event.key === "Enter") commit(); });
    end.addEventListener("blur", commit);
  }
  let timer = 0;
  function later() {
    clearTimeout(timer);
    timer = setTimeout(commit, 350);
  }

  clear.addEventListener("click", () => {
    choose(0, last);
    commit();
    fromEnd.focus();
  });
  paint();
  placeScenes();
  return { isChosen: () => inputs.from.value !== "" || inputs.to.value !== "" };
}
