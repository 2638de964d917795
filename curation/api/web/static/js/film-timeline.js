// The timeline: a row for each character, bars where the character is on screen, a line where the player is.

import { make } from "./dom.js";

const STEPS_S = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
const MARK_PX = 70;

/** "0:07", "12:31", "1:02:09". */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/**
 * Wire the timeline.
 *
 * @returns {{step: (cluster: string, by: number) => void}} Goes to the next or previous appearance of a character.
 */
export function startTimeline({ film, player, length, jump }) {
  const timeline = document.getElementById("timeline");
  if (!timeline || !(length > 0)) return { step: () => {} };
  const ruler = document.getElementById("ruler");
  const rows = [...timeline.querySelectorAll(".film-row")];
  const line = document.getElementById("line");
  const barsOf = (row) => [...row.querySelectorAll(".film-bar")];
  for (const bar of timeline.querySelectorAll(".film-bar")) {
    bar.style.left = `${(100 * Number(bar.dataset.start)) / length}%`;
    bar.style.width = `${(100 * (Number(bar.dataset.end) - Number(bar.dataset.start))) / length}%`;
  }
  // One stop for the Tab key; arrows go on from there.
  const first = timeline.querySelector(".film-bar");
  if (first) first.tabIndex = 0;

  function focus(bar) {
    for (const one of timeline.querySelectorAll('.film-bar[tabindex="0"]')) one.tabIndex = -1;
    bar.tabIndex = 0;
    bar.focus();
  }

  function measure() {
    const width = ruler.clientWidth || 1;
    const step = STEPS_S.find((one) => (one / length) * width >= MARK_PX) ?? STEPS_S.at(-1);
    const marks = [];
    for (let time = 0; time <= length; time += step) {
      const mark = make("span", { class: "film-mark" }, step < 1 ? time.toFixed(1) : clock(time));
      mark.style.left = `${(100 * time) / length}%`;
      marks.push(mark);
    }
    ruler.replaceChildren(...marks);
    paint();
  }

  function paint() {
    if (!player) {
      line.hidden = true;
      return;
    }
    const inner = ruler.getBoundingClientRect();
    const outer = timeline.getBoundingClientRect();
    line.style.left = `${inner.left - outer.left + (inner.width * Math.min(player.currentTime, length)) / length}px`;
    const time = player.currentTime;
    for (const row of rows) row.toggleAttribute("data-now", barsOf(row).some((bar) => Number(bar.dataset.start) <= time && time < Number(bar.dataset.end)));
  }
  for (const event of ["timeupdate", "seeked", "seeking", "loadedmetadata"]) player?.addEventListener(event, paint);
  new ResizeObserver(measure).observe(ruler);

  const timeAt = (event) => {
    const { left, width } = ruler.getBoundingClientRect();
    return (length * (event.clientX - left)) / width;
  };
  timeline.addEventListener("click", (event) => {
    const bar = event.target.closest(".film-bar");
    if (bar) {
      focus(bar);
      // Where it was clicked, so that one can look into a long appearance; by key its start.
      jump(event.detail === 0 ? Number(bar.dataset.start) : Math.max(Number(bar.dataset.start), timeAt(event)));
    } else if (event.target.closest(".film-ruler, .film-row-bars")) {
      jump(timeAt(event));
    }
  });

  timeline.addEventListener("keydown", (event) => {
    const bar = event.target.closest(".film-bar");
    if (!bar || event.altKey || event.ctrlKey || event.metaKey) return;
    const row = bar.closest(".film-row");
    const bars = barsOf(row);
    const at = bars.indexOf(bar);
    let to = null;
    if (event.key === "ArrowRight") to = bars[at + 1];
    else if (event.key === "ArrowLeft") to = bars[at - 1];
    else if (event.key === "Home") to = bars[0];
    else if (event.key === "End") to = bars.at(-1);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const other = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
      to = other ? nearest(barsOf(other), Number(bar.dataset.start)) : null;
    } else return;
    event.preventDefault();
    event.stopPropagation();
    if (to) focus(to);
  });

  const nearest = (bars, time) => bars.reduce((best, bar) => (!best || Math.abs(Number(bar.dataset.start) - time) < Math.abs(Number(best.dataset.start) - time) ? bar : best), null);

  measure();
  return {
    step: (cluster, by) => {
      const row = rows.find((one) => one.dataset.cluster === cluster) ?? rows[0];
      const time = player?.currentTime ?? 0;
      const starts = barsOf(row).map((bar) => Number(bar.dataset.start));
      const to = by > 0 ? starts.find((start) => start > time + 0.05) : starts.findLast((start) => start < time - 0.3);
      if (to !== undefined) jump(to);
    },
  };
}
