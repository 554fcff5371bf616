// Sie or du: English does not show which, so the page asks, if the model was trained for both.

import { browserStorage } from "./storage.js";

const FORMALITY = "translator.formality";

const group = document.getElementById("formality");
const buttons = [...group.querySelectorAll("[data-formality]")];

let chosen = "formal";

/** Restore the last choice, and let the buttons change it; `changed` is called after each change. */
export function setUpFormality(changed) {
  choose(browserStorage.read(FORMALITY) === "informal" ? "informal" : "formal");
  for (const button of buttons) {
    button.addEventListener("click", () => {
      if (button.dataset.formality === chosen) return;
      choose(button.dataset.formality);
      browserStorage.write(FORMALITY, chosen);
      changed();
    });
  }
}

/** Show or hide the choice. */
export function offerFormality(isOffered) {
  group.hidden = !isOffered;
}

/** The fields for a request: none if there is no choice, and none for Sie, the default. */
export function formalityWish() {
  return chosen === "informal" && !group.hidden ? { formality: chosen } : {};
}

function choose(formality) {
  chosen = formality;
  for (const button of buttons) button.ariaPressed = String(button.dataset.formality === formality);
}
