// Word alignment. Words have no elements of their own: the one under the pointer is looked up in the text and
// highlighted, so a long text costs nothing.

import { warnings } from "./faults.js";
import { paint, unpaint } from "./highlights.js";
import { tell } from "./messages.js";
import { alignMirror, rangeBehind, rangeIn } from "./mirror.js";

const KEYS_THAT_MOVE = /^(Arrow|Home$|End$|Page)/;

export class Words {
  #view;
  #source;
  #hint = document.getElementById("hint");
  #announcer = document.getElementById("announcer");
  #place = -1; // index of the word selected with the arrow keys in the focused sentence

  constructor(view, source) {
    this.#view = view;
    this.#source = source;
    view.root.addEventListener("mousemove", (event) => this.#pointAt(event));
    view.root.addEventListener("mouseleave", () => this.hide());
    view.root.addEventListener("focusin", (event) => this.#enter(view.sentenceOf(event.target)));
    view.root.addEventListener("focusout", () => this.hide());
    view.root.addEventListener("keydown", (event) => this.#walk(event));
    source.addEventListener("mousemove", (event) => this.#pointAtSource(event));
    source.addEventListener("mouseleave", () => this.hide());
    source.addEventListener("scroll", () => alignMirror(source));
    new ResizeObserver(() => alignMirror(source)).observe(source);
    source.addEventListener("keyup", (event) => {
      if (KEYS_THAT_MOVE.test(event.key)) this.#showAtCaret();
    });
  }

  hide() {
    unpaint("sentence", "word");
    this.showDefaultHint();
  }

  showDefaultHint() {
    tell(this.#hint, ...(this.#view.sentences.length > 0 && !this.#view.isOld ? ["hint"] : []));
  }

  // --- the pointer

  #pointAt(event) {
    if (this.#view.isOld) return;
    const sentence = this.#view.sentenceOf(event.target);
    if (!sentence) return this.hide();
    const offset = caretAt(event)?.offset;
    this.#show(sentence, sentence.links.filter(({ target }) => isAt(event, rangeOf(sentence, target), target, offset)));
  }

  #pointAtSource(event) {
    if (this.#view.isOld) return;
    const caret = caretAt(event);
    const sentence = caret?.node === this.#source ? this.#view.sentenceAt(caret.offset) : undefined;
    if (!sentence) return this.hide();
    const offset = caret.offset - sentence.start;
    const links = sentence.links.filter(
      ({ source }) => touches(source, offset) && contains(this.#rangeInSource(sentence, source), event),
    );
    this.#show(sentence, links);
  }

  // --- the keyboard

  #showAtCaret() {
    const sentence = this.#view.isOld ? undefined : this.#view.sentenceAt(this.#source.selectionStart);
    if (!sentence) return this.hide();
    const offset = this.#source.selectionStart - sentence.start;
    this.#show(sentence, sentence.links.filter(({ source }) => touches(source, offset)));
  }

  #enter(sentence) {
    this.#place = -1;
    if (sentence && !this.#view.isOld) this.#show(sentence, []);
  }

  #walk(event) {
    const sentence = this.#view.sentenceOf(event.target);
    if (!sentence || this.#view.isOld) return;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    if (event.key === "ArrowUp" || event.key === "ArrowDown") this.#view.focus(this.#view.neighbour(sentence, step));
    else this.#goToWord(sentence, this.#place + step, step);
  }

  #goToWord(sentence, place, step) {
    if (place in sentence.links) {
      this.#place = place;
      this.#show(sentence, [sentence.links[place]]);
      this.#announcer.lang = "";
      tell(this.#announcer, "asItIs", this.#counterparts(sentence, [sentence.links[place]]));
      return;
    }
    const next = this.#view.neighbour(sentence, step);
    if (!next) return;
    this.#view.focus(next);
    if (next.links.length > 0) this.#goToWord(next, step > 0 ? 0 : next.links.length - 1, step);
  }

  // --- what is shown

  #show(sentence, links) {
    paint("sentence", [
      this.#rangeInSource(sentence, [0, sentence.source.length]),
      rangeOf(sentence, [0, sentence.text.length]),
    ]);
    paint("word", links.flatMap(({ source, target }) => [
      this.#rangeInSource(sentence, source),
      rangeOf(sentence, target),
    ]));
    const parts = [this.#counterparts(sentence, links), ...warnings(sentence)];
    const hasText = parts.some((part) => part !== "");
    tell(this.#hint, ...(hasText ? ["asItIs", parts.filter(Boolean).join(" · ")] : ["hint"]));
  }

  #counterparts(sentence, links) {
    const cut = (text, span) => text.slice(...span);
    const targets = new Set(links.map(({ target }) => cut(sentence.text, target)));
    const sources = new Set(links.map(({ source }) => cut(sentence.source, source)));
    return links.length > 0 ? `${[...sources].join(" ")} → ${[...targets].join(" ")}` : "";
  }

  #rangeInSource(sentence, [start, end]) {
    return rangeBehind(this.#source, sentence.start + start, sentence.start + end);
  }
}

function rangeOf(sentence, [start, end]) {
  return rangeIn(sentence.element.firstChild, start, end);
}

function touches([start, end], offset) {
  return start <= offset && offset <= end;
}

function isAt(event, range, span, offset) {
  return touches(span, offset) && contains(range, event);
}

function contains(range, { clientX: x, clientY: y }) {
  return [...range.getClientRects()].some(
    (box) => box.left <= x && x < box.right && box.top <= y && y < box.bottom,
  );
}

function caretAt({ clientX, clientY }) {
  if (document.caretPositionFromPoint) {
    const position = document.caretPositionFromPoint(clientX, clientY);
    return position && { node: position.offsetNode, offset: position.offset };
  }
  const range = document.caretRangeFromPoint?.(clientX, clientY);
  return range && { node: range.startContainer, offset: range.startOffset };
}
