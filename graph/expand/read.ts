/**
 * Owns the whole way from a config with templates to checked tasks, or to every diagnostic in it. It reads no file.
 *
 * @module
 */
import type { Diagnostic } from "../failure.ts";
import { type BuildConfig, checkSettings, checkTasks } from "../input/build_config.ts";
import { linkTasks } from "../input/task_references.ts";
import type { Task } from "../task.ts";
import { type ConfigFile, inFile, wishesOf } from "./config_file.ts";
import { expand, type Expansion, type ExpansionOptions } from "./expand.ts";

/** A config without diagnostics, or diagnostics without a config, with the origins of its tasks either way. */
export interface ExpandedConfig extends Pick<Expansion, "origins" | "leftOut" | "unread"> {
  readonly config?: BuildConfig;
  readonly diagnostics: Diagnostic[];
}

/** Expands and checks a config; `told` are diagnostics in what was read for it. */
export function readExpanded(
  root: ConfigFile,
  { told = [], ...options }: ExpansionOptions & { readonly told?: readonly Diagnostic[] } = {},
): ExpandedConfig {
  const diagnostics: Diagnostic[] = [...told];
  const files = allOf(root);
  const settings = files.map((file) => {
    const found: Diagnostic[] = [];
    const own = checkSettings(file.value, found);
    const all = [...found, ...wishesOf(file.value).diagnostics];
    for (const diagnostic of inFile(file.index, all)) diagnostics.push(diagnostic);
    return own;
  });
  const { tasks: list, samples, lost, origins, diagnostics: found, leftOut, unread } = expand(root, options);
  for (const diagnostic of found) diagnostics.push(diagnostic);
  // What is told of the whole takes all of it to be there, but for what is known by name.
  const isWhole = told.length === 0 &&
    files.every(({ value: { tasks } }) => tasks === undefined || Array.isArray(tasks)) &&
    !diagnostics.some(({ places: [place] }) => place !== undefined && "path" in place && place.path[0] === "include");
  const [{ resourceLimits: limits, ...own }] = settings;
  const included = settings.slice(1).map(({ resourceLimits }) => resourceLimits ?? {});
  const hasLimits = settings.some(({ resourceLimits }) => resourceLimits !== undefined);
  const resourceLimits = hasLimits ? Object.assign({}, ...included, limits) : undefined;
  const scopesOf = (task: number) => origins.scopesOf(task);
  const link = (tasks: readonly Task[], known: readonly string[]) =>
    linkTasks(tasks, { scopesOf, samples: known, lost, diagnostics });
  const tasks = checkTasks(list, { resourceLimits, diagnostics, link, samples, isWhole });
  if (diagnostics.length > 0) return { diagnostics, origins, leftOut, unread };
  const config = { ...own, ...(resourceLimits === undefined ? {} : { resourceLimits }), tasks };
  return { config, diagnostics, origins, leftOut, unread };
}

/** A config and all that it includes, each before those in it. */
function allOf(file: ConfigFile): ConfigFile[] {
  return [file, ...file.included.flatMap(({ file: inner }) => allOf(inner))];
}
