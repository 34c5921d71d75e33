/**
 * Owns the rule by which a task is flaky: it failed and passed although it was made of the same. One whose last attempt
 * failed with what never passed is broken, whatever it was before.
 *
 * @module
 */

/** An attempt as far as the rule looks at it. */
export interface Try {
  /** The number of its run. */
  readonly run: number;
  /** What names its work; null when that is not known. */
  readonly fingerprint: string | null;
  readonly outcome: "passed" | "failed" | "timeout" | "cancelled";
}

/** How often a flaky task fails. */
export interface Flakiness {
  /** Those of them that failed. */
  readonly failed: number;
  /** Attempts looked at: the last ones. */
  readonly attempts: number;
}

/** So many attempts back a task's flakiness is looked for. */
export const FLAKY_ATTEMPTS = 50;

/** Further attempts of a task that is to be tried again only if it is flaky. */
export const FLAKY_RETRIES = 2;

/**
 * How flaky a task is by its last attempts, the newest run first and within it the first attempt first; undefined when it is
 * not.
 */
export function flakiness(tries: readonly Try[]): Flakiness | undefined {
  const passed = new Set(tries.filter(({ outcome }) => outcome === "passed").map(({ fingerprint }) => fingerprint));
  const hasPassed = ({ fingerprint }: Try) => fingerprint !== null && passed.has(fingerprint);
  const failed = tries.filter(hasFailed);
  const last = tries.findLast(({ run }) => run === tries[0].run);
  const isBroken = last !== undefined && hasFailed(last) && !hasPassed(last);
  if (isBroken || !failed.some(hasPassed)) return undefined;
  // What failed and is named by no work tells nothing of it.
  const unnamed = failed.filter(({ fingerprint }) => fingerprint === null).length;
  return { failed: failed.length - unnamed, attempts: tries.length - unnamed };
}

function hasFailed({ outcome }: Try): boolean {
  return outcome === "failed" || outcome === "timeout";
}

/**
 * An attempt named by its run too where it is of a shell task: that one's command alone is known, so what was tried in
 * another run may have been made of something else.
 */
export function comparable<Attempt extends Try>(attempt: Attempt, kind: "run" | "build"): Attempt {
  if (kind === "build" || attempt.fingerprint === null) return attempt;
  return { ...attempt, fingerprint: `${attempt.run} ${attempt.fingerprint}` };
}

/** A flakiness in words. */
export function flakyText({ failed, attempts }: Flakiness): string {
  const share = Math.max(1, Math.round(100 * failed / attempts));
  return `flaky: failed ${failed} of the last ${attempts} times, ${share} %`;
}
