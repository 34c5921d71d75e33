/**
 * Owns the form of a transaction on disk: a folder beside the config with a journal, a line for each artifact as it was,
 * and what of these was put aside. It changes no artifact.
 *
 * A line counts once it is whole: it is synced before what it tells of is changed, so a torn one is of no account. The
 * journal being there is what makes a transaction unfinished; without it the folder holds nothing of value.
 *
 * @module
 */
import { normaliseOutput } from "../../../graph/paths.ts";
import { syncFolder } from "../../storage/atomic_file.ts";
import { readRegularText, writeWhole } from "../../machine/regular_file.ts";
import { TransactionError, transactionError } from "./error.ts";
import { look, removeAll } from "./files.ts";
import { quote } from "../../../graph/text.ts";

/** Raised with every change of the form. Another version is left alone: whoever wrote it can undo it. */
const VERSION = 2;

/** Versions that are understood as well: they only knew less. */
const EARLIER: readonly unknown[] = [1];
const HEADER = { version: VERSION };

/** In the transaction's folder: what could not be put back. */
const KEPT = "kept";

/** How one artifact was before the transaction. Paths are relative to the config's folder. */
export type JournalEntry =
  /** There was none; `made` is the outermost folder that its path lacked. */
  | { readonly path: string; readonly was: "absent"; readonly made: string | null }
  /** A file, which now lies in the transaction's folder under another name; as a copy when it could not be linked. */
  | { readonly path: string; readonly was: "file"; readonly saved: string; readonly isCopy: boolean }
  | { readonly path: string; readonly was: "symlink"; readonly target: string }
  /** A folder, of which a copy lies in the transaction's. */
  | { readonly path: string; readonly was: "folder"; readonly saved: string }
  /** A glob among a task's outputs: what it matches and did not match then is to go. */
  | { readonly path: string; readonly was: "glob"; readonly known: readonly string[] };

/** The journal of a transaction that goes on. */
export class TransactionJournal {
  readonly #folder: string;
  readonly #file: Deno.FsFile;

  private constructor(folder: string, file: Deno.FsFile) {
    this.#folder = folder;
    this.#file = file;
  }

  /** Begins one in a folder that must not hold an unfinished one; `folder` is the transaction's own. */
  static begin(folder: string, parent: string): TransactionJournal {
    removeFolder(folder);
    Deno.mkdirSync(folder, { recursive: true });
    const file = Deno.openSync(pathIn(folder), { write: true, createNew: true });
    const journal = new TransactionJournal(folder, file);
    try {
      journal.#write(HEADER);
      syncFolder(folder);
      syncFolder(parent);
      return journal;
    } catch (error) {
      file.close();
      removeFolder(folder);
      throw error;
    }
  }

  /** Adds a line; after that what it tells of may be changed. */
  add(entry: JournalEntry): void {
    this.#write(entry);
    // What was put aside has its name there.
    if (entry.was === "file" || entry.was === "folder") syncFolder(this.#folder);
  }

  close(): void {
    this.#file.close();
  }

  #write(line: object): void {
    writeWhole(this.#file, new TextEncoder().encode(JSON.stringify(line) + "\n"));
    this.#file.syncSync();
  }
}

/**
 * The entries of an unfinished transaction, or undefined when there is none; `folder` is the transaction's own.
 *
 * @throws {TransactionError} When the journal cannot be read, is damaged or of another version.
 */
export function readJournal(folder: string): JournalEntry[] | undefined {
  let text: string;
  try {
    // A link is nobody's transaction.
    if (look(folder)?.isDirectory !== true) return undefined;
    text = readRegularText(pathIn(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw transactionError("read the unfinished transaction in", folder, error);
  }
  const lines = text.split("\n").slice(0, -1);
  // Killed before the first line was whole, so before anything was changed.
  if (lines.length === 0) return [];
  const header = parse(lines[0]) as Partial<typeof HEADER> | undefined;
  if (typeof header?.version !== "number") throw damaged(folder, 1);
  if (header.version !== VERSION && !EARLIER.includes(header.version)) {
    throw new TransactionError(
      `The unfinished transaction in ${quote(folder)} was begun by another version of troupe (its form is ` +
        `${header.version}, this one knows ${VERSION}): build once with that to undo it`,
    );
  }
  return lines.slice(1).map((line, at) => {
    const entry = parse(line);
    if (!isEntry(entry)) throw damaged(folder, at + 2);
    return entry;
  });
}

/** The moment at which a transaction is over, whatever else lies in its folder. Somebody may have removed it all before. */
export function removeJournal(folder: string): void {
  try {
    Deno.removeSync(pathIn(folder));
    syncFolder(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Keeps what was put aside and could not be put back, for its owner: nobody of troupe's removes it. Answers where.
 *
 * @throws What the file system throws; then it stays where it is.
 */
export function keepSaved(folder: string, saved: string): string {
  Deno.mkdirSync(`${folder}/${KEPT}`, { recursive: true });
  for (let number = 0;; number++) {
    const kept = `${KEPT}/${number}`;
    if (look(`${folder}/${kept}`) !== undefined) continue;
    Deno.renameSync(`${folder}/${saved}`, `${folder}/${kept}`);
    return kept;
  }
}

/** Removes the transaction's folder, if it is there, but for what is kept in it. */
function removeFolder(folder: string): void {
  // One that is a link to a folder is nobody's transaction.
  if (look(folder)?.isDirectory !== true) return removeAll(folder);
  let isKept = false;
  for (const { name } of [...Deno.readDirSync(folder)]) {
    if (name === KEPT) isKept = true;
    else removeAll(`${folder}/${name}`);
  }
  if (!isKept) Deno.removeSync(folder);
}

/** The same where it may as well stay: what is left in it is of no value, and the next transaction removes it. */
export function tryRemoveFolder(folder: string): void {
  try {
    removeFolder(folder);
  } catch {
    // The next one will.
  }
}

function pathIn(folder: string): string {
  return `${folder}/journal`;
}

function damaged(folder: string, line: number): TransactionError {
  return new TransactionError(
    `The journal of the unfinished transaction in ${quote(folder)} is damaged in line ${line}: ` +
      "put back what lies there by hand, or remove the folder to keep the artifacts as they are",
  );
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is JournalEntry {
  if (typeof value !== "object" || value === null) return false;
  const { path, was, made, saved, isCopy, target, known } = value as Record<string, unknown>;
  if (!isInside(path)) return false;
  switch (was) {
    case "absent":
      return made === null || isInside(made);
    case "file":
      return typeof saved === "string" && /^\d+$/.test(saved) && typeof isCopy === "boolean";
    case "symlink":
      return typeof target === "string";
    case "folder":
      return typeof saved === "string" && /^\d+$/.test(saved);
    case "glob":
      return Array.isArray(known) && known.every((one) => typeof one === "string");
    default:
      return false;
  }
}

function isInside(path: unknown): path is string {
  return typeof path === "string" && normaliseOutput(path) === path;
}
