// The texts of the page, in both languages of its interface.

import { browserStorage } from "./storage.js";

const LANGUAGE = "translator.language";

const number = (value) => value.toLocaleString(document.documentElement.lang);

export const MESSAGES = {
  en: {
    title: "English → German",
    english: "English",
    german: "German",
    interfaceLanguage: "Language of this page",
    asItIs: (text) => text,

    connecting: "Connecting…",
    ready: (model, device) => `${model} on ${device}`,
    unreachable: "No connection",

    placeholder: "Type or paste English text, or drop a file here",
    empty: "The German text appears here while you type",
    openFile: "Open file",
    clear: "Clear",
    copy: "Copy",
    copied: "Copied",
    pressCopy: "Press Ctrl+C",
    download: "Download",
    format: "What the text is",
    plainText: "Text",
    asPlainText: "Plain text",
    asHtml: "HTML: tags stay as they are",
    formality: "German for “you”",
    formal: "Formal, for strangers and customers",
    informal: "Informal, for friends and children",
    characters: "characters",
    count: (count, limit) => (limit === undefined ? number(count) : `${number(count)} / ${number(limit)}`),
    progress: "Translating",
    seconds: (seconds) => `${number(rounded(seconds))} s`,
    finished: (sentences) => `The translation is finished: ${plural(sentences, "sentence", "sentences")}.`,

    hint: "Point at a word to see its counterpart; click a sentence for alternatives",
    whatToDo: "Left and right move between words, up and down between sentences; Enter shows other translations.",
    alternatives: "Other translations",
    looking: "Looking for other translations…",
    noOthers: "There are no other translations.",
    check: (sentences) => `${plural(sentences, "sentence", "sentences")} to check`,
    not_english: "This sentence is not English and stays as it is.",
    copied_source: "Check: much of this sentence was not translated.",
    repetition: "Check: words repeat that do not in the English text.",
    too_long_split: "Check: the sentence was too long and was translated in pieces.",
    low_confidence: "Check: the model is unsure of this sentence.",
    number_mismatch: "Check: a number, an amount, a time or a date is missing or made up.",
    placeholder_lost: "Check: something that should stay unchanged, such as a link or a placeholder, is missing.",
    markup_lost: "Check: markup such as <b> or &amp; is missing.",
    term_mismatch: "Check: a term of the glossary is missing or repeated.",
    formality_mismatch: "Check: it does not keep to the form of address that you chose (Sie or du).",
    broken_characters: "Check: it has a character that cannot be displayed.",
    translated_in_parts: "Check: it was translated in parts so that nothing gets lost, and may read badly.",
    faults: (faults) => `Check: ${faults.join("; ")}.`,
    lost: (kind, text) => `${KINDS.en[kind]} ${text} is missing in the translation`,
    misplaced: (kind, text) => `${KINDS.en[kind]} ${text} no longer encloses the right words`,
    extra: (kind, text) => `${KINDS.en[kind]} ${text} is not in the English text`,
    moreFaults: (count) => `and ${number(count)} more`,

    glossary: (entries) => (entries > 0 ? `Glossary (${number(entries)})` : "Glossary"),
    glossaryHelp: "One term in each line, for the text above and for files. It stays in this browser.",
    glossaryExample: "house = Haus\nuser account = Nutzerkonto",
    wrongTerm: (line) => `Line ${number(line)} is not used: write “English = German”.`,

    history: (entries) => (entries > 0 ? `History (${entries})` : "History"),
    keepHistory: "Keep the last 20 translations, in this browser only",
    clearHistory: "Clear history",
    noHistory: "Nothing here yet.",
    command: "As a terminal command",
    privacy: "Your text goes to this server and nowhere else.",

    keyLabel: "API key",
    useKey: "Use this key",
    tryNow: "Try again now",
    overLimit: (excess, limit) =>
      `The text is ${plural(excess, "character", "characters")} over the limit of ${number(limit)}. ` +
      "Shorten it, or translate it in parts.",
    documentSent: "Sending…",
    documentTranslating: (seconds) => `Translating; about ${number(seconds)} s left`,
    documentDone: (name) => `Translated as ${name}. The server has deleted its copy.`,
    saveDocument: "Save translation",
    close: "Close",
    notUtf8: (name) => `${name} is not UTF-8 text. Save it in UTF-8 first.`,
    fileTooLarge: (name, limit) => `${name} is over the limit of ${number(limit)} characters. Translate it in parts.`,
    serverGone: (seconds) => `The server cannot be reached. Your text is still here. ${again(seconds)}`,
    notReady: (detail) => detail,
    busy: (seconds) => `The server is busy. Your text is still here. ${again(seconds)}`,
    unable: (seconds) => `The server cannot translate right now. Your text is still here. ${again(seconds)}`,
    tooMany: (seconds) => `Too many requests for now. Your text is still here. ${again(seconds)}`,
    tooSlow: "The translation took too long. Try again, or send less text at once.",
    broken: (id) =>
      `The server failed. Try again; if it keeps failing, tell its operator${id ? ` this id: ${id}` : ""}.`,
    keyNeeded: "This server needs an API key. Ask its operator for one. The page keeps it until you close this tab.",
    keyUnknown: "The server does not know this API key. Check it and enter it again.",
    refused: (_, detail) => detail,
  },
  de: {
    title: "Englisch → Deutsch",
    english: "Englisch",
    german: "Deutsch",
    interfaceLanguage: "Sprache dieser Seite",
    asItIs: (text) => text,

    connecting: "Verbinden …",
    ready: (model, device) => `${model} auf ${device}`,
    unreachable: "Keine Verbindung",

    placeholder: "Englischen Text eingeben oder einfügen, oder eine Datei hierher ziehen",
    empty: "Hier erscheint der deutsche Text, während Sie tippen",
    openFile: "Datei öffnen",
    clear: "Leeren",
    copy: "Kopieren",
    copied: "Kopiert",
    pressCopy: "Strg+C drücken",
    download: "Speichern",
    format: "Art des Textes",
    plainText: "Text",
    asPlainText: "Reiner Text",
    asHtml: "HTML: Auszeichnungen bleiben, wie sie sind",
    formality: "Anrede",
    formal: "Förmlich, für Fremde und Kunden",
    informal: "Vertraut, für Freunde und Kinder",
    characters: "Zeichen",
    count: (count, limit) => (limit === undefined ? number(count) : `${number(count)} / ${number(limit)}`),
    progress: "Wird übersetzt",
    seconds: (seconds) => `${number(rounded(seconds))} s`,
    finished: (sentences) => `Die Übersetzung ist fertig: ${plural(sentences, "Satz", "Sätze")}.`,

    hint: "Auf ein Wort zeigen: sein Gegenstück. Auf einen Satz klicken: andere Übersetzungen",
    whatToDo: "Links und rechts führen durch die Wörter, auf und ab durch die Sätze; Enter zeigt andere Übersetzungen.",
    alternatives: "Andere Übersetzungen",
    looking: "Andere werden gesucht …",
    noOthers: "Es gibt keine anderen.",
    check: (sentences) => `${plural(sentences, "Satz", "Sätze")} zu prüfen`,
    not_english: "Dieser Satz ist nicht englisch und bleibt, wie er ist.",
    copied_source: "Bitte prüfen: Vieles davon kam auf Englisch zurück.",
    repetition: "Bitte prüfen: Wörter wiederholen sich anders als im englischen Text.",
    too_long_split: "Bitte prüfen: Der Satz war zu lang und wurde in Stücken übersetzt.",
    low_confidence: "Bitte prüfen: Das Modell ist sich bei diesem Satz unsicher.",
    number_mismatch: "Bitte prüfen: Eine Zahl, ein Betrag, eine Uhrzeit oder ein Datum fehlt oder ist erfunden.",
    placeholder_lost: "Bitte prüfen: Es fehlt etwas, das unverändert bleibt, etwa ein Link oder ein Platzhalter.",
    markup_lost: "Bitte prüfen: Eine Auszeichnung wie <b> oder &amp; fehlt.",
    term_mismatch: "Bitte prüfen: Ein Begriff aus dem Glossar fehlt oder steht zu oft da.",
    formality_mismatch: "Bitte prüfen: Die gewählte Anrede (Sie oder du) ist nicht durchgehalten.",
    broken_characters: "Bitte prüfen: Darin steht ein Zeichen, das sich nicht darstellen lässt.",
    translated_in_parts:
      "Bitte prüfen: Der Satz wurde in Teilen übersetzt, damit nichts fehlt, und liest sich vielleicht holprig.",
    faults: (faults) => `Bitte prüfen: ${capitalised(faults.join("; "))}.`,
    lost: (kind, text) => `${KINDS.de[kind]} ${text} fehlt in der Übersetzung`,
    misplaced: (kind, text) => `${KINDS.de[kind]} ${text} umschließt nicht mehr die richtigen Wörter`,
    extra: (kind, text) => `${KINDS.de[kind]} ${text} steht nicht im englischen Text`,
    moreFaults: (count) => `und ${number(count)} weitere`,

    glossary: (entries) => (entries > 0 ? `Glossar (${number(entries)})` : "Glossar"),
    glossaryHelp: "Ein Begriff je Zeile, für den Text oben und für Dateien. Das Glossar bleibt in diesem Browser.",
    glossaryExample: "house = Haus\nuser account = Nutzerkonto",
    wrongTerm: (line) => `Zeile ${number(line)} gilt nicht: Schreiben Sie „Englisch = Deutsch“.`,

    history: (entries) => (entries > 0 ? `Verlauf (${entries})` : "Verlauf"),
    keepHistory: "Die letzten 20 Übersetzungen merken, nur in diesem Browser",
    clearHistory: "Verlauf löschen",
    noHistory: "Noch nichts.",
    command: "Dasselbe im Terminal",
    privacy: "Ihr Text geht an diesen Server und sonst nirgendwohin.",

    keyLabel: "API-Schlüssel",
    useKey: "Schlüssel benutzen",
    tryNow: "Jetzt noch einmal versuchen",
    overLimit: (excess, limit) =>
      `Der Text hat ${number(excess)} Zeichen mehr als die erlaubten ${number(limit)}. ` +
      "Kürzen Sie ihn, oder übersetzen Sie ihn in Teilen.",
    documentSent: "Wird gesendet …",
    documentTranslating: (seconds) => `Wird übersetzt, noch etwa ${number(seconds)} s`,
    documentDone: (name) => `Übersetzt als ${name}. Der Server hat seine Kopie gelöscht.`,
    saveDocument: "Übersetzung speichern",
    close: "Schließen",
    notUtf8: (name) => `${name} ist kein Text in UTF-8. Speichern Sie ihn zuerst in dieser Kodierung.`,
    fileTooLarge: (name, limit) =>
      `${name} hat mehr als die erlaubten ${number(limit)} Zeichen. Übersetzen Sie den Text in Teilen.`,
    serverGone: (seconds) => `Der Server ist nicht erreichbar. Ihr Text ist noch hier. ${again(seconds)}`,
    notReady: () => "Der Server ist noch nicht bereit.",
    busy: (seconds) => `Der Server ist ausgelastet. Ihr Text ist noch hier. ${again(seconds)}`,
    unable: (seconds) => `Der Server kann gerade nicht übersetzen. Ihr Text ist noch hier. ${again(seconds)}`,
    tooMany: (seconds) => `Das waren vorerst zu viele Anfragen. Ihr Text ist noch hier. ${again(seconds)}`,
    tooSlow: "Die Übersetzung hat zu lange gedauert. Versuchen Sie es noch einmal, oder mit weniger Text auf einmal.",
    broken: (id) =>
      "Der Server hat versagt. Versuchen Sie es noch einmal; bleibt es so, nennen Sie dem Betreiber " +
      (id ? `diese Kennung: ${id}.` : "die Uhrzeit."),
    keyNeeded:
      "Dieser Server verlangt einen API-Schlüssel. Sie bekommen ihn vom Betreiber; er bleibt gemerkt, bis Sie den Tab schließen.",
    keyUnknown: "Der Server kennt diesen API-Schlüssel nicht. Prüfen Sie ihn, und geben Sie ihn noch einmal ein.",
    refused: (slug, detail) => GERMAN_REFUSALS[slug] ?? `Der Server lehnt ab: „${detail}“`,
  },
};

// Names of what can be lost, by the kinds of the server.
export const KINDS = {
  en: {
    small: "the number",
    number: "the number",
    ordinal: "the number",
    label: "the number",
    year: "the year",
    decade: "the decade",
    money: "the amount",
    percent: "the percentage",
    quantity: "the quantity",
    time: "the time",
    date: "the date",
    link: "the link",
    email: "the address",
    path: "the path",
    code: "the code",
    placeholder: "the placeholder",
    tag: "the tag",
    entity: "the entity",
    hash: "the code",
    identifier: "the identifier",
    version: "the version",
    phone: "the phone number",
    account: "the number",
    address: "the address",
    hashtag: "the hashtag",
    mention: "the name",
    option: "the option",
    sign: "the sign",
    foreign: "the text",
    private: "the character",
    emoji: "the emoji",
    term: "the term",
    formality: "the form of address",
    character: "the character",
  },
  de: {
    small: "die Zahl",
    number: "die Zahl",
    ordinal: "die Zahl",
    label: "die Zahl",
    year: "das Jahr",
    decade: "das Jahrzehnt",
    money: "der Betrag",
    percent: "der Prozentsatz",
    quantity: "die Größe",
    time: "die Uhrzeit",
    date: "das Datum",
    link: "der Link",
    email: "die Adresse",
    path: "der Pfad",
    code: "der Code",
    placeholder: "der Platzhalter",
    tag: "die Auszeichnung",
    entity: "die Auszeichnung",
    hash: "der Code",
    identifier: "die Kennung",
    version: "die Version",
    phone: "die Telefonnummer",
    account: "die Nummer",
    address: "die Adresse",
    hashtag: "der Hashtag",
    mention: "der Name",
    option: "die Option",
    sign: "das Zeichen",
    foreign: "der Text",
    private: "das Zeichen",
    emoji: "das Emoji",
    term: "der Begriff",
    formality: "die Anrede",
    character: "das Zeichen",
  },
};

const GERMAN_REFUSALS = {
  "too-large": "Der Text ist zu lang für diesen Server. Übersetzen Sie ihn in Teilen.",
  "quota-exceeded":
    "Das Kontingent dieses API-Schlüssels reicht nicht mehr. Schicken Sie weniger, oder bitten Sie den Betreiber um mehr.",
};

function rounded(seconds) {
  return Number(Math.max(0.01, seconds).toFixed(seconds < 10 ? 2 : 1));
}

function capitalised(sentence) {
  return sentence[0].toUpperCase() + sentence.slice(1);
}

function plural(count, one, many) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

function again(seconds) {
  if (seconds === null) return "";
  return document.documentElement.lang === "de"
    ? `Nächster Versuch in ${number(seconds)} s.`
    : `Trying again in ${number(seconds)} s.`;
}

const shown = new Map(); // the message of each element, to show again in another language

/** Return a message in the language of the interface. */
export function say(key, ...values) {
  const message = MESSAGES[document.documentElement.lang][key];
  return typeof message === "function" ? message(...values) : message;
}

/** Show a message in an element, now and whenever the language changes; without a key, empty it. */
export function tell(element, key, ...values) {
  if (key === undefined) shown.delete(element);
  else shown.set(element, [key, ...values]);
  const text = key === undefined ? "" : say(key, ...values);
  if (element.textContent !== text) element.textContent = text;
}

/** Use the last chosen language, or else the browser's, and let the buttons change it. */
export function setUpLanguages() {
  const preferred = navigator.language.startsWith("de") ? "de" : "en";
  const remembered = browserStorage.read(LANGUAGE);
  setLanguage(remembered === "en" || remembered === "de" ? remembered : preferred);
  tell(document.getElementById("status"), "connecting");
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      setLanguage(button.dataset.language);
      browserStorage.write(LANGUAGE, button.dataset.language);
    });
  }
}

function setLanguage(language) {
  document.documentElement.lang = language;
  document.title = say("title");
  for (const element of document.querySelectorAll("[data-text]")) {
    if (!shown.has(element)) shown.set(element, [element.dataset.text]);
  }
  for (const element of document.querySelectorAll("[data-label]")) element.ariaLabel = say(element.dataset.label);
  for (const element of document.querySelectorAll("[data-title]")) element.title = say(element.dataset.title);
  for (const element of document.querySelectorAll("[data-placeholder]")) {
    element.placeholder = say(element.dataset.placeholder);
  }
  for (const element of document.querySelectorAll("[data-empty]")) {
    element.dataset.emptyText = say(element.dataset.empty);
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.ariaPressed = String(button.dataset.language === language);
  }
  for (const [element, message] of shown) tell(element, ...message);
}
