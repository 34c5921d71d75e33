/**
 * Owns the choice of what decides how many threads a pool starts: for commands, or for functions of modules. It starts none.
 *
 * @module
 */
import type { CpuMeter } from "../machine/cpu_meter.ts";
import { later } from "../machine/later.ts";
import { CommandGrowth } from "./command_growth.ts";
import { type Growth, type PoolView, processorMs, ThreadGrowth } from "./thread_growth.ts";
import type { WorkerThread } from "./worker_thread.ts";

/** A pool that grows. */
export interface GrowingPool extends Pick<PoolView<WorkerThread>, "members" | "most"> {
  readonly callsModules: boolean;
  /** Has it ask once more what it wants. */
  readonly wantAgain: () => void;
  /** Starts so many threads, as far as tasks wait and there may be more. */
  readonly startMore: (count: number) => void;
}

/** What decides how a pool grows. */
export function growthOf({ callsModules, wantAgain, startMore, ...pool }: GrowingPool): Growth {
  const cpuShare = cpuShareOnceLoaded(), processors = navigator.hardwareConcurrency;
  if (!callsModules) return new CommandGrowth({ ...pool, processors, cpuShare, onMore: wantAgain });
  cpuShare();
  return new ThreadGrowth({
    ...pool,
    cpuShare,
    // One has the processor of another that waits for the disk.
    processors: processors + 1,
    usedMs: processorMs,
    onLook: (more) => {
      startMore(more);
      wantAgain();
    },
  });
}

/** Undefined until the first call has loaded what tells it; what is not known is taken not to be busy. */
function cpuShareOnceLoaded(): () => number | undefined {
  let meter: CpuMeter | undefined, loading: Promise<void> | undefined;
  return () => {
    loading ??= later<typeof import("../machine/cpu_meter.ts")>("../machine/cpu_meter.ts", import.meta.url)
      .then(({ CpuMeter }) => void (meter = new CpuMeter()), () => {});
    return meter?.share();
  };
}
