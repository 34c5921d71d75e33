/**
 * Owns what modules are made of: the local files that each consists of, itself and all it imports, and what it imports
 * from elsewhere. It runs no module; it reads those whose imports it does not know yet.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";
import { importsOf } from "../graph/module_imports.ts";
import type { FileIndex, TooMuch, Unreadable } from "./file_index.ts";

/** What one module consists of. */
export interface ModuleFiles {
  /** The module first; paths as a config has them. */
  readonly files: readonly string[];
  /** Of each file. */
  readonly digests: readonly string[];
  /** What is imported that is no local file, with its version where a lock file knows it; sorted. */
  readonly externals: readonly string[];
}

interface Imports {
  readonly digest: string;
  readonly local: readonly string[];
  readonly external: readonly string[];
}

/** The modules of one run. */
export class ModuleGraph {
  readonly #files: FileIndex;
  readonly #imports = new Map<string, Imports>();
  readonly #loadsTypeScript: boolean;
  #locked: Readonly<Record<string, string>> | undefined;

  /** A compiled program loads no TypeScript but its own. */
  constructor(files: FileIndex, { loadsTypeScript = !Deno.build.standalone } = {}) {
    this.#files = files;
    this.#loadsTypeScript = loadsTypeScript;
  }

  /** The first of a module's files that cannot be loaded here, whatever it holds. */
  unloadable(files: readonly string[]): string | undefined {
    return this.#loadsTypeScript ? undefined : files.find((path) => /\.(?:[cm]?ts|tsx)$/.test(path));
  }

  /** What a module consists of now, or the file that keeps the question open. */
  of(module: string): ModuleFiles | { readonly path: string; readonly problem: Unreadable | TooMuch } {
    const files = new Set([module]);
    const digests: string[] = [];
    const externals = new Set<string>();
    // A set grows while it is walked.
    for (const path of files) {
      const digest = this.#files.digest(path);
      if (typeof digest === "object") return { path, problem: digest };
      const { local, external } = this.#importsOf(path, digest);
      digests.push(digest);
      for (const file of local) files.add(file);
      for (const specifier of external) externals.add(specifier);
    }
    return { files: [...files], digests, externals: [...externals].sort() };
  }

  #importsOf(path: string, digest: string): Imports {
    const known = this.#imports.get(path);
    if (known?.digest === digest) return known;
    const local: string[] = [], external: string[] = [];
    // JSON, text and bytes import nothing.
    const text = /\.[cm]?[jt]sx?$/.test(path) ? this.#text(path) : "";
    for (const specifier of importsOf(text)) {
      const file = this.#localFile(specifier, path);
      if (file !== undefined) local.push(file);
      else if (!specifier.startsWith("node:")) external.push(this.#versioned(specifier));
    }
    const imports = { digest, local, external };
    this.#imports.set(path, imports);
    return imports;
  }

  #text(path: string): string {
    try {
      return Deno.readTextFileSync(this.#absolute(path));
    } catch {
      // Gone since it was hashed: whoever loads it will say so.
      return "";
    }
  }

  /** The path of a file that is imported, or undefined when it is none of ours. */
  #localFile(specifier: string, importer: string): string | undefined {
    if (/^\.{1,2}\//.test(specifier)) return join(dirname(importer), decoded(specifier));
    const url = specifier.startsWith("/") ? `file://${specifier}` : resolved(specifier);
    if (!url.startsWith("file:")) return undefined;
    const path = decoded(new URL(url).pathname);
    const prefix = `${this.#files.folder}/`;
    return path.startsWith(prefix) ? path.slice(prefix.length) : path;
  }

  #versioned(specifier: string): string {
    const url = resolved(specifier);
    this.#locked ??= this.#readLock();
    const version = this.#locked[url.replace(/^(npm|jsr):\//, "$1:")];
    return version === undefined ? url : `${url} ${version}`;
  }

  /** What the nearest lock file, from the config's folder upwards, says of versions. */
  #readLock(): Readonly<Record<string, string>> {
    for (let folder = this.#files.folder;; folder = dirname(folder)) {
      try {
        return JSON.parse(Deno.readTextFileSync(join(folder, "deno.lock"))).specifiers ?? {};
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound) || folder === dirname(folder)) return {};
      }
    }
  }

  #absolute(path: string): string {
    return path.startsWith("/") ? path : `${this.#files.folder}/${path}`;
  }
}

/** By the import map that is in force; itself where that knows nothing. */
function resolved(specifier: string): string {
  try {
    return import.meta.resolve(specifier);
  } catch {
    return specifier;
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path.replace(/[?#].*$/, ""));
  } catch {
    return path;
  }
}
