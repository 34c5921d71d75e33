/**
 * Owns what can go wrong with a SQLite file, as a kind and one sentence each.
 * It opens no database; it looks at the file and its folder only to say why SQLite could not use them.
 *
 * SQLite's own words tell the kinds apart: the runtime gives an error code with some errors and with others not.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { systemDetail } from "../machine/system_error.ts";

/** What is the matter with a SQLite file. */
export type DatabaseErrorKind =
  /** Asked to look at a database that is not there. */
  | "missing"
  /** The database can be neither opened nor made. */
  | "unopenable"
  /** Not a database, or one with broken pages. */
  | "damaged"
  /** A database, but of another program or another part of troupe. */
  | "foreign"
  /** Written by a later version than this one. */
  | "newer"
  /** Another process has held it for longer than the patience. */
  | "locked"
  | "full"
  | "readonly"
  /** The file under its path is no longer the one that was opened. */
  | "removed"
  /** Anything else that SQLite says. */
  | "unusable";

/**
 * A SQLite file that cannot be used; the message is a whole sentence for the user.
 *
 * @example
 * ```ts
 * import { DatabaseError, Monitor } from "./mod.ts";
 *
 * try {
 *   await Monitor.open("nowhere.sqlite");
 * } catch (error) {
 *   if (error instanceof DatabaseError) console.log(error.kind); // missing
 * }
 * ```
 */
export class DatabaseError extends Error {
  /** Tells it from other errors. */
  override readonly name = "DatabaseError";

  /** `kind` is for programs, the message for people. */
  constructor(readonly kind: DatabaseErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

const SAYINGS: readonly (readonly [RegExp, DatabaseErrorKind])[] = [
  [/^unable to open database/, "unopenable"],
  [/is not a database|malformed/, "damaged"],
  [/ is locked|^locking protocol/, "locked"],
  [/readonly database/, "readonly"],
  [/is full/, "full"],
];

/** What the runtime threw as a {@linkcode DatabaseError}, or as it is when it does not come from SQLite. */
export function asDatabaseError(error: unknown, path: string): unknown {
  // SQLite's integers have more digits than numbers here.
  if (error instanceof RangeError && /too large to be represented/.test(error.message)) {
    return new DatabaseError("damaged", `Database '${path}' is damaged: it holds a number that troupe does not write`);
  }
  if (!(error instanceof Error) || (error as { code?: unknown }).code !== "ERR_SQLITE_ERROR") return error;
  if (error instanceof Deno.errors.NotCapable) return error;
  const kind = SAYINGS.find(([saying]) => saying.test(error.message))?.[1] ?? "unusable";
  // SQLite calls it an I/O error when the disk is too full for the memory its processes share
  if (kind === "unusable" && /I\/O/.test(error.message) && /No space|quota/i.test(obstacle(path) ?? "")) {
    return new DatabaseError("full", sentence("full", path, error.message), { cause: error });
  }
  return new DatabaseError(kind, sentence(kind, path, error.message), { cause: error });
}

/** The files that were opened are not those that others find there. */
export function removedDatabase(path: string): DatabaseError {
  return new DatabaseError("removed", `Database '${path}' was removed or replaced while it was in use`);
}

function sentence(kind: DatabaseErrorKind, path: string, said: string): string {
  switch (kind) {
    case "unopenable":
      return `Cannot open database '${path}': ${obstacle(path) ?? said}`;
    case "damaged":
      return /malformed/.test(said) ? `Database '${path}' is damaged: ${said}` : `File '${path}' is not a database`;
    case "locked":
      return `Database '${path}' is locked by another process`;
    case "readonly":
      return `Cannot write database '${path}': ${obstacle(path) ?? "it is read-only"}`;
    case "full":
      return `Cannot write database '${path}': no space left on the disk`;
    default:
      return `Cannot use database '${path}': ${said}`;
  }
}

/** Why a database cannot be at a path, found by doing there what SQLite does. */
function obstacle(path: string): string | undefined {
  const folder = dirname(path);
  try {
    if (!Deno.statSync(folder).isDirectory) return `'${folder}' is not a folder`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? `folder '${folder}' does not exist` : systemDetail(error);
  }
  try {
    if (Deno.statSync(path).isDirectory) return "it is a folder";
    Deno.openSync(path, { read: true, write: true }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return systemDetail(error);
  }
  let probe: string | undefined;
  try {
    probe = Deno.makeTempFileSync({ dir: folder, prefix: ".troupe-probe-" });
    Deno.writeFileSync(probe, new Uint8Array(65536));
  } catch (error) {
    return systemDetail(error);
  } finally {
    if (probe !== undefined) Deno.removeSync(probe);
  }
}
