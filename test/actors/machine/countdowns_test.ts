import { assertEquals } from "@std/assert";
import { Countdowns } from "../../../actors/machine/countdowns.ts";

/** Time that passes when the test says so: this thread's clock and its timers, for as long as it is in scope. */
class Time implements Disposable {
  readonly #real = { setTimeout, clearTimeout, now: performance.now };
  readonly #timers = new Map<number, { readonly atMs: number; readonly act: () => void }>();
  #nowMs = 0;
  #timer = 0;

  constructor() {
    performance.now = () => this.#nowMs;
    globalThis.setTimeout = ((act: () => void, ms: number) => {
      this.#timers.set(++this.#timer, { atMs: this.#nowMs + ms, act });
      return this.#timer;
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = (timer) => void this.#timers.delete(timer as number);
  }

  passes(ms: number): void {
    this.#nowMs += ms;
    for (const [timer, { act }] of [...this.#timers].filter(([, { atMs }]) => atMs <= this.#nowMs)) {
      this.#timers.delete(timer);
      act();
    }
  }

  [Symbol.dispose](): void {
    performance.now = this.#real.now;
    globalThis.setTimeout = this.#real.setTimeout;
    globalThis.clearTimeout = this.#real.clearTimeout;
  }
}

// K30
Deno.test("Countdowns: no time passes for those that are held, and what is cleared never acts", () => {
  using time = new Time();
  const countdowns = new Countdowns();
  const acted: string[] = [];
  countdowns.after(20, () => acted.push("held"));
  time.passes(5);
  countdowns.hold();
  countdowns.hold();
  countdowns.after(10, () => acted.push("begun while held"));
  time.passes(1000);
  assertEquals(acted, []);
  countdowns.goOn();
  countdowns.goOn();
  time.passes(9);
  assertEquals(acted, []);
  time.passes(1);
  assertEquals(acted, ["begun while held"]);
  time.passes(4);
  assertEquals(acted.length, 1);
  time.passes(1);
  assertEquals(acted, ["begun while held", "held"]);
  countdowns.after(5, () => acted.push("cleared"));
  countdowns.clear();
  time.passes(1000);
  assertEquals(acted.length, 2);
});
