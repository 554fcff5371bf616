// Highlights in a text. They need no elements of their own, so a long text costs nothing.

const FROM_BELOW = ["sentence", "fault", "word"]; // painting order where they overlap

/** Highlight these ranges, replacing earlier ones of that name. */
export function paint(name, ranges) {
  // In a browser without highlights, the line below the translation still shows the words.
  if (!CSS.highlights) return;
  const highlight = new Highlight(...ranges);
  highlight.priority = FROM_BELOW.indexOf(name);
  CSS.highlights.set(name, highlight);
}

export function unpaint(...names) {
  for (const name of names) CSS.highlights?.delete(name);
}
