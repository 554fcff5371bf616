// Documents: uploaded, watched until they are translated, and offered to be saved.

import { tell } from "./messages.js";
import { Problem, fetchDocument, fetchTranslatedDocument, uploadDocument } from "./server.js";

const FIRST_PAUSE_MILLISECONDS = 200;
const MAX_PAUSE_MILLISECONDS = 2000;

export class DocumentPanel {
  #parts;
  #controller = new AbortController();
  #url = null;

  /** `parts` are the elements panel, name, state, progress, save and close. */
  constructor(parts) {
    this.#parts = parts;
    parts.close.addEventListener("click", () => this.#close());
  }

  /** Translate a file; a problem is passed to `failed` if it is about the server or the API key. */
  async translate(file, failed) {
    this.#close();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    const { panel, name, progress } = this.#parts;
    name.textContent = file.name;
    progress.hidden = false;
    progress.removeAttribute("value");
    panel.hidden = false;
    tell(this.#parts.state, "documentSent");
    try {
      const done = await this.#watch(await uploadDocument(file, signal), signal);
      if (done.status === "error") this.#fail("refused", "", done.message);
      else this.#offer(done.name, await fetchTranslatedDocument(done.id, signal));
    } catch (problem) {
      if (signal.aborted) return;
      if (!(problem instanceof Problem)) throw problem;
      this.#fail(...problem.explanation());
      if (problem.needsKey) failed(problem);
    }
  }

  /** Show the progress until the document is translated or has failed. */
  async #watch(described, signal) {
    let document = described;
    let pause = FIRST_PAUSE_MILLISECONDS;
    while (document.status !== "done" && document.status !== "error") {
      if (document.characters_done > 0) this.#parts.progress.value = document.characters_done / document.characters;
      tell(this.#parts.state, "documentTranslating", document.seconds_left);
      await wait(pause, signal);
      pause = Math.min(1.5 * pause, MAX_PAUSE_MILLISECONDS);
      document = await this.#askAgain(document, signal);
    }
    return document;
  }

  /** Ask for the progress; a server that is busy or away for a moment has not lost the document. */
  async #askAgain(document, signal) {
    try {
      return await fetchDocument(document.id, signal);
    } catch (problem) {
      if (problem instanceof Problem && problem.isTriedAgain) return document;
      throw problem;
    }
  }

  #offer(name, blob) {
    const { progress, save, state } = this.#parts;
    this.#url = URL.createObjectURL(blob);
    save.href = this.#url;
    save.download = name;
    save.hidden = false;
    progress.hidden = true;
    tell(state, "documentDone", name);
    save.focus();
  }

  #fail(...message) {
    this.#parts.progress.hidden = true;
    tell(this.#parts.state, ...message);
  }

  #close() {
    this.#controller.abort();
    if (this.#url !== null) URL.revokeObjectURL(this.#url);
    this.#url = null;
    this.#parts.panel.hidden = this.#parts.save.hidden = true;
    tell(this.#parts.state);
  }
}

function wait(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
