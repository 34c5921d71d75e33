/**
 * Owns the looking at a store and after it as a command: what is in it, what goes because it is old or too much, what is
 * damaged. The store is actors/store's.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { InputError } from "../../graph/input/input_error.ts";
import { counted, quote } from "../../graph/text.ts";
import { shownBytes } from "../../graph/bytes.ts";
import { findConfig } from "../input/config_search.ts";
import { loadBuild } from "../input/load.ts";
import { systemDetail } from "../machine/system_error.ts";
import { environment, type StorePlace, storePlace, type StoreSettings } from "../store/place.ts";
import { clear, collect, contentOf, isStore, type Removed, verify } from "../store/tidy.ts";

/** What is done with a store; `show` changes nothing. */
export type StoreDeed = "show" | "gc" | "verify" | "clear";

/** Choices for {@linkcode storeFor}. */
export interface StoreOptions {
  readonly deed: StoreDeed;
  /** Path of the store; default that of the environment, or of the config. */
  readonly store?: string;
  /** The config; default the one found here or above. */
  readonly config?: string;
  /** Only say what would be removed. */
  readonly isDry?: boolean;
}

/** What `troupe store --json` shows. Sizes in bytes. */
export interface StoreReport {
  /** Absolute path. */
  readonly store: string;
  readonly limit?: number;
  readonly days?: number;
  readonly bytes?: number;
  readonly blobs?: number;
  readonly records?: number;
  /** Lookups of the last 30 days. */
  readonly hits?: number;
  readonly misses?: number;
  /** Blobs that were read. */
  readonly verified?: number;
  readonly removed?: Removed;
  /** Nothing was removed yet. */
  readonly dry_run?: boolean;
}

/** What came of it, for people and for scripts. */
export interface StoreAnswer {
  readonly lines: readonly string[];
  readonly report: StoreReport;
  /** Something was found that should not be, or could not be done. */
  readonly isBad: boolean;
}

/**
 * Does it.
 *
 * @throws {InputError} When it is not known which store is meant, or it cannot be read or written.
 */
export async function storeFor({ deed, isDry = false, ...choice }: StoreOptions): Promise<StoreAnswer> {
  const place = await placeOf(choice);
  const { root } = place;
  if (!isStore(place)) {
    return { lines: [`There is no store at ${quote(root)}`], report: { store: root }, isBad: false };
  }
  try {
    switch (deed) {
      case "show":
        return show(place);
      case "gc":
        return told(place, collect(place, { isDry }), isDry);
      case "verify":
        return verified(place, isDry);
      case "clear":
        return cleared(place, isDry);
    }
  } catch (error) {
    throw new InputError(`Cannot look after store ${quote(root)}: ${systemDetail(error)}`);
  }
}

async function placeOf({ store, config }: Pick<StoreOptions, "store" | "config">): Promise<StorePlace> {
  const file = config ?? findConfig()?.path;
  if (file === undefined && store === undefined && environment("TROUPE_STORE") === undefined) {
    throw new InputError("There is no build.json or build.jsonc here or above: say --store PATH, or -c FILE");
  }
  const settings: StoreSettings = file === undefined ? {} : await loadBuild(file);
  return storePlace(file === undefined ? Deno.cwd() : dirname(resolve(file)), { store }, settings)!;
}

function show(place: StorePlace): StoreAnswer {
  const { root: store, limit, days } = place;
  const content = contentOf(place), { bytes, blobs, records, hits, misses } = content, lookups = hits + misses;
  const rate = lookups === 0 ? "" : ` (${Math.round((100 * hits) / lookups)}%)`;
  const lines = [
    `Store ${quote(store)}: ${shownBytes(bytes)} of ${shownBytes(limit)}`,
    `  ${counted(records, "record")}, ${counted(blobs, "blob")}; what is not used for ${days} days goes`,
    `  ${counted(hits, "hit")} in ${counted(lookups, "lookup")} of the last 30 days${rate}`,
  ];
  return { lines, report: { store, limit, days, ...content }, isBad: false };
}

function told({ root: store }: StorePlace, removed: Removed, isDry: boolean): StoreAnswer {
  const { records, blobs, bytes } = removed;
  const what = `${counted(records, "record")} and ${counted(blobs, "blob")} (${shownBytes(bytes)})`;
  return {
    lines: [`${isDry ? "Would remove" : "Removed"} ${what}`],
    report: { store, removed: { records, blobs, bytes }, ...(isDry ? { dry_run: true } : {}) },
    isBad: false,
  };
}

function verified(place: StorePlace, isDry: boolean): StoreAnswer {
  const { verified, ...removed } = verify(place, { isDry });
  const { report } = told(place, removed, isDry), { records, blobs, bytes } = removed;
  const isGood = records + blobs === 0;
  const line = isGood
    ? `Verified ${counted(verified, "blob")}: all is as it should be`
    : `Verified ${counted(verified, "blob")}: ${isDry ? "would remove" : "removed"} ${blobs} damaged (${
      shownBytes(bytes)
    }) and ${counted(records, "record")} without ${records === 1 ? "its" : "their"} blobs`;
  return { lines: [line], report: { ...report, verified }, isBad: !isGood };
}

function cleared(place: StorePlace, isDry: boolean): StoreAnswer {
  const removed = clear(place, { isDry });
  if (removed !== undefined) return told(place, removed, isDry);
  const line = `Store ${quote(place.root)} is in use by a build: clear it when that is over`;
  return { lines: [line], report: { store: place.root }, isBad: true };
}
