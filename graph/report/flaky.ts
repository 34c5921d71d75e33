/**
 * Owns the rule by which a task is flaky: it failed and passed although it was made of the same.
 *
 * @module
 */

/** An attempt as far as the rule looks at it. */
export interface Try {
  /** What names its work; null when that is not known. */
  readonly fingerprint: string | null;
  readonly outcome: "passed" | "failed" | "timeout" | "cancelled";
}

/** How often a flaky task fails. */
export interface Flakiness {
  /** Attempts that failed although the same work passed as well. */
  readonly failed: number;
  /** Attempts looked at. */
  readonly attempts: number;
}

/** So many attempts back a task's flakiness is looked for. */
export const FLAKY_ATTEMPTS = 50;

/** Further attempts of a task that is to be tried again only if it is flaky. */
export const FLAKY_RETRIES = 2;

/** How flaky a task is by its last attempts; undefined when it is not. */
export function flakiness(tries: readonly Try[]): Flakiness | undefined {
  const passed = new Set(tries.filter(({ outcome }) => outcome === "passed").map(({ fingerprint }) => fingerprint));
  const failed =
    tries.filter(({ fingerprint, outcome }) =>
      fingerprint !== null && (outcome === "failed" || outcome === "timeout") && passed.has(fingerprint)
    ).length;
  return failed === 0 ? undefined : { failed, attempts: tries.length };
}

/** A flakiness in words. */
export function flakyText({ failed, attempts }: Flakiness): string {
  const share = Math.max(1, Math.round(100 * failed / attempts));
  return `flaky: failed ${failed} of the last ${attempts} times, ${share} %`;
}
