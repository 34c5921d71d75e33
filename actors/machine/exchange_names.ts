/**
 * Owns the exchange of what lies at two paths in one step, by Linux' renameat2: nobody sees either of them missing.
 *
 * @module
 */
import { type Functions, openCLibrary } from "./c_library.ts";

const SYMBOLS = {
  renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const AT_FDCWD = -100, RENAME_EXCHANGE = 2;

let renameat2: Functions<typeof SYMBOLS>["renameat2"] | null | undefined;

/**
 * Exchanges two paths, which are absolute and both there. False when that was not done: the system or its C library
 * cannot, the file system does not, or this process may not call it.
 */
export function exchangeNames(one: string, other: string): boolean {
  if (renameat2 === undefined) renameat2 = openCLibrary(SYMBOLS)?.functions.renameat2 ?? null;
  return renameat2 !== null && renameat2(AT_FDCWD, named(one), AT_FDCWD, named(other), RENAME_EXCHANGE) === 0;
}

function named(path: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${path}\0`);
}
