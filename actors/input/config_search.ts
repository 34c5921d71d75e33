/**
 * Owns the search for a config where none was named: in the current folder, then in those above it. And where the files
 * are that troupe keeps beside a config.
 * It opens nothing.
 *
 * @module
 */
import { isThere } from "../machine/regular_file.ts";
import { systemDetail } from "../machine/system_error.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { quote } from "../../graph/text.ts";

/** Names of a config that need not be told, the first that is there counts. */
export const CONFIG_NAMES = ["build.json", "build.jsonc"] as const;

/** Written by everybody. */
const SHARED = 0o002;

/** A config that was found. */
export interface FoundConfig {
  /** From the current folder on, e.g. `../../build.json`. */
  readonly path: string;
  /** The way to its folder, with a slash at its end; empty when that is the current one. */
  readonly home: string;
}

/**
 * The nearest config, here or above.
 *
 * @throws {InputError} When somebody else has put it where everybody may, above the current folder; or when that may not
 * be looked into itself.
 */
export function findConfig(): FoundConfig | undefined {
  const here = CONFIG_NAMES.find((name) => fileAt(name, refuseClosed) !== undefined);
  if (here !== undefined) return { path: here, home: "" };
  try {
    const depth = Deno.cwd().split("/").filter((part) => part !== "").length;
    for (let level = 1; level <= depth; level++) {
      const home = "../".repeat(level);
      for (const name of CONFIG_NAMES) {
        const file = fileAt(home + name);
        if (file === undefined) continue;
        refuseStrange(home, name, file);
        return { path: home + name, home };
      }
    }
  } catch (error) {
    // What may not be looked at is nobody's to be found.
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
  }
}

/** Where a file lies that troupe keeps beside a config: in the current folder if it is there, else with the config found. */
export function besideConfig(name: string): string {
  if (isThere(name)) return name;
  return `${findConfig()?.home ?? ""}${name}`;
}

/** How a command that is typed here names a file beside the config: not at all where it finds that one by itself. */
export function asTyped(path: string, name: string): string {
  return besideConfig(name) === path ? name : path;
}

function fileAt(path: string, refuse?: (error: unknown) => void): Deno.FileInfo | undefined {
  try {
    const info = Deno.statSync(path);
    return info.isFile ? info : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    refuse?.(error);
    return undefined;
  }
}

/** Where a person stands there may be a config that they cannot see; what is above is somebody else's affair. */
function refuseClosed(error: unknown): void {
  if (!(error instanceof Deno.errors.PermissionDenied)) return;
  throw new InputError(`Cannot look for a config in ${quote(Deno.cwd())}: ${systemDetail(error)}`);
}

/** Its commands would be run by whoever stands anywhere below, say in a folder of their own in /tmp. */
function refuseStrange(home: string, name: string, { uid }: Deno.FileInfo): void {
  const { mode } = Deno.statSync(home);
  if (((mode ?? 0) & SHARED) === 0 || Deno.permissions.querySync({ name: "sys", kind: "uid" }).state !== "granted") {
    return;
  }
  if (uid === 0 || uid === Deno.uid()) return;
  throw new InputError(
    `Config ${quote(home + name)} is somebody else's, in a folder that everybody may write to: name it to use it`,
  );
}
