"use strict";

// Without this file the page does all the same: it only saves the way to the next file, and loading again by hand.
const files = [...document.querySelectorAll("section.file")];

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, textarea, input:not([type=checkbox])")) {
    return;
  }
  const here = files.indexOf(event.target.closest("section.file"));
  if (event.key === "j" || event.key === "k") {
    // From outside of the files, j leads to the first one.
    const next = files[event.key === "j" ? here + 1 : here - 1];
    if (next) {
      event.preventDefault();
      next.focus();
      next.scrollIntoView({ block: "start" });
    }
  } else if (event.key === "x" && here >= 0) {
    event.preventDefault();
    const boxes = [...files[here].querySelectorAll("input[type=checkbox]")];
    const all = boxes.every((box) => box.checked);
    for (const box of boxes) {
      box.checked = !all;
    }
  }
});

// While something is at work its progress is asked for; when it has ended the page is loaded again.
const shown = document.querySelector("[data-progress]");
async function look() {
  try {
    const job = await (await fetch(shown.dataset.progress)).json();
    if (!job.step) {
      window.location.reload();
      return;
    }
    const far = job.total ? `: ${job.done.toLocaleString("en")} of ${job.total.toLocaleString("en")} files` : "";
    shown.querySelector("span:not(.mark)").textContent = job.step + far;
  } catch {
    // The service may be about to start again: the next look tells.
  }
  setTimeout(look, 1000);
}
if (shown) {
  setTimeout(look, 500);
}
