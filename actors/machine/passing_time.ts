/**
 * Owns the waits of a run that may well be over before they are: by shared memory, since Deno loads its timers with the
 * first that is set or cleared, which takes longer than a task. Such a wait keeps no process alive.
 *
 * @module
 */

/** Resolves after so many milliseconds. */
export async function passed(milliseconds: number): Promise<void> {
  await Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds).value;
}

/** Acts again and again, so many milliseconds apart, until it is disposed of. */
export class Beat implements Disposable {
  #isOver = false;

  constructor(milliseconds: number, act: () => void) {
    this.#go(milliseconds, act);
  }

  async #go(milliseconds: number, act: () => void): Promise<void> {
    while (!this.#isOver) {
      await passed(milliseconds);
      if (!this.#isOver) act();
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
  }
}
