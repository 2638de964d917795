// Runs before anything is drawn, so that a page never flashes in the other colour scheme. Modules would run too late.
(function () {
  try {
    const chosen = localStorage.getItem("curation.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Without storage, the system's colour scheme applies.
  }
})();
