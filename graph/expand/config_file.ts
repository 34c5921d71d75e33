/**
 * Owns the form of a config that was read and is to be expanded, with what it includes and the files that its templates are
 * made for; and what it asks for to come to that. It reads nothing.
 *
 * @module
 */
import { badText, unknownKey, wrongValue } from "../diagnostics.ts";
import type { Diagnostic, JsonPath, Place } from "../failure.ts";
import { isObject, type JsonObject } from "../input/config_object.ts";
import { normaliseSource } from "../paths.ts";
import { readForEach, readMatrix } from "./loops.ts";

/** One config of those that a build consists of. */
export interface ConfigFile {
  /** Among all of them; 0 is the one that was named. */
  readonly index: number;
  /** The way from that one's folder to its own; empty where that is the same. */
  readonly folder: string;
  readonly value: JsonObject;
  readonly included: readonly IncludedFile[];
  /** Index of a task → the files that its `for_each` found, relative to this config's folder, sorted. */
  readonly matches: ReadonlyMap<number, readonly string[]>;
}

/** A config in another one. */
export interface IncludedFile {
  readonly file: ConfigFile;
  /** What the names of its tasks begin with. */
  readonly prefix: string;
}

/** One entry of `include`. */
export interface IncludeWish {
  /** Where it stands. */
  readonly path: JsonPath;
  /** A path or a glob, relative to the config's folder. */
  readonly pattern: string;
  /** A text with placeholders; absent for the name of the folder. */
  readonly prefix?: string;
}

/** What a config asks for. */
export interface Wishes {
  readonly includes: readonly IncludeWish[];
  /** Index of a task → the entries of its `for_each`. */
  readonly forEach: ReadonlyMap<number, readonly string[]>;
  /** What is wrong with it. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Keys of an entry of `include`. */
const INCLUDE_KEYS = ["config", "prefix"];

/** Reads what a config asks for. */
export function wishesOf(value: JsonObject): Wishes {
  const diagnostics: Diagnostic[] = [];
  const forEach = new Map<number, readonly string[]>();
  const tasks: readonly unknown[] = Array.isArray(value.tasks) ? value.tasks : [];
  tasks.forEach((task, index) => {
    if (!isObject(task)) return;
    const entries = readForEach(task, index, diagnostics);
    if (entries !== undefined) forEach.set(index, entries);
    readMatrix(task, index, diagnostics);
  });
  return { includes: readIncludes(value.include, diagnostics), forEach, diagnostics };
}

function readIncludes(include: unknown, diagnostics: Diagnostic[]): IncludeWish[] {
  if (include === undefined) return [];
  const list: unknown[] = Array.isArray(include) ? include : [include];
  if (list.length === 0) diagnostics.push(badText({ path: ["include"], name: "include" }, "must not be empty"));
  return list.flatMap((entry, at): IncludeWish[] => {
    const own = Array.isArray(include) ? { path: ["include", at], name: `include[${at}]` } : {
      path: ["include"],
      name: "include",
    };
    const isWhole = isObject(entry);
    if (typeof entry !== "string" && !isWhole) {
      diagnostics.push(wrongValue(own, "the path of a config, a glob, or an object", entry));
      return [];
    }
    const before = diagnostics.length;
    const config = isWhole ? entry.config : entry, prefix = isWhole ? entry.prefix : undefined;
    const within = (key: string) => ({ path: [...own.path, key], name: `${own.name}.${key}` });
    for (const key of isWhole ? Object.keys(entry) : []) {
      if (!INCLUDE_KEYS.includes(key)) diagnostics.push(unknownKey(key, own, INCLUDE_KEYS));
    }
    const field = isWhole ? within("config") : own;
    if (typeof config !== "string") diagnostics.push(wrongValue(field, "the path of a config, or a glob", config));
    if (prefix !== undefined && (typeof prefix !== "string" || /[*?]/.test(prefix))) {
      diagnostics.push(
        typeof prefix === "string"
          ? badText(within("prefix"), "must not contain '*' or '?', by which names are looked for")
          : wrongValue(within("prefix"), "a string", prefix),
      );
    }
    const pattern = typeof config === "string" ? normaliseSource(config) : "";
    const rule = typeof pattern !== "string"
      ? pattern.rule
      : /^(?:\/|\.\.(?:\/|$)|\.$)/.test(pattern)
      ? "must lie inside the config's folder"
      : undefined;
    if (rule !== undefined) diagnostics.push(badText(field, rule));
    if (diagnostics.length > before) return [];
    return [{
      path: field.path,
      pattern: pattern as string,
      ...(prefix === undefined ? {} : { prefix: prefix as string }),
    }];
  });
}

/** Diagnostics whose places are in one config as it is written. */
export function inFile(file: number, diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.map((diagnostic) => ({
    ...diagnostic,
    places: diagnostic.places.map((place): Place => ({ ...place, file })),
  }));
}
