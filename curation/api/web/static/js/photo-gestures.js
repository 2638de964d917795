// Mouse, touch and wheel on the large photo: a drag moves what is seen, two fingers and the wheel zoom, a double press goes to
// the nearest face, and a swipe over the whole photo goes to the next one.

const SWIPE_PX = 60;
const STILL_PX = 8; // a press that moves less is none
const DOUBLE_MS = 320;
const DOUBLE_PX = 30;
const WHEEL = 0.0022; // per pixel of the wheel
const WHEEL_LINE = 0.05; // per line

/**
 * @param {Element} holder Contains the photo, which changes.
 * @param {object} view See photo-view.js.
 * @param {(by: number) => void} go Goes to the next (1) or the previous photo (-1).
 * @returns {{over: () => ?{x: number, y: number}}} Where the mouse is over the view; null if it is elsewhere.
 */
export function gestures(holder, view, go) {
  const pointers = new Map(); // id -> the last event
  let start = null; // of the first finger
  let travelled = 0;
  let pressed = null; // the last press of a finger, for a double press
  let mouse = null;

  const target = (event) => (event.target instanceof Element ? event.target.closest("#photo-view") : null);
  const place = (event, element = holder.querySelector("#photo-view")) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  holder.addEventListener("wheel", (event) => {
    if (!target(event)) return;
    event.preventDefault();
    view.zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? WHEEL_LINE : WHEEL)), place(event));
  }, { passive: false });

  holder.addEventListener("pointerdown", (event) => {
    const element = target(event);
    if (!element || event.button > 0) return;
    if (!pointers.size) {
      start = event;
      travelled = 0;
    }
    pointers.set(event.pointerId, event);
    if (view.state().isZoomed || pointers.size > 1) element.setPointerCapture(event.pointerId);
  });

  holder.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse") mouse = target(event) ? event : null;
    const last = pointers.get(event.pointerId);
    if (!last) return;
    const moved = { x: event.clientX - last.clientX, y: event.clientY - last.clientY };
    travelled += Math.hypot(moved.x, moved.y);
    const other = [...pointers.values()].find((one) => one.pointerId !== event.pointerId);
    if (other) {
      const gap = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      const between = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
      view.zoomBy(gap(event) / gap(last), place(between));
      view.panBy(moved.x / 2, moved.y / 2);
    } else if (view.state().isZoomed) view.panBy(moved.x, moved.y);
    pointers.set(event.pointerId, event);
  });

  for (const name of ["pointerup", "pointercancel"]) {
    holder.addEventListener(name, (event) => {
      if (!pointers.delete(event.pointerId) || pointers.size) return;
      const first = start;
      start = null;
      if (name === "pointercancel" || event.pointerType !== "touch") return;
      const x = event.clientX - first.clientX, y = event.clientY - first.clientY;
      if (travelled < STILL_PX) {
        const isDouble = pressed && event.timeStamp - pressed.timeStamp < DOUBLE_MS && Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) < DOUBLE_PX;
        pressed = isDouble ? null : event;
        if (isDouble) view.cycle(place(event));
      } else if (!view.state().isZoomed && Math.abs(x) > SWIPE_PX && Math.abs(x) > Math.abs(y)) go(x < 0 ? 1 : -1);
    });
  }
  holder.addEventListener("pointerleave", () => { mouse = null; });
  holder.addEventListener("dblclick", (event) => {
    // A double press of fingers was seen above.
    if (target(event) && event.pointerType !== "touch" && !(event.sourceCapabilities?.firesTouchEvents)) view.cycle(place(event));
  });
  holder.addEventListener("dragstart", (event) => target(event) && event.preventDefault());

  return { over: () => (mouse && holder.contains(mouse.target) ? place(mouse) : null) };
}
