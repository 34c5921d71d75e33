/**
 * Owns the reading of a command's flags: @std/cli parses, this refuses what the command does not know.
 * It acts on nothing.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "@std/path/posix/resolve";
import type { Level } from "../actors/terminal/build_log.ts";
import { type CiFace, type Face, FACES } from "../actors/terminal/face.ts";
import type { LoadLimits } from "../graph/schedule/headroom.ts";
import type { ReaderChoices } from "../actors/terminal/run_readers.ts";
import { nearest } from "../graph/suggest.ts";
import { InputError } from "../graph/input/input_error.ts";
import { quote } from "../graph/text.ts";

/** The flags of one command. */
export interface FlagSpec {
  readonly boolean: readonly string[];
  /** Flags that take a value. */
  readonly string: readonly string[];
  /** Flags of `string` that may be given several times. */
  readonly collect?: readonly string[];
  /** Flags of `string` whose value may be `-`. */
  readonly dash?: readonly string[];
  readonly alias?: Readonly<Record<string, string>>;
  /** How many arguments without a dash it takes at most. */
  readonly positional: number;
}

/** Flags as given. */
export interface Flags {
  readonly on: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
  readonly positional: readonly string[];
}

/**
 * Parses a command's arguments.
 *
 * @throws {InputError} For an unknown flag, a missing value or an argument too many.
 */
export function parseFlags(command: string, args: readonly string[], spec: FlagSpec): Flags {
  const known = [...spec.boolean, ...spec.string, ...Object.keys(spec.alias ?? {})];
  const parsed = parseArgs(withValues(command, args, spec), {
    boolean: [...spec.boolean],
    string: [...spec.string, "_"], // or a file called 007 would be looked for as 7
    collect: [...(spec.collect ?? [])],
    alias: { ...spec.alias },
    unknown: (arg: string) => {
      if (!arg.startsWith("-") || arg === "-") return true;
      throw new InputError(unknownFlag(command, arg, { known, spec }));
    },
  }) as Record<string, unknown> & { _: (string | number)[] };
  const on = new Set<string>(), values = new Map<string, string>(), lists = new Map<string, string[]>();
  for (const name of spec.boolean) if (parsed[name] === true) on.add(name);
  for (const name of spec.string) {
    const value = parsed[name];
    const list = Array.isArray(value) ? value as string[] : value === undefined ? [] : [value as string];
    if (list.includes("")) throw new InputError(`--${name} needs a value${helpHint(command)}`);
    if (spec.collect?.includes(name)) lists.set(name, list);
    else if (list.length > 0) values.set(name, list[list.length - 1]);
  }
  const positional = parsed._.map(String);
  if (positional.includes("")) throw new InputError(`An argument is empty${helpHint(command)}`);
  if (positional.length > spec.positional) {
    throw new InputError(`Unexpected argument ${quote(positional[spec.positional])}${helpHint(command)}`);
  }
  return { on, values, lists, positional };
}

/**
 * A flag's value as a whole number of at least `least`; undefined when it was not given.
 *
 * @throws {InputError} For anything else.
 */
export function wholeNumber(flags: Flags, name: string, least: number, most: number): number | undefined {
  const text = flags.values.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    const range = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `of at least ${least}`;
    throw new InputError(`--${name} must be a whole number ${range}, not ${quote(text)}`);
  }
  return value;
}

/**
 * How much is said, by `--quiet` and `--verbose`.
 *
 * @throws {InputError} When both were given.
 */
export function levelOf({ on }: Flags): Level {
  if (on.has("quiet") && on.has("verbose")) throw new InputError("--quiet and --verbose exclude each other");
  return on.has("quiet") ? "quiet" : on.has("verbose") ? "verbose" : "normal";
}

/** What a timer holds, rounded down. */
const LONGEST_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/**
 * A flag's value, given in seconds, in milliseconds; undefined when it was not given. `isZeroOk`: no time at all is one.
 *
 * @throws {InputError} For anything else.
 */
export function secondsOf(flags: Flags, name: string, isZeroOk = false): number | undefined {
  const text = flags.values.get(name);
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || (seconds === 0 && !isZeroOk)) {
    throw new InputError(`--${name} must be a number of seconds${isZeroOk ? "" : " above 0"}, not ${quote(text)}`);
  }
  if (seconds > LONGEST_SECONDS) {
    throw new InputError(`--${name} must be at most ${LONGEST_SECONDS} seconds, not ${quote(text)}`);
  }
  return Math.max(isZeroOk ? 0 : 1, Math.round(seconds * 1000));
}

/**
 * How a run shows itself, by `--log`: live on a terminal, as a CI has it in the log of one, and in lines elsewhere, unless
 * told.
 *
 * @throws {InputError} For a word that is none.
 */
export function faceOf(
  { values }: Pick<Flags, "values">,
  { isLive, ci }: { readonly isLive: boolean; readonly ci?: CiFace },
): Face {
  const word = values.get("log");
  if (word === undefined) return isLive ? "live" : ci ?? "lines";
  const face = FACES.find((face) => face === word);
  if (face === undefined) throw new InputError(`--log must be one of ${FACES.join(", ")}, not ${quote(word)}`);
  // In a file or a pipe there is nothing to draw on.
  return face === "live" && !isLive ? "lines" : face;
}

/**
 * What is written of a run beside its lines, by `--events` and `--junit`.
 *
 * @throws {InputError} When flags exclude each other.
 */
export function readersOf({ on, values }: Flags): ReaderChoices {
  const events = values.get("events"), junit = values.get("junit");
  if (events === "-" && on.has("json")) {
    throw new InputError("--events - and --json would both write to stdout: name a file, as in --events events.jsonl");
  }
  const files = ["events", "junit", "report"].filter((name) => values.has(name) && values.get(name) !== "-");
  for (const name of ["events", "junit"]) {
    if (!on.has("dry-run") || !values.has(name)) continue;
    throw new InputError(`--${name} tells what is done, and --dry-run does nothing: leave out one`);
  }
  for (const [at, name] of files.entries()) {
    const path = values.get(name)!;
    const same = files.slice(at + 1).find((other) => resolve(values.get(other)!) === resolve(path));
    if (same !== undefined) throw new InputError(`--${name} and --${same} name the same file ${quote(path)}`);
  }
  return { events, junit };
}

/**
 * How busy the machine may be, by the flags; undefined when none was given.
 *
 * @throws {InputError} For anything but a percentage.
 */
export function loadLimits(flags: Flags): LoadLimits | undefined {
  const cpu = percentage(flags, "max-load"), memory = percentage(flags, "max-memory");
  return cpu === undefined && memory === undefined ? undefined : { cpu, memory };
}

/** A number alone might be meant as a load average. */
function percentage(flags: Flags, name: string): number | undefined {
  const text = flags.values.get(name);
  if (text === undefined) return undefined;
  const value = /^(\d{1,3}(?:\.\d+)?)\s*%$/.exec(text)?.[1];
  if (value === undefined || Number(value) <= 0 || Number(value) > 100) {
    throw new InputError(`--${name} must be a percentage above 0% and up to 100%, not ${quote(text)}`);
  }
  return Number(value) / 100;
}

/** Which store and which remote cache are used. */
export interface StoreFlags {
  /** Undefined when nothing was said of it. */
  readonly store: string | false | undefined;
  readonly remote: string | false | undefined;
  readonly remoteWrite: boolean;
}

/**
 * Which store and which remote cache are used, by flags.
 *
 * @throws {InputError} When some exclude each other.
 */
export function storeOf({ on, values }: Flags): StoreFlags {
  const remoteWrite = on.has("remote-write");
  const exclude = (one: string, other: string) => new InputError(`--${one} and --${other} exclude each other`);
  if (on.has("no-store") && values.has("store")) throw exclude("store", "no-store");
  if (on.has("no-remote") && values.has("remote")) throw exclude("remote", "no-remote");
  if (on.has("no-remote") && remoteWrite) throw exclude("remote-write", "no-remote");
  if (on.has("no-store") && (values.has("remote") || remoteWrite)) {
    throw new InputError("What comes out of a remote cache goes through the store: leave out --no-store");
  }
  return {
    store: on.has("no-store") ? false : values.get("store"),
    remote: on.has("no-remote") ? false : values.get("remote"),
    remoteWrite,
  };
}

/** The name of a flag as the spec has it; undefined for what is no flag that it knows. */
function nameOf(arg: string, { boolean, string, alias = {} }: FlagSpec): string | undefined {
  const [, name] = /^--?([^=]+)/s.exec(arg) ?? [];
  if (name === undefined) return undefined;
  const whole = Object.hasOwn(alias, name) ? alias[name] : name;
  return boolean.includes(whole) || string.includes(whole) ? whole : undefined;
}

/**
 * The arguments with each flag that takes a value and the value after it made one, so that a value may begin with a dash
 * and be told wrong as the value that it is; and with each flag of a group alone.
 */
function withValues(command: string, args: readonly string[], spec: FlagSpec): string[] {
  const joined: string[] = [], left = [...args];
  for (let given = left.shift(); given !== undefined; given = left.shift()) {
    if (given === "--") return [...joined, given, ...left];
    const [arg, ...more] = ungrouped(given, spec);
    left.unshift(...more);
    const name = arg.startsWith("-") ? nameOf(arg, spec) : undefined;
    const takesValue = name !== undefined && spec.string.includes(name);
    if (takesValue && /^[^=]+=$/s.test(arg)) throw new InputError(`--${name} needs a value${helpHint(command)}`);
    if (name !== undefined && !takesValue && !/^[^=]+(=(true|false))?$/s.test(arg)) {
      throw new InputError(`--${name} takes no value${helpHint(command)}`);
    }
    const next = left[0] ?? "";
    const isValue = /^-\d/.test(next) || (next === "-" && name !== undefined && spec.dash?.includes(name));
    if (takesValue && !arg.includes("=") && isValue) joined.push(`--${name}=${left.shift()}`);
    else joined.push(arg);
  }
  return joined;
}

/**
 * What a group of short flags stands for, of which the last may have its value right after it: `-nj2` is `-n --jobs=2`. The
 * parser would take `j2` for the value of `-n`. An argument that is no such group stays as it is.
 */
function ungrouped(arg: string, spec: FlagSpec): string[] {
  if (!/^-[^-]./s.test(arg) || (nameOf(arg, spec)?.length ?? 0) === /^-([^=]*)/s.exec(arg)![1].length) return [arg];
  const alone: string[] = [];
  for (let at = 1; at < arg.length; at++) {
    const name = nameOf(`-${arg[at]}`, spec), rest = arg.slice(at + 1);
    if (name === undefined) return [arg];
    if (rest === "") alone.push(`-${arg[at]}`);
    else if (spec.string.includes(name)) return [...alone, `--${name}=${rest.replace(/^=/, "")}`];
    else if (rest.startsWith("=")) return [...alone, `-${arg[at]}${rest}`];
    else alone.push(`-${arg[at]}`);
  }
  return alone;
}

/** Flags of other tools, and those of ours that do the same. */
const OF_OTHER_TOOLS: Readonly<Record<string, string>> = {
  ...{ "--parallel": "jobs", "--workers": "jobs", "--concurrency": "jobs", "--threads": "jobs" },
  ...{ "-B": "force", "--always-make": "force", "--no-cache": "force", "-s": "quiet", "--silent": "quiet" },
  ...{ "--just-print": "dry-run", "--dry": "dry-run", "--file": "config", "-f": "config", "--bail": "fail-fast" },
};

/** Flags of other tools for what builds and runs do without, or another command does. */
const UNNEEDED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["-k", "--keep-going", "--continue"].map((flag) => [flag, "what needs no failed task is done anyway"]),
  ),
  ...{ "-w": "see troupe watch", "--watch": "see troupe watch", "--clean": "see troupe clean, or --force" },
  ...Object.fromEntries(["-l", "--list", "--summary"].map((flag) => [flag, "see troupe list"])),
  ...Object.fromEntries(["-C", "--directory"].map((flag) => [flag, "name the config there: -c FOLDER/build.json"])),
};

function unknownFlag(
  command: string,
  arg: string,
  { known, spec }: { readonly known: readonly string[]; readonly spec: FlagSpec },
): string {
  const flag = arg.replace(/=.*$/s, "");
  const same = Object.hasOwn(OF_OTHER_TOOLS, flag) && known.includes(OF_OTHER_TOOLS[flag]);
  if (same) return `Unknown flag ${quote(flag)}, did you mean '--${OF_OTHER_TOOLS[flag]}'?`;
  if (/^(?:build|run)$/.test(command) && Object.hasOwn(UNNEEDED, flag)) {
    return `Unknown flag ${quote(flag)}: ${UNNEEDED[flag]}`;
  }
  const guess = nearest(flag.replace(/^-+/, ""), known.filter((name) => name.length > 1));
  if (guess !== undefined) return `Unknown flag ${quote(flag)}, did you mean '--${guess}'?`;
  const isNumber = spec.positional > 0 && /^-\d/.test(flag);
  return `${isNumber ? "Unexpected argument" : "Unknown flag"} ${quote(flag)}${helpHint(command)}`;
}

function helpHint(command: string): string {
  return `; see troupe ${command} --help`;
}
