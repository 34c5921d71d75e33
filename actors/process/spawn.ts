/**
 * Owns what both back ends agree on: the words of {@linkcode startProcess}, where a program is found, and the sentence
 * for each way in which a command cannot be started. It starts nothing and holds no handle.
 *
 * @module
 */
import type { SimpleCommand } from "../../graph/simple_command.ts";
import type { Output, Usage } from "./output.ts";
import type { JobSignal } from "./signals.ts";
import { absoluteIn } from "../../graph/paths.ts";

/** A command to start. */
export interface SpawnOptions {
  /** Program and arguments, e.g. `["/bin/sh", "-c", text]`. A program without a slash is looked up in `env.PATH`. */
  readonly argv: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** The environment of the command, whole but for `commonEnv`. */
  readonly env: Readonly<Record<string, string>>;
  /** What its environment has in common with that of other commands; `env` overrides it. One object for all of them. */
  readonly commonEnv?: Readonly<Record<string, string>>;
  /** The same without a shell: used where that is cheaper and can be started; `argv` is what counts. */
  readonly direct?: SimpleCommand;
  /** Called with each chunk as it is read, in a buffer of its own. */
  readonly onOutput?: (stream: "stdout" | "stderr", bytes: Uint8Array<ArrayBuffer>) => void;
  /** Awaited before more is read, so that `onOutput` can hear no more than it gets rid of. */
  readonly mayRead?: () => Promise<void> | undefined;
  /** Whether this thread may do nothing else for some milliseconds, which is cheaper; default false. */
  readonly blocks?: boolean;
  /** How long what it leaves running has between being asked to end and KILL; 5 s if not given. */
  readonly graceMs?: number;
}

/** How a command ended: exactly one of `code` and `signal` is set. */
export interface Ended {
  readonly code: number | null;
  /** E.g. `SIGKILL`. */
  readonly signal: string | null;
  readonly output: Output;
  /** Whether somebody else still held an end of its streams when its group was gone. */
  readonly isHeld: boolean;
  /** What it took of the machine, together with those it has waited for; absent where the system does not tell. */
  readonly usage?: Usage;
}

/** What is known of an end that the system did not tell about, as when it was told to forget children. No success. */
export const UNKNOWN_END = { code: null, signal: "unknown" } as const;

/** A command that was started, leader of its own session and process group. */
export interface RunningProcess {
  /** Process id of the leader, which is the id of the group. */
  readonly groupId: number;
  /** Settles once the leader has ended and its group is gone; never rejects. */
  readonly ended: Promise<Ended>;
  /** Signals the whole group; no error when it is gone. */
  signal(name: JobSignal): void;
}

/** The children that this process has not started: processes whose own parents have ended. */
export interface Orphans {
  /** Ids of the children of this process's first thread, orphans among them, between blanks. */
  list(): string;
  /** Takes a dead one off the process table. */
  reap(pid: number): void;
}

/** One way to start commands; throws {@linkcode SpawnError} when a command cannot be started. */
export type Spawner = (options: SpawnOptions) => RunningProcess;

/** A command that could not be started; the message is the detail of the task's failure. */
export class SpawnError extends Error {
  override readonly name = "SpawnError";
}

/** The whole environment of a command. */
export function wholeEnv({ env, commonEnv }: SpawnOptions): Readonly<Record<string, string>> {
  return commonEnv === undefined ? env : { ...commonEnv, ...env };
}

/** The folders in which a program without a slash is looked up, with colons between them. */
export function searchPath({ env, commonEnv }: SpawnOptions): string {
  return env.PATH ?? commonEnv?.PATH ?? "/usr/bin:/bin";
}

/** Absolute path of the program of options, found as a shell in its folder with its environment would find it. */
export function findProgram(options: SpawnOptions): string {
  const [program] = options.argv;
  if (program.includes("/")) return absoluteIn(options.cwd, program);
  for (const folder of searchPath(options).split(":")) {
    const path = `${absoluteIn(options.cwd, folder)}/${program}`;
    const info = statOf(path);
    if (info?.isFile && ((info.mode ?? 0o111) & 0o111) !== 0) return path;
  }
  throw spawnError("ENOENT", options);
}

/** The error for a system error code, e.g. `E2BIG`. The folder is looked at first: its errors have the same codes. */
export function spawnError(code: string, options: SpawnOptions): SpawnError {
  return new SpawnError(describe(code, options));
}

function describe(code: string, { argv, cwd, env }: SpawnOptions): string {
  const [program] = argv;
  if ([...argv, cwd, ...Object.entries(env).flat()].some((text) => text.includes("\0"))) {
    return "a NUL character in the command, its folder or its environment";
  }
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "EACCES": {
      const folder = statOf(cwd);
      if (folder === undefined) return `folder '${cwd}' does not exist`;
      if (!folder.isDirectory) return `'${cwd}' is not a folder`;
      if (code === "EACCES") return `no permission to run '${program}' in '${cwd}'`;
      const isProgramThere = program.includes("/") && statOf(absoluteIn(cwd, program)) !== undefined;
      return isProgramThere ? `no interpreter for '${program}'` : `no such program '${program}'`;
    }
    case "E2BIG":
      return "argument list too long";
    case "EAGAIN":
      return "too many processes";
    case "ENOMEM":
      return "not enough memory";
    case "EMFILE":
    case "ENFILE":
      return "too many open files";
    default:
      return `'${program}' (${code})`;
  }
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}
