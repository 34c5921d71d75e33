/**
 * Owns SHA-256 of little content, as FIPS 180-4 writes it down. It is slower than the machine's own, which graph/digest.ts
 * takes for all that is more, and needs nothing to be loaded.
 *
 * @module
 */

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUNDS = words(
  "428a2f9871374491b5c0fbcfe9b5dba53956c25b59f111f1923f82a4ab1c5ed5" +
    "d807aa9812835b01243185be550c7dc372be5d7480deb1fe9bdc06a7c19bf174" +
    "e49b69c1efbe47860fc19dc6240ca1cc2de92c6f4a7484aa5cb0a9dc76f988da" +
    "983e5152a831c66db00327c8bf597fc7c6e00bf3d5a7914706ca635114292967" +
    "27b70a852e1b21384d2c6dfc53380d13650a7354766a0abb81c2c92e92722c85" +
    "a2bfe8a1a81a664bc24b8b70c76c51a3d192e819d6990624f40e3585106aa070" +
    "19a4c1161e376c082748774c34b0bcb5391c0cb34ed8aa4a5b9cca4f682e6ff3" +
    "748f82ee78a5636f84c878148cc7020890befffaa4506cebbef9a3f7c67178f2",
);

/** The same of the square roots of the first eight primes: the state before the first block. */
const BEGINNING = words("6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19");

const BLOCK = 64;

/** How many bytes a bit count takes, and the bit that stands before it. */
const ENDING = 9;

// Of the digest at hand, of which a thread has one at a time: a small file is digested in less than these take to be made.
const state = new Int32Array(8), schedule = new Int32Array(64);
const end = new Uint8Array(2 * BLOCK), endView = new DataView(end.buffer);

/** SHA-256 of bytes, in lower-case hex. */
export function smallSha256(bytes: Uint8Array): string {
  const rest = bytes.length % BLOCK, whole = bytes.length - rest;
  state.set(BEGINNING);
  const view = new DataView(bytes.buffer, bytes.byteOffset, whole);
  for (let at = 0; at < whole; at += BLOCK) digestBlock(view, at);
  // Behind the bytes stand a one bit, zeros, and how many bits they were, at the end of a block.
  const size = rest + ENDING > BLOCK ? 2 * BLOCK : BLOCK;
  end.fill(0);
  for (let i = 0; i < rest; i++) end[i] = bytes[whole + i];
  end[rest] = 0x80;
  endView.setUint32(size - 8, Math.floor(bytes.length / 2 ** 29));
  endView.setUint32(size - 4, bytes.length * 8);
  for (let at = 0; at < size; at += BLOCK) digestBlock(endView, at);
  let hex = "";
  for (let i = 0; i < state.length; i++) hex += (state[i] >>> 0).toString(16).padStart(8, "0");
  return hex;
}

function digestBlock(view: DataView, at: number): void {
  for (let i = 0; i < 16; i++) schedule[i] = view.getInt32(at + i * 4);
  for (let i = 16; i < 64; i++) {
    const x = schedule[i - 15], y = schedule[i - 2];
    schedule[i] = schedule[i - 16] + schedule[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) +
      ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
  }
  let a = state[0], b = state[1], c = state[2], d = state[3];
  let e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const fromE = ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (g ^ e & (f ^ g));
    const fromA = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b | c & (a | b));
    const added = h + fromE + ROUNDS[i] + schedule[i] | 0;
    h = g;
    g = f;
    f = e;
    e = d + added | 0;
    d = c;
    c = b;
    b = a;
    a = added + fromA | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

function words(hex: string): Int32Array {
  return Int32Array.from(hex.match(/.{8}/g)!, (word) => parseInt(word, 16));
}
