/**
 * Owns the reading of a recorded run for `troupe trace`. What is drawn is graph/picture's.
 *
 * @module
 */
import type { RunPicture } from "../../graph/picture/run_picture.ts";
import { DEFAULT_HISTORY } from "../../graph/report/typed_commands.ts";
import { PictureView } from "../history/pictures.ts";
import { findRun } from "./recorded_run.ts";
import { readPicture } from "./run_picture.ts";

/**
 * A recorded run with every task and every attempt.
 *
 * @throws {InputError} When there is no such run.
 * @throws {DatabaseError} When there is no such history, or it cannot be read.
 */
export async function pictureOf(which: number | "last", db = DEFAULT_HISTORY): Promise<RunPicture> {
  using view = await PictureView.open(db);
  return readPicture(view, findRun(view.history, which, db));
}
