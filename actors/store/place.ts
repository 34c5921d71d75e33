/**
 * Owns where a store lies, how large and how old it may become, and what its parts are called: from flags, environment and
 * config. It opens nothing.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";
import { InputError } from "../../graph/input/input_error.ts";
import { parseBytes } from "../../graph/bytes.ts";
import { quote } from "../../graph/text.ts";

/** The store of a config, beside it. */
export const STORE_FOLDER = ".troupe/store";

/** Bytes that a store may keep unless it is told otherwise: 5 GB. */
export const DEFAULT_LIMIT = 5e9;

/** Days that a record is kept without being used, unless told otherwise. */
export const DEFAULT_DAYS = 30;

/** One store, as it is to be used. */
export interface StorePlace {
  /** Absolute path. */
  readonly root: string;
  /** Whether it is one config's own, beside it. */
  readonly isOwn: boolean;
  /** Bytes. */
  readonly limit: number;
  readonly days: number;
}

/** What was said of the store on a command line or by a program. */
export interface StoreChoice {
  /** Path of the store to use, or false for none; default `TROUPE_STORE`, or `.troupe/store` beside the config. */
  readonly store?: string | false;
}

/** What a config says of it. */
export interface StoreSettings {
  /** Bytes. */
  readonly storeLimit?: number;
  readonly storeDays?: number;
}

/** Reads a variable of the environment; undefined also where that is not permitted. */
export function environment(variable: string): string | undefined {
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return undefined;
  return Deno.env.get(variable) || undefined;
}

/**
 * The store of a config's folder; undefined for none. What is given on the command line comes before the environment, and
 * that before the config.
 *
 * @throws {InputError} When a variable of the environment is not what it must be.
 */
export function storePlace(
  folder: string,
  { store }: StoreChoice,
  { storeLimit, storeDays }: StoreSettings,
  variable: (name: string) => string | undefined = environment,
): StorePlace | undefined {
  if (store === false) return undefined;
  const given = store ?? variable("TROUPE_STORE");
  return {
    root: given === undefined ? `${folder}/${STORE_FOLDER}` : resolve(given),
    isOwn: given === undefined,
    limit: limitOf(variable("TROUPE_STORE_LIMIT")) ?? storeLimit ?? DEFAULT_LIMIT,
    days: daysOf(variable("TROUPE_STORE_DAYS")) ?? storeDays ?? DEFAULT_DAYS,
  };
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes;
  throw new InputError(`TROUPE_STORE_LIMIT must be a size such as 5GB or 500MB, not ${quote(text)}`);
}

function daysOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InputError(`TROUPE_STORE_DAYS must be a number of days, not ${quote(text)}`);
}

/** The folder of blobs of a store. */
export function blobsFolder(root: string): string {
  return `${root}/blobs`;
}

/** The folder of the index: a file for every part of the keys. */
export function recordsFolder(root: string): string {
  return `${root}/records`;
}

/** How many files the index has. */
export const BUCKETS = 32;

/** The file of the index that holds a key. */
export function bucketOf(key: string): number {
  return parseInt(key.slice(0, 2), 16) % BUCKETS;
}

/** The path of one file of the index. */
export function bucketPath(root: string, bucket: number): string {
  return `${recordsFolder(root)}/${bucket.toString().padStart(2, "0")}`;
}

/** Held by whoever reads or writes the index, alone by whoever takes records out of it. */
export function guardPath(root: string): string {
  return `${root}/lock`;
}

/** Held by each build that uses the store, for as long as it does. */
export function usePath(root: string): string {
  return `${root}/use`;
}

/** There when a copy of a file shares its blocks where the store is. */
export function clonesPath(root: string): string {
  return `${root}/clones`;
}

/** A line for each build that used the store. */
export function countsPath(root: string): string {
  return `${root}/counts`;
}

/** Its time of change is when the store was last looked after. */
export function tidiedPath(root: string): string {
  return `${root}/tidied`;
}
