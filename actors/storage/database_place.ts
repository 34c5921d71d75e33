/**
 * Owns the knowledge of which files an open database consists of, so that it is noticed when one of them is removed or
 * replaced: SQLite itself goes on with files that have no name any more, beside others who have made new ones, and says
 * nothing. It opens nothing.
 *
 * @module
 */
import { identityOf } from "../machine/regular_file.ts";

/** What SQLite keeps beside a database for as long as anybody has it open in WAL mode. */
const COMPANIONS = ["-wal", "-shm"];

/** Path → what tells the file there from any other one. */
export type DatabaseFiles = ReadonlyMap<string, string>;

/** Whether files are where they were. */
export function areKept(files: DatabaseFiles): boolean {
  for (const [path, identity] of files) if (identityOf(path) !== identity) return false;
  return true;
}

/** The files of one open database. */
export class DatabasePlace {
  /** Tells the database from any other one, wherever it lies; empty when it is gone. */
  readonly identity: string;
  readonly #path: string;
  readonly #identities = new Map<string, string>();

  /** At an absolute path, just opened. */
  constructor(path: string) {
    this.#path = path;
    this.identity = identityOf(path);
    this.#identities.set(path, this.identity);
  }

  /** From now on what lies beside it counts as well. A rollback journal leaves nothing there. */
  noteCompanions(): void {
    for (const path of this.#companions()) {
      const identity = identityOf(path);
      if (identity !== "") this.#identities.set(path, identity);
    }
  }

  /** All that it consists of. */
  get files(): DatabaseFiles {
    return this.#identities;
  }

  /** Whether all of it is where it was. */
  get isKept(): boolean {
    return areKept(this.#identities);
  }

  /**
   * Whether others have made new files. To close a connection is then to write over what they have written, and to remove
   * their journal: SQLite takes it for its own.
   */
  get isOthers(): boolean {
    return !this.isKept &&
      this.#companions().some((path) => !["", this.#identities.get(path)].includes(identityOf(path)));
  }

  /** Beside the file that a link leads to. */
  #companions(): string[] {
    try {
      const real = Deno.realPathSync(this.#path);
      return COMPANIONS.map((suffix) => real + suffix);
    } catch {
      return [];
    }
  }
}
