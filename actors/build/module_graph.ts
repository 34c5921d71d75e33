/**
 * Owns what modules are made of: the local files that each consists of, itself and all it imports, and what it imports
 * from elsewhere. It runs no module; it reads those whose imports it does not know yet.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";
import { importedFile, importsIn, resolvedImport } from "../sandbox/module_files.ts";
import { readRegularText } from "../machine/regular_file.ts";
import type { FileIndex, TooMuch } from "../storage/file_index.ts";
import type { Unreadable } from "../machine/system_error.ts";
import { absoluteIn } from "../../graph/paths.ts";

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
    for (const specifier of importsIn(absoluteIn(this.#files.folder, path))) {
      const file = importedFile(specifier, path);
      if (file !== undefined) local.push(this.#named(file));
      else if (!specifier.startsWith("node:")) external.push(this.#versioned(specifier));
    }
    const imports = { digest, local, external };
    this.#imports.set(path, imports);
    return imports;
  }

  /** As a config names it. */
  #named(path: string): string {
    const prefix = `${this.#files.folder}/`;
    return path.startsWith(prefix) ? path.slice(prefix.length) : path;
  }

  #versioned(specifier: string): string {
    const url = resolvedImport(specifier);
    this.#locked ??= this.#readLock();
    const version = this.#locked[url.replace(/^(npm|jsr):\//, "$1:")];
    return version === undefined ? url : `${url} ${version}`;
  }

  /** What the nearest lock file, from the config's folder upwards, says of versions. */
  #readLock(): Readonly<Record<string, string>> {
    for (let folder = this.#files.folder;; folder = dirname(folder)) {
      try {
        return JSON.parse(readRegularText(join(folder, "deno.lock"))).specifiers ?? {};
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound) || folder === dirname(folder)) return {};
      }
    }
  }
}
