/**
 * Owns the telling of whoever started a run where its tasks stand: what they are told with is loaded only for those who
 * want to know.
 *
 * @module
 */
import type { BuildStatus } from "./build_status.ts";
import type { StatusTable } from "../worker/status_table.ts";
import { later } from "../machine/later.ts";

/** Hands out a view of a run's status table by the names of its tasks. */
export async function tellStatus(
  onStatus: (status: BuildStatus) => void,
  tasks: readonly { readonly name: string }[],
  table: StatusTable,
): Promise<void> {
  const { BuildStatus } = await later<typeof import("./build_status.ts")>("./build_status.ts", import.meta.url);
  onStatus(new BuildStatus({ names: tasks.map(({ name }) => name), table: table.buffer }));
}
