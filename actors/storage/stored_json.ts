/**
 * Owns the reading of values that a database keeps, as JSON and as such: whatever else wrote there, what is not of the right
 * shape is told of as damage.
 *
 * @module
 */
import { DatabaseError } from "./database_error.ts";

/** Where a value stands, for the sentence about a wrong one. */
export interface StoredIn {
  /** Of the database. */
  readonly path: string;
  /** The column with its table, e.g. `runs.asked`. */
  readonly column: string;
}

/**
 * The value of a text.
 *
 * @throws {DatabaseError} Of kind `damaged` when it is no JSON, or not what `isRight` wants.
 */
export function storedJson<Value>(
  text: string,
  isRight: (value: unknown) => value is Value,
  { path, column }: StoredIn,
): Value {
  const value = parsed(text);
  if (isRight(value)) return value;
  throw damagedValue({ path, column });
}

/** What the values of a row must be, null apart, by their names in it; each with the column it comes from. Times are Unix seconds. */
export type RowShape = Readonly<Record<string, readonly [column: string, right: "number" | "string" | "time" | Words]>>;

/** The words that a column may hold. */
export type Words = ReadonlySet<unknown>;

/**
 * The row, whose columns take anything from whoever else writes.
 *
 * @throws {DatabaseError} Of kind `damaged` when a value is not as it must be.
 */
export function storedRow<Row extends object>(row: Row, shape: RowShape, path: string): Row {
  for (const name in shape) {
    const [column, right] = shape[name], value = (row as Record<string, unknown>)[name] ?? null;
    const kind: string = typeof value;
    const isRight = right === "time" ? isTime(value) : typeof right === "string" ? kind === right : right.has(value);
    if (value !== null && !isRight) throw damagedValue({ path, column });
  }
  return row;
}

/** The error about a value that only another program can have written. */
export function damagedValue({ path, column }: StoredIn): DatabaseError {
  return new DatabaseError("damaged", `Database '${path}' is damaged: ${column} holds what troupe does not write`);
}

/** Whether a clock can show it, in seconds. */
function isTime(value: unknown): boolean {
  return typeof value === "number" && !Number.isNaN(new Date(1000 * value).getTime());
}

/** Whether it is a list of texts. */
export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** Whether it is an object with names of its own. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether it is an object of texts. */
export function isRecordOfTexts(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((item) => typeof item === "string");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
