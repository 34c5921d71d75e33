/**
 * Owns the process that outlives troupe by a moment: when troupe dies, however it dies, it ends every command that is
 * still running. It never acts while troupe lives, and never touches a process that is not troupe's.
 *
 * Should somebody end it, troupe starts another one. For those that were killed at once with their watchdogs it does, when it
 * comes, what these would have done.
 *
 * It waits for the end of its input, whose other end only troupe holds, so that there is nothing to poll and no signal
 * to miss. It learns what runs from two sources: the ledger, and the environments of all processes, in which the
 * caller marks each command of this run. The second is for a command too young to be in the ledger, and for one that
 * has left its group; it needs /proc.
 *
 * ```
 *  troupe lives ──► "done", "end" ───────────► exit, the caller removes the ledger
 *       └── dies ─► end of input ─► TERM ─► at most 300 ms ─► KILL ─► removes the ledger
 * ```
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { commonPrefix } from "./ledger.ts";
import { environmentOf, processes } from "../machine/process_table.ts";
import { systemDetail } from "../machine/system_error.ts";

/** Name of the environment variable that marks the commands of one run; its value is the run's token. */
export const RUN_VARIABLE = "TROUPE_RUN";

/** From the death of a troupe to the end of its last command, with much to spare. */
const ENDING_MS = 2000;

/** One that ends sooner than this has not come to watch at all … */
const SOON_MS = 1000;

/** … and is not started again more often than so in a row. */
const MOST_STARTS = 3;

/** Of util-linux and of busybox; it starts a program in a new session, and becomes it. */
const SETSID = "/usr/bin/setsid";

/**
 * POSIX sh; its arguments are the ledger's path, the beginning of the marks, `NAME=token-`, and how the paths of ledgers
 * begin, whose owners' ids are among those that can be looked for.
 */
const SCRIPT = `
trap '' INT TERM HUP QUIT PIPE
ledger=$1 mark=$2 ledgers=$3
# the ids in a /proc of another namespace are others' than those that kill takes
proc=
if grep -qs troupe-watchdog "/proc/$$/cmdline"; then proc=own; fi

# -z because the entries of an environment end in a zero byte
marked() {
  [ -z "$proc" ] || grep -lszF "$mark" /proc/[0-9]*/environ | cut -d / -f 3
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
# all that is marked, and the groups it is given
end() {
  targets="$* $(marked)"
  send TERM $targets
  send CONT $targets
  tries=15
  while [ $tries -gt 0 ] && any_left $targets; do
    sleep 0.02 || sleep 1
    tries=$((tries - 1))
  done
  send KILL $*
  # what is marked can still fork between being found and being killed
  tries=5
  while [ $tries -gt 0 ]; do
    targets=$(marked)
    if [ -z "$targets" ]; then break; fi
    send KILL $targets
    tries=$((tries - 1))
  done
}

# those that were killed together with their watchdogs; what a ledger says may be another's group by now
sweep() {
  for other in "$ledgers"*; do
    id=\${other#"$ledgers"}
    id=\${id%%-*}
    case $id in
      '' | *[!0-9]*) ;;
      *) if [ ! -d "/proc/$id" ]; then mark="${RUN_VARIABLE}=$id-"; end; rm -f "$other"; fi ;;
    esac
  done
}
if [ -n "$ledgers" ] && [ -n "$proc" ]; then sweep & fi

while read -r word; do
  if [ "$word" = end ]; then end; fi
  if [ "$word" = end ] || [ "$word" = done ]; then exit 0; fi
done

groups=
while read -r id; do
  case $id in
    '' | *[!0-9]* | 0* | 1) ;;
    *) groups="$groups -$id" ;;
  esac
done < "$ledger"
end $groups
rm -f "$ledger"
`;

/** What marks the commands of this process's next run: whose they are, and that they are of no other run. */
export function makeToken(): string {
  return `${Deno.pid}-${crypto.randomUUID()}`;
}

/** What all commands of one worker, or with none those of all workers, have in their environment. */
export function markOf(token: string, worker: number | ""): string {
  return `${RUN_VARIABLE}=${token}-${worker}`;
}

/**
 * Waits until the commands of a troupe that was killed are gone, so that they do not write where the next build does.
 * Its watchdog sees to their end; where there is no /proc nothing is known of them.
 */
export async function awaitCommandsOf(pid: number): Promise<void> {
  const deadline = performance.now() + ENDING_MS;
  while (performance.now() < deadline && hasCommands(pid)) await delay(10);
}

function hasCommands(pid: number): boolean {
  return processes().some((other) => environmentOf(other)?.includes(`\0${RUN_VARIABLE}=${pid}-`));
}

/** A watchdog that waits. */
export interface Watchdog {
  /**
   * Sends it away, and removes the ledger; before, with `endsMarked`, it ends what is marked, for those who may not do so
   * themselves. Otherwise nothing is done.
   *
   * @throws What the file system throws when that cannot be done; the watchdog is gone all the same.
   */
  close(endsMarked?: boolean): Promise<void>;
}

/**
 * Starts the watchdog of a run: `ledger` is the ledger's path, empty where there is none, `token` what marks the run's
 * commands, and `onGone` is told when it ends whatever is done, and why.
 */
export function startWatchdog(
  { ledger, token, onGone }: { ledger: string; token: string; onGone: (why: string) => void },
): Watchdog {
  const start = () => spawn([ledger, markOf(token, ""), commonPrefix(ledger)]);
  let child = start();
  let isClosing = false;
  const keep = async () => {
    for (let quickEnds = 0; quickEnds < MOST_STARTS;) {
      const begun = performance.now();
      await child.status;
      if (isClosing) return;
      quickEnds = performance.now() - begun < SOON_MS ? quickEnds + 1 : 0;
      child.stdin.close().catch(() => {}); // its other end is gone
      child = start();
    }
    await child.status;
    if (!isClosing) onGone("the watchdog was ended again and again");
  };
  keep().catch((error) => onGone(systemDetail(error)));
  return {
    async close(endsMarked = false) {
      isClosing = true;
      // from here on there may be nothing else to keep the event loop alive
      child.ref();
      const input = child.stdin.getWriter();
      try {
        await input.write(new TextEncoder().encode(endsMarked ? "end\n" : "done\n"));
        await input.close();
      } catch {
        // somebody ended the watchdog, which then has nothing to be told
      }
      await child.status;
      removeLedger(ledger);
    },
  };
}

/** In a session of its own, which neither a terminal nor who ends troupe's process group reaches. */
function spawn(args: readonly string[]): Deno.ChildProcess {
  const shell = "/bin/sh", shellArgs = ["-c", SCRIPT, "troupe-watchdog", ...args];
  // For `detached` Deno forks, which takes 10 ms longer: it copies the page tables, and then page after page.
  const child = spawnIfThere(SETSID, [shell, ...shellArgs]) ?? spawnProgram(shell, shellArgs, { detached: true });
  // it must not keep troupe's event loop alive
  child.unref();
  return child;
}

/** Undefined where there is no such program, or Deno would ask the user whether it may be started. */
function spawnIfThere(program: string, args: string[]): Deno.ChildProcess | undefined {
  if (Deno.permissions.querySync({ name: "run", command: program }).state !== "granted") return undefined;
  try {
    return spawnProgram(program, args);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function spawnProgram(program: string, args: string[], options?: Deno.CommandOptions): Deno.ChildProcess {
  return new Deno.Command(program, {
    ...options,
    args,
    cwd: "/",
    // cleared, so that the watchdog of a troupe within a troupe does not bear the outer one's mark
    clearEnv: true,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

function removeLedger(path: string): void {
  if (path === "") return;
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
