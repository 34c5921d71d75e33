/**
 * Owns what a command says: lines, other commands' output, warnings and results, in the order in which they were said,
 * so that no two lines interleave.
 * It chooses no words; those are in graph/report/build_lines.ts. It never waits; standard_output.ts writes.
 *
 * Lines are gathered for the length of one turn and written in one go: a build of 10 000 tasks writes 20 000 lines.
 *
 * @module
 */
import { standardOutput, type StreamName } from "./standard_output.ts";
import { visible } from "../../graph/text.ts";

/** How a line is shown where there is colour. */
export type Tone = "plain" | "good" | "bad" | "warn" | "dim";

/** A display that stays at the foot of the terminal; see live_view.ts. */
export interface Footer {
  /** Puts whole lines above it. */
  above(lines: readonly Uint8Array[]): void;
  /** Whether what goes to stderr would be seen on the same terminal. */
  readonly takesErrors: boolean;
}

/** Choices for one run. */
export interface ReporterOptions {
  /** Where human lines go: with `--json` that is stderr, since stdout carries the report alone; `none` for a library. */
  readonly lines: StreamName | "none";
  /** Gives a text its colour; absent where there is none. */
  readonly paint?: (text: string, tone: Tone) => string;
  /** What makes harmless what is said where something reads it for commands. */
  readonly guard?: Guard;
}

/** Takes from what is said what a reader would take for a command. */
export interface Guard {
  /** Of lines: the reporter's own, and what tasks print. */
  readonly lines: (text: string) => string;
  /** Of JSON, which stays the same value. */
  readonly json: (json: string) => string;
}

/** Keeps what a run says, for as long as it says nothing but lines. */
export class Transcript {
  #lines: string[] | undefined = [];

  add(line: string): void {
    this.#lines?.push(line);
  }

  /** Something else was said or done; nothing is kept any more. */
  spoil(): void {
    this.#lines = undefined;
  }

  /** All that was said; undefined when that was not lines alone. */
  get text(): string | undefined {
    return this.#lines?.join("");
  }
}

const NEWLINE = new Uint8Array([10]);

const FLUSH_BYTES = 64 * 1024;

/** The actor that speaks; its methods put in order what is handed on to be written at the end of the turn. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #encoder = new TextEncoder();
  #pending: Uint8Array[] = [];
  #text = "";
  #bytes = 0;
  #isScheduled = false;
  #footer: Footer | undefined;
  /** Told of all that is said. */
  transcript: Transcript | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  set footer(footer: Footer | undefined) {
    this.#handOn();
    this.#footer = footer;
  }

  /** What is not troupe's own in a text may hold anything, so control characters are made visible in all of them. */
  line(line: string, tone: Tone = "plain"): void {
    const text = this.#own(line);
    const painted = tone === "plain" || this.#options.paint === undefined ? text : this.#options.paint(text, tone);
    this.#text += `${painted}\n`;
    this.transcript?.add(`${painted}\n`);
    this.#schedule();
  }

  /** A command's own output, byte for byte unless it is guarded, ended by a newline. */
  raw(bytes: Uint8Array): void {
    this.verbatim(this.#printed(bytes));
  }

  /** The same, byte for byte in any case. */
  verbatim(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.transcript?.spoil();
    this.#sealText();
    this.#pending.push(bytes);
    this.#bytes += bytes.length;
    if (bytes[bytes.length - 1] !== 10) this.#text = "\n";
    this.#schedule();
  }

  /** A command's own output to stderr, as by `raw`, after all lines that came before. */
  errorOutput(printed: Uint8Array): void {
    if (printed.length === 0 || this.#options.lines === "none") return;
    this.transcript?.spoil();
    this.#handOn();
    const bytes = this.#printed(printed);
    this.#putError(bytes[bytes.length - 1] === 10 ? [bytes] : [bytes, NEWLINE]);
  }

  /** A warning or an error about the run itself: always to stderr, and after all lines that came before. */
  error(sentence: string): void {
    const text = this.#own(sentence);
    this.transcript?.spoil();
    if (this.#options.lines === "none") return;
    this.#handOn();
    this.#putError([this.#encoder.encode(`${this.#options.paint?.(text, "bad") ?? text}\n`)]);
  }

  /** The answer of a command: to stdout, whole. Answers whether all was written that anyone wanted to read. */
  async result(text: string): Promise<boolean> {
    return await this.#result(this.#options.guard?.lines(text) ?? text);
  }

  /** The report for scripts, as JSON; otherwise as `result`. */
  async json(report: unknown, indent = 2): Promise<boolean> {
    const json = JSON.stringify(report, null, indent);
    return await this.#result(this.#options.guard?.json(json) ?? json);
  }

  async #result(text: string): Promise<boolean> {
    this.transcript?.spoil();
    this.#handOn();
    if (standardOutput.hasEnded("stdout")) return false;
    standardOutput.put("stdout", this.#encoder.encode(text + "\n"));
    await standardOutput.flush();
    return standardOutput.isWhole("stdout");
  }

  /** Whether all that was written so far has reached whoever wanted to read it. */
  get isWhole(): boolean {
    return standardOutput.isWhole("stdout");
  }

  /** Resolves when all that was said is written. */
  async flush(): Promise<void> {
    this.#handOn();
    await standardOutput.flush();
  }

  /** Resolves when there is room for much more to be said; undefined when there is some already. */
  room(): Promise<void> | undefined {
    return standardOutput.room();
  }

  #own(text: string): string {
    return this.#options.guard?.lines(visible(text)) ?? visible(text);
  }

  /** Byte for byte but for what is guarded: it need be no text. */
  #printed(bytes: Uint8Array): Uint8Array {
    const { guard } = this.#options;
    if (guard === undefined) return bytes;
    // Loading it takes 10 ms, and few are guarded.
    const { Buffer } = globalThis.process.getBuiltinModule("node:buffer") as typeof import("node:buffer");
    return Buffer.from(guard.lines(Buffer.from(bytes).toString("latin1")), "latin1");
  }

  /** Hands on what is pending. */
  #handOn(): void {
    this.#sealText();
    if (this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    this.#bytes = 0;
    const { lines } = this.#options;
    if (lines === "none") return;
    if (this.#footer !== undefined) this.#footer.above(pending);
    else for (const bytes of pending) standardOutput.put(lines, bytes);
  }

  #putError(pieces: readonly Uint8Array[]): void {
    if (this.#footer?.takesErrors) this.#footer.above(pieces);
    else for (const bytes of pieces) standardOutput.put("stderr", bytes);
  }

  #schedule(): void {
    if (this.#text.length + this.#bytes > FLUSH_BYTES) return this.#handOn();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#handOn();
    });
  }

  #sealText(): void {
    if (this.#text === "") return;
    const bytes = this.#encoder.encode(this.#text);
    this.#text = "";
    this.#pending.push(bytes);
    this.#bytes += bytes.length;
  }
}
