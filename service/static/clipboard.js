// Copying, with the result shown on the button.

import { tell } from "./messages.js";

const SHOWN_MILLISECONDS = 2000;

export async function copyFrom(element, text, button) {
  tell(button, (await copy(element, text)) ? "copied" : "pressCopy");
  setTimeout(() => tell(button, "copy"), SHOWN_MILLISECONDS);
}

/** Browsers offer the clipboard only to https and localhost; elsewhere, select the shown text and copy it. */
async function copy(element, text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  }
}
