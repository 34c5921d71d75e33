/**
 * Owns the question whether this process can give modules threads or processes with permissions of their own, asked before anything is
 * started: without the option that threads take, Deno ends the process.
 * It starts nothing and changes nothing. What cannot be seen is taken to be there.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { configAbove, fileTurnsOn, turnsOn } from "./deno_config.ts";
import { cannotClose, runtimeFlags } from "../machine/terminal_input.ts";

const OPTION = "worker-options";

/** Flags of Deno's, and those that begin so, by which another process finds the same modules as this one. */
const SAME =
  /^--(unstable|import-map|lock|no-lock|frozen|node-modules-dir|no-npm|no-remote|cached-only|vendor|cert|v8-flags|conditions|preload|no-config)\b/;

/** Flags whose value may be the next word, and flags whose value is a path. */
const VALUED: ReadonlySet<string> = new Set(["--import-map", "--cert", "--conditions", "--preload"]);
const PATHS: ReadonlySet<string> = new Set(["--import-map", "--cert", "--preload", "--lock"]);

/** What modules' threads lack here, in a sentence that says what to do about it; undefined when they lack nothing. */
export function whatThreadsLack(): string | undefined {
  if (lacksOption()) {
    return `Tasks that call a module need an option of Deno's: run it with --unstable-${OPTION}, ` +
      `or add "unstable": ["${OPTION}"] to deno.json`;
  }
  return cannotClose();
}

/** What processes of their own for modules lack here, in a sentence; undefined when they lack nothing. */
export function whatProcessesLack(): string | undefined {
  const wish = 'Tasks with "isolate": "process" need';
  if (Deno.build.standalone) {
    return `${wish} Deno, which is not in a compiled troupe: run troupe by deno, or leave it out`;
  }
  const { state } = Deno.permissions.querySync({ name: "run", command: Deno.execPath() });
  return state === "granted" ? undefined : `${wish} the right to run Deno: add --allow-run`;
}

/** Flags with which another Deno has the same configuration as this one; `main` is this one's main module, which a worker does not know. */
export function flagsForSame(main?: string): string[] {
  const flags = runtimeFlags() ?? [];
  const kept = keptFlags(flags);
  if (kept.includes("--no-config")) return kept;
  const named = configNamed(flags);
  const folder = mainFolder(main);
  const config = named ?? (folder === undefined ? undefined : configAbove(folder));
  return config === undefined ? kept : [...kept, `--config=${resolve(config)}`];
}

/** Of the flags that Deno was started with those that are kept, with paths that hold in any folder. */
export function keptFlags(flags: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < flags.length; at++) {
    const [name] = flags[at].split("=", 1);
    if (!SAME.test(name)) continue;
    const isJoined = name !== flags[at];
    const value = isJoined ? flags[at].slice(name.length + 1) : VALUED.has(name) ? flags[++at] : undefined;
    const isPath = value !== undefined && PATHS.has(name) && !/^\w+:/.test(value);
    kept.push(value === undefined ? name : `${name}=${isPath ? resolve(value) : value}`);
  }
  return kept;
}

/** The configuration that Deno was told to use. */
function configNamed(flags: readonly string[]): string | undefined {
  const at = flags.findIndex((flag) => flag === "--config" || flag === "-c");
  const joined = flags.find((flag) => flag.startsWith("--config="))?.slice("--config=".length);
  return joined ?? (at < 0 ? undefined : flags[at + 1]);
}

function lacksOption(): boolean {
  // What the flags would say is part of a program in one file.
  if (Deno.build.standalone) return false;
  const flags = runtimeFlags();
  if (flags === undefined) return false;
  if (flags.includes(`--unstable-${OPTION}`) || flags.includes("--unstable")) return false;
  if (flags.includes("--no-config")) return true;
  const config = configNamed(flags), folder = mainFolder();
  if (config !== undefined) return !fileTurnsOn(OPTION, config);
  return folder !== undefined && !turnsOn(OPTION, folder);
}

/** Where Deno begins to look; undefined when it does not say. */
function mainFolder(module?: string): string | undefined {
  try {
    const main = new URL(module ?? Deno.mainModule);
    return main.protocol === "file:" ? dirname(decodeURIComponent(main.pathname)) : Deno.cwd();
  } catch {
    return undefined;
  }
}
