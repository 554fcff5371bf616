// Other translations of a sentence, in a panel below it.

import { warnings } from "./faults.js";
import { tell } from "./messages.js";
import { fetchAlternatives } from "./server.js";
import { wishes } from "./wishes.js";

const GAP = 8;

const element = (id) => document.getElementById(id);

export class Alternatives {
  #view;
  #count;
  #chosen;
  #panel = element("alternatives");
  #sentence = null;
  #request = null;
  #choices = new Map(); // by sentence and options, so that they survive changes elsewhere in the text

  /** `count` returns how many to request; `chosen` is called after one was chosen. */
  constructor(view, count, chosen) {
    this.#view = view;
    this.#count = count;
    this.#chosen = chosen;
    view.root.addEventListener("click", (event) => {
      // If there is a selection, the user wants to copy it.
      if (getSelection().isCollapsed) this.#open(view.sentenceOf(event.target));
    });
    view.root.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.#open(view.sentenceOf(event.target));
    });
    this.#panel.addEventListener("beforetoggle", (event) => event.newState === "closed" && this.#closing());
    this.#panel.addEventListener("keydown", (event) => this.#walk(event));
    addEventListener("scroll", (event) => this.#panel.contains(event.target) || this.#place(), true);
    addEventListener("resize", () => this.#place());
  }

  close() {
    if (this.#sentence) this.#panel.hidePopover();
  }

  /** Apply an earlier choice for the same sentence. */
  applyChoice(sentence) {
    const choice = this.#choices.get(keyOf(sentence));
    if (choice !== undefined) this.#view.replace(sentence, { text: choice });
  }

  forget() {
    this.#choices.clear();
  }

  async #open(sentence) {
    if (!sentence || this.#view.isOld) return;
    this.close();
    this.#sentence = sentence;
    this.#request = new AbortController();
    const { signal } = this.#request;
    sentence.element.ariaExpanded = "true";
    element("alternatives-source").textContent = sentence.source;
    element("alternatives-flags").textContent = warnings(sentence).join(" ");
    element("alternatives-flags").hidden = sentence.flags.length === 0;
    this.#list([], "looking");
    this.#panel.showPopover();
    this.#place();
    try {
      const found = await fetchAlternatives(sentence.source, this.#count(), signal);
      this.#list(distinct([sentence.best.text, ...found, sentence.text]), ...(found.length > 1 ? [] : ["noOthers"]));
    } catch (problem) {
      if (signal.aborted) return;
      this.#list([], ...problem.explanation());
    }
    this.#place();
    this.#panel.querySelector('[aria-pressed="true"]')?.focus();
  }

  #closing() {
    this.#request.abort();
    this.#sentence.element.removeAttribute("aria-expanded");
    this.#sentence = null;
  }

  #list(texts, ...note) {
    element("alternatives-note").hidden = note.length === 0;
    tell(element("alternatives-note"), ...note);
    element("alternatives-list").replaceChildren(...texts.map((text) => this.#item(text)));
  }

  #item(text) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.ariaPressed = String(text === this.#sentence.text);
    button.addEventListener("click", () => this.#choose(text));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  #choose(text) {
    const sentence = this.#sentence;
    const isBest = text === sentence.best.text;
    if (isBest) this.#choices.delete(keyOf(sentence));
    else this.#choices.set(keyOf(sentence), text);
    this.close();
    this.#view.replace(sentence, isBest ? sentence.best : { text });
    this.#chosen();
  }

  #walk(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...this.#panel.querySelectorAll("button")];
    buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length)?.focus();
  }

  /** Place the panel below the sentence, or above it if there is no room. */
  #place() {
    if (!this.#sentence) return;
    const boxes = [...this.#sentence.element.getClientRects()];
    const { offsetWidth, offsetHeight } = this.#panel;
    const left = Math.min(boxes[0].left, this.#view.root.getBoundingClientRect().right - offsetWidth - GAP);
    const below = boxes.at(-1).bottom + GAP;
    const hasRoom = below + offsetHeight <= innerHeight - GAP;
    this.#panel.style.left = `${Math.max(GAP, left)}px`;
    this.#panel.style.top = `${hasRoom ? below : Math.max(GAP, boxes[0].top - offsetHeight - GAP)}px`;
  }
}

/** A key of the source sentence and its options: a choice made for Sie does not apply to du. */
function keyOf({ source }) {
  return JSON.stringify({ text: source, ...wishes() });
}

function distinct(texts) {
  return [...new Set(texts)];
}
