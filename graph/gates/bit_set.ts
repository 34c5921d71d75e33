/**
 * Owns sets of small numbers as bits, 32 to a word, and what can be asked of them a word at a time.
 *
 * @module
 */

/** A set of numbers from 0 to `32 * words - 1`. */
export class BitSet {
  readonly #words: Uint32Array;

  constructor(words: number) {
    this.#words = new Uint32Array(words);
  }

  /** Puts a number in. */
  add(bit: number): void {
    this.#words[bit >> 5] |= 1 << (bit & 31);
  }

  /** How many are in it and not in the set whose words start at `start` of `others`. */
  countWithout(others: Uint32Array, start: number): number {
    let count = 0;
    for (let word = 0; word < this.#words.length; word++) count += bitCount(this.#words[word] & ~others[start + word]);
    return count;
  }

  /** Calls `visit` with each of these, from the least. */
  visitWithout(others: Uint32Array, start: number, visit: (bit: number) => void): void {
    for (let word = 0; word < this.#words.length; word++) {
      for (let bits = this.#words[word] & ~others[start + word]; bits !== 0; bits &= bits - 1) {
        visit(word * 32 + 31 - Math.clz32(bits & -bits));
      }
    }
  }
}

/** By halves, as in Warren, Hacker's Delight, 5-1. */
function bitCount(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
