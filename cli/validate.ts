/**
 * Owns `troupe build --validate`: the gates are asked before anything starts, and what they say is shown and kept to.
 * What they say is graph/gates/'s.
 *
 * @module
 */
import { openGates } from "../actors/load_gates.ts";
import type { Reporter } from "../actors/reporter.ts";
import { verdictLines } from "../graph/gates/text.ts";

/** What a build is to do about what the gates found. */
export type Validation =
  /** Nothing may be started. */
  | { readonly kind: "refused" }
  /** These never run at once. */
  | { readonly kind: "apart"; readonly pairs: readonly (readonly [string, string])[] }
  /** More conflicts than are told one by one: everything one after another. */
  | { readonly kind: "sequential" };

/**
 * Asks the gates about a whole config and shows the report.
 *
 * @throws {InputError} With every mistake in the settings or the environment.
 */
export async function validateBuild(
  path: string,
  settingsPath: string | undefined,
  reporter: Reporter,
): Promise<Validation> {
  const { gates, settings } = await openGates(path, { settings: settingsPath });
  const verdict = gates.ask(undefined);
  for (const { text, tone } of verdictLines(verdict, settings.logLevel)) reporter.line(text, tone);
  const { file_conflicts: told, can_parallel: canParallel } = verdict.report;
  if (canParallel) return { kind: "apart", pairs: [] };
  if (settings.conflictResolution === "refuse") return { kind: "refused" };
  const blocking = told.filter(({ type }) => type === "blocking");
  if (blocking.length < verdict.findings.files.counts.blocking) return { kind: "sequential" };
  return { kind: "apart", pairs: blocking.map(({ task1, task2 }) => [task1, task2]) };
}
