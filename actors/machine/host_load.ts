/**
 * Owns the figures of what the machine bears now: CPUs, memory, file handles. It only reads, and leaves out what it
 * cannot find out, for lack of a permission too.
 *
 * In a container the memory is that of the control group, which may be far less than the machine's.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { HostLoad } from "../../graph/gates/resource_capacity.ts";
import { CpuMeter } from "./cpu_meter.ts";
import { groupFolders, readIfPossible as read } from "./control_groups.ts";

/** The system counts in ticks of 10 ms. */
const LEAST_LOOK_MS = 200;
/** What version 1 says for no limit is near 2^63. */
const NO_LIMIT = 2 ** 60;

/** The figures of this moment; of the CPUs since the look before, if that is long enough ago to tell anything. */
export class HostMeter {
  readonly #meter = new CpuMeter();
  #lookedMs = performance.now();
  #cpu: number | undefined;

  /** What the machine bears. */
  load(): HostLoad {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs >= LEAST_LOOK_MS) {
      this.#cpu = this.#meter.share();
      this.#lookedMs = nowMs;
    }
    return { cpu: this.#cpu, memory: memoryShare(), fileHandles: fileHandles() };
  }

  /** Ends when the first look at the CPUs can tell something. */
  async ready(): Promise<void> {
    if (this.#cpu === undefined) await delay(Math.max(0, this.#lookedMs + LEAST_LOOK_MS - performance.now()) + 1);
  }
}

/** The fuller one of the machine and the control group. */
export function memoryShare(): number | undefined {
  const machine = tryTo(() => Deno.systemMemoryInfo());
  const shares = groupFolders("memory").map(groupShare);
  if (machine !== undefined && machine.total > 0) shares.push(1 - machine.available / machine.total);
  const known = shares.filter((share) => share !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Without the pages of files that were read or written and can be dropped at once. */
function groupShare(folder: string): number | undefined {
  const limit = Number(read(`${folder}/memory.max`) ?? read(`${folder}/memory.limit_in_bytes`));
  const used = Number(read(`${folder}/memory.current`) ?? read(`${folder}/memory.usage_in_bytes`));
  if (!(limit > 0 && limit < NO_LIMIT) || Number.isNaN(used)) return undefined;
  const droppable = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(read(`${folder}/memory.stat`) ?? "")?.[1] ?? 0);
  return Math.max(0, used - droppable) / limit;
}

function fileHandles(): HostLoad["fileHandles"] {
  const limit = Number(/^Max open files\s+(\d+)/m.exec(read("/proc/self/limits") ?? "")?.[1]);
  const used = tryTo(() => Deno.readDirSync("/proc/self/fd").toArray().length);
  return Number.isNaN(limit) || used === undefined ? undefined : { used, limit };
}

function tryTo<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
