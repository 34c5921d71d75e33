/**
 * Owns the C form of a command's strings: the argument vector and the environment as arrays of pointers.
 * It makes no call; whoever does keeps what this returns alive until the call has returned.
 *
 * @module
 */
import type { SpawnOptions } from "./spawn.ts";

/** What `posix_spawn` is given; the pointers lead into `path` and into the common environment's buffer. */
export interface CommandStrings {
  readonly path: Uint8Array<ArrayBuffer>;
  readonly args: BigUint64Array<ArrayBuffer>;
  readonly env: BigUint64Array<ArrayBuffer>;
}

interface Block {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pointers: readonly bigint[];
}

const NOTHING: Block = { bytes: new Uint8Array(0), pointers: [] };

/** Encodes commands; the environment they have in common only once. */
export class StringEncoder {
  readonly #encoder = new TextEncoder();
  #common: Readonly<Record<string, string>> | undefined;
  #commonBlock: Block | undefined;

  /** The strings of a command, or undefined when one of them has a NUL character. */
  encode(argv: readonly string[], { env, commonEnv }: SpawnOptions): CommandStrings | undefined {
    const isOverridden = commonEnv !== undefined && Object.keys(env).some((name) => Object.hasOwn(commonEnv, name));
    const own = isOverridden ? { ...commonEnv, ...env } : env;
    const common = isOverridden || commonEnv === undefined ? NOTHING : this.#encodeCommon(commonEnv);
    const strings = [...argv];
    for (const name in own) strings.push(`${name}=${own[name]}`);
    const block = this.#encodeBlock(strings);
    if (block === undefined || common === undefined) return undefined;
    const args = new BigUint64Array(argv.length + 1);
    const vector = new BigUint64Array(strings.length - argv.length + common.pointers.length + 1);
    for (let i = 0; i < argv.length; i++) args[i] = block.pointers[i];
    let at = 0;
    for (let i = argv.length; i < strings.length; i++) vector[at++] = block.pointers[i];
    for (const pointer of common.pointers) vector[at++] = pointer;
    return { path: block.bytes, args, env: vector };
  }

  #encodeCommon(common: Readonly<Record<string, string>>): Block | undefined {
    if (this.#common !== common) {
      this.#common = common;
      this.#commonBlock = this.#encodeBlock(Object.entries(common).map(([name, value]) => `${name}=${value}`));
    }
    return this.#commonBlock;
  }

  /** All strings in one buffer, each closed by a NUL. */
  #encodeBlock(strings: readonly string[]): Block | undefined {
    const bytes = this.#encoder.encode(`${strings.join("\0")}\0`);
    const base = Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
    const pointers: bigint[] = [];
    let start = 0;
    for (let i = 0; i < strings.length; i++) {
      pointers.push(base + BigInt(start));
      start = bytes.indexOf(0, start) + 1;
    }
    return start === bytes.length || strings.length === 0 ? { bytes, pointers } : undefined;
  }
}
