/**
 * Owns the showing of what several tasks print at the same time: whole lines, each with its task's name in front.
 *
 * @module
 */
import { LineSplitter } from "./line_splitter.ts";
import type { Reporter } from "./reporter.ts";
import { escapeControls } from "../../graph/text.ts";

/** The open lines of all tasks. */
export class PrefixedOutput {
  readonly #reporter: Reporter;
  readonly #splitters = new Map<string, LineSplitter>();

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** Takes in what a task has printed; `name` stands in front of its lines. */
  add(task: number, name: string, stream: "stdout" | "stderr", bytes: Uint8Array): void {
    const key = `${task} ${stream}`;
    let splitter = this.#splitters.get(key);
    if (splitter === undefined) {
      const prefix = new TextEncoder().encode(`${escapeControls(name)} | `);
      splitter = new LineSplitter(prefix, (lines) => this.#reporter.raw(lines));
      this.#splitters.set(key, splitter);
    }
    splitter.add(bytes);
  }

  /** A task has ended: what is left of its lines is shown. */
  end(task: number): void {
    for (const stream of ["stdout", "stderr"]) {
      const key = `${task} ${stream}`;
      this.#splitters.get(key)?.end();
      this.#splitters.delete(key);
    }
  }
}
