/**
 * Owns stdout and stderr: the only writer to both, so that no two lines interleave.
 * It chooses no words; those are in graph/report.ts.
 *
 * Lines are gathered for the length of one turn and written in one go: a build of 10 000 tasks writes 20 000 lines.
 *
 * @module
 */
import { systemDetail } from "./system_error.ts";

/** How a line is shown where there is colour. */
export type Tone = "plain" | "good" | "bad" | "dim";

/** A display that stays at the foot of the terminal; see live_view.ts. */
export interface Footer {
  /** Takes it off the screen, so that lines can be written. */
  hide(): void;
  /** Puts it back. */
  show(): void;
}

/** Choices for one run. */
export interface ReporterOptions {
  /** Where human lines go: with `--json` that is stderr, since stdout carries the report alone; `none` for a library. */
  readonly lines: "stdout" | "stderr" | "none";
  /** Gives a text its colour; absent where there is none. */
  readonly paint?: (text: string, tone: Tone) => string;
}

const NEWLINE = new Uint8Array([10]);

/** So much goes into a pipe whole or not at all (PIPE_BUF), and Deno does not say how much of a larger piece went. */
const ATOMIC_BYTES = 4096;

/** Between two tries at a pipe that is full. */
const NAP_MS = 2;

const FLUSH_BYTES = 64 * 1024;

/** The actor that writes; its methods put in order what is written at the end of the turn. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #encoder = new TextEncoder();
  #pending: Uint8Array[] = [];
  #text = "";
  #bytes = 0;
  #isScheduled = false;
  #footer: Footer | undefined;
  /** Streams that take nothing more. */
  readonly #ended = new Set<"stdout" | "stderr">();
  readonly #nap = new Int32Array(new SharedArrayBuffer(4));

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  set footer(footer: Footer | undefined) {
    this.flush();
    this.#footer?.hide();
    this.#footer = footer;
    footer?.show();
  }

  line(text: string, tone: Tone = "plain"): void {
    this.#text += tone === "plain" || this.#options.paint === undefined ? text : this.#options.paint(text, tone);
    this.#text += "\n";
    this.#schedule();
  }

  /** A command's own output, byte for byte, ended by a newline. */
  raw(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#sealText();
    this.#pending.push(bytes);
    this.#bytes += bytes.length;
    if (bytes[bytes.length - 1] !== 10) this.#text = "\n";
    this.#schedule();
  }

  /** A command's own output to stderr, byte for byte, ended by a newline, after all lines that came before. */
  errorOutput(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#options.lines === "none") return;
    this.flush();
    this.#footer?.hide();
    this.#write("stderr", bytes);
    if (bytes[bytes.length - 1] !== 10) this.#write("stderr", NEWLINE);
    this.#footer?.show();
  }

  /** A warning or an error about the run itself: always to stderr, and after all lines that came before. */
  error(text: string): void {
    if (this.#options.lines === "none") return;
    this.flush();
    this.#footer?.hide();
    this.#write("stderr", this.#encoder.encode(this.#options.paint?.(text, "bad") ?? text));
    this.#write("stderr", this.#encoder.encode("\n"));
    this.#footer?.show();
  }

  /** The report for scripts: to stdout, whole. Answers whether all was written that anyone wanted to read. */
  result(text: string): boolean {
    this.flush();
    return this.#write("stdout", this.#encoder.encode(text + "\n"));
  }

  /** Writes what is pending. */
  flush(): void {
    this.#sealText();
    if (this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    this.#bytes = 0;
    this.#footer?.hide();
    const { lines } = this.#options;
    if (lines !== "none") { for (const bytes of pending) this.#write(lines, bytes); }
    this.#footer?.show();
  }

  #schedule(): void {
    if (this.#text.length + this.#bytes > FLUSH_BYTES) return this.flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  #sealText(): void {
    if (this.#text === "") return;
    const bytes = this.#encoder.encode(this.#text);
    this.#text = "";
    this.#pending.push(bytes);
    this.#bytes += bytes.length;
  }

  #write(to: "stdout" | "stderr", bytes: Uint8Array): boolean {
    if (this.#ended.has(to)) return false;
    for (let at = 0; at < bytes.length;) {
      try {
        at += Deno[to].writeSync(bytes.subarray(at, at + ATOMIC_BYTES));
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) return this.#end(to, error);
        // Someone made the pipe non-blocking, and its reader is slow: wait for it as a blocking one would.
        Atomics.wait(this.#nap, 0, 0, NAP_MS);
      }
    }
    return true;
  }

  /** A reader who has gone (`troupe build | head`) is no error; what nobody chose is told, once. */
  #end(stream: "stdout" | "stderr", error: unknown): boolean {
    this.#ended.add(stream);
    if (error instanceof Deno.errors.BrokenPipe) return true;
    if (stream === "stdout") {
      this.#write("stderr", this.#encoder.encode(`Cannot write to stdout: ${systemDetail(error)}\n`));
    }
    return false;
  }
}
