/**
 * Owns the form of what the store says of work that was done: the record of one fingerprint, and the line that holds it on
 * disk under the name that discovered.ts gives it.
 * It reads no file and knows no blob but by its digest.
 *
 * @module
 */
import { parseTree } from "./artifact.ts";
import { isDigest, sha256 } from "./digest.ts";

/** Digits of the checksum of a line. */
const SUM = 16;

/** One artifact of a record. */
export interface StoredArtifact {
  /** Relative to the config's folder, as it lay when it was made. */
  readonly path: string;
  readonly kind: "file" | "link" | "folder";
  /** Of a file's content, a link's text, a folder's listing; the blob has the same name. */
  readonly sha256: string;
  /** Bytes of the content. */
  readonly size: number;
  /** Permission bits of a file. */
  readonly mode?: number;
  /** The text of a link. */
  readonly link?: string;
}

/** One stream of what a task printed: head and tail, and how much between them was dropped. */
export interface StoredText {
  /** The bytes in base64, where they are few. */
  readonly base64?: string;
  /** Digest of the blob that holds them, where they are many. */
  readonly sha256?: string;
  readonly size: number;
  readonly dropped?: number;
  readonly gapAt?: number;
}

/** What the work of one fingerprint has made. */
export interface StoreRecord {
  readonly outputs: readonly StoredArtifact[];
  /** Absent when nothing was printed. */
  readonly stdout?: StoredText;
  readonly stderr?: StoredText;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;

  /**
   * Of a declared fingerprint, which has made nothing by itself: the lists of files that its task was found to read, the
   * oldest first. Each is a blob: the paths as JSON.
   */
  readonly lists?: readonly { readonly sha256: string; readonly size: number }[];
}

/** So many lists are kept for one declared fingerprint. */
export const MOST_LISTS = 8;

/** One line of the store's index. */
export type StoreLine =
  | { readonly kind: "put"; readonly key: string; readonly atMs: number; readonly record: StoreRecord }
  /** The record was used. */
  | { readonly kind: "use"; readonly key: string; readonly atMs: number }
  /** The record turned out wrong. */
  | { readonly kind: "drop"; readonly key: string; readonly atMs: number };

const LETTERS = { put: "P", use: "U", drop: "D" } as const;

/** A line with its checksum, and no line end. */
export function storeLine(line: StoreLine): string {
  const text = `${LETTERS[line.kind]} ${line.key} ${Math.floor(line.atMs)}${
    line.kind === "put" ? ` ${JSON.stringify(line.record)}` : ""
  }`;
  return `${sha256(text).slice(0, SUM)} ${text}`;
}

/** What a line says of which key, as far as can be told without looking whether it is whole. */
export interface LineHead {
  readonly kind: StoreLine["kind"];
  readonly key: string;
}

/** Undefined for what is no line at all. */
export function headOf(text: string): LineHead | undefined {
  const kind = KINDS[text[SUM + 1]];
  if (kind === undefined || text.length < SUM + 68) return undefined;
  return { kind, key: text.slice(SUM + 3, SUM + 67) };
}

const KINDS: Readonly<Record<string, StoreLine["kind"]>> = { P: "put", U: "use", D: "drop" };

/** The line, or undefined when it is damaged or of another form. */
export function parseLine(text: string): StoreLine | undefined {
  const head = headOf(text);
  if (head === undefined || sha256(text.slice(SUM + 1)).slice(0, SUM) !== text.slice(0, SUM)) return undefined;
  const match = /^\w+ [PUD] ([0-9a-f]{64}) (\d+)(?: (.*))?$/s.exec(text);
  if (match === null) return undefined;
  const { kind, key } = head, atMs = Number(match[2]);
  if (kind !== "put") return { kind, key, atMs };
  try {
    const record: unknown = JSON.parse(match[3] ?? "");
    return isStoreRecord(record) ? { kind, key, atMs, record } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value has the form of a record. */
export function isStoreRecord(value: unknown): value is StoreRecord {
  if (typeof value !== "object" || value === null) return false;
  const { outputs, durationMs, stdout, stderr, lists = [] } = value as Partial<StoreRecord>;
  const areLists = Array.isArray(lists) && lists.every((list) => isDigest(String(list?.sha256)));
  return areLists && Array.isArray(outputs) && outputs.every(isArtifact) && typeof durationMs === "number" &&
    isText(stdout) &&
    isText(stderr);
}

function isArtifact(value: Partial<StoredArtifact> | null): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { path, kind, sha256, size, mode, link } = value;
  const isKind = kind === "file" || kind === "folder" || (kind === "link" && typeof link === "string");
  return isKind && typeof path === "string" && typeof sha256 === "string" && isDigest(sha256) &&
    typeof size === "number" && (mode === undefined || Number.isInteger(mode));
}

function isText(value: Partial<StoredText> | undefined): boolean {
  if (value === undefined) return true;
  if (typeof value !== "object" || value === null || typeof value.size !== "number") return false;
  return typeof value.base64 === "string" || (typeof value.sha256 === "string" && isDigest(value.sha256));
}

/**
 * The blobs that a record needs, by digest with their sizes in bytes. A link needs none: its text is in the record. A
 * folder needs its listing and all that this names; `listing` gives its text, and undefined where it is not to be had.
 */
export function blobsOf(
  { outputs, stdout, stderr, lists = [] }: StoreRecord,
  listing: (sha256: string) => string | undefined,
): ReadonlyMap<string, number> {
  const blobs = new Map<string, number>();
  for (const { kind, sha256, size } of outputs) {
    if (kind === "file") blobs.set(sha256, size);
    if (kind !== "folder") continue;
    const text = listing(sha256);
    blobs.set(sha256, text?.length ?? 0);
    for (const one of parseTree(text ?? "") ?? []) if (one.kind === "file") blobs.set(one.sha256, one.size);
  }
  for (const { sha256, size } of lists) blobs.set(sha256, size);
  for (const text of [stdout, stderr]) if (text?.sha256 !== undefined) blobs.set(text.sha256, text.size);
  return blobs;
}
