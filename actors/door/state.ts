/**
 * Owns the form of the file that remembers a build which found nothing to do: what was asked, what was said, and how
 * everything looked that the answer hangs on. It is read by a program that has loaded next to nothing else.
 *
 * A file that is cut short, or of which one byte is another, reads as none.
 *
 * @module
 */
import { smallSha256 } from "../../graph/small_sha256.ts";

/** Name of the file, beside the config. */
export const STATE_FILE = ".build_cache.json.door";

/** What is compared of one path, and how. */
export type Look =
  /** All words of the path itself; of a link, not of what it leads to. */
  | "itself"
  /** All words of what it leads to. */
  | "target"
  /** A folder: the words, or where they differ its entries. */
  | "entries"
  /** A folder: that it is the same one, with the same owner and mode. */
  | "place"
  /** That nothing is there. */
  | "nothing";

/** All of them, in the order in which their paths stand. */
export const LOOKS: readonly Look[] = ["itself", "target", "entries", "place", "nothing"];

/** How many words are kept of each path. */
export const WORDS = 7;

/** Which of them is the time of the last change of anything (ctime), in ms since the epoch. */
export const CHANGED = 5;

/** What was asked and said. */
export interface Answer {
  /** Of troupe and of Deno. */
  readonly versions: readonly string[];
  readonly args: readonly string[];
  readonly cwd: string;
  readonly isTerminal: boolean;
  /** Variables and digests of their values; null for one that is not set. */
  readonly variables: readonly (readonly [name: string, digest: string | null])[];
  /** All that was printed, cut where the seconds stand that it took. */
  readonly text: readonly string[];
}

/** Paths are absolute, the words of each stand one after another. */
export interface State {
  readonly answer: Answer;
  /** Absolute path of the config's folder, with which most paths begin. */
  readonly folder: string;
  readonly looks: Readonly<Record<Look, readonly string[]>>;
  /** {@linkcode WORDS} for each path, in the order of the looks. */
  readonly words: Float64Array<ArrayBuffer>;
}

const MAGIC = "troupe door 1\n";

/** A digest in hex and a newline. */
const SUM = 17;

/** Between paths, of which none holds it. */
const BETWEEN = "\0";

/** The state as bytes. */
export function stateBytes({ answer, folder, looks, words }: State): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const counts = LOOKS.map((look) => looks[look].length);
  const paths = encoder.encode(LOOKS.flatMap((look) => looks[look]).join(BETWEEN));
  const head = encoder.encode(`${JSON.stringify({ answer, folder, counts, paths: paths.length })}\n`);
  const before = MAGIC.length + SUM + head.length + paths.length;
  const bytes = new Uint8Array(before + words.byteLength);
  bytes.set(encoder.encode(MAGIC));
  bytes.set(head, MAGIC.length + SUM);
  bytes.set(paths, MAGIC.length + SUM + head.length);
  bytes.set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength), before);
  bytes.set(encoder.encode(sumOf(bytes.subarray(MAGIC.length + SUM))), MAGIC.length);
  return bytes;
}

/**
 * The state in a file's bytes, if its answer is wanted, which is asked before all of it is read; undefined also when they are
 * not one, or not whole.
 *
 * @throws {SyntaxError} When they are not whole.
 */
export function stateIn(bytes: Uint8Array<ArrayBuffer>, isWanted: (answer: Answer) => boolean): State | undefined {
  const decoder = new TextDecoder();
  const start = MAGIC.length + SUM;
  if (decoder.decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) return;
  const end = bytes.indexOf(10, start);
  const { answer, folder, counts, paths: length } = JSON.parse(decoder.decode(bytes.subarray(start, end)));
  const sum = decoder.decode(bytes.subarray(MAGIC.length, start));
  if (!isWanted(answer) || sum !== sumOf(bytes.subarray(start))) return;
  const all = decoder.decode(bytes.subarray(end + 1, end + 1 + length)).split(BETWEEN);
  const looks = {} as Record<Look, readonly string[]>;
  let at = 0;
  LOOKS.forEach((look, index) => looks[look] = all.slice(at, at += counts[index]));
  return { answer, folder, looks, words: new Float64Array(bytes.slice(end + 1 + length).buffer) };
}

/** A line. It finds a byte that is another, not a forger: whoever can write here can write the artifacts. */
function sumOf(bytes: Uint8Array): string {
  const whole = bytes.length >> 2, view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let a = bytes.length, b = 0;
  for (let at = 0; at < whole; at++) {
    a = Math.imul(a ^ view.getUint32(at << 2, true), 0x01000193);
    b = (Math.imul(b, 31) + a) | 0;
  }
  for (let at = whole << 2; at < bytes.length; at++) {
    a = Math.imul(a ^ bytes[at], 0x01000193);
    b = (Math.imul(b, 31) + a) | 0;
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("") + "\n";
}

/** The digest under which a variable's value is remembered. */
export function digestOf(value: string | undefined): string | null {
  return value === undefined ? null : smallSha256(new TextEncoder().encode(value));
}
