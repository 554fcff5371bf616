// What a translation has lost or made up: highlighted in place, and described in words.

import { paint } from "./highlights.js";
import { say } from "./messages.js";
import { rangeBehind, rangeIn } from "./mirror.js";

const LISTED_FLAGS = ["number_mismatch", "placeholder_lost", "markup_lost", "term_mismatch"];
const MAX_LISTED = 3;
const MAX_LISTED_LENGTH = 60;

export class Faults {
  #view;
  #source;
  #frame = null;

  constructor(view, source) {
    this.#view = view;
    this.#source = source;
  }

  /** Highlight them, unless the translation is out of date. */
  show() {
    const sentences = this.#view.isOld ? [] : this.#view.flagged;
    paint("fault", sentences.flatMap((sentence) => this.#rangesOf(sentence)));
  }

  /** Do that in the next frame: once, however many sentences arrive until then. */
  showSoon() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.show();
    });
  }

  #rangesOf(sentence) {
    return faultsOf(sentence).map(({ source, target }) =>
      target === null
        ? rangeBehind(this.#source, sentence.start + source[0], sentence.start + source[1])
        : rangeIn(sentence.element.firstChild, ...target),
    );
  }
}

/** The warnings about a sentence, in words. */
export function warnings(sentence) {
  const general = sentence.flags.filter((flag) => !LISTED_FLAGS.includes(flag)).map((flag) => say(flag));
  const faults = faultsOf(sentence).filter(({ kind }) => !["character", "formality"].includes(kind));
  const listed = faults.slice(0, MAX_LISTED).map((fault) => say(fault.verdict, fault.kind, textOf(fault, sentence)));
  if (faults.length > MAX_LISTED) listed.push(say("moreFaults", faults.length - MAX_LISTED));
  return listed.length > 0 ? [say("faults", listed), ...general] : general;
}

function faultsOf({ checks }) {
  return checks.filter(({ verdict }) => ["lost", "misplaced", "extra"].includes(verdict));
}

function textOf({ source, target }, sentence) {
  const text = source === null ? sentence.text.slice(...target) : sentence.source.slice(...source);
  return text.length > MAX_LISTED_LENGTH ? `${text.slice(0, MAX_LISTED_LENGTH)}…` : text;
}
