// Sie or du: English does not tell, so it is asked where the model was taught the difference.

import { browserStorage } from "./storage.js";

const FORMALITY = "translator.formality";

const group = document.getElementById("formality");
const buttons = [...group.querySelectorAll("[data-formality]")];

let chosen = "formal";

/** Choose what was chosen last, and let the buttons change it; `changed` is called after that. */
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

/** Show the choice, or hide it. */
export function offerFormality(isOffered) {
  group.hidden = !isOffered;
}

/** What a request says of it: nothing where there is no choice, and nothing for Sie, which goes without saying. */
export function formalityWish() {
  return chosen === "informal" && !group.hidden ? { formality: chosen } : {};
}

function choose(formality) {
  chosen = formality;
  for (const button of buttons) button.ariaPressed = String(button.dataset.formality === formality);
}
