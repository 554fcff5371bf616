// The same translation as a command for a terminal.

import { hasKey } from "./server.js";
import { wishes } from "./wishes.js";

const MAX_ARGUMENT_BYTES = 100_000; // Linux accepts at most 131,071

/** A `curl` command that translates the text, for any POSIX shell. */
export function curlCommand(text) {
  const body = JSON.stringify({ text, ...wishes() });
  const isLong = new TextEncoder().encode(body).length > MAX_ARGUMENT_BYTES;
  const command = [
    `curl ${quote(new URL("translate", document.baseURI).href)}`,
    ...(hasKey() ? ['-H "Authorization: Bearer $API_KEY"'] : []), // the key itself must not be shown on screen
    `-H ${quote("Content-Type: application/json")}`,
    isLong ? `-d @- <<'END'\n${body}\nEND` : `-d ${quote(body)}`, // the body is one line and never END
  ];
  return command.join(" \\\n  ");
}

/** Quote an argument for a shell: single quotes keep everything but the single quote, which goes outside of them. */
function quote(argument) {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
