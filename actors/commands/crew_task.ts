/**
 * Owns the looking at one task of a crew, as `troupe show` does where it is pointed at a crew's database.
 *
 * @module
 */
import type { CrewTaskReport } from "../../graph/crew/task_lines.ts";
import { nearest } from "../../graph/suggest.ts";
import { CREW_SCHEMA } from "../crew/store/schema.ts";
import { CrewView } from "../crew/store/view.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { quote } from "../../graph/text.ts";

/** Where SQLite keeps whose a file is. */
const APPLICATION_ID_AT = 68;

/** Whether a file is a crew's database; what cannot be read is none. */
export function isCrewDatabase(path: string): boolean {
  try {
    if (!Deno.statSync(path).isFile) return false;
    using file = Deno.openSync(path);
    const head = new Uint8Array(APPLICATION_ID_AT + 4);
    const isWhole = file.readSync(head) === head.length;
    return isWhole && new DataView(head.buffer).getUint32(APPLICATION_ID_AT) === CREW_SCHEMA.applicationId;
  } catch {
    return false;
  }
}

/**
 * One task of a crew, with what its last failed attempt printed.
 *
 * @throws {InputError} When there is no such task.
 * @throws {DatabaseError} When the database cannot be read.
 */
export async function showCrewTask(path: string, id: string | undefined, workflow?: string): Promise<CrewTaskReport> {
  if (id === undefined) {
    throw new InputError(`${quote(path)} is a crew's database: name a task of it with --task, or see troupe status`);
  }
  using view = await CrewView.look(path, { workflow });
  const task = await view.task(id);
  if (task === undefined) {
    const meant = nearest(id, (await view.tasks()).map((other) => other.id));
    const hint = meant === undefined ? "" : `, did you mean ${quote(meant)}?`;
    throw new InputError(`Task ${quote(id)} not found in ${quote(path)}${hint}`);
  }
  const attempts = (await view.statusTrail(id)).map(({ status, worker, timestamp, detail }) => ({
    ...{ status, member: worker, time: timestamp / 1000, detail },
  }));
  return { name: id, state: task.state, attempts, ...await view.output(id) ?? { stdout: "", stderr: "" } };
}
