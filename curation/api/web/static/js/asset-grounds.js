// The ground behind cut-outs: chequered, white, black or a colour. The choice stands in the page's address.

/**
 * @param {Element} element Gets `data-ground`; its grounds take the colour.
 * @param {(name: string, value: string|null) => void} note Notes the choice in the address.
 */
export function wireGrounds(element, note) {
  const grounds = document.getElementById("grounds");
  const field = document.getElementById("colour");
  const asked = new URLSearchParams(location.search).get("ground") ?? "chequered";

  function choose(ground) {
    element.dataset.ground = ground;
    for (const button of grounds.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.ground === ground));
    field.parentElement.hidden = ground !== "colour";
    const ones = element.matches(".ground") ? [element] : element.querySelectorAll(".ground");
    for (const one of ones) one.style.setProperty("--ground-colour", field.value);
  }
  grounds.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    choose(button.dataset.ground);
    tell();
  });
  field.addEventListener("input", () => choose("colour"));
  field.addEventListener("change", () => tell());

  function tell() {
    const { ground } = element.dataset;
    note("ground", ground === "chequered" ? null : ground === "colour" ? field.value : ground);
  }
  if (/^#[0-9a-f]{6}$/i.test(asked)) {
    field.value = asked;
    choose("colour");
  } else choose(["white", "black"].includes(asked) ? asked : "chequered");
}

/** Note a part of the view in the address, without a step of its own in the history. */
export function noteInAddress(name, value) {
  const query = new URLSearchParams(location.search);
  if (value === null) query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  history.replaceState(history.state, "", location.pathname + (text ? `?${text}` : ""));
}

/** Filters take effect at once, each as a page of its own, so that back is back. */
export function wireFilters() {
  const form = document.getElementById("filters");
  const go = () => {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    // What is no filter stays as it is.
    for (const name of ["of", "ground", "size"]) {
      const value = new URLSearchParams(location.search).get(name);
      if (value) query.set(name, value);
    }
    const text = query.toString();
    location.assign(form.getAttribute("action") + (text ? `?${text}` : ""));
  };
  form.addEventListener("change", go);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });
  // A page that is gone back to shows what its address says, not what was chosen last.
  window.addEventListener("pageshow", () => form.reset());
}
