/**
 * Owns how fast reports are passed on: no faster than what they make troupe say can be written. Those who report have
 * little under way each, so what is held here is bounded by their number.
 * It reads no report, and keeps their order.
 *
 * @module
 */

/** One stream of reports. */
export class Pace<Report> {
  readonly #pass: (report: Report) => void;
  readonly #room: () => Promise<void> | undefined;
  readonly #held: Report[] = [];
  #isHurried = false;

  /** `room` resolves when there is room for more, and is undefined when there is some. */
  constructor(pass: (report: Report) => void, room: () => Promise<void> | undefined) {
    this.#pass = pass;
    this.#room = room;
  }

  /** Passes a report on, now or when its turn has come and there is room. */
  post(report: Report): void {
    if (this.#held.length === 0 && (this.#isHurried || this.#room() === undefined)) return this.#pass(report);
    this.#held.push(report);
    if (this.#held.length === 1) this.#wait();
  }

  /** From now on nothing is held back: the end has been asked for, and little will come any more. */
  hurry(): void {
    this.#isHurried = true;
    this.#passHeld();
  }

  async #wait(): Promise<void> {
    while (this.#held.length > 0) {
      await this.#room();
      this.#passHeld();
    }
  }

  #passHeld(): void {
    while (this.#held.length > 0 && (this.#isHurried || this.#room() === undefined)) this.#pass(this.#held.shift()!);
  }
}
