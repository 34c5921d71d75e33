/**
 * Owns the reading of definitions: what a retry or a picture can rely on, whatever other program wrote there.
 *
 * @module
 */
import { buildGraph, findCycles } from "../../graph/graph.ts";
import type { Declarations } from "../../graph/task.ts";
import { damagedValue, isRecord, isRecordOfTexts, isTexts, storedJson, storedRow } from "../storage/stored_json.ts";
import type { RecordedStatus, RetrySet } from "./records.ts";
import { DEFINITION } from "./row_shapes.ts";

/** One row, as it is stored. */
export interface DefinitionRow {
  readonly name: string;
  readonly command: string;
  readonly dependencies: string;
  readonly timeoutMs: number | null;
  readonly graceMs: number | null;
  readonly retries: number;
  readonly env: string;
  readonly declared: string | null;
  readonly status: RecordedStatus | null;
  readonly startedAt: number | null;
  readonly isCancelled: number;
}

/** The definition that a row holds. */
export function definitionOf(row: DefinitionRow, path: string): RetrySet["tasks"][number] {
  const { name, command, dependencies, timeoutMs, graceMs, retries, env, declared, status, startedAt, isCancelled } =
    storedRow(row, DEFINITION, path);
  return {
    name,
    command,
    dependencies: storedJson(dependencies, isTexts, { path, column: "definitions.dependencies" }),
    ...(timeoutMs === null ? {} : { timeoutMs }),
    ...(graceMs === null ? {} : { graceMs }),
    retries,
    env: storedJson(env, isRecordOfTexts, { path, column: "definitions.env" }),
    ...(declared === null
      ? {}
      : { declared: storedJson(declared, isDeclarations, { path, column: "definitions.declared" }) }),
    status,
    startedAt,
    isCancelled: isCancelled === 1,
  };
}

/**
 * The tasks of a run, if one file can have had them: no name stands there twice, and none waits for itself.
 *
 * @throws {DatabaseError} Of kind `damaged` otherwise.
 */
export function ofOneFile<Task extends { readonly name: string; readonly dependencies: readonly string[] }>(
  tasks: readonly Task[],
  path: string,
): readonly Task[] {
  if (new Set(tasks.map(({ name }) => name)).size < tasks.length) {
    throw damagedValue({ path, column: "definitions.name" });
  }
  if (findCycles(buildGraph(tasks).graph).length > 0) throw damagedValue({ path, column: "definitions.dependencies" });
  return tasks;
}

function isDeclarations(value: unknown): value is Declarations {
  if (!isRecord(value)) return false;
  const { difficulty = 1, resources = {}, ...lists } = value;
  return typeof difficulty === "number" && isRecord(resources) && Object.values(lists).every(isTexts) &&
    Object.values(resources).every((amount) => typeof amount === "number");
}
