// What a translation has lost, and what it has made up: marked where it stands, and said in words.

import { paint } from "./highlights.js";
import { say } from "./messages.js";
import { rangeBehind, rangeIn } from "./mirror.js";

const TOLD_ONE_BY_ONE = ["number_mismatch", "placeholder_lost", "markup_lost"];
const MOST_TOLD = 3;
const LONGEST_TOLD = 60;

export class Faults {
  #view;
  #source;
  #frame = null;

  constructor(view, source) {
    this.#view = view;
    this.#source = source;
  }

  /** Mark them, in all sentences that are up to date. */
  show() {
    const sentences = this.#view.isOld ? [] : this.#view.flagged;
    paint("fault", sentences.flatMap((sentence) => this.#rangesOf(sentence)));
  }

  /** The same with the next frame, however many sentences come until then. */
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

/** What to be careful about in a sentence, in words. */
export function warnings(sentence) {
  const general = sentence.flags.filter((flag) => !TOLD_ONE_BY_ONE.includes(flag)).map((flag) => say(flag));
  const faults = faultsOf(sentence).filter(({ kind }) => kind !== "character");
  const told = faults.slice(0, MOST_TOLD).map((fault) => say(fault.verdict, fault.kind, textOf(fault, sentence)));
  if (faults.length > MOST_TOLD) told.push(say("moreFaults", faults.length - MOST_TOLD));
  return told.length > 0 ? [say("faults", told), ...general] : general;
}

function faultsOf({ checks }) {
  return checks.filter(({ verdict }) => ["lost", "misplaced", "extra"].includes(verdict));
}

function textOf({ source, target }, sentence) {
  const text = source === null ? sentence.text.slice(...target) : sentence.source.slice(...source);
  return text.length > LONGEST_TOLD ? `${text.slice(0, LONGEST_TOLD)}…` : text;
}
