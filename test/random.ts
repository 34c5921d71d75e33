/**
 * Owns the randomness of tests: a small seeded generator, so that a run that failed can be seen again.
 *
 * @module
 */

/** Random choices from one seed. */
export interface Random {
  /** A whole number from 0 to n - 1. */
  below(n: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  shuffled<Item>(items: readonly Item[]): Item[];
}

/** The seed of a random test: from `TROUPE_SEED` if that is set, else from the clock; printed either way. */
export function seedFor(name: string): number {
  const given = Deno.env.get("TROUPE_SEED");
  const seed = given === undefined ? Date.now() % 1_000_000_000 : Number(given);
  console.log(`${name}: TROUPE_SEED=${seed}`);
  return seed;
}

/** Whether all is to be tried in full: `deno task ok --full`. */
export const isFull = Deno.args.includes("--full");

/** How many rounds a random test does: so many in full, a fifth of them by default. */
export function rounds(inFull: number): number {
  return isFull ? inFull : Math.ceil(inFull / 5);
}

/** The distance between the points that a sweep tries: so long in full, five times as long by default. */
export function stride(inFull: number): number {
  return isFull ? inFull : inFull * 5;
}

/** A generator by Mulberry32 (Tommy Ettinger, public domain): four lines, and good enough to shuffle graphs. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)],
    shuffled(items) {
      const copy = [...items];
      for (let i = copy.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [copy[i], copy[j]] = [copy[j], copy[i]];
      }
      return copy;
    },
  };
}
