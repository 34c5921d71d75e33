/**
 * Owns the way from a string to the number it stands for: task names and output paths to tasks.
 * It is a Map that only grows, with one difference: strings fresh from JSON.parse carry no hash yet, and asking V8 for it
 * costs some 300 ns each, half the time of building a graph of 300 000 dependencies. Hashing them here costs a tenth.
 *
 * @module
 */

/** Strings to numbers; each number below the capacity may be used once. */
export class StringIndex {
  /** Open addressing with linear probing, at most half full: a number plus 1, or 0 for none. */
  readonly #slots: Int32Array;
  readonly #hashes: Int32Array;
  readonly #texts: string[];

  constructor(capacity: number) {
    let slots = 16;
    while (slots < 2 * capacity) slots *= 2;
    this.#slots = new Int32Array(slots);
    this.#hashes = new Int32Array(slots);
    this.#texts = new Array<string>(capacity).fill("");
  }

  /** The number of a string, or -1. */
  get(text: string): number {
    return this.#slots[this.#find(text, hashOf(text))] - 1;
  }

  /** Gives a string a number, unless it has one: that is the answer then, and -1 otherwise. */
  add(text: string, number: number): number {
    const hash = hashOf(text);
    const at = this.#find(text, hash);
    const present = this.#slots[at];
    if (present !== 0) return present - 1;
    this.#slots[at] = number + 1;
    this.#hashes[at] = hash;
    this.#texts[number] = text;
    return -1;
  }

  /** The slot that holds a string, or the free one where it would go. */
  #find(text: string, hash: number): number {
    const slots = this.#slots;
    const last = slots.length - 1;
    let at = hash & last;
    // Strings are compared only where all 32 bits agree.
    while (slots[at] !== 0 && (this.#hashes[at] !== hash || this.#texts[slots[at] - 1] !== text)) at = (at + 1) & last;
    return at;
  }
}

/** FNV-1a over UTF-16 units, the high bits folded into the low ones that choose the slot. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 15);
}
