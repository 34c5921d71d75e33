/**
 * Owns the live display at the foot of a terminal: what runs, slowest first, and a bar with counts and the time left.
 * It is loaded only where there is a terminal. How the tasks stand it reads in the status table, and asks nobody; lines
 * scroll above it.
 *
 * @module
 */
import * as colors from "@std/fmt/colors";
import stringWidth from "string-width";
import { durationText } from "../../graph/report/closing.ts";
import type { BusyWorker } from "../engine/busy_workers.ts";
import { LiveRegion } from "./live_region.ts";
import type { Footer, Tone } from "./reporter.ts";
import { ScreenStream, terminalSize } from "./screen_stream.ts";
import type { StreamName } from "./standard_output.ts";
import type { StatusTable } from "../worker/status_table.ts";
import { escapeControls } from "../../graph/text.ts";

/** Ten frames a second. */
const FRAME_MS = 100;
/** The time left is reckoned anew so often; it takes a walk over all tasks. */
const RECKON_MS = 1000;
const BAR_WIDTH = 20;
/** A bar that is shorter shows nothing. */
const LEAST_BAR = 4;
/** Of the rows of a window one in so many is for what runs. */
const ROWS_PER_LINE = 8;

/** What the display shows of a run. */
export interface LiveState {
  readonly table: Pick<StatusTable, "size" | "read" | "counts">;
  /** How many of the tasks that are done needed nothing done. */
  readonly cached: () => number;
  /** Worker id → what it does. */
  readonly busy: ReadonlyMap<number, BusyWorker>;
  /** How long a task usually takes, in milliseconds, if that is known. */
  readonly usualMs?: (task: string) => number | undefined;
  /** How long the run will still take, in milliseconds, if that is known. */
  readonly leftMs?: () => number | undefined;
}

/** The footer of one run; `close` leaves the screen without it. */
export class LiveView implements Footer {
  readonly takesErrors = Deno.stderr.isTerminal();
  readonly #state: LiveState;
  readonly #stream: ScreenStream;
  readonly #name: StreamName;
  readonly #region: LiveRegion;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #wipe = () => this.#wipeAtExit();
  #left: { readonly at: number; readonly ms: number | undefined } | undefined;

  constructor(state: LiveState, name: StreamName) {
    this.#state = state;
    this.#name = name;
    this.#stream = new ScreenStream(name);
    this.#region = new LiveRegion(this.#stream);
    this.#timer = setInterval(() => this.#stream.isBehind || this.#region.paint(this.#frame()), FRAME_MS);
    addEventListener("unload", this.#wipe);
  }

  above(lines: readonly Uint8Array[]): void {
    this.#region.paint(this.#frame(), lines);
  }

  /** After the program was stopped and let go on: the shell has written below what stood there. */
  leave(): void {
    this.#region.leave();
  }

  close(): void {
    clearInterval(this.#timer);
    removeEventListener("unload", this.#wipe);
    this.#region.clear();
  }

  #frame(): string[] {
    const now = performance.now();
    if (this.#left === undefined || now - this.#left.at > RECKON_MS) {
      this.#left = { at: now, ms: this.#state.leftMs?.() };
    }
    const { at, ms } = this.#left;
    return frame(this.#state, now, terminalSize(), ms === undefined ? undefined : Math.max(0, ms - (now - at)));
  }

  /** The program is ended in the midst of a run. A terminal that takes nothing must not keep it. */
  #wipeAtExit(): void {
    if (this.#stream.isBehind) return;
    try {
      Deno[this.#name].writeSync(new TextEncoder().encode(this.#region.clearing()));
    } catch {
      // The terminal is gone.
    }
  }
}

/** The lines of the display at one moment; never more than the window has room for, nor wider. */
export function frame(
  state: LiveState,
  now: number,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  leftMs?: number,
): string[] {
  const width = Math.max(1, columns - 1);
  const lines = Math.max(1, Math.floor(rows / ROWS_PER_LINE));
  return [...(rows > 2 ? runningLines(state, now, { width, lines }) : []), barLine(state, width, leftMs)];
}

/** What runs, the slowest first, and how many more. */
function runningLines(
  { table, busy, usualMs }: LiveState,
  now: number,
  { width, lines: most }: { readonly width: number; readonly lines: number },
): string[] {
  const running = [...busy.values()].filter(({ index }) => table.read(index) === "running");
  const slowest = running.sort((a, b) => a.since - b.since);
  const lines: string[] = [];
  let line = "", used = 0, shown = 0;
  for (const { task, since } of slowest) {
    const usual = usualMs?.(task);
    // A mark, a letter and what else stands in the last line must have room beside the times.
    const elapsed = durationText(now - since), room = width - 4 - `  +${slowest.length}`.length;
    const times = [...(usual === undefined ? [] : [`${elapsed} (usually ${durationText(usual)})`]), elapsed]
      .find((text) => text.length <= room) ?? "";
    const rest = slowest.length - shown - 1;
    const fit = () => {
      const more = rest > 0 && lines.length === most - 1 ? `  +${slowest.length}`.length : 0;
      const name = fitted(escapeControls(task), Math.max(1, width - times.length - 3 - more));
      return { name, entry: stringWidth(name) + times.length + 3, more };
    };
    const first = fit();
    let { name, entry } = first;
    if (used > 0 && used + 2 + entry + first.more > width) {
      if (lines.length === most - 1) break;
      lines.push(line);
      line = "";
      used = 0;
      ({ name, entry } = fit()); // the last line has less room
    }
    line += `${used > 0 ? "  " : ""}${colors.cyan("▸")} ${name} ${colors.dim(times)}`;
    used += (used > 0 ? 2 : 0) + entry;
    shown++;
  }
  if (used > 0) lines.push(shown < slowest.length ? `${line}  ${colors.dim(`+${slowest.length - shown}`)}` : line);
  return lines;
}

function barLine(state: LiveState, width: number, leftMs: number | undefined): string {
  const { size: total } = state.table;
  const { completed, failed, skipped } = state.table.counts();
  const done = completed + failed + skipped, cached = state.cached();
  const parts: [string, (text: string) => string][] = [
    [`${done}/${total}`, (text) => text],
    ...(failed > 0 ? [[`✗${failed}`, colors.red] as [string, (text: string) => string]] : []),
    ...(cached > 0 ? [[`${cached} cached`, colors.dim] as [string, (text: string) => string]] : []),
    ...(leftMs === undefined || done === total
      ? []
      : [[`~${wholeSeconds(leftMs)}`, colors.dim] as [string, (text: string) => string]]),
  ];
  while (parts.length > 1 && textWidth(parts) > width) parts.pop();
  const room = Math.min(BAR_WIDTH, width - textWidth(parts) - 1);
  const text = parts.map(([text, colour]) => colour(text)).join("  ");
  if (room < LEAST_BAR) return text;
  const filled = total === 0 ? room : Math.floor(room * done / total);
  return `${colors.green("━".repeat(filled))}${colors.dim("─".repeat(room - filled))} ${text}`;
}

function textWidth(parts: readonly [string, unknown][]): number {
  return parts.reduce((width, [text]) => width + text.length + 2, -2);
}

/** A time that is a guess has no tenths. */
function wholeSeconds(ms: number): string {
  return ms < 60_000 ? `${Math.ceil(ms / 1000)}s` : durationText(ms);
}

/** A text in so many columns of a terminal, cut between graphemes. */
export function fitted(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let cut = "", used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const wide = stringWidth(segment);
    if (used + wide > width - 1) break;
    cut += segment;
    used += wide;
  }
  return `${cut}…`;
}

/** Whether there is colour from here on, whatever the environment says. */
export function enableColor(isOn: boolean): void {
  colors.setColorEnabled(isOn);
}

/** Gives a line its colour. */
export function paint(text: string, tone: Tone): string {
  switch (tone) {
    case "good":
      return colors.green(text);
    case "bad":
      return colors.red(text);
    case "warn":
      return colors.yellow(text);
    case "dim":
      return colors.dim(text);
    case "plain":
      return text;
  }
}
