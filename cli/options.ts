/**
 * Owns the reading of a command's flags: @std/cli parses, this refuses what the command does not know.
 * It acts on nothing.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import type { Level } from "../actors/build_log.ts";
import { InputError } from "../actors/input.ts";
import type { LoadLimits } from "../graph/headroom.ts";
import { nearest } from "../graph/suggest.ts";

/** The flags of one command. */
export interface FlagSpec {
  readonly boolean: readonly string[];
  /** Flags that take a value. */
  readonly string: readonly string[];
  /** Those of `string` that may be given several times. */
  readonly collect?: readonly string[];
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
  const parsed = parseArgs([...args], {
    boolean: [...spec.boolean],
    string: [...spec.string, "_"], // or a file called 007 would be looked for as 7
    collect: [...(spec.collect ?? [])],
    alias: { ...spec.alias },
    unknown: (arg: string) => {
      if (!arg.startsWith("-") || arg === "-") return true;
      throw new InputError(unknownFlag(command, arg, known));
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
  if (positional.length > spec.positional) {
    throw new InputError(`Unexpected argument '${positional[spec.positional]}'${helpHint(command)}`);
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
    throw new InputError(`--${name} must be a whole number from ${least} to ${most}, not '${text}'`);
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

/** The flags by which `build` and `run` limit the load. */
export const LOAD_FLAGS: readonly string[] = ["max-load", "max-memory"];

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
    throw new InputError(`--${name} must be a percentage above 0% and up to 100%, not '${text}'`);
  }
  return Number(value) / 100;
}

function unknownFlag(command: string, arg: string, known: readonly string[]): string {
  const name = arg.replace(/^-+/, "").replace(/=.*$/, "");
  const guess = nearest(name, known.filter((flag) => flag.length > 1));
  const flag = arg.replace(/=.*$/, "");
  return `Unknown flag '${flag}'${guess === undefined ? helpHint(command) : `, did you mean '--${guess}'?`}`;
}

function helpHint(command: string): string {
  return `; see troupe ${command} --help`;
}
