/**
 * Owns a thread that reads files over and over and keeps what it saw that is partial. That a file is not there is no
 * diagnostic.
 *
 * @module
 */
import { type Findings, isWhole } from "./poller.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<readonly string[] | "stop">) => void;
  postMessage(message: "begun" | Findings): void;
};

let paths: readonly string[] = [];
let reads = 0;
const partial: string[] = [];

scope.onmessage = ({ data }) => {
  if (data === "stop") return scope.postMessage({ reads, partial: partial.slice(0, 5) });
  paths = data;
  round();
  scope.postMessage("begun");
};

function round(): void {
  for (const path of paths) {
    const text = read(path);
    if (text === undefined) continue;
    reads++;
    if (!isWhole(text)) partial.push(`${path}: ${text.length} characters, ${JSON.stringify(text.slice(0, 40))}`);
  }
  setTimeout(round, 3);
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
