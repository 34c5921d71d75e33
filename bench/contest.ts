/**
 * Owns the measuring: runs programs in turn, each as often as the others, and takes the time.
 * It knows neither what they do nor what is expected of them.
 *
 * Contenders take turns, so that a machine that gets slower or busier does so for all of them; before each turn all that
 * was written is synced, so that none pays for the one before.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import type { Found } from "./cold.ts";

/** One that is measured. */
export interface Contender {
  readonly name: string;
  /** Makes ready for a turn; not measured. */
  readonly prepare?: () => void;
  /** Takes its turn and answers with what it took. */
  readonly turn: () => Promise<number> | number;
  /** Throws unless the turn did what it was to do. */
  readonly check?: () => void;
}

/** How often each contender takes its turn. */
export interface Turns {
  readonly most: number;
  /** Once this has passed, {@linkcode FEWEST_TURNS} are enough: on a slow machine a benchmark must end too. */
  readonly patienceMs: number;
}

const FEWEST_TURNS = 3;

/** Lets all contenders take their turns, each as many; answers with what the turns took, by name. */
export async function contest(contenders: readonly Contender[], turns: Turns): Promise<Map<string, number[]>> {
  const taken = new Map(contenders.map(({ name }): [string, number[]] => [name, []]));
  const begun = performance.now();
  for (let run = 0; run < turns.most; run++) {
    if (run >= FEWEST_TURNS && performance.now() - begun > turns.patienceMs) break;
    for (const { name, prepare, turn, check } of contenders) {
      prepare?.();
      await sync();
      taken.get(name)!.push(await turn());
      check?.();
    }
  }
  return taken;
}

/** Runs a program to its end and answers with the milliseconds that took. */
export async function timeProgram(program: string, args: readonly string[], cwd?: string): Promise<number> {
  const command = new Deno.Command(program, { args: [...args], cwd, stdin: "null", stdout: "null", stderr: "piped" });
  const begun = performance.now();
  const { code, stderr } = await command.output();
  const ms = performance.now() - begun;
  if (code !== 0) throw failure(program, args, stderr);
  return ms;
}

/** Runs a program to its end and answers with the processor time of it and of all that it has waited for, in milliseconds. */
export async function cpuOfProgram(program: string, args: readonly string[], cwd?: string): Promise<number> {
  // POSIX `times`: a line for the shell and one for its children, user and system time in each.
  const all = ["-c", '"$@" > /dev/null && times', "sh", program, ...args];
  const { code, stdout, stderr } = await new Deno.Command("/bin/sh", { args: all, cwd, stdin: "null" }).output();
  if (code !== 0) throw failure(program, args, stderr);
  const children = new TextDecoder().decode(stdout).trim().split("\n")[1];
  return children.matchAll(/(\d+)m([\d.]+)s/g).reduce((ms, [, m, s]) => ms + 60_000 * Number(m) + 1000 * Number(s), 0);
}

/** The arguments with which Deno runs a program of this repository, by its path from the root. */
export function denoArgs(program: string): string[] {
  return ["run", "-A", fromFileUrl(new URL(`../${program}`, import.meta.url))];
}

/** Runs troupe to its end and answers with the milliseconds that took. */
export function timeTroupe(folder: string, args: readonly string[] = []): Promise<number> {
  return timeProgram(Deno.execPath(), [...denoArgs("main.ts"), "build", "build.json", ...args], folder);
}

/** Measures a piece in a process of its own; see cold.ts. */
export async function measureCold(piece: string, ...args: string[]): Promise<Found> {
  const all = [...denoArgs("bench/cold.ts"), piece, ...args];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: all }).output();
  if (code !== 0) throw failure("deno", all, stderr);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Whether there is such a program, which is asked for its version. */
export function isInstalled(program: string, asked = "--version"): boolean {
  try {
    return new Deno.Command(program, { args: [asked], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

async function sync(): Promise<void> {
  await new Deno.Command("sync").output();
}

function failure(program: string, args: readonly string[], stderr: Uint8Array): Error {
  const text = new TextDecoder().decode(stderr).trim().split("\n").slice(-20).join("\n");
  return new Error(`Cannot measure '${[program, ...args].join(" ")}':\n${text}`);
}
