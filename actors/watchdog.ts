/**
 * Owns the process that outlives troupe by a moment: when troupe dies, however it dies, it ends every command that is
 * still running. It never acts while troupe lives, and never touches a process that is not troupe's.
 *
 * It waits for the end of its input, whose other end only troupe holds, so that there is nothing to poll and no signal
 * to miss. It learns what runs from two sources: the ledger, and the environments of all processes, in which the
 * caller marks each command of this run. The second is for a command too young to be in the ledger, and for one that
 * has left its group; it needs /proc.
 *
 * ```
 *  troupe lives ──► "done" ──────────────────► exit, the caller removes the ledger
 *       └── dies ─► end of input ─► TERM ─► at most 300 ms ─► KILL ─► removes the ledger
 * ```
 *
 * @module
 */

/** Name of the environment variable that marks the commands of one run; its value is the run's token. */
export const RUN_VARIABLE = "TROUPE_RUN";

/** From the death of a troupe to the end of its last command, with much to spare. */
const ENDING_MS = 2000;

/** POSIX sh; its arguments are the ledger's path and the mark, `NAME=value`. */
const SCRIPT = `
trap '' INT TERM HUP QUIT PIPE
while read -r word; do
  if [ "$word" = done ]; then exit 0; fi
done

ledger=$1 mark=$2
groups=
while read -r id; do
  case $id in
    '' | *[!0-9]* | 0* | 1) ;;
    *) groups="$groups -$id" ;;
  esac
done < "$ledger"

# -z because the entries of an environment end in a zero byte
marked() {
  grep -lszxF "$mark" /proc/[0-9]*/environ | cut -d / -f 3
}
send() {
  signal=$1
  shift
  for target; do kill "-$signal" "$target"; done
}
any_left() {
  for target; do
    if kill -0 "$target"; then return 0; fi
  done
  return 1
}

targets="$groups $(marked)"
send TERM $targets
tries=15
while [ $tries -gt 0 ] && any_left $targets; do
  sleep 0.02 || sleep 1
  tries=$((tries - 1))
done
send KILL $groups
# what is marked can still fork between being found and being killed
tries=5
while [ $tries -gt 0 ]; do
  targets=$(marked)
  if [ -z "$targets" ]; then break; fi
  send KILL $targets
  tries=$((tries - 1))
done
rm -f "$ledger"
`;

/** What marks the commands of this process's next run: whose they are, and that they are of no other run. */
export function makeToken(): string {
  return `${Deno.pid}-${crypto.randomUUID()}`;
}

/**
 * Waits until the commands of a troupe that was killed are gone, so that they do not write where the next build does.
 * Its watchdog sees to their end; where there is no /proc nothing is known of them.
 */
export async function awaitCommandsOf(pid: number): Promise<void> {
  const deadline = performance.now() + ENDING_MS;
  while (performance.now() < deadline && hasCommands(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
}

function hasCommands(pid: number): boolean {
  const mark = `\0${RUN_VARIABLE}=${pid}-`;
  try {
    for (const { name } of Deno.readDirSync("/proc")) {
      if (/^\d+$/.test(name) && `\0${environment(name)}`.includes(mark)) return true;
    }
  } catch {
    // no /proc
  }
  return false;
}

function environment(process: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${process}/environ`);
  } catch {
    return ""; // it has ended, or is somebody else's
  }
}

/** A watchdog that waits. */
export interface Watchdog {
  /** Sends it away with nothing done, and removes the ledger. */
  close(): Promise<void>;
}

/** Starts the watchdog of a run: `ledger` is the ledger's path, `token` what marks the run's commands. */
export function startWatchdog({ ledger, token }: { ledger: string; token: string }): Watchdog {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", SCRIPT, "troupe-watchdog", ledger, `${RUN_VARIABLE}=${token}`],
    cwd: "/",
    // cleared, so that the watchdog of a troupe within a troupe does not bear the outer one's mark
    clearEnv: true,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
    detached: true,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  // it must not keep troupe's event loop alive
  child.unref();
  return {
    async close() {
      // from here on there may be nothing else to keep the event loop alive
      child.ref();
      const input = child.stdin.getWriter();
      try {
        await input.write(new TextEncoder().encode("done\n"));
        await input.close();
      } catch {
        // somebody ended the watchdog, which then has nothing to be told
      }
      await child.status;
      removeLedger(ledger);
    },
  };
}

function removeLedger(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
