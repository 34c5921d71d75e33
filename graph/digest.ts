/**
 * Owns SHA-256. It is loaded at the first digest rather than at the start: that costs 15 ms, which is longer than a
 * build of two thousand tasks takes to find that it has nothing to do.
 *
 * @module
 */
type Crypto = typeof import("node:crypto");

/** A digest in the making. */
export type Hash = ReturnType<Crypto["createHash"]>;

/** Begins a SHA-256 digest. */
export function beginSha256(): Hash {
  return (globalThis.process.getBuiltinModule("node:crypto") as Crypto).createHash("sha256");
}

/** SHA-256 in lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return beginSha256().update(data).digest("hex");
}
