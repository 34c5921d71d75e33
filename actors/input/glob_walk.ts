/**
 * Owns the walk through folders that finds the files of globs. It opens no file, and what it cannot enter or resolve it
 * leaves out: hardly anything of what lies in a folder is meant by a glob, so it must not be in the way.
 *
 * Which folders are entered, where links lead to some, is glob_frontier.ts's. A walk of thousands of folders gives way to
 * others now and then, so that a signal is heard.
 *
 * @module
 */
import { join } from "@std/path/posix/join";
import { type Glob, literalName, segmentSource } from "../../graph/glob.ts";
import type { Segment } from "../../graph/glob_syntax.ts";
import type { Breath } from "../process/breath.ts";
import type { Entry, FolderListings } from "./folder_listings.ts";
import { type Folder, Frontier } from "./glob_frontier.ts";
import { StoppedError } from "../process/stop_listener.ts";
import { systemDetail } from "../machine/system_error.ts";
import { isNoPath, isThere } from "../machine/regular_file.ts";

/** What a glob matches that no task can read. */
export type Oddity =
  /** In words, as the end of a sentence about it. */
  | { readonly kind: "leftOut"; readonly why: string }
  /** Its name is not UTF-8, so that there is no path for it. */
  | { readonly kind: "unnameable"; readonly folder: string; readonly name: string };

/** When to give way. */
type Pauses = Pick<Breath, "isDue" | "take">;

/** Entries of folders that are kept for the next glob. */
const MOST_KEPT = 200_000;

/** A folder of this size holds thousands of entries: it is read while others have their turn. */
const LARGE_FOLDER = 256 * 1024;

const REPLACEMENT = "\ufffd";

/** A segment, ready to be compared with names. */
type Step =
  | { readonly kind: "literal"; readonly name: string }
  | { readonly kind: "some"; readonly names: RegExp }
  /** `**` */
  | { readonly kind: "folders" };

/** What a walk has come to. */
export interface Walked {
  /** The files of a glob and the oddities it matches, each once, in no order. */
  readonly paths: ReadonlySet<string>;
  /** What was matched and cannot be read, by path. */
  readonly oddities: ReadonlyMap<string, Oddity>;
  /** Folders that could not be looked into, with the system's words. */
  readonly closed: ReadonlyMap<string, string>;
  /** Absolute paths of all folders that were looked into. */
  readonly entered: ReadonlySet<string>;
  /** Folders that were looked into and are links, as paths of the glob that end in a slash. */
  readonly links: ReadonlySet<string>;
  /** Whether it comes to the same as long as nothing is told of these folders. */
  readonly isSure: boolean;
}

/** The walks of one run. */
export class GlobWalk {
  readonly #folder: string;
  readonly #breath: Pauses;
  readonly #listings: FolderListings | undefined;
  readonly #kept = new Map<string, readonly Entry[]>();
  #keptEntries = 0;
  /** Of all walks. */
  readonly #above = new Map<string, ReadonlySet<string>>();
  #walked = nothingWalked();

  /** Globs are relative to the folder. What is in folders is taken from `listings`, and kept in them, where that may be. */
  constructor(folder: string, breath: Pauses, listings?: FolderListings) {
    this.#folder = folder;
    this.#breath = breath;
    this.#listings = listings;
  }

  /** Finds the files of a glob; one walk at a time. */
  async find(glob: Glob): Promise<Walked> {
    const walked = this.#walked = nothingWalked();
    const steps = glob.segments.map(stepOf);
    const base = glob.root === "/" ? "/" : join(this.#folder, glob.root);
    const pending = new Frontier(this.#above);
    pending.add([{ path: glob.root, absolute: base, depth: 0, links: 0 }, within([0], steps)]);
    for (let next; (next = pending.take()) !== undefined;) {
      const [folder, at] = next;
      if (folder.parent !== undefined && folder.links > folder.parent.links) walked.links.add(folder.path);
      const only = at.length === 1 ? steps[at[0]] : undefined;
      if (only?.kind === "literal") {
        const entry = this.#look(folder, only.name);
        if (entry !== undefined) this.#take(folder, entry, { at, steps, glob, pending, isNamed: true });
        continue;
      }
      let count = 0;
      for (const entry of await this.#entries(folder)) {
        if ((++count & 255) === 0 && this.#breath.isDue) await this.#breath.take();
        this.#take(folder, entry, { at, steps, glob, pending });
      }
      if (this.#breath.isDue) await this.#breath.take();
    }
    if (walked.oddities.size > 0 || walked.closed.size > 0) walked.isSure = false;
    return walked;
  }

  #take(folder: Folder, entry: Entry, { at, steps, glob, pending, isNamed = false }: {
    readonly at: readonly number[];
    readonly steps: readonly Step[];
    readonly glob: Glob;
    readonly pending: Frontier;
    readonly isNamed?: boolean;
  }): void {
    const { name } = entry;
    const last = steps.length - 1;
    let isMatch = false;
    const inside: number[] = [];
    for (const position of at) {
      const step = steps[position];
      if (step.kind === "folders") {
        isMatch ||= position === last;
        if (!glob.barred.includes(name)) inside.push(position);
      } else if (step.kind === "literal" ? step.name === name : step.names.test(name)) {
        isMatch ||= position === last;
        if (position < last) inside.push(position + 1);
      }
    }
    if (!isMatch && inside.length === 0) return;
    const path = folder.path + name;
    // Where a link leads may change elsewhere.
    if (entry.isSymlink || name.includes(REPLACEMENT)) this.#walked.isSure = false;
    const kind = kindOf(entry, join(folder.absolute, name));
    if (kind === "file") {
      if (isMatch) this.#walked.paths.add(path);
    } else if (kind === "folder") {
      if (inside.length === 0) return;
      const inner: Folder = {
        path: `${path}/`,
        absolute: join(folder.absolute, name),
        parent: folder,
        depth: folder.depth + 1,
        links: folder.links + (entry.isSymlink ? 1 : 0),
      };
      pending.add([inner, within(inside, steps)], { isNamed });
    } else if (kind === "gone") {
      const isUnnameable = name.includes(REPLACEMENT) && (isMatch || !entry.isFile);
      const inPlace = entry.isDirectory ? `${path}/*` : path;
      if (isUnnameable) this.#note(inPlace, { kind: "unnameable", folder: folder.absolute, name });
    } else if (isMatch) this.#note(path, { kind: "leftOut", why: kind });
  }

  #note(path: string, oddity: Oddity): void {
    this.#walked.paths.add(path);
    this.#walked.oddities.set(path, oddity);
  }

  /** One entry that is asked for by its name. */
  #look(folder: Folder, name: string): Entry | undefined {
    const look = () => lookFor(join(folder.absolute, name), name);
    const listings = this.#enter(folder);
    try {
      return listings === undefined ? look() : listings.named(folder.absolute, name, look);
    } catch (error) {
      this.#noteClosed(folder, error);
    }
  }

  /** Notes that a folder is looked into; answers with the listings that it may be taken from, and kept in. */
  #enter({ absolute }: Folder): FolderListings | undefined {
    this.#walked.entered.add(absolute);
    if (this.#listings?.tells(absolute)) return this.#listings;
    this.#walked.isSure = false;
  }

  /** What is not there, or has just gone, or is a file where a folder is asked for, holds nothing, and is not noted. */
  #noteClosed({ path }: Folder, error: unknown): void {
    if (error instanceof Deno.errors.NotCapable) throw error;
    if (isAbsence(error)) return;
    this.#walked.closed.set(path === "" ? "." : path.replace(/(.)\/$/, "$1"), systemDetail(error));
  }

  async #entries(folder: Folder): Promise<Iterable<Entry>> {
    const { absolute } = folder;
    const listings = this.#enter(folder);
    const kept = listings === undefined ? this.#kept.get(absolute) : listings.all(absolute);
    if (kept !== undefined) return kept;
    let entries: Entry[] = [];
    try {
      const isLarge = Deno.statSync(absolute).size > LARGE_FOLDER;
      entries = isLarge ? await this.#entriesOfLarge(absolute) : [...Deno.readDirSync(absolute)];
    } catch (error) {
      if (error instanceof StoppedError) throw error;
      this.#noteClosed(folder, error);
      if (listings !== undefined) return entries;
    }
    if (listings !== undefined) listings.keepAll(absolute, entries);
    else if ((this.#keptEntries += entries.length) <= MOST_KEPT) this.#kept.set(absolute, entries);
    return entries;
  }

  async #entriesOfLarge(path: string): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const entry of Deno.readDir(path)) {
      entries.push(entry);
      if ((entries.length & 1023) === 0 && this.#breath.isDue) await this.#breath.take();
    }
    return entries;
  }
}

/**
 * What lies at a path, if anything does.
 *
 * @throws What the file system throws where that cannot be told.
 */
function lookFor(path: string, name: string): Entry | undefined {
  try {
    const { isFile, isDirectory, isSymlink } = Deno.lstatSync(path);
    return { name, isFile, isDirectory, isSymlink };
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

function nothingWalked() {
  return {
    paths: new Set<string>(),
    oddities: new Map<string, Oddity>(),
    closed: new Map<string, string>(),
    entered: new Set<string>(),
    links: new Set<string>(),
    isSure: true,
  };
}

function stepOf(segment: Segment): Step {
  if (segment === "**") return { kind: "folders" };
  const name = literalName(segment);
  return name === undefined
    ? { kind: "some", names: new RegExp(`^${segmentSource(segment)}$`) }
    : { kind: "literal", name };
}

/** Positions with those that are reached without a name: `**` may be no folder at all. */
function within(positions: readonly number[], steps: readonly Step[]): readonly number[] {
  const all = new Set(positions);
  for (const at of all) if (steps[at].kind === "folders" && at + 1 < steps.length) all.add(at + 1);
  return [...all];
}

/** What an entry is, links followed, or in words why nobody can read it. */
function kindOf(entry: Entry, path: string): string {
  if (isNoPath(path)) return "gone";
  if (entry.isFile) return "file";
  if (entry.isDirectory) return "folder";
  if (!entry.isSymlink) return "not a regular file";
  try {
    const { isFile, isDirectory } = Deno.statSync(path);
    return isFile ? "file" : isDirectory ? "folder" : "not a regular file";
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    if (!isThere(path)) return "gone";
    return error instanceof Deno.errors.NotFound ? "a link that leads nowhere" : systemDetail(error);
  }
}
