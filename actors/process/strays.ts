/**
 * Owns the finding and the end of what a command leaves running outside of its process group, as daemons do: by the mark
 * that each command has in its environment, and all that it starts inherits. What has shed the mark is not touched.
 *
 * Nothing is to be found after nearly every command, so the question must cost nothing. Where orphans become children of
 * this process, they are in the one short list that is read. Elsewhere only a command whose end was no ordinary one, or
 * whose pipes are still open, is reason to look at all processes; whoever ends the run looks once more.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Orphans } from "./spawn.ts";
import {
  entryOf,
  environmentOf,
  hearsSuspend,
  isAlive,
  isOwnTable as canLook,
  processes,
} from "../machine/process_table.ts";
import type { JobSignal } from "./signals.ts";

export { canLook };

/** From KILL to giving up. */
const REAPING_MS = 200;

/** How long what hears that it is to stand still has for it, less than a worker has altogether. */
const STANDSTILL_MS = 1000;

/** After so long it is looked after what was late, and then less and less often. */
const LATE_MS = 50;

/** How long a process may take to become another program, during which it shows no environment. */
const BECOMING_MS = 20;

/** The strays of one worker's commands, of which there is one at a time. */
export class Strays {
  /** As it stands in an environment. */
  readonly #mark: string;
  readonly #orphans: Orphans | undefined;
  /** The list of orphans as it was when last read, and those in it that are none of ours. */
  #list = "";
  #others = new Set<number>();
  readonly #canLook = canLook();
  /** Those that were asked to stand still. */
  #asked = new Set<number>();

  /** `orphans` is absent where they become another's children; `mark` is `NAME=value`. */
  constructor(mark: string, orphans?: Orphans) {
    this.#mark = `\0${mark}\0`;
    this.#orphans = orphans;
  }

  /** Signals those that are there now, beside the group of a command that runs. */
  signal(name: JobSignal, groupId: number): void {
    if (!this.#canLook) return;
    for (const pid of marked(this.#mark)) if (entryOf(pid)?.groupId !== groupId) send(pid, name);
  }

  /**
   * Asks those that hear Ctrl-Z to stand still, of the group of a command that runs as well, and resolves when they do or
   * have had their time. Such a one may be a troupe, which has commands of its own to stop. All others are not to be
   * asked: to a group that nobody of its session looks after, as a command's, Ctrl-Z means nothing.
   */
  async askToPause(groupId: number): Promise<void> {
    if (!this.#canLook) return;
    const own = processes().filter((pid) => entryOf(pid)?.groupId === groupId);
    const asked = this.#asked = new Set([...own, ...marked(this.#mark)].filter(hearsSuspend));
    for (const pid of asked) send(pid, "SIGTSTP");
    const latestMs = performance.now() + STANDSTILL_MS;
    while (this.#asked === asked && [...asked].some(isMoving) && performance.now() < latestMs) await delay(2);
  }

  /**
   * Sees to it that those go on that were too late to stand still, and do so by themselves only now. Which these are cannot be
   * told: whoever was made to stands as still as others.
   */
  async continueLate(): Promise<void> {
    const late = this.#asked = new Set(this.#asked);
    for (let pauseMs = LATE_MS; this.#asked === late && late.size > 0; pauseMs = Math.min(2 * pauseMs, 1000)) {
      for (const pid of late) {
        if (isMoving(pid)) continue;
        send(pid, "SIGCONT");
        late.delete(pid);
      }
      await delay(pauseMs);
    }
  }

  /**
   * Ends them, once their command and its group have ended; `isLikely`: there is reason to think that there are any.
   */
  async end(graceMs: number, { isLikely }: { readonly isLikely: boolean }): Promise<void> {
    this.#asked = new Set();
    if (!this.#canLook) return;
    if (this.#orphans === undefined ? !isLikely : !await this.#hasOrphans()) return;
    const ended = await endMarked(this.#mark, graceMs, () => this.#hasOrphans());
    for (const pid of ended) this.#orphans?.reap(pid);
  }

  /** Whether a child of this process, that it has not started itself, is this worker's. */
  async #hasOrphans(): Promise<boolean> {
    const list = this.#orphans?.list();
    if (list === undefined || list === this.#list) return false;
    const children = list.split(" ").filter((id) => id !== "").map(Number);
    const others = new Set<number>();
    for (const pid of children) {
      if (!this.#others.has(pid) && await this.#isOurs(pid)) return true;
      others.add(pid);
    }
    this.#others = others;
    this.#list = list;
    return false;
  }

  async #isOurs(pid: number): Promise<boolean> {
    for (const deadline = performance.now() + BECOMING_MS;;) {
      const environment = environmentOf(pid);
      if (environment === undefined || environment.length > 1) return environment?.includes(this.#mark) ?? false;
      if (!isAlive(entryOf(pid)) || performance.now() > deadline) return false;
      await delay(1);
    }
  }
}

/**
 * Ends all processes with a mark, politely at first, and answers which were told; `isMore` is asked when none is left.
 */
export async function endMarked(
  mark: string,
  graceMs: number,
  isMore: () => Promise<boolean> = () => Promise.resolve(false),
): Promise<ReadonlySet<number>> {
  const told = new Set<number>();
  const deadline = performance.now() + graceMs;
  for (let pauseMs = 1;; pauseMs = Math.min(2 * pauseMs, 100)) {
    const now = performance.now();
    const left = marked(mark);
    if (now >= deadline + REAPING_MS || (left.length === 0 && !await isMore())) return told;
    for (const pid of left) {
      if (now >= deadline) send(pid, "SIGKILL");
      else if (!told.has(pid)) send(pid, "SIGTERM");
      told.add(pid);
    }
    await delay(pauseMs);
  }
}

function isMoving(pid: number): boolean {
  const entry = entryOf(pid);
  return isAlive(entry) && entry.state !== "T";
}

/** Ids of the living processes with a mark: the dead have no environment. */
function marked(mark: string): number[] {
  return processes().filter((pid) => environmentOf(pid)?.includes(mark));
}

function send(pid: number, signal: JobSignal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // it has just ended
  }
}
