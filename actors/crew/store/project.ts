/**
 * Owns the knowledge of whose the tasks of a workflow are: two projects with tasks of equal names would else take each
 * other's for their own. Who comes first says so, and others are refused.
 *
 * @module
 */
import { basename } from "@std/path/posix/basename";
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";
import { relative } from "@std/path/posix/relative";
import { resolve } from "@std/path/posix/resolve";
import type { Database } from "../../storage/database.ts";
import { damagedValue } from "../../storage/stored_json.ts";
import { CrewError } from "./crew_error.ts";
import { quote } from "../../../graph/text.ts";

/** The name of a project, unless it has one: where its file lies, seen from the database, wherever that is mounted. */
export function projectOf(file: string, database: string): string {
  return relative(dirname(realOf(database)), realOf(file));
}

/** A project that has come to a workflow. */
interface Coming {
  readonly workflow: number;
  readonly project: string;
}

const ROW = "select name, project from workflows where id = ?";

/** Whether a workflow is a project's; it only reads. */
export function isOf(database: Database, { workflow, project }: Coming): boolean {
  return rowOf(database, workflow).project === project;
}

/**
 * Makes a workflow a project's, if it is nobody's yet.
 *
 * @throws {CrewError} When it is another's.
 */
export function claimProject(database: Database, { workflow, project }: Coming): void {
  const row = rowOf(database, workflow);
  if (row.project === null) database.run("update workflows set project = ? where id = ?", project, workflow);
  else if (row.project !== project) throw otherProject(database.path, { ...row, project: row.project, asked: project });
}

function rowOf(database: Database, workflow: number): { readonly name: string; readonly project: string | null } {
  const { name, project } = database.get<{ name: string; project: unknown }>(ROW, workflow)!;
  if (project === null || typeof project === "string") return { name, project };
  throw damagedValue({ path: database.path, column: "workflows.project" });
}

/** In words that say what to do, whoever is in the wrong. */
function otherProject(
  path: string,
  { name, project, asked }: { readonly name: string; readonly project: string; readonly asked: string },
): CrewError {
  const whose = `Workflow ${quote(name)} in database ${quote(path)} is of ${quote(project)}, not of ${quote(asked)}`;
  const ways = `name another --workflow or --db, or --project ${quote(project)} if it is the same`;
  return new CrewError("project", `${whose}: ${ways}`);
}

/** Of a file that is not there yet, where it would be. */
function realOf(path: string): string {
  const absolute = resolve(path);
  for (const [real, rest] of [[absolute, ""], [dirname(absolute), basename(absolute)]]) {
    try {
      return join(Deno.realPathSync(real), rest);
    } catch {
      // whoever opens it will say what is wrong with it
    }
  }
  return absolute;
}
