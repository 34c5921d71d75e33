/**
 * Owns the writing of a first config from what is in the current folder. It asks nothing, runs nothing, and overwrites
 * nothing.
 *
 * @module
 */
import { InputError } from "../../graph/input/input_error.ts";
import { configText } from "../../graph/init/config_text.ts";
import { type Draft, draftOf } from "../../graph/init/draft.ts";
import { leftOutLines } from "../../graph/init/words.ts";
import { quote } from "../../graph/text.ts";
import { CONFIG_NAMES } from "../input/config_search.ts";
import { findProject } from "../input/found_project.ts";
import { isThere, writeWhole } from "../machine/regular_file.ts";
import { systemDetail } from "../machine/system_error.ts";
import { syncFolder } from "../storage/atomic_file.ts";

/** A config that is not written yet. */
export interface FirstConfig {
  /** Its path. */
  readonly file: string;
  readonly text: string;
  readonly draft: Draft;
}

/**
 * Makes a config of what is here.
 *
 * @throws {InputError} When there is a config already, when nothing here becomes a task, or when what is here cannot be
 * understood.
 */
export async function firstConfig(): Promise<FirstConfig> {
  const there = CONFIG_NAMES.find(isThere);
  if (there !== undefined) throw isThereAlready(there);
  const project = await findProject();
  const draft = draftOf(project);
  if (draft.tasks.length === 0) throw nothingHere(project.files.map(({ file }) => file), draft);
  return { file: CONFIG_NAMES[0], text: configText(draft.tasks), draft };
}

/**
 * Writes it.
 *
 * @throws {InputError} When somebody else has just written one, or it cannot be written.
 */
export function writeFirstConfig({ file, text }: FirstConfig): void {
  let isOwn = false;
  try {
    using handle = Deno.openSync(file, { write: true, createNew: true });
    isOwn = true;
    writeWhole(handle, new TextEncoder().encode(text));
    handle.syncSync();
    syncFolder(".");
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw isThereAlready(file);
    if (isOwn) Deno.removeSync(file); // half of one would be in the way of the next
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new InputError(`Cannot write ${quote(file)}: ${systemDetail(error)}`);
  }
}

function isThereAlready(file: string): InputError {
  return new InputError(`There is a config here: ${quote(file)}; troupe init overwrites nothing`);
}

function nothingHere(files: readonly string[], draft: Draft): InputError {
  const found = files.length === 0
    ? "there is no deno.json, package.json or Makefile"
    : `${files.join(", ")} ${files.length === 1 ? "has" : "have"} nothing of that kind`;
  return new InputError([
    `Nothing here becomes a task: ${found}`,
    ...leftOutLines(draft).map((line) => `  ${line}`),
    "  for a config by hand: troupe help config",
  ].join("\n"));
}
