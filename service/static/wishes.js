// What the user has chosen for the translation of a text.

import { formalityWish } from "./formality.js";
import { formatWish } from "./format.js";
import { glossaryWish } from "./glossary.js";

/** The fields for a request. */
export function wishes() {
  return { ...formatWish(), ...formalityWish(), ...glossaryWish() };
}
