// What is on the page as a command for a terminal.

import { hasKey } from "./server.js";

/** A `curl` command that translates the text, for any POSIX shell. */
export function curlCommand(text) {
  return [
    `curl ${quote(new URL("translate", document.baseURI).href)}`,
    ...(hasKey() ? ['-H "Authorization: Bearer $API_KEY"'] : []), // the key itself does not belong on a screen
    `-H ${quote("Content-Type: application/json")}`,
    `-d ${quote(JSON.stringify({ text }))}`,
  ].join(" \\\n  ");
}

/** In single quotes a shell takes everything literally but the single quote, which stands outside of them. */
function quote(argument) {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
