/**
 * Owns the form of a package's tarball: what is in it and nothing of where, when and by whom it was made, so that equal packages are
 * equal bytes. It reads and writes no file.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";

/** A file of a package. */
export interface PackedFile {
  /** In the package, with less than 90 bytes. */
  readonly path: string;
  readonly content: Uint8Array<ArrayBuffer>;
  readonly isProgram?: boolean;
}

const BLOCK = 512;

/** More take longer, and save little. */
const ITERATIONS = 5;

/** How a package is compressed. */
export interface Compression {
  /** As any gzip does it: a twentieth larger, in a fraction of the time. */
  readonly isQuick?: boolean;
}

/** The package, compressed. */
export async function tarball(
  files: readonly PackedFile[],
  { isQuick = false }: Compression = {},
): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const { path, content, isProgram = false } of files) {
    parts.push(header(`package/${path}`, content.length, isProgram ? 0o755 : 0o644), content);
    parts.push(new Uint8Array(-content.length & (BLOCK - 1)));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  if (isQuick) return gzipSync(Buffer.concat(parts));
  // Once it is loaded it takes every error for its own.
  const { default: zopfli } = await import("@gfx/zopfli");
  return await zopfli.gzipAsync(Buffer.concat(parts), { numiterations: ITERATIONS });
}

/** As POSIX has it: texts and octal numbers at fixed places. */
function header(path: string, size: number, mode: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => void new TextEncoder().encodeInto(text, bytes.subarray(at));
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  put(0, path);
  put(100, octal(mode, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  // Some readers take the beginning of time for a mistake.
  put(136, octal(Date.UTC(2000, 0) / 1000, 11));
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar");
  put(263, "00");
  const sum = bytes.reduce((sum, byte) => sum + byte, 0);
  put(148, `${octal(sum, 6)}\0`);
  return bytes;
}
