/**
 * Owns what is remembered of a build that found nothing to do, so that the next one which is asked for the same way needs
 * not even load what builds: everything the answer hangs on, as it looks now. It is written only where all of that has
 * been as it is since before the build looked at it.
 *
 * A state that cannot be written is no loss: the next build takes its time.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { parseTree } from "../../graph/artifact.ts";
import { variablesNamed } from "../../graph/command_text.ts";
import { Looker, variablesLookedAt } from "../door/look.ts";
import {
  type Answer,
  digestOf,
  type Look,
  LOOKS,
  type State,
  STATE_FILE,
  stateBytes,
  Word,
  WORDS,
} from "../door/state.ts";
import { CONFIG_NAMES } from "../input/config_search.ts";
import { readInput } from "../input/input.ts";
import type { LoadedBuild } from "../input/load.ts";
import { readConfig } from "../input/read_config.ts";
import { LOCK_FILE } from "../locks/build_lock.ts";
import { PRIVATE, replaceUnsynced } from "../storage/atomic_file.ts";
import { writeWhole } from "../machine/regular_file.ts";
import { CACHE_FILE } from "./build_cache.ts";
import { absoluteOwn, type Prepared } from "./prepare.ts";
import { realFolders } from "../machine/real_folders.ts";
import { expandSources } from "./sources.ts";
import { TRANSACTION_FOLDER } from "./transaction/folder.ts";

/** A build that found nothing to do. */
export interface NothingDone {
  readonly build: LoadedBuild;
  readonly prepared: Prepared;
  /** Paths of files that troupe itself used, which no glob means. */
  readonly own: readonly string[];
}

/** How it was asked for, and what was said. */
export interface Asked extends Pick<Answer, "args" | "versions" | "cwd" | "isTerminal" | "text"> {
  readonly environment: Readonly<Record<string, string>>;
  /** The config was named; else it was found from the current folder upwards. */
  readonly isNamed: boolean;
  /** Since when the build has looked at things, in ms since the epoch; default since this process is there. */
  readonly sinceMs?: number;
  /** Not by the system's own call; default where that can be had. */
  readonly isPortable?: boolean;
}

/** A change before the build that is so old had another time than any that came after it. */
const SETTLED_MS = 2000;

/** The paths that are looked at, by how. */
type Paths = Record<Look, Set<string>>;

type Seen = Pick<State, "isExact" | "counts" | "paths" | "words">;

/** Remembers it, unless something has changed since shortly before the build. */
export async function rememberNothing(done: NothingDone, asked: Asked): Promise<void> {
  try {
    const state = await stateOf(done, asked);
    if (state === undefined) return;
    const bytes = stateBytes(state);
    // What a power cut leaves of it reads as none.
    replaceUnsynced(`${state.folder}/${STATE_FILE}`, (file) => writeWhole(file, bytes), { mode: PRIVATE });
  } catch {
    // The folder may be read only, or full.
  }
}

async function stateOf(done: NothingDone, asked: Asked): Promise<State | undefined> {
  const { folder, tasks } = done.build;
  // What tools say is asked by every build.
  if (tasks.some((task) => "tools" in task)) return;
  const seen = look(pathsOf(done, asked), folder, asked);
  if (seen === undefined || !await areSourcesSame(done, seen)) return;
  const named = tasks.flatMap(({ action }) => action.kind === "command" ? variablesNamed(action.command) : []);
  const { args, versions, cwd, isTerminal, environment, text } = asked;
  const names = variablesLookedAt(environment, named);
  const variables = names.map((name) => [name, digestOf(environment[name])] as const);
  return { answer: { versions, args, cwd, isTerminal, variables, text }, folder, ...seen };
}

function pathsOf({ build, prepared }: NothingDone, { args, cwd, isNamed }: Asked): Paths {
  const { folder, source, tasks, shape } = build;
  const paths: Paths = {
    itself: new Set([
      ...[source, ...(shape?.files ?? []), `${folder}/${CACHE_FILE}`],
      ...prepared.cache.files.looked(),
    ]),
    target: new Set(),
    entries: prepared.sources.folders.union(shape?.folders ?? new Set()),
    place: new Set([folder]),
    nothing: new Set([LOCK_FILE, TRANSACTION_FOLDER, `${CACHE_FILE}l`]),
  };
  const inTrees = new Set<string>(); // links of which only the text counts
  for (const { path, text } of prepared.cache.trees.looked()) {
    paths.entries.add(`${folder}/${path}`);
    for (const one of parseTree(text) ?? []) {
      if (one.kind === "folder") paths.entries.add(`${folder}/${path}/${one.path}`);
      else if (one.kind === "link") paths.itself.add(`${path}/${one.path}`) && inTrees.add(`${path}/${one.path}`);
    }
  }
  for (const { action } of tasks) {
    if (action.kind === "command" && action.cwd !== undefined) paths.place.add(`${folder}/${action.cwd}`);
    if (action.kind === "module") {
      for (const above of foldersFrom(folder, "/")) addEither(paths, `${above}/deno.lock`);
    }
  }
  for (const word of args) if (!word.startsWith("-")) addEither(paths, resolve(cwd, word));
  if (!isNamed) {
    for (const above of foldersFrom(cwd, folder)) {
      for (const name of CONFIG_NAMES) {
        if (`${above}/${name}` === source) break;
        addEither(paths, above === "/" ? `/${name}` : `${above}/${name}`);
      }
    }
  }
  for (const path of paths.itself) {
    if (isLink(absolute(folder, path)) && !inTrees.has(path)) paths.target.add(path);
  }
  return paths;
}

/** A file that may be there, or not. */
function addEither(paths: Paths, path: string): void {
  try {
    paths[Deno.lstatSync(path).isDirectory ? "place" : "itself"].add(path);
  } catch {
    paths.nothing.add(path);
  }
}

function foldersFrom(start: string, end: string): string[] {
  const folders = [start];
  for (let folder = start; folder !== end && folder !== dirname(folder);) folders.push(folder = dirname(folder));
  return folders;
}

/** Looks at everything; undefined when something is not what the build has seen, or may not be. */
function look(paths: Paths, folder: string, asked: Asked): Seen | undefined {
  const encoder = new TextEncoder();
  const all = LOOKS.flatMap((look) => [...paths[look]].map((path) => ({ look, path })));
  if (all.some(({ path }) => path.includes("\0"))) return;
  const names = all.map(({ path }) => encoder.encode(`${path}\0`));
  const words = new Uint32Array(all.length * WORDS);
  const settledMs = (asked.sinceMs ?? performance.timeOrigin) - SETTLED_MS;
  using looker = new Looker(folder, asked);
  for (const [index, { look, path }] of all.entries()) {
    const at = index * WORDS;
    if (!looker.look(names[index], look, words, at)) return;
    if (look === "place" || look === "nothing") continue;
    const isSettled = (words[at + Word.Changed] + 1) * 1000 < settledMs;
    if (look === "entries") {
      // What comes next into a folder that has just changed may leave it the same time.
      if (!isSettled) words.fill(0, at + Word.Edited, at + Word.Entries);
      looker.entries(names[index], words, at);
    } // The cache is troupe's own, and was written by this very build if it is new.
    else if (!isSettled && path !== `${folder}/${CACHE_FILE}`) return;
  }
  const bytes = new Uint8Array(names.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const name of names) {
    bytes.set(name, at);
    at += name.length;
  }
  const counts = Object.fromEntries(LOOKS.map((look) => [look, paths[look].size])) as Seen["counts"];
  return { isExact: looker.isExact, counts, paths: bytes, words };
}

/**
 * Whether the globs come to what they came to in the build. Folders change with every build that makes its lock in them, so
 * their times tell nothing of when; but their entries are the same before and after this.
 */
async function areSourcesSame({ build, prepared, own }: NothingDone, { counts, words }: Seen): Promise<boolean> {
  if (counts.entries === 0) return true;
  if (build.shape !== undefined && !await isShapedAlike(build)) return false;
  const { cache, sources, stale } = prepared, { folder } = build;
  const isOwn = [build.source, ...(build.shape?.files ?? []), ...absoluteOwn(own)];
  const again = await expandSources(build.tasks, {
    declared: build.declared,
    index: cache.files,
    own: isOwn,
    really: realFolders(folder),
    stale,
  });
  const isSame = again.files.every((files, task) => files.join("\0") === sources.files[task].join("\0"));
  if (!isSame || again.diagnostics.length > 0) return false;
  using looker = new Looker(folder);
  const now = new Uint32Array(WORDS), encoder = new TextEncoder();
  let at = (counts.itself + counts.target) * WORDS;
  for (const path of sources.folders) {
    looker.entries(encoder.encode(`${path}\0`), now, 0);
    for (let word = Word.Entries; word < WORDS; word++) if (now[word] !== words[at + word]) return false;
    at += WORDS;
  }
  return true;
}

/** Whether the config finds the files that it found when it was read. */
async function isShapedAlike({ source, shape }: LoadedBuild): Promise<boolean> {
  const { shape: now } = await readConfig(source, readInput(source, "Build configuration"));
  return now?.globs.length === shape?.globs.length &&
    (now?.globs ?? []).every(({ files }, at) => files.symmetricDifference(shape!.globs[at].files).size === 0);
}

function absolute(folder: string, path: string): string {
  return path.startsWith("/") ? path : `${folder}/${path}`;
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}
