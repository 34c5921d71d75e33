/**
 * Owns SHA-256. Deno's own is loaded when there is more to digest than a small build has: that costs 15 to 35 ms of CPU in
 * each thread, as much as three megabytes take without it. A digest of less than a block takes no longer without it than
 * with it, so that bytes alone count.
 *
 * @module
 */
import { smallSha256 } from "./small_sha256.ts";

type Native = ReturnType<typeof import("node:crypto").createHash>;

/** A digest in the making. */
export interface Hash {
  /** Takes more bytes, or a text as UTF-8; they may be overwritten afterwards. */
  update(data: string | Uint8Array): Hash;
  /** Another one that has been given the same. */
  copy(): Hash;
  /** The digest in lower-case hex; it is used up then. */
  digest(form: "hex"): string;
}

/** How many bytes a thread digests before it loads what does so faster, what each digest adds to its bytes included. */
const SMALL = 1024 * 1024;

/** What a digest adds to its bytes: at least the end of a block. */
const ENDING = 64;

let left = SMALL;

/** Begins a SHA-256 digest. */
export function beginSha256(): Hash {
  return left < ENDING ? native() : new SmallHash();
}

/** SHA-256 in lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return beginSha256().update(data).digest("hex");
}

function native(): Native {
  const crypto = globalThis.process.getBuiltinModule("node:crypto") as typeof import("node:crypto");
  return crypto.createHash("sha256");
}

/** Keeps what it is given until that is too much for a small one. */
class SmallHash implements Hash {
  #kept: readonly Uint8Array[];
  #size = ENDING;
  #native: Native | undefined;

  constructor(kept: readonly Uint8Array[] = [], native?: Native) {
    this.#kept = kept;
    for (const { length } of kept) this.#size += length;
    this.#native = native;
  }

  update(data: string | Uint8Array): this {
    if (this.#native === undefined && this.#size + data.length <= left) {
      const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data.slice();
      this.#kept = [...this.#kept, bytes];
      this.#size += bytes.length;
      return this;
    }
    this.#grown().update(data);
    return this;
  }

  copy(): SmallHash {
    return new SmallHash(this.#kept, this.#native?.copy());
  }

  digest(form: "hex"): string {
    if (this.#native !== undefined || this.#size > left) return this.#grown().digest(form);
    left -= this.#size;
    const bytes = new Uint8Array(this.#size - ENDING);
    let at = 0;
    for (const piece of this.#kept) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return smallSha256(bytes);
  }

  /** All that it was given, in one that takes any number of bytes. */
  #grown(): Native {
    if (this.#native === undefined) {
      this.#native = native();
      for (const piece of this.#kept) this.#native.update(piece);
      this.#kept = [];
    }
    return this.#native;
  }
}

/** Whether a text is a SHA-256 in lower-case hex. */
export function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** HMAC with SHA-256 of a text, in lower-case hex. */
export function hmacSha256(secret: string, text: string): string {
  const crypto = globalThis.process.getBuiltinModule("node:crypto") as typeof import("node:crypto");
  return crypto.createHmac("sha256", secret).update(text).digest("hex");
}
