// Plain text or HTML, whose tags stay as they are. The choice lasts until the tab is closed.

import { tabStorage } from "./storage.js";

const FORMAT = "translator.format";

const buttons = [...document.querySelectorAll("[data-format]")];

let chosen = "text";

/** Restore the last choice, and let the buttons change it; `changed` is called after each change. */
export function setUpFormat(changed) {
  choose(tabStorage.read(FORMAT) === "html" ? "html" : "text");
  for (const button of buttons) {
    button.addEventListener("click", () => {
      if (button.dataset.format === chosen) return;
      choose(button.dataset.format);
      tabStorage.write(FORMAT, chosen);
      changed();
    });
  }
}

/** The fields for a request: none for plain text, the default. */
export function formatWish() {
  return chosen === "html" ? { format: chosen } : {};
}

function choose(format) {
  chosen = format;
  for (const button of buttons) button.ariaPressed = String(button.dataset.format === format);
}
