/**
 * Owns what stands in a report for a value that JSON has no form for. Whatever a task returns, its report can be written.
 *
 * @module
 */

/** What stands for a value inside itself. */
const CIRCULAR = "[Circular]";

/**
 * The value as `JSON.stringify` would write it, but for what it refuses: a BigInt as its digits, a value inside itself as
 * `[Circular]`, and one that cannot be read as a text that says why.
 */
export function plainJson(value: unknown): unknown {
  try {
    return plain(value, []);
  } catch (error) {
    return `[Unreadable: ${error instanceof Error ? error.message : String(error)}]`;
  }
}

function plain(value: unknown, within: readonly object[]): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Number || value instanceof String || value instanceof Boolean) return value.valueOf();
  if (within.includes(value)) return CIRCULAR;
  const path = [...within, value];
  if ("toJSON" in value && typeof value.toJSON === "function") return plain(value.toJSON(), path);
  if (Array.isArray(value)) return value.map((item) => plain(item, path));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, path)]));
}
