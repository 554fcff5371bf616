// Copying, with the outcome told on the button.

import { tell } from "./messages.js";

const TOLD_MILLISECONDS = 2000;

export async function copyFrom(element, text, button) {
  tell(button, (await copy(element, text)) ? "copied" : "pressCopy");
  setTimeout(() => tell(button, "copy"), TOLD_MILLISECONDS);
}

/** Browsers offer the clipboard to https and localhost only; elsewhere what is shown is selected and copied. */
async function copy(element, text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  }
}
