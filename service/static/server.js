// Requests to the server, and their errors.

import { formalityWish } from "./formality.js";
import { glossaryWish } from "./glossary.js";
import { tabStorage } from "./storage.js";
import { wishes } from "./wishes.js";

const KEY = "translator.key";

export class Problem extends Error {
  /** `status` is 0 if there was no response; the other fields are those of problem+json. */
  constructor({ status, type = "", detail = "", request_id: requestId = "" }, retryAfterSeconds = null) {
    super(detail);
    this.status = status;
    this.slug = type.split(":").at(-1);
    this.detail = detail;
    this.requestId = requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The problem in a response. A proxy may have answered with something other than problem+json. */
  static async of(response) {
    const retryAfter = Number.parseInt(response.headers.get("Retry-After"), 10);
    let fields = {};
    try {
      fields = await response.json();
    } catch {
      // only the status is known
    }
    return new Problem({ ...fields, status: response.status }, Number.isNaN(retryAfter) ? null : retryAfter);
  }

  get isUnreachable() {
    return this.status === 0 || this.status === 502;
  }

  /** Whether to retry automatically. */
  get isTriedAgain() {
    return this.isUnreachable || this.status === 429 || this.status === 503;
  }

  /** Whether the same request may succeed later. */
  get mayPass() {
    return this.isTriedAgain || this.status >= 500;
  }

  /** Whether it is unrelated to this text. */
  get isOfTheServer() {
    return this.isTriedAgain || this.needsKey;
  }

  get needsKey() {
    return this.status === 401;
  }

  /** What went wrong and what to do, as the key of a message and its values. */
  explanation(retrySeconds = null) {
    if (this.isUnreachable) return ["serverGone", retrySeconds];
    if (this.needsKey) return [hasKey() ? "keyUnknown" : "keyNeeded"];
    if (this.slug === "not-ready") return ["notReady", this.detail];
    if (this.status === 429) return ["tooMany", retrySeconds];
    if (this.slug === "queue-full") return ["busy", retrySeconds];
    if (this.status === 503) return ["unable", retrySeconds];
    if (this.status === 504) return ["tooSlow"];
    if (this.status >= 500) return ["broken", this.requestId];
    return ["refused", this.slug, this.detail || String(this.status)];
  }
}

/** Keep the API key until the tab is closed. */
export function saveKey(key) {
  tabStorage.write(KEY, key);
}

export function hasKey() {
  return tabStorage.read(KEY) !== null;
}

/** The model and the limits of the server. */
export async function fetchModel() {
  return (await ask("model")).json();
}

/** The translations of one sentence, best first. */
export async function fetchAlternatives(sentence, count, signal) {
  const answer = await post("translate", { text: sentence, alternatives: count, ...wishes() }, signal);
  const [translation] = (await answer.json()).translations;
  // On its own, a sentence may be split differently than in its text; then only the whole translation is useful.
  const others = translation.sentences.length === 1 ? translation.sentences[0].alternatives : [];
  return [translation.text, ...others.map((other) => other.text)];
}

/** The events of a translation as they arrive, {name, data}: `sentence`s, then `done`. Throws Problem. */
export async function* translateStream(text, signal) {
  const response = await post("translate/stream", { text, alignment: true, ...wishes() }, signal);
  for await (const event of readEvents(response.body, signal)) {
    if (event.name === "error") throw new Problem(event.data);
    yield event;
    if (event.name === "done") return;
  }
  throw new Problem({ status: 0 });
}

/** Upload a document; returns its description. */
export async function uploadDocument(file, signal) {
  const body = new FormData();
  body.append("file", file);
  for (const [name, value] of Object.entries(formalityWish())) body.append(name, value);
  const { glossary } = glossaryWish();
  if (glossary) body.append("glossary", JSON.stringify(glossary));
  return (await ask("documents", { method: "POST", headers: credentials(), body, signal })).json();
}

/** How far a document is. */
export async function fetchDocument(id, signal) {
  return (await ask(`documents/${id}`, { headers: credentials(), signal })).json();
}

/** The translated document, which the server deletes. */
export async function fetchTranslatedDocument(id, signal) {
  const response = await ask(`documents/${id}/translation`, { headers: credentials(), signal });
  return unlessBroken(response.blob(), signal);
}

function post(path, body, signal) {
  const headers = { "Content-Type": "application/json", ...credentials() };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

function credentials() {
  return hasKey() ? { Authorization: `Bearer ${tabStorage.read(KEY)}` } : {};
}

async function ask(path, request) {
  const response = await unlessBroken(fetch(path, request), request?.signal);
  if (!response.ok) throw await Problem.of(response);
  return response;
}

async function* readEvents(body, signal) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await unlessBroken(reader.read(), signal);
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    yield* blocks.filter((block) => block.startsWith("event: ")).map(parseEvent);
  }
}

function parseEvent(block) {
  const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s, 2)));
  return { name: fields.event, data: JSON.parse(fields.data) };
}

/** Turn any connection error into a Problem: browsers throw a TypeError for all of them. */
async function unlessBroken(promise, signal) {
  try {
    return await promise;
  } catch (error) {
    throw signal?.aborted ? error : new Problem({ status: 0 });
  }
}
