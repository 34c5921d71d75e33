/**
 * Owns how a task can stand in a picture, and the sign and the word for each: every sign has a shape of its own, so that
 * nobody needs to tell colours apart.
 *
 * @module
 */
import type { TaskState } from "../report/task_list.ts";
import type { TextCell } from "../text_width.ts";

/** How a task stands, in a run or, as `would_run` and `would_restore`, before one. */
export type Standing = keyof typeof STANDINGS;

interface Look {
  /** One letter, by which pages tell it. */
  readonly letter: string;
  readonly sign: string;
  readonly word: string;
  readonly tone: TextCell["tone"];
}

const STANDINGS = {
  passed: { letter: "p", sign: "✓", word: "passed", tone: "good" },
  fresh: { letter: "u", sign: "=", word: "up to date", tone: "dim" },
  copied: { letter: "o", sign: "⧉", word: "copied", tone: "good" },
  restored: { letter: "b", sign: "⟲", word: "restored", tone: "good" },
  failed: { letter: "f", sign: "✗", word: "failed", tone: "bad" },
  timeout: { letter: "t", sign: "◷", word: "timed out", tone: "bad" },
  skipped: { letter: "s", sign: "–", word: "not run", tone: "dim" },
  cancelled: { letter: "c", sign: "⊘", word: "cancelled", tone: "dim" },
  interrupted: { letter: "i", sign: "⊘", word: "interrupted", tone: "dim" },
  running: { letter: "r", sign: "▶", word: "running", tone: "plain" },
  pending: { letter: "w", sign: "·", word: "waiting", tone: "dim" },
  would_restore: { letter: "v", sign: "◌", word: "would be restored", tone: "plain" },
  would_run: { letter: "n", sign: "○", word: "would run", tone: "plain" },
} as const satisfies Record<string, Look>;

/** Sign, word, tone and letter of a standing. */
export function lookOf(standing: Standing): Look {
  return STANDINGS[standing];
}

/** All of them, in the order in which they are told. */
export const ALL_STANDINGS = Object.keys(STANDINGS) as readonly Standing[];

/** Whether it ended badly. */
export function isBad(standing: Standing): boolean {
  return STANDINGS[standing].tone === "bad";
}

/** How a listed task stands. */
export function standingOf(state: TaskState): Standing {
  switch (state) {
    case "up_to_date":
      return "fresh";
    case "would_restore":
    case "would_run":
      return state;
    case "failed_last":
      return "failed";
    case "passed_last":
      return "passed";
  }
}

/** How many stand how, in words: what is bad first, what there is none of not at all. */
export function standingsText(standings: Iterable<Standing>): string {
  const counts = new Map<Standing, number>();
  for (const standing of standings) counts.set(standing, (counts.get(standing) ?? 0) + 1);
  const order = [...ALL_STANDINGS].sort((a, b) => Number(isBad(b)) - Number(isBad(a)));
  return order.filter((standing) => counts.has(standing))
    .map((standing) => `${counts.get(standing)} ${STANDINGS[standing].word}`).join(", ");
}
