/**
 * Owns the exchange of what lies at two paths in one step, by Linux' renameat2: nobody sees either of them missing.
 *
 * @module
 */

const SYMBOLS = {
  renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const AT_FDCWD = -100, RENAME_EXCHANGE = 2;

let renameat2: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"]["renameat2"] | null | undefined;

/**
 * Exchanges two paths, which are absolute and both there. False when that was not done: the system or its C library
 * cannot, the file system does not, or this process may not call it.
 */
export function exchangeNames(one: string, other: string): boolean {
  renameat2 ??= load();
  return renameat2 !== null && renameat2(AT_FDCWD, named(one), AT_FDCWD, named(other), RENAME_EXCHANGE) === 0;
}

function load(): NonNullable<typeof renameat2> | null {
  for (const name of Deno.build.os === "linux" ? ["libc.so.6", "libc.so"] : []) {
    try {
      return Deno.dlopen(name, SYMBOLS).symbols.renameat2;
    } catch {
      // Another name, or none.
    }
  }
  return null;
}

function named(path: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${path}\0`);
}
