/**
 * Owns how much is kept of what a task that succeeded wrote to stderr, to be shown where its artifact is taken again.
 *
 * @module
 */
import { endsOf, withGap } from "../process/captured_text.ts";
import type { Captured } from "../process/output.ts";

/** Bytes. */
const MOST = 8 * 1024;

/** What is kept, as text; undefined when nothing was written. */
export function warningOf(stderr: Captured): string | undefined {
  return stderr.bytes.length === 0 ? undefined : new TextDecoder().decode(withGap(endsOf(stderr, MOST)));
}
