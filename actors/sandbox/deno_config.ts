/**
 * Owns the question which of Deno's configuration files is in force for a program, and whether it turns on an unstable
 * option. What cannot be seen is taken to do so.
 *
 * The first folder from the program upwards that has a deno.json, deno.jsonc or package.json counts, unless it is a
 * member of a workspace further up: then only the workspace's own configuration turns on options.
 *
 * @module
 */
import { parse } from "@std/jsonc";
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";
import { Glob } from "../../graph/glob.ts";

/** A configuration as far as it was understood; `unknown` when it cannot be seen or read. */
type Config = Readonly<Record<string, unknown>> | "unknown";

/** The first of a folder's names that is there counts. */
const NAMES = ["deno.json", "deno.jsonc"];

/** Whether the configuration in force for a program in a folder turns on an unstable option. */
export function turnsOn(option: string, folder: string): boolean {
  const first = foldersAbove(folder).find((at) =>
    configOf(at) !== undefined || textOf(join(at, "package.json")) !== ""
  );
  if (first === undefined) return false;
  const own = configOf(first);
  if (own === "unknown" || own?.workspace !== undefined) return lists(own, option);
  for (const root of foldersAbove(dirname(first))) {
    const config = root === first ? undefined : configOf(root);
    if (config === undefined || config === "unknown" || config.workspace === undefined) continue;
    return lists(isMember(first, root, config.workspace) ? config : own, option);
  }
  return lists(own, option);
}

/** Whether a configuration that was named turns on an unstable option. */
export function fileTurnsOn(option: string, path: string): boolean {
  return lists(parsed(textOf(path)), option);
}

/** The path of the first configuration from a folder upwards. */
export function configAbove(folder: string): string | undefined {
  return foldersAbove(folder).flatMap((at) => NAMES.map((name) => join(at, name))).find((path) =>
    Boolean(textOf(path))
  );
}

function lists(config: Config | undefined, option: string): boolean {
  if (config === "unknown") return true;
  return Array.isArray(config?.unstable) && config.unstable.includes(option);
}

/** A workspace names its members by paths, some of them with wildcards. */
function isMember(folder: string, root: string, workspace: unknown): boolean {
  const members = Array.isArray(workspace) ? workspace : (workspace as { readonly members?: unknown } | null)?.members;
  if (!Array.isArray(members)) return false;
  const path = folder.slice(root === "/" ? 1 : root.length + 1);
  return members.some((member) =>
    typeof member === "string" && new Glob(member.replace(/^\.\//, "").replace(/\/$/, "")).matches(path)
  );
}

function foldersAbove(folder: string): string[] {
  const folders = [folder];
  for (let at = folder; at !== dirname(at);) folders.push(at = dirname(at));
  return folders;
}

/** Undefined when there is none. */
function configOf(folder: string): Config | undefined {
  for (const name of NAMES) {
    const text = textOf(join(folder, name));
    if (text !== "") return parsed(text);
  }
}

function parsed(text: string | undefined): Config {
  if (text === undefined) return "unknown";
  try {
    const value = parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : "unknown";
  } catch {
    return "unknown"; // Deno would not have started by it.
  }
}

/** Empty for none; undefined when it cannot be seen. */
function textOf(path: string): string | undefined {
  try {
    if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
    return Deno.readTextFileSync(path);
  } catch (error) {
    return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ? "" : undefined;
  }
}
