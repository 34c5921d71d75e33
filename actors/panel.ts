/**
 * Owns a block of lines on a terminal that is redrawn in place, as long as it is all that is shown there.
 * It is loaded only where there is a terminal. For a display below lines that scroll see live_view.ts.
 *
 * @module
 */
import { createLogUpdate } from "log-update";
import process from "node:process";

/** One block; `close` leaves it standing as it was last shown. */
export class Panel implements Disposable {
  readonly #update = createLogUpdate(process.stdout, { showCursor: true });

  /** The room there is; one row stays free for the cursor. */
  get size(): { readonly columns: number; readonly rows: number } {
    try {
      const { columns, rows } = Deno.consoleSize();
      return { columns, rows: Math.max(1, rows - 1) };
    } catch {
      return { columns: 80, rows: 23 };
    }
  }

  show(text: string): void {
    this.#update(text);
  }

  close(): void {
    this.#update.done();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
