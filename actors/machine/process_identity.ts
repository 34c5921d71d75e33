/**
 * Owns the answer to "does the process that wrote this still live?", asked later by another process.
 * It starts and ends none.
 *
 * A process id names a process only among those of one place, a pid namespace of one boot of one machine, and is given
 * to another one some day. So place and start go with it where the system tells them (Linux). Host names alone tell
 * nothing: containers may share one, and so may hosts. Of another place nothing is known: whoever asks goes by a
 * heartbeat, by a lock of the kernel's, or takes the process for alive until somebody says otherwise.
 *
 * @module
 */

/** Who a process was. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /**
   * Boot, pid namespace and start, `boot/namespace/start`, in the system's own words; null where the system does not
   * tell them. Records of earlier versions have `boot/start`.
   */
  readonly birth: string | null;
}

/**
 * `unknown` means that it ran where this process cannot look: on another host, in another container, or before the
 * machine was started again.
 */
export type Liveness = "alive" | "dead" | "unknown";

interface Birth {
  readonly boot: string;
  /** Undefined in records of earlier versions. */
  readonly namespace?: string;
  readonly start: string;
}

/** What the system tells of this process, which never changes. */
let own: { readonly boot?: string; readonly namespace?: string; readonly start?: string } | undefined;

export function thisProcess(): ProcessIdentity {
  const { boot, namespace, start } = own ??= readOwn();
  const isTold = boot !== undefined && namespace !== undefined && start !== undefined;
  return { host: Deno.hostname(), pid: Deno.pid, birth: isTold ? `${boot}/${namespace}/${start}` : null };
}

export function livenessOf({ host, pid, birth }: ProcessIdentity): Liveness {
  if (host !== Deno.hostname()) return "unknown";
  if (birth === null) return isThere(pid) ? "alive" : Deno.build.os === "linux" ? "unknown" : "dead";
  const here = own ??= readOwn(), then = parseBirth(birth);
  const isHere = then.boot === here.boot && (then.namespace ?? here.namespace) === here.namespace;
  if (!isHere) return "unknown";
  if (!isThere(pid)) return "dead";
  const start = isOwnProc() ? startOf(pid) : undefined;
  return start === undefined || start === then.start ? "alive" : "dead";
}

function parseBirth(birth: string): Birth {
  const [boot, ...rest] = birth.split("/");
  return rest.length > 1 ? { boot, namespace: rest[0], start: rest[1] } : { boot, start: rest[0] };
}

/** Empty where there is no /proc. */
function readOwn(): NonNullable<typeof own> {
  try {
    const boot = Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
    return parsedOwn(boot, Deno.readLinkSync("/proc/self/ns/pid"), Deno.readTextFileSync("/proc/self/stat"));
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? {} : askOwn();
  }
}

/** Deno lets nobody read /proc who does not have all permissions; a program of the system's may. */
function askOwn(): NonNullable<typeof own> {
  const script = "cat /proc/sys/kernel/random/boot_id && readlink /proc/$PPID/ns/pid && cat /proc/$PPID/stat";
  try {
    if (Deno.permissions.querySync({ name: "run", command: "/bin/sh" }).state !== "granted") return {};
    const { stdout } = new Deno.Command("/bin/sh", { args: ["-c", script], stdin: "null", stderr: "null" })
      .outputSync();
    const [boot, namespace, ...stat] = new TextDecoder().decode(stdout).split("\n");
    return stat.length > 0 ? parsedOwn(boot, namespace, stat.join("\n")) : {};
  } catch {
    return {};
  }
}

function parsedOwn(boot: string, namespace: string, stat: string): NonNullable<typeof own> {
  return { boot, namespace: /\d+/.exec(namespace)?.[0], start: startIn(stat) };
}

/** A namespace may be entered without a /proc of its own: then the ids there are others' than those here. */
function isOwnProc(): boolean {
  try {
    return Deno.readLinkSync("/proc/self") === String(Deno.pid);
  } catch {
    return false;
  }
}

function isThere(pid: number): boolean {
  try {
    (Deno.kill as (pid: number, signal: number) => void)(pid, 0); // no signal, only the question
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (!(error instanceof TypeError)) return true; // another user's process may not be asked
  }
  if (!isOwnProc()) return true;
  try { // Deno 2.4 cannot ask
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch {
    return false;
  }
}

/** Clock tick at which a process began; empty for a dead one that nobody has waited for. */
function startOf(pid: number): string | undefined {
  try {
    return startIn(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return undefined;
  }
}

/** The name in parentheses may hold spaces and parentheses itself; the state follows it, the start is the 20th. */
function startIn(stat: string): string {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return /^[ZX]$/.test(fields[0]) ? "" : fields[19];
}
