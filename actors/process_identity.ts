/**
 * Owns the answer to "does the process that wrote this still live?", asked later by another process.
 * It starts and ends none.
 *
 * A process id alone is given to another process some day, so the moment the process began goes with it where the
 * system tells it (Linux): boot and clock tick.
 *
 * @module
 */

/** Who a process was. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** When it began, in the system's own words; null where the system does not tell. */
  readonly birth: string | null;
}

/**
 * `unknown` means that it ran on another host.
 *
 * @example
 * ```ts
 * import { FileLockManager, type Liveness } from "./mod.ts";
 *
 * const known: Liveness[] = new FileLockManager(".").list().map(({ liveness }) => liveness);
 * console.log(known.includes("unknown"));
 * ```
 */
export type Liveness = "alive" | "dead" | "unknown";

export function thisProcess(): ProcessIdentity {
  return { host: Deno.hostname(), pid: Deno.pid, birth: birthOf(Deno.pid) ?? null };
}

export function livenessOf({ host, pid, birth }: ProcessIdentity): Liveness {
  if (host !== Deno.hostname()) return "unknown";
  if (!isThere(pid)) return "dead";
  const birthNow = birthOf(pid);
  return birth === null || birthNow === undefined || birth === birthNow ? "alive" : "dead";
}

function isThere(pid: number): boolean {
  try {
    (Deno.kill as (pid: number, signal: number) => void)(pid, 0); // no signal, only the question
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (!(error instanceof TypeError)) return true; // another user's process may not be asked
  }
  try { // Deno 2.4 cannot ask
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch {
    return Deno.build.os !== "linux";
  }
}

/** Empty for a dead process that nobody has waited for. */
function birthOf(pid: number): string | undefined {
  try {
    const boot = Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // the name in parentheses may hold spaces and parentheses itself; the state follows it, the start is the 20th
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return /^[ZX]$/.test(fields[0]) ? "" : `${boot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}
