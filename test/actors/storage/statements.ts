/**
 * Owns the watch over what troupe asks SQLite for: every statement that is prepared in this process, with the way in
 * which SQLite carries it out. What tests ask on their own, by a RawDatabase, is not watched.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { assertEquals } from "@std/assert";
import { RawDatabase } from "./raw_database.ts";

/** A step of statements that may go through many rows, since these are few, or since the statement is for all of them. */
export interface Allowed {
  /** Found in the text of the statement, in which blanks are single. */
  readonly sql: RegExp;
  /** Found in the step. */
  readonly step: RegExp;
}

/** What reads or writes rows; a pragma has no plan. */
const OF_ROWS = /^\s*(select|insert|update|delete|with)\b/i;

/** So much of a statement is its name. */
const NAME_LENGTH = 80;

/** Statements that were prepared since this was made, for the database of whoever prepared them. */
export class Statements implements Disposable {
  readonly #steps = new Map<string, readonly string[]>();
  readonly #prepare = DatabaseSync.prototype.prepare;

  constructor() {
    const prepare = this.#prepare;
    const note = (database: DatabaseSync, sql: string) => this.#note(database, sql);
    DatabaseSync.prototype.prepare = function (sql: string, ...options): StatementSync {
      const statement = prepare.call(this, sql, ...options);
      if (!(this instanceof RawDatabase)) note(this, sql);
      return statement;
    };
  }

  /** The steps of the one statement in whose text this is found, in their order and with semicolons between them. */
  plan(sql: RegExp): string {
    const found = [...this.#steps].filter(([text]) => sql.test(text));
    assertEquals(found.map(([text]) => nameOf(text)).length, 1, `${found.length} statements match ${sql}`);
    return found[0][1].join("; ");
  }

  /** Steps that are not allowed and found by `isMany`, each with the name of its statement. */
  stepsLike(isMany: RegExp, allowed: readonly Allowed[]): string[] {
    return [...this.#steps].flatMap(([text, steps]) =>
      steps.filter((step) => isMany.test(step) && !allowed.some((one) => one.sql.test(text) && one.step.test(step)))
        .map((step) => `${nameOf(text)}: ${step}`)
    );
  }

  [Symbol.dispose](): void {
    DatabaseSync.prototype.prepare = this.#prepare;
  }

  #note(database: DatabaseSync, sql: string): void {
    const text = sql.replaceAll(/\s+/g, " ").trim();
    if (this.#steps.has(text) || !OF_ROWS.test(text)) return;
    const rows = this.#prepare.call(database, `explain query plan ${sql}`).all();
    this.#steps.set(text, rows.map(({ detail }) => String(detail)));
  }
}

function nameOf(text: string): string {
  return text.slice(0, NAME_LENGTH);
}
