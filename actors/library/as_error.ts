/**
 * Owns the making of an error of whatever was thrown.
 *
 * @module
 */

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  try {
    return thrown instanceof Error ? thrown : new Error(textOf(thrown), { cause: thrown });
  } catch {
    return new Error("A value without a text was thrown", { cause: thrown });
  }
}

/** An object without a text of its own is told by its message or, having none, by what is in it. */
function textOf(thrown: unknown): string {
  const text = String(thrown);
  if (!/^\[object \w+\]$/.test(text)) return text;
  const { message } = thrown as Partial<Error>;
  return typeof message === "string" ? message : Deno.inspect(thrown, { compact: true, breakLength: Infinity });
}
