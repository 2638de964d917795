// Before anything is drawn, so that a page never flashes in the other scheme. A classic script: modules come later.
(function () {
  try {
    const chosen = localStorage.getItem("curation.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage may be switched off; the system's scheme then holds.
  }
})();
