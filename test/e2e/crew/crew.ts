/**
 * Owns what the end-to-end tests of a crew share: the program by its main door, and a database in the rig's project with
 * members that are no processes.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { CrewStore } from "../../../actors/crew/store/store.ts";
import type { StoreOptions } from "../../../actors/crew/store/records.ts";
import type { Ended, Rig, RunChoices, Running } from "../../rig.ts";

/** The program's main door. */
export const MAIN = fromFileUrl(new URL("../../../main.ts", import.meta.url));

/** Starts `troupe` with arguments. */
export function startTroupe(rig: Rig, args: readonly string[], choices: RunChoices = {}): Running {
  return rig.start(args, { ...choices, deno: ["run", "-A", MAIN] });
}

/** Runs `troupe` to its end. */
export async function troupe(rig: Rig, ...args: string[]): Promise<Ended> {
  return await rig.ask(args);
}

/** The database that is meant when none is named. */
export async function openCrew(rig: Rig, options: StoreOptions = {}): Promise<CrewStore> {
  return await CrewStore.open(rig.path("crew.sqlite"), options);
}
