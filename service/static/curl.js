// What is on the page as a command for a terminal.

import { formalityWish } from "./formality.js";
import { hasKey } from "./server.js";

const MAX_ARGUMENT_BYTES = 100_000; // Linux takes 131,071 at most

/** A `curl` command that translates the text, for any POSIX shell. */
export function curlCommand(text) {
  const body = JSON.stringify({ text, ...formalityWish() });
  const isLong = new TextEncoder().encode(body).length > MAX_ARGUMENT_BYTES;
  const command = [
    `curl ${quote(new URL("translate", document.baseURI).href)}`,
    ...(hasKey() ? ['-H "Authorization: Bearer $API_KEY"'] : []), // the key itself does not belong on a screen
    `-H ${quote("Content-Type: application/json")}`,
    isLong ? `-d @- <<'END'\n${body}\nEND` : `-d ${quote(body)}`, // the body is one line, and never END
  ];
  return command.join(" \\\n  ");
}

/** In single quotes a shell takes everything literally but the single quote, which stands outside of them. */
function quote(argument) {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
