// Opening and saving files.

const TEXT_FILE = /\.(txt|md)$/i; // other files are documents, which the server reads
const MAX_BYTES_PER_CHARACTER = 4;

/** Open files that are dropped on `area` or chosen with `button`: texts, or documents for the server. */
export function acceptFiles(area, button, input, { maxCharacters, opened, document, refused }) {
  const open = async (file) => {
    if (!TEXT_FILE.test(file.name)) return document(file);
    if (file.size > MAX_BYTES_PER_CHARACTER * maxCharacters()) return refused("fileTooLarge", file.name, maxCharacters());
    const text = decode(await file.arrayBuffer());
    return text === null ? refused("notUtf8", file.name) : opened(file.name, text);
  };
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    if (input.files.length > 0) open(input.files[0]);
    input.value = ""; // so that the same file can be chosen again
  });
  acceptDrops(area, open);
}

function decode(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function acceptDrops(area, open) {
  const hasFile = (event) => event.dataTransfer.types.includes("Files");
  // By default, a file dropped outside the area would replace the page.
  for (const name of ["dragover", "drop"]) {
    document.addEventListener(name, (event) => hasFile(event) && event.preventDefault());
  }
  area.addEventListener("dragover", (event) => area.classList.toggle("dropping", hasFile(event)));
  area.addEventListener("dragleave", (event) => {
    if (!area.contains(event.relatedTarget)) area.classList.remove("dropping");
  });
  area.addEventListener("drop", (event) => {
    area.classList.remove("dropping");
    if (event.dataTransfer.files.length > 0) open(event.dataTransfer.files[0]);
  });
}

/** The line ending of a file; on the page, all lines end in "\n". */
export function firstLineEnd(text) {
  return /\r\n|\r|\n/.exec(text)?.[0] ?? "\n";
}

/** Save the text as a file, with the name and the line endings of the file it comes from. */
export function saveText({ name, lineEnd }, text) {
  const [, base, extension] = /^(.*?)(\.[^.]*)?$/s.exec(name);
  const link = document.createElement("a");
  const content = text.replaceAll("\n", lineEnd);
  link.href = URL.createObjectURL(new Blob([content], { type: "text/plain;charset=utf-8" }));
  link.download = `${base || "translation"}.de${extension ?? ".txt"}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
