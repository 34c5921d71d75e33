/**
 * Owns the dependency file of one attempt: where its command is to write it, that it is this attempt's, what it says, and
 * that one of troupe's own is gone afterwards. Which files it names may be read is for others to say.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { type DepfileMistake, parseDepfile, plainPath } from "../../graph/depfile.ts";
import type { TaskFailure } from "../../graph/failure.ts";
import { absoluteIn } from "../../graph/paths.ts";
import { OWN_DEPFILE } from "../../graph/task.ts";
import { openRegular, readAll } from "../machine/regular_file.ts";
import { systemDetail } from "../machine/system_error.ts";
import { removeIfPresent } from "../storage/artifact.ts";
import type { FoundFiles } from "./found_files.ts";

/** A larger one is no list of files that anybody has written. */
const MOST_BYTES = 256 * 1024 * 1024;

/** So much of a line that is malformed is shown, in UTF-16 units. */
const MOST_SHOWN = 80;

/** Where a dependency file is, and how it is named. */
export interface DependencyFilePlace {
  /** As declared. */
  readonly depfile: string;
  /** Absolute path for one of troupe's own. */
  readonly temporary: string;
  /** Absolute path of the config's folder. */
  readonly folder: string;
}

/** The dependency file of one attempt; {@linkcode begin} comes before its command, {@linkcode read} after it. */
export class DependencyFile implements Disposable {
  /** Absolute. */
  readonly path: string;
  readonly #place: DependencyFilePlace;
  readonly #isOwn: boolean;
  #sinceMs = 0;
  /** How a declared one looked before the command. */
  #before = "";

  constructor(place: DependencyFilePlace) {
    this.#place = place;
    this.#isOwn = place.depfile === OWN_DEPFILE;
    this.path = this.#isOwn ? place.temporary : absoluteIn(place.folder, place.depfile);
  }

  /** What the command is told of it. */
  get variables(): Readonly<Record<string, string>> {
    return this.#isOwn ? { DEPFILE: this.path } : {};
  }

  /** Makes way for it, and asks the file system for the time. */
  begin(): TaskFailure | undefined {
    const { temporary } = this.#place;
    try {
      Deno.mkdirSync(dirname(this.path), { recursive: true });
      if (!this.#isOwn) this.#before = agedLook(this.path);
      removeIfPresent(temporary);
      using file = Deno.openSync(temporary, { write: true, createNew: true });
      this.#sinceMs = file.statSync().mtime?.getTime() ?? Date.now();
      Deno.removeSync(temporary);
    } catch (error) {
      return this.#unusable(systemDetail(error));
    }
  }

  /** What the command has written, once it was successful. Names start from `cwd`, the absolute path of its folder. */
  read(cwd: string): FoundFiles | TaskFailure {
    try {
      const now = lookOf(this.path);
      if (now === "" || now === this.#before) {
        return this.#unusable(`the command did not write it${this.#isOwn ? ': write to "$DEPFILE"' : ""}`);
      }
      using file = openRegular(this.path);
      if (file.statSync().size > MOST_BYTES) return this.#unusable("it is too large");
      const text = new TextDecoder("utf-8", { fatal: true }).decode(readAll(file));
      const parsed = parseDepfile(text);
      if ("mistake" in parsed) return this.#malformed(parsed.mistake, text);
      return { files: this.#relative(parsed.files, cwd), sinceMs: this.#sinceMs };
    } catch (error) {
      return this.#unusable(error instanceof TypeError ? "it is not UTF-8" : systemDetail(error));
    }
  }

  [Symbol.dispose](): void {
    if (!this.#isOwn) return;
    try {
      removeIfPresent(this.path);
    } catch {
      // A stray temporary file is swept by the next run.
    }
  }

  #relative(names: readonly string[], cwd: string): string[] {
    const { folder } = this.#place;
    const links = new Map<string, boolean>();
    const isLink = (path: string) => {
      let known = links.get(path);
      if (known === undefined) links.set(path, known = isSymlink(path));
      return known;
    };
    const within = `${folder}/`;
    let really: string | undefined;
    const files = new Set<string>();
    for (const name of names) {
      const path = plainPath(absoluteIn(cwd, name), isLink);
      const prefix = path.startsWith(within) ? within : really ??= `${realPath(folder)}/`;
      files.add(path.startsWith(prefix) ? path.slice(prefix.length) : path);
    }
    return [...files];
  }

  #malformed({ line, column, detail }: DepfileMistake, text: string): TaskFailure {
    const said = text.split(/\r?\n/)[line - 1].trim();
    const shown = JSON.stringify(said.length > MOST_SHOWN ? `${said.slice(0, MOST_SHOWN)}…` : said);
    return { kind: "depfile", path: this.#place.depfile, detail: `${detail} in ${shown}`, at: [line, column] };
  }

  #unusable(detail: string): TaskFailure {
    return { kind: "depfile", path: this.#place.depfile, detail };
  }
}

/** Tells whether a file was written to; empty when there is none. */
function lookOf(path: string): string {
  try {
    const { ino, size, mtime, ctime } = Deno.lstatSync(path);
    return [ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
  } catch {
    return "";
  }
}

/** The same, after which any write can be told: two of them may come within one tick of the system's clock. */
function agedLook(path: string): string {
  try {
    if (Deno.lstatSync(path).isFile) Deno.utimeSync(path, 0, 0);
  } catch {
    // There is none.
  }
  return lookOf(path);
}

function isSymlink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
