/**
 * Owns what an artifact is once it is made: its kind, its digest, and for a folder the listing of all that is in it, which
 * the folder's digest is of. It reads no file: what lies on the disk is given to it.
 *
 * ```text
 * ["app.js","file","6b86b2…",1204]          a file: digest and size of its content
 * ["bin/run","executable","d4735e…",31]     the same, where it may be executed
 * ["latest","link","app.js"]                a link: its text, wherever it leads
 * ["empty","folder"]                        a folder; each is listed, and so kept when nothing is in it
 * ```
 *
 * @module
 */
import { sha256 } from "./digest.ts";

/** An artifact, as reports and events show it. */
export interface ShownArtifact {
  /** `/`-separated, relative to the config's folder. */
  readonly path: string;
  /** What lies there: a file, a link, or a folder with all that is in it. */
  readonly kind: "file" | "link" | "folder";
  /** Of a file's content, or of a folder's listing; 64 hex digits. */
  readonly sha256: string;
  /** In bytes; of a folder all of its files. */
  readonly size: number;
  /** Whether a file may be executed; absent when not. */
  readonly executable?: true;
  /** The text of a link. */
  readonly target?: string;
}

/** The same as caches and stores record it; of a link the digest is of its text. */
export interface Artifact extends ShownArtifact {
  /** The listing of a folder; see {@linkcode treeText}. */
  readonly tree?: string;
}

/** One thing in a folder, by its path in it. */
export type TreeEntry =
  | {
    readonly path: string;
    readonly kind: "file";
    readonly sha256: string;
    readonly size: number;
    readonly executable?: true;
  }
  | { readonly path: string; readonly kind: "link"; readonly target: string }
  | { readonly path: string; readonly kind: "folder" };

/** The listing of a folder, in which equal folders are equal: a line an entry, sorted by path. */
export function treeText(entries: Iterable<TreeEntry>): string {
  const sorted = [...entries].sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  return sorted.map((entry) => `${JSON.stringify(lineOf(entry))}\n`).join("");
}

function lineOf(entry: TreeEntry): unknown[] {
  switch (entry.kind) {
    case "file":
      return [entry.path, entry.executable ? "executable" : "file", entry.sha256, entry.size];
    case "link":
      return [entry.path, "link", entry.target];
    case "folder":
      return [entry.path, "folder"];
  }
}

/** The digest of a folder with this listing. */
export function treeDigest(text: string): string {
  return sha256(text);
}

/** The bytes of all files in a listing. */
export function treeSize(entries: Iterable<TreeEntry>): number {
  let size = 0;
  for (const entry of entries) if (entry.kind === "file") size += entry.size;
  return size;
}

/** The entries of a listing; undefined for a text that is none, or that names anything outside of its folder. */
export function parseTree(text: string): TreeEntry[] | undefined {
  try {
    const entries = text.split("\n").slice(0, -1).map((line) => entryOf(JSON.parse(line)));
    return entries.every((entry) => entry !== undefined) && (text === "" || text.endsWith("\n")) ? entries : undefined;
  } catch {
    return undefined;
  }
}

function entryOf(line: unknown): TreeEntry | undefined {
  if (!Array.isArray(line)) return undefined;
  const [path, kind, content, size] = line;
  if (typeof path !== "string" || path.split("/").some((part) => part === "" || part === "." || part === "..")) {
    return undefined;
  }
  if (kind === "folder") return { path, kind };
  if (typeof content !== "string") return undefined;
  if (kind === "link") return { path, kind, target: content };
  if (!Number.isInteger(size)) return undefined;
  const file = { path, kind: "file" as const, sha256: content, size };
  return kind === "executable" ? { ...file, executable: true } : kind === "file" ? file : undefined;
}

/** What differs between two folders: paths in them, with what has become of each. */
export function treeDifferences(
  before: Iterable<TreeEntry>,
  after: Iterable<TreeEntry>,
): { readonly path: string; readonly what: "missing" | "edited" | "added" }[] {
  const known = new Map<string, string>();
  for (const entry of before) known.set(entry.path, JSON.stringify(lineOf(entry)));
  const found: { path: string; what: "missing" | "edited" | "added" }[] = [];
  for (const entry of after) {
    const line = known.get(entry.path);
    if (line === undefined) found.push({ path: entry.path, what: "added" });
    else if (line !== JSON.stringify(lineOf(entry))) found.push({ path: entry.path, what: "edited" });
    known.delete(entry.path);
  }
  for (const path of known.keys()) found.push({ path, what: "missing" });
  return found;
}
