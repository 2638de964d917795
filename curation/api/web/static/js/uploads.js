// Uploads photos that are dropped on the page or selected, one by one, so that a refused one does not stop the others.

import { counted } from "./dom.js";
import { root } from "./root.js";
import { toast } from "./toast.js";

/** Let users add photos to the event; `onAdded` is called after the last photo of a batch. */
export function startUploads({ input, drop, onAdded }) {
  let sending = false;

  async function add(files) {
    if (sending || !files.length) return;
    sending = true;
    let stored = 0;
    const refused = [];
    let close = () => {};
    for (const [at, file] of files.entries()) {
      close();
      close = toast(`Adding photo ${at + 1} of ${files.length} …`);
      try {
        const form = new FormData();
        form.append("photos", file, file.name);
        const response = await fetch(`${root}/photos`, { method: "POST", body: form });
        const answer = await response.json();
        if (response.ok) stored += answer.stored;
        else refused.push(`${file.name}: ${answer.photos?.[0]?.reason ?? answer.detail}`);
      } catch {
        refused.push(`${file.name}: the service does not answer`);
      }
    }
    close();
    sending = false;
    if (stored) toast(`${counted(stored, "photo")} added. Find the people again to see who is in them`);
    if (refused.length) toast(`${counted(refused.length, "photo")} not added. ${refused[0]}`, { kind: "bad" });
    onAdded();
  }

  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const show = (by) => {
    depth = Math.max(0, depth + by);
    drop.hidden = depth === 0;
  };
  document.addEventListener("dragenter", (event) => holdsFiles(event) && show(1));
  document.addEventListener("dragleave", (event) => holdsFiles(event) && show(-1));
  document.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    show(-depth);
    add([...event.dataTransfer.files]);
  });
}
