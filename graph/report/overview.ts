/**
 * Owns the words of `troupe` alone: the config, the last run, what failed, what would run and why, and what to type next.
 * It prints nothing, and reads neither clock nor disk: it is given what there is.
 *
 * @module
 */
import type { RunRecord } from "./run_records.ts";
import { padTo, type TextCell, widthOf } from "../text_width.ts";
import { counted, escapeControls, listed } from "../text.ts";
import type { Prospect } from "./build_report.ts";
import { shellWord, showCommand } from "./typed_commands.ts";

/** The last run that the history has. */
export interface LastRun extends Omit<RunRecord, "id"> {
  readonly id: number;
  /** The file it was of, where that is not the config; as seen from its folder. */
  readonly of?: string;
  /** Seconds since it was begun. */
  readonly age: number;
  /** Tasks that failed, with why. */
  readonly failures: readonly { readonly name: string; readonly error: string | null }[];
}

/** What there is to tell where there is a config. */
export interface ProjectOverview {
  /** The config, as the user would name it. */
  readonly file: string;
  /** Of all tasks, those before that others need. */
  readonly prospects: readonly (readonly [name: string, prospect: Prospect])[];
  readonly last?: LastRun;
  /** Path of the history, as commands are told it here. */
  readonly database: string;
  /** Names of commands, which a task of that name is not reached by. */
  readonly commands: readonly string[];
}

/** What was found where there is no config. */
export interface Foreign {
  /** A file that tells how this is built today. */
  readonly file: string;
  /** What it has, e.g. `scripts`. */
  readonly what?: string;
  readonly names?: readonly string[];
}

const MOST_PROSPECTS = 10, MOST_FAILURES = 5, MOST_NAMES = 8, MOST_RESTORED = 5;

/** No name and no command makes its column wider. */
const WIDEST_NAME = 40, WIDEST_COMMAND = 60;

/** The lines where there is a config. */
export function overviewLines({ file, prospects, last, database, commands }: ProjectOverview): TextCell[][] {
  const wouldRun = prospects.filter(([, { run }]) => run), { length: total } = prospects;
  const wouldRestore = prospects.filter(([, { restore }]) => restore).map(([name]) => name);
  return [
    [plain(`${escapeControls(file)}: ${counted(prospects.length, "task")}`)],
    ...(last === undefined ? [[dim("No run recorded yet")]] : lastLines(last)),
    [],
    ...(wouldRun.length > 0 || wouldRestore.length === 0 ? prospectLines(wouldRun, total) : []),
    ...(wouldRestore.length === 0 ? [] : [[plain(restoreLine(wouldRestore, total))]]),
    [],
    ...nextLines([
      ...buildEntry(wouldRun.length + wouldRestore.length, total),
      ...oneEntry(wouldRun, { last, commands }),
      ...failureEntries(last, database),
      ["troupe list", "all tasks: what they are for, and how they stand"],
      ["troupe --help", "all commands"],
    ]),
  ];
}

/** The lines where there is none; `commands` tells whether one can be made. */
export function foreignLines(found: readonly Foreign[], { commands }: Pick<ProjectOverview, "commands">): TextCell[][] {
  return [
    [plain("No build.json or build.jsonc here or in a folder above")],
    ...(found.length === 0 ? [] : [[], [plain("What is here:")], ...tableLines(found.map(foreignEntry))]),
    [],
    ...nextLines([
      ...(commands.includes("init") ? [["troupe init", "write a config from what is here"] as const] : []),
      ["troupe help config", "what a config may say, with an example"],
      ["troupe --help", "all commands"],
    ]),
  ];
}

/** How long ago something was. */
export function agoText(seconds: number): string {
  const units = [[86_400, "day"], [3600, "hour"], [60, "minute"]] as const;
  const [size, unit] = units.find(([size]) => seconds >= size) ?? [1, undefined];
  return unit === undefined ? "just now" : `${counted(Math.floor(seconds / size), unit)} ago`;
}

function lastLines(last: LastRun): TextCell[][] {
  const { id, of, age, failed, passed, skipped, running, pending = 0, interrupted, failures } = last;
  const what = `#${id}${of === undefined ? "" : ` of ${escapeControls(of)}`}, ${agoText(age)}`;
  const counts = [
    `${passed} passed`,
    `${failed} failed`,
    `${skipped} skipped`,
    ...(running === undefined ? [] : [`${running} running`, `${pending} pending`]),
    ...(interrupted ? ["interrupted"] : []),
  ].join(", ");
  const title = running === undefined ? "Last run" : "A run goes on";
  const more = failures.length - MOST_FAILURES;
  return [
    [{ text: `${title}: ${what}: ${counts}`, tone: failed > 0 ? "bad" : "plain" }],
    ...tableLines(failures.slice(0, MOST_FAILURES).map(({ name, error }) => [name, error ?? ""]), { tone: "bad" }),
    ...(more > 0 ? [[dim(`  … and ${more} more`)]] : []),
  ];
}

/** Causes before what follows from them. */
function prospectLines(wouldRun: ProjectOverview["prospects"], total: number): TextCell[][] {
  if (wouldRun.length === 0) {
    return [[{ text: total === 1 ? "It is up to date" : `All ${total} are up to date`, tone: "good" }]];
  }
  const follows = ([, { reason }]: ProjectOverview["prospects"][number]) =>
    reason?.startsWith("dependency would run: ") === true;
  const ordered = [...wouldRun.filter((each) => !follows(each)), ...wouldRun.filter(follows)];
  const shown = ordered.length > MOST_PROSPECTS ? ordered.slice(0, MOST_PROSPECTS - 1) : ordered;
  return [
    [plain(`${wouldRun.length} of ${total} would run:`)],
    ...tableLines(shown.map(([name, { reason }]) => [name, reason ?? ""])),
    ...(shown.length < ordered.length ? [[dim(`  … and ${ordered.length - shown.length} more`)]] : []),
  ];
}

function restoreLine(names: readonly string[], total: number): string {
  return `${names.length} of ${total} would be restored: ${listed(names, MOST_RESTORED)}`;
}

type Entry = readonly [term: string, text: string];

function buildEntry(toDo: number, total: number): Entry[] {
  if (toDo === 0) return [];
  return [["troupe build", toDo === total ? "all of it" : toDo === 1 ? "this one" : `these ${toDo}`]];
}

/** One task by its name, for who does not know that this can be done; best one that failed. */
function oneEntry(
  wouldRun: ProjectOverview["prospects"],
  { last, commands }: Pick<ProjectOverview, "last" | "commands">,
): Entry[] {
  if (wouldRun.length < 2) return [];
  const failed = new Set(last?.failures.map(({ name }) => name));
  const [name] = wouldRun.find(([name]) => failed.has(name)) ?? wouldRun[0];
  return [[nameCommand(name, commands), "only this one and what it needs"]];
}

function failureEntries(last: LastRun | undefined, database: string): Entry[] {
  const [first] = last?.failures ?? [];
  if (last === undefined || first === undefined) return [];
  const where = { run: last.id, database };
  return [
    [showCommand(first.name, where), "what it printed"],
    [`troupe retry ${last.id}${database === "taskrun.db" ? "" : ` --db ${shellWord(database)}`}`, "what did not pass"],
  ];
}

/** The command that builds one task. */
export function nameCommand(name: string, commands: readonly string[]): string {
  const word = shellWord(name);
  if (name.startsWith("-")) return `troupe -- ${word}`;
  if (/\.(jsonc?|txt)$/i.test(name) || name.includes("/")) return `troupe --task ${word}`;
  return commands.includes(name) ? `troupe build ${word}` : `troupe ${word}`;
}

function foreignEntry({ file, what, names = [] }: Foreign): Entry {
  const shown = names.slice(0, MOST_NAMES).join(", ");
  const more = names.length > MOST_NAMES ? `, … (${names.length})` : "";
  return [file, what === undefined || names.length === 0 ? "" : `${what}: ${shown}${more}`];
}

function nextLines(entries: readonly Entry[]): TextCell[][] {
  return [[plain("Next:")], ...tableLines(entries, { widest: WIDEST_COMMAND })];
}

function tableLines(
  entries: readonly Entry[],
  { tone = "plain", widest = WIDEST_NAME }: { readonly tone?: TextCell["tone"]; readonly widest?: number } = {},
): TextCell[][] {
  const terms = entries.map(([term]) => escapeControls(term));
  const width = Math.min(widest, Math.max(0, ...terms.map(widthOf)));
  return entries.map(([, text], at) => [
    { text: `  ${padTo(terms[at], text === "" ? 0 : width)}`, tone },
    ...(text === "" ? [] : [dim(`  ${escapeControls(text.split("\n", 1)[0])}`)]),
  ]);
}

function plain(text: string): TextCell {
  return { text, tone: "plain" };
}

function dim(text: string): TextCell {
  return { text, tone: "dim" };
}
