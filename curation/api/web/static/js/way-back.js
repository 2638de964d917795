// The button that puts the last good version in the place of a file that cannot be read; it is asked first.

import { send } from "./api.js";
import { ask } from "./dialog.js";
import { root } from "./root.js";
import { toast } from "./toast.js";

/** Listen for these buttons, wherever and whenever they come onto the page. */
export function wireWaysBack() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-way-back]");
    if (!button) return;
    const { file, version, name } = button.closest(".way-back").dataset;
    const yes = await ask({
      title: `Use the version of ${button.dataset.at}?`,
      text: `What was said since then counts no more. The damaged ${name} is kept beside it under another name.`,
      yes: "Use it",
    });
    if (!yes) return;
    button.disabled = true;
    try {
      await send("POST", `${root}/words/${file}/back`, { version });
      location.reload();
    } catch (problem) {
      button.disabled = false;
      toast(problem.message, { kind: "bad" });
    }
  });
}
