/**
 * Owns the live display at the foot of a terminal: a line for each busy worker with its task and elapsed time, and a
 * bar with counts.
 * It is loaded only where there is a terminal, and shows what it is told; lines scroll above it.
 *
 * @module
 */
import * as colors from "@std/fmt/colors";
import { createLogUpdate } from "log-update";
import process from "node:process";
import type { Footer, Tone } from "./reporter.ts";

const REDRAW_MS = 100;
const BAR_WIDTH = 24;

/** What the display shows of a run. */
export interface LiveState {
  readonly total: number;
  /** Tasks completed, failed and skipped so far. */
  readonly done: () => number;
  readonly failed: () => number;
  /** Worker id → what it does and since when (`performance.now()`). */
  readonly busy: ReadonlyMap<number, { readonly task: string; readonly since: number }>;
}

/** The footer of one run; `close` leaves the screen without it. */
export class LiveView implements Footer {
  readonly #state: LiveState;
  readonly #update: ReturnType<typeof createLogUpdate>;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(state: LiveState, stream: "stdout" | "stderr") {
    this.#state = state;
    this.#update = createLogUpdate(process[stream], { showCursor: true });
    this.#timer = setInterval(() => this.show(), REDRAW_MS);
  }

  hide(): void {
    this.#update.clear();
  }

  show(): void {
    this.#update(frame(this.#state, performance.now(), terminalSize()).join("\n"));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#update.clear();
    this.#update.done();
  }
}

/** The lines of the display at one moment; never more than the screen has room for. */
export function frame(
  state: LiveState,
  now: number,
  size: { readonly columns: number; readonly rows: number },
): string[] {
  const room = Math.max(1, size.rows - 2);
  const busy = [...state.busy].sort(([a], [b]) => a - b);
  const shown = busy.slice(0, busy.length > room ? room - 1 : room);
  const lines = shown.map(([worker, { task, since }]) => {
    const elapsed = `${((now - since) / 1000).toFixed(1)}s`;
    const head = `  ${String(worker).padStart(2)} `;
    const width = Math.max(8, size.columns - head.length - elapsed.length - 2);
    const name = task.length > width ? task.slice(0, width - 1) + "…" : task;
    return `${colors.dim(head)}${name} ${colors.dim(elapsed)}`;
  });
  if (shown.length < busy.length) lines.push(colors.dim(`     and ${busy.length - shown.length} more`));
  const done = state.done(), failed = state.failed();
  const filled = state.total === 0 ? BAR_WIDTH : Math.floor(BAR_WIDTH * done / state.total);
  const bar = colors.green("━".repeat(filled)) + colors.dim("━".repeat(BAR_WIDTH - filled));
  const failures = failed > 0 ? colors.red(`, ${failed} failed`) : "";
  lines.push(`${bar} ${done}/${state.total} tasks, ${busy.length} running${failures}`);
  return lines;
}

/** Gives a line its colour. */
export function paint(text: string, tone: Tone): string {
  switch (tone) {
    case "good":
      return colors.green(text);
    case "bad":
      return colors.red(text);
    case "dim":
      return colors.dim(text);
    case "plain":
      return text;
  }
}

function terminalSize(): { columns: number; rows: number } {
  try {
    return Deno.consoleSize();
  } catch {
    return { columns: 80, rows: 24 };
  }
}
