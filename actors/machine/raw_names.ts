/**
 * Owns a look at the names in a folder as bytes, which Deno gives only as text: for the one sentence about a name that is
 * no text. It asks the C library, and makes do where it may not.
 *
 * @module
 */
import { basename } from "@std/path/posix/basename";
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";
import { openCLibrary } from "./c_library.ts";

const SYMBOLS = {
  opendir: { parameters: ["buffer"], result: "pointer" },
  readdir: { parameters: ["pointer"], result: "pointer" },
  closedir: { parameters: ["pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Where the name begins in a `struct dirent` of Linux on 64 bits. */
const NAME_OFFSET = 19;
const LONGEST_NAME = 256;

/** The name that Deno gives as `text`, with each byte that is no UTF-8 as `\xNN`; undefined where that cannot be told. */
export function rawNames(folder: string, text: string): string | undefined {
  for (const bytes of namesIn(folder)) if (new TextDecoder().decode(bytes) === text) return spelt(bytes);
}

/** A path in a folder, with its last name as {@linkcode rawNames} has it where that can be told. */
export function rawPath(folder: string, path: string): string {
  const within = dirname(path), name = rawNames(join(folder, within), basename(path));
  return name === undefined ? path : join(within, name);
}

/** None where they cannot be asked for. */
function* namesIn(folder: string): Generator<Uint8Array> {
  using library = openCLibrary(SYMBOLS);
  if (library === undefined) return;
  const { opendir, readdir, closedir } = library.functions;
  const stream = opendir(new TextEncoder().encode(`${folder}\0`));
  if (stream === null) return;
  try {
    for (let entry; (entry = readdir(stream)) !== null;) {
      const view = new Deno.UnsafePointerView(entry);
      const bytes: number[] = [];
      for (let at = 0, byte; at < LONGEST_NAME && (byte = view.getUint8(NAME_OFFSET + at)) !== 0; at++) {
        bytes.push(byte);
      }
      yield Uint8Array.from(bytes);
    }
  } finally {
    closedir(stream);
  }
}

/** Text as it is, and one `\xNN` for each byte that belongs to none. */
function spelt(bytes: Uint8Array): string {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let shown = "";
  for (let at = 0; at < bytes.length;) {
    let length = 4;
    for (; length > 0; length--) {
      try {
        const text = decoder.decode(bytes.subarray(at, at + length));
        // A shorter stretch would do as well where the longer one holds more than one character.
        if ([...text].length === 1) {
          shown += text;
          break;
        }
      } catch {
        // not a whole character
      }
    }
    if (length === 0) shown += `\\x${bytes[at].toString(16).padStart(2, "0")}`;
    at += Math.max(1, length);
  }
  return shown;
}
