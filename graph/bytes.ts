/**
 * Owns how amounts of bytes are read and written: `5 GB`, `1.2 MB`, in powers of a thousand.
 *
 * @module
 */

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** The bytes of a text such as `5GB`, `500 MB` or `1000`; undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?B)?\s*$/i.exec(text);
  if (match === null) return undefined;
  const unit = UNITS.indexOf((match[2] ?? "B").toUpperCase() as typeof UNITS[number]);
  const bytes = Math.round(Number(match[1]) * 1000 ** unit);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Bytes for people, e.g. `1.2 MB`. */
export function shownBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : Number(value.toFixed(1))} ${UNITS[unit]}`;
}
