/**
 * Owns a block of lines on a terminal that is redrawn in place, as long as it is all that is shown there.
 * It is loaded only where there is a terminal. For a display below lines that scroll see live_view.ts.
 *
 * @module
 */
import { LiveRegion } from "./live_region.ts";
import { ScreenStream, terminalSize } from "./screen_stream.ts";

/** One block; `close` leaves it standing as it was last shown. */
export class Panel implements Disposable {
  readonly #stream = new ScreenStream("stdout");
  readonly #region = new LiveRegion(this.#stream);

  /** The room there is; one row stays free for the cursor. */
  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = terminalSize();
    return { columns, rows: Math.max(1, rows - 1) };
  }

  show(text: string): void {
    if (!this.#stream.isBehind) this.#region.paint(text.split("\n"));
  }

  close(): void {
    this.#region.leave();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
