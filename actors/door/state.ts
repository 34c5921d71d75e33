/**
 * Owns the form of the file that remembers a build which found nothing to do: what was asked, what was said, and how
 * everything looked that the answer hangs on. It is read by a program that has loaded next to nothing else.
 *
 * A file that is cut short, or of which one byte is another, reads as none, or as one that nothing looks like any more.
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

/** What is kept of each path, as 32-bit words: where each of it begins. */
export const Word = {
  Device: 0,
  Inode: 2,
  Mode: 4,
  User: 5,
  Size: 6,
  /** Of the last edit (mtime): seconds, and the part of one. */
  Edited: 8,
  /** Of the last change of anything (ctime), which nobody can set. */
  Changed: 10,
  /** What the entries of a folder come to. */
  Entries: 12,
} as const;

/** How many words are kept of each path. */
export const WORDS = 14;

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

/** What was said, and how everything looked that it hangs on. */
export interface State {
  readonly answer: Answer;
  /** Absolute path of the config's folder, where relative paths start. */
  readonly folder: string;
  /** Whether times are told to the nanosecond. */
  readonly isExact: boolean;
  /** How many paths are looked at in each way. */
  readonly counts: Readonly<Record<Look, number>>;
  /** The paths in the order of {@linkcode LOOKS}, each ended by a NUL, as the system wants them. */
  readonly paths: Uint8Array<ArrayBuffer>;
  /** {@linkcode WORDS} for each path. */
  readonly words: Uint32Array<ArrayBuffer>;
}

const MAGIC = "troupe door 1\n";

/** A digest in hex and a newline. */
const SUM = 17;

/** The state as bytes. */
export function stateBytes({ answer, folder, isExact, counts, paths, words }: State): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const head = encoder.encode(`${JSON.stringify({ answer, folder, isExact, counts, paths: paths.length })}\n`);
  const start = MAGIC.length + SUM + head.length;
  const bytes = new Uint8Array(start + paths.length + words.byteLength);
  bytes.set(encoder.encode(MAGIC));
  bytes.set(head, MAGIC.length + SUM);
  bytes.set(paths, start);
  bytes.set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength), start + paths.length);
  bytes.set(encoder.encode(sumOf(bytes.subarray(MAGIC.length + SUM, start + paths.length))), MAGIC.length);
  return bytes;
}

/**
 * The state in a file's bytes, if its answer is wanted, which is asked before all of it is read; undefined also when they are
 * not one, or not whole.
 *
 * @throws {SyntaxError | RangeError} When they are not whole.
 */
export function stateIn(bytes: Uint8Array<ArrayBuffer>, isWanted: (answer: Answer) => boolean): State | undefined {
  const decoder = new TextDecoder();
  const start = MAGIC.length + SUM;
  if (decoder.decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) return;
  const end = bytes.indexOf(10, start) + 1;
  const { paths: length, ...head } = JSON.parse(decoder.decode(bytes.subarray(start, end)));
  const sum = decoder.decode(bytes.subarray(MAGIC.length, start));
  if (!isWanted(head.answer) || sum !== sumOf(bytes.subarray(start, end + length))) return;
  const paths = bytes.subarray(end, end + length);
  return { ...head, paths, words: new Uint32Array(bytes.slice(end + length).buffer) };
}

/** So many words are summed up by one call: a function that is called again and again is soon compiled, one long loop late. */
const STRETCH = 512;

/** A line. It finds a byte that is another, not a forger: whoever can write here can write the artifacts. */
function sumOf(bytes: Uint8Array<ArrayBuffer>): string {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const words = new Uint32Array(padded.buffer), sum = new Uint32Array([bytes.length, 0]);
  for (let start = 0; start < words.length; start += STRETCH) addStretch(sum, words, start);
  return [...sum].map((half) => half.toString(16).padStart(8, "0")).join("") + "\n";
}

function addStretch(sum: Uint32Array, words: Uint32Array, start: number): void {
  const end = Math.min(start + STRETCH, words.length);
  let [a, b] = sum;
  for (let at = start; at < end; at++) {
    a = Math.imul(a ^ words[at], 0x01000193);
    b = (Math.imul(b, 31) + a) | 0;
  }
  sum[0] = a;
  sum[1] = b;
}

/** The digest under which a variable's value is remembered. */
export function digestOf(value: string | undefined): string | null {
  return value === undefined ? null : smallSha256(new TextEncoder().encode(value));
}
