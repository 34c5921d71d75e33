/**
 * Owns the types of the parts of @std that troupe uses: the npm redistribution ships none.
 * The signatures are those of jsr:@std (1.x), so that pointing the import map of deno.json there needs no other edit;
 * what is left out here is unused, not different. It must stay without a top-level import or export, or the
 * declarations would no longer be ambient.
 *
 * @module
 */

declare module "@std/assert" {
  // deno-lint-ignore no-explicit-any
  type AnyAbstractConstructor = abstract new (...args: any[]) => any;
  // deno-lint-ignore no-explicit-any
  type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

  export class AssertionError extends Error {
    constructor(message: string, options?: ErrorOptions);
  }
  export function assert(expr: unknown, msg?: string): asserts expr;
  export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void;
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
  export function assertFalse(expr: unknown, msg?: string): asserts expr is false | 0 | 0n | "" | null | undefined;
  export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
  export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertInstanceOf<T extends AnyAbstractConstructor>(
    actual: unknown,
    expectedType: T,
    msg?: string,
  ): asserts actual is InstanceType<T>;
  export function assertLess<T>(actual: T, expected: T, msg?: string): void;
  export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    ErrorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
  export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T;
  export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
  export function assertThrows(fn: () => unknown, msg?: string): unknown;
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    ErrorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): E;
  export function equal(a: unknown, b: unknown): boolean;
  export function fail(msg?: string): never;
  export function unreachable(msg?: string): never;
}

declare module "@std/async/abortable" {
  export function abortable<T>(p: Promise<T>, signal: AbortSignal): Promise<T>;
  export function abortable<T>(p: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T>;
}

declare module "@std/async/deadline" {
  export interface DeadlineOptions {
    signal?: AbortSignal;
  }
  export function deadline<T>(p: Promise<T>, ms: number, options?: DeadlineOptions): Promise<T>;
}

declare module "@std/async/delay" {
  export interface DelayOptions {
    signal?: AbortSignal;
    /** False lets the program end before the delay has passed. */
    persistent?: boolean;
  }
  export function delay(ms: number, options?: DelayOptions): Promise<void>;
}

declare module "@std/jsonc" {
  export type JsonValue = { [key: string]: JsonValue | undefined } | JsonValue[] | string | number | boolean | null;
  export function parse(text: string): JsonValue;
}

declare module "@std/cli/parse-args" {
  export interface ParseOptions<
    B extends string = string,
    S extends string = string,
    C extends string = string,
    N extends string = string,
    D extends Record<string, unknown> = Record<string, unknown>,
    A extends Record<string, string | readonly string[]> = Record<string, string | readonly string[]>,
    DD extends boolean = boolean,
  > {
    boolean?: B | readonly B[];
    string?: S | readonly S[];
    collect?: C | readonly C[];
    negatable?: N | readonly N[];
    default?: D;
    alias?: A;
    "--"?: DD;
    stopEarly?: boolean;
    /** Called for what no other option names; returning false leaves it out of the answer. */
    unknown?: (arg: string, key?: string, value?: unknown) => unknown;
  }

  type One<K, C, D, V, Missing> = K extends C ? V[] : K extends keyof D ? V | D[K] : V | Missing;

  /** What was parsed: declared names only, so that a misspelt one does not compile. */
  type Args<B extends string, S extends string, C extends string, D, DD extends boolean> =
    & { [K in Exclude<S, "_">]: One<K, C, D, string, undefined> }
    & { [K in B]: One<K, C, D, boolean, never> }
    // deno-lint-ignore no-explicit-any
    & { [K in Exclude<C, S | B>]: any[] }
    & { [K in Exclude<keyof D, S | B | C>]: unknown }
    & { _: "_" extends S ? string[] : (string | number)[] }
    & (true extends DD ? { "--": string[] } : unknown);

  export function parseArgs(args: readonly string[]): {
    // deno-lint-ignore no-explicit-any
    [name: string]: any;
    _: (string | number)[];
  };
  export function parseArgs<
    const B extends string = never,
    const S extends string = never,
    const C extends string = never,
    const N extends string = never,
    D extends Record<string, unknown> = Record<never, never>,
    A extends Record<string, string | readonly string[]> = Record<never, never>,
    const DD extends boolean = false,
  >(args: readonly string[], options: ParseOptions<B, S, C, N, D, A, DD>): Args<B, S, C, D, DD>;
}

declare module "@std/fs" {
  export interface WalkEntry extends Deno.DirEntry {
    path: string;
  }
  export interface WalkOptions {
    maxDepth?: number;
    includeFiles?: boolean;
    includeDirs?: boolean;
    includeSymlinks?: boolean;
    followSymlinks?: boolean;
    canonicalize?: boolean;
    exts?: string[];
    match?: RegExp[];
    skip?: RegExp[];
  }
  export interface ExpandGlobOptions {
    extended?: boolean;
    globstar?: boolean;
    caseInsensitive?: boolean;
    root?: string;
    exclude?: string[];
    includeDirs?: boolean;
    followSymlinks?: boolean;
    canonicalize?: boolean;
  }
  export interface ExistsOptions {
    isReadable?: boolean;
    isDirectory?: boolean;
    isFile?: boolean;
  }
  export interface CopyOptions {
    overwrite?: boolean;
    preserveTimestamps?: boolean;
  }
  export function copy(src: string | URL, dest: string | URL, options?: CopyOptions): Promise<void>;
  export function copySync(src: string | URL, dest: string | URL, options?: CopyOptions): void;
  export function emptyDir(dir: string | URL): Promise<void>;
  export function emptyDirSync(dir: string | URL): void;
  export function ensureDir(dir: string | URL): Promise<void>;
  export function ensureDirSync(dir: string | URL): void;
  export function exists(path: string | URL, options?: ExistsOptions): Promise<boolean>;
  export function existsSync(path: string | URL, options?: ExistsOptions): boolean;
  export function expandGlobSync(glob: string | URL, options?: ExpandGlobOptions): IterableIterator<WalkEntry>;
  export function walkSync(root: string | URL, options?: WalkOptions): IterableIterator<WalkEntry>;
}

declare module "@std/path" {
  export interface GlobOptions {
    extended?: boolean;
    globstar?: boolean;
    caseInsensitive?: boolean;
  }
  export const SEPARATOR: "/" | "\\";
  export function basename(path: string | URL, suffix?: string): string;
  export function dirname(path: string | URL): string;
  export function extname(path: string | URL): string;
  export function fromFileUrl(url: URL | string): string;
  export function globToRegExp(glob: string, options?: GlobOptions): RegExp;
  export function isAbsolute(path: string): boolean;
  export function isGlob(str: string): boolean;
  export function join(path: string | URL, ...paths: string[]): string;
  export function joinGlobs(globs: string[], options?: Pick<GlobOptions, "extended" | "globstar">): string;
  export function normalize(path: string | URL): string;
  export function relative(from: string, to: string): string;
  export function resolve(...pathSegments: string[]): string;
  export function toFileUrl(path: string): URL;
}

declare module "@std/fmt/colors" {
  export function bold(str: string): string;
  export function cyan(str: string): string;
  export function dim(str: string): string;
  export function getColorEnabled(): boolean;
  export function gray(str: string): string;
  export function green(str: string): string;
  export function red(str: string): string;
  export function setColorEnabled(value: boolean): void;
  export function stripAnsiCode(string: string): string;
  export function yellow(str: string): string;
}

declare module "@std/text/levenshtein-distance" {
  export function levenshteinDistance(str1: string, str2: string): number;
}

declare module "@std/path/posix/basename" {
  /** The last part of a path. */
  export function basename(path: string | URL, suffix?: string): string;
}

declare module "@std/path/posix/dirname" {
  /** The folder of a path. */
  export function dirname(path: string | URL): string;
}

declare module "@std/path/posix/join" {
  /** Joins the parts and normalises the result. */
  export function join(path?: string | URL, ...paths: string[]): string;
}

declare module "@std/path/posix/relative" {
  /** The way from one folder to a path. */
  export function relative(from: string, to: string): string;
}

declare module "@std/path/posix/resolve" {
  /** The absolute path that the segments lead to. */
  export function resolve(...pathSegments: string[]): string;
}
