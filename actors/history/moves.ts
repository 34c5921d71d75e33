/**
 * Owns what becomes of the paths in a history that was moved or copied together with the project around it. Each run tells
 * where the history lay, so that what lay there too is known to lie beside it now. It looks at no project.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { realPlace } from "../machine/real_place.ts";
import type { Database } from "../storage/database.ts";

/** All runs agree, since whoever records one has them moved. */
const HOME = "select home from runs order by id desc limit 1";

/** From one folder to another; the same where nothing was moved. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/** Where the history lay when the last run was recorded, and where it lies. */
export function moveOf(database: Database): Move {
  const to = dirname(realPlace(resolve(database.path)));
  const home = database.get<{ home: unknown }>(HOME)?.home;
  return { from: typeof home === "string" ? home : to, to };
}

/** A path after a move. */
export function moved(path: string, { from, to }: Move): string {
  return from !== to && path.startsWith(`${from}/`) ? to + path.slice(from.length) : path === from ? to : path;
}

/** A path of now as the runs have it. */
export function storedPath(path: string, database: Database): string {
  const { from, to } = moveOf(database);
  return moved(path, { from: to, to: from });
}

/** Moves the paths of all runs, and gives the folder that the history lies in. */
export function moveRuns(database: Database): string {
  const { from, to } = moveOf(database);
  if (from === to) return to;
  for (const column of ["source", "folder"]) {
    database.run(
      `update runs set ${column} = ? || substr(${column}, ?) where home = ? and substr(${column} || '/', 1, ?) = ?`,
      ...[to, from.length + 1, from, from.length + 1, `${from}/`],
    );
  }
  database.run("update runs set home = ? where home = ?", to, from);
  return to;
}
