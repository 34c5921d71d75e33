/**
 * Owns a test's own way into a SQLite file, past troupe's.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";

/** A connection that closes when it goes out of scope, which that of Deno 2.4 does not. */
export class RawDatabase extends DatabaseSync {
  override [Symbol.dispose](): void {
    this.close();
  }
}

/** Asks a database file one thing, once whoever is about to close it, or to put its journal away, has done so. */
export function query<Row>(path: string, sql: string): Row[] {
  using database = new RawDatabase(path);
  database.exec("pragma busy_timeout = 30000");
  return database.prepare(sql).all() as Row[];
}
