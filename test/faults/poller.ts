/**
 * Owns files whose content shows whether it is whole, and the test's end of a thread that reads such files over and
 * over, as any reader of artifacts might.
 *
 * @module
 */

const LINES = 3000;

/** The whole content of a file, by its label and version: one line, many times. */
export function filled(label: string, version: number): string {
  return `${label} ${String(version).padStart(6, "0")}\n`.repeat(LINES);
}

/** Whether a text is all of a filled file. */
export function isWhole(text: string): boolean {
  const line = text.slice(0, text.indexOf("\n") + 1);
  return line !== "" && text.length === LINES * line.length && text === line.repeat(LINES);
}

/** What the thread has to say. */
export interface Findings {
  readonly reads: number;
  readonly partial: readonly string[];
}

/** Starts polling the given paths; `stop` answers with what was found. */
export async function poll(paths: readonly string[]): Promise<{ stop(): Promise<Findings> }> {
  const thread = new Worker(new URL("./poller_thread.ts", import.meta.url), { type: "module", name: "poller" });
  const next = () => new Promise<MessageEvent>((resolve) => thread.onmessage = resolve);
  const begun = next();
  thread.postMessage(paths);
  await begun;
  return {
    async stop() {
      const answer = next();
      thread.postMessage("stop");
      const { data } = await answer;
      thread.terminate();
      return data;
    },
  };
}
