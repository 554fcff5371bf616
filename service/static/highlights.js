// Places in a text that are painted without elements of their own, so that a long text costs nothing.

const FROM_BELOW = ["sentence", "fault", "word"]; // where they overlap

/** Paint these ranges, and no others of that name. */
export function paint(name, ranges) {
  // Where a browser has no highlights yet, the line below the translation still says it in words.
  if (!CSS.highlights) return;
  const highlight = new Highlight(...ranges);
  highlight.priority = FROM_BELOW.indexOf(name);
  CSS.highlights.set(name, highlight);
}

export function unpaint(...names) {
  for (const name of names) CSS.highlights?.delete(name);
}
