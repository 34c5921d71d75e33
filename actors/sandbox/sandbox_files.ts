/**
 * Owns the files of a task as its function sees them: Deno's functions that take paths, with the declared files and `out` in
 * front of what permissions allow.
 * It decides nothing about what is declared; the host reads the files and says no to others.
 *
 * A task's declared files are not among the permissions: what may be read differs from call to call, and permissions are for a
 * thread's life. They are handed over by the host, also to those who read them by `Deno.readTextFile` and the like.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import type { TaskFiles } from "./sandbox_messages.ts";

type AnyFunction = (...values: unknown[]) => unknown;

/** Functions of Deno's, each also there as `…Sync`, whose first arguments are paths. */
const ONE_PATH = [
  ...["chmod", "chown", "create", "lstat", "mkdir", "open", "readDir", "readFile", "readLink", "readTextFile"],
  ...["realPath", "remove", "stat", "truncate", "utime", "writeFile", "writeTextFile"],
];
const TWO_PATHS = ["copyFile", "link", "rename"];

/** The files of the calls of one thread, one call at a time. */
export class CallFiles {
  readonly #read: (path: string, folder: string) => Uint8Array;
  #declared: TaskFiles | undefined;
  /** Absolute path of each declared file → as it was declared; made when first asked. */
  #paths: ReadonlyMap<string, string> | undefined;
  /** What was written to `out`. */
  written: Uint8Array | string | undefined;
  /** What was written to several outputs, by path as declared, those of files in folders included. */
  readonly #several = new Map<string, Uint8Array | string>();

  /** Files that were not sent along with the call are read by this, by the path as declared. */
  constructor(read: (path: string, folder: string) => Uint8Array) {
    this.#read = read;
  }

  get folder(): string | undefined {
    return this.#declared?.folder;
  }

  /** Begins with the files of the next call, or ends with those of the last. */
  set(declared: TaskFiles | undefined): void {
    this.#declared = declared;
    this.#paths = undefined;
    this.written = undefined;
    this.#several.clear();
  }

  /** Whether the task makes nothing. */
  get isCheck(): boolean {
    return this.#declared?.isCheck ?? false;
  }

  /** What was written to the outputs of a task that makes anything but one file; undefined for any other task. */
  get several(): ReadonlyMap<string, Uint8Array | string> | undefined {
    return this.#declared?.outs === undefined ? undefined : this.#several;
  }

  /** What the function is given. */
  given(): Record<string, unknown> {
    if (this.#declared === undefined) return {};
    const { sources, dependencies, out, outs } = this.#declared;
    const artifacts: Record<string, unknown[]> = {};
    for (const [name, path] of dependencies) (artifacts[name] ??= []).push(this.#fileOf(path));
    return {
      sources: sources.map((path) => this.#fileOf(path)),
      dependencies: Object.fromEntries(Object.entries(artifacts).map(([name, [first]]) => [name, first])),
      artifacts,
      out,
      outs: outs === undefined ? [out] : outs.map(([, path]) => path),
    };
  }

  #fileOf(path: string): unknown {
    return {
      path,
      read: () => promised(() => this.#contentFrom(path)),
      text: () => promised(() => this.#contentFrom(path).toString()),
    };
  }

  /** The content of a declared file. */
  #contentFrom(path: string): Buffer {
    const known = this.#declared?.contents.get(path);
    if (known !== undefined) return Buffer.from(known);
    const { buffer, byteOffset, byteLength } = this.#read(path, this.#declared!.folder);
    return Buffer.from(buffer, byteOffset, byteLength);
  }

  /** Sets functions of Deno's in front of its own, for the declared files and `out`; all else goes on to Deno's. */
  standIn(): void {
    const deno = Deno as unknown as Record<string, AnyFunction>;
    this.#moveIn(deno);
    const readers = {
      readFile: (path: string) => this.#contentFrom(path),
      readTextFile: (path: string) => this.#contentFrom(path).toString(),
    };
    for (const [name, read] of Object.entries(readers)) {
      const [later, now] = [deno[name], deno[`${name}Sync`]];
      deno[name] = (path, ...rest) => {
        const declared = this.#declaredPath(path);
        return declared === undefined ? later(path, ...rest) : promised(() => read(declared));
      };
      deno[`${name}Sync`] = (path, ...rest) => {
        const declared = this.#declaredPath(path);
        return declared === undefined ? now(path, ...rest) : read(declared);
      };
    }
    for (const name of ["mkdir", "mkdirSync"]) {
      const real = deno[name];
      // The folders of what is written to an output come with it.
      deno[name] = (path, ...rest) => {
        const isOwn = this.#declared !== undefined &&
          this.#outputAt(absoluteOf(path, this.#declared.folder)) !== undefined;
        return isOwn ? (name === "mkdir" ? Promise.resolve() : undefined) : real(path, ...rest);
      };
    }
    for (const name of ["writeFile", "writeTextFile"]) {
      const [later, now] = [deno[name], deno[`${name}Sync`]];
      deno[name] = (path, data, ...rest) =>
        this.#keep(path, data, rest[0]) ? Promise.resolve() : later(path, data, ...rest);
      deno[`${name}Sync`] = (path, data, ...rest) =>
        this.#keep(path, data, rest[0]) ? undefined : now(path, data, ...rest);
    }
  }

  /**
   * Has the paths a task's function gives to Deno's functions start at the config's folder, wherever troupe was started.
   * Threads cannot have working directories of their own.
   */
  #moveIn(deno: Record<string, AnyFunction>): void {
    const moved = (path: unknown) => {
      const { folder } = this;
      return folder === undefined || typeof path !== "string" || /^(\/|$)/.test(path) ? path : `${folder}/${path}`;
    };
    for (const [count, names] of [[1, ONE_PATH], [2, TWO_PATHS]] as const) {
      for (const name of names.flatMap((name) => [name, `${name}Sync`])) {
        const real = deno[name];
        deno[name] = (...values) => real(...values.slice(0, count).map(moved), ...values.slice(count));
      }
    }
    const { cwd } = Deno;
    Deno.cwd = process.cwd = () => this.folder ?? cwd();
  }

  /** The path of a declared file as it was declared, whichever way it is given here. */
  #declaredPath(path: unknown): string | undefined {
    if (this.#declared === undefined) return undefined;
    const { sources, dependencies, folder } = this.#declared;
    const absolute = absoluteOf(path, folder);
    if (absolute === undefined) return undefined;
    this.#paths ??= new Map(
      [...sources, ...dependencies.map(([, artifact]) => artifact)].map((as) => [absoluteOf(as, folder)!, as]),
    );
    return this.#paths.get(absolute);
  }

  /** Takes what is written to `out`; the function may use its buffer again. */
  #keep(path: unknown, data: unknown, options: unknown): boolean {
    const declared = this.#declared;
    if (declared === undefined || (typeof data !== "string" && !(data instanceof Uint8Array))) return false;
    const { append = false } = (options ?? {}) as Deno.WriteFileOptions;
    const added = (before: Uint8Array | string = "") =>
      !append || before === "" ? data.slice() : Buffer.concat([Buffer.from(before), Buffer.from(data)]);
    const absolute = absoluteOf(path, declared.folder);
    if (declared.outs === undefined) {
      if (absolute !== declared.out) return false;
      this.written = added(this.written);
      return true;
    }
    const output = this.#outputAt(absolute);
    if (output === undefined) return false;
    this.#several.set(output, added(this.#several.get(output)));
    return true;
  }

  /** The path of an output, or of what lies in one, by the path that it is to be written to. */
  #outputAt(path: string | undefined): string | undefined {
    const own = this.#declared?.outs?.find(([, out]) => path === out || path?.startsWith(`${out}/`));
    return own === undefined ? undefined : own[0] + path!.slice(own[1].length);
  }
}

function promised<Value>(make: () => Value): Promise<Value> {
  return new Promise((resolve) => resolve(make()));
}

/** Relative paths start at the config's folder, as everywhere in a build. */
function absoluteOf(path: unknown, folder: string): string | undefined {
  if (!(path instanceof URL) && typeof path !== "string") return undefined;
  const base = new URL(`file://${folder.split("/").map(encodeURIComponent).join("/")}/`);
  const url = path instanceof URL ? path : new URL(path.split("/").map(encodeURIComponent).join("/"), base);
  try {
    return url.protocol === "file:" ? decodeURIComponent(url.pathname) : undefined;
  } catch {
    // Not encoded as it should be: whatever that names, it is not declared.
    return undefined;
  }
}
