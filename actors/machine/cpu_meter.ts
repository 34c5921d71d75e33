/**
 * Owns the measure of how busy the CPUs are that this process may use. It only reads.
 *
 * It counts processor time between two looks, so that it says what was true a moment ago: the load average lags by a
 * minute, in which a build would first start far too much and then nothing, and pressure (PSI) tells how long processes
 * waited, not how much is in use. Time that another virtual machine took counts as busy.
 *
 * In a container with a quota the group may be out of time while the machine is idle, so the fuller of both counts.
 *
 * @module
 */
import { groupFolders, readIfPossible } from "./control_groups.ts";

/** Processor time up to some moment: used, and to be had. Their units cancel out. */
export interface Reading {
  readonly used: number;
  readonly had: number;
}

/** A control group with a quota, and where its use is told. */
interface Quota {
  readonly cpus: number;
  readonly usedMicroseconds: () => number | undefined;
}

/** Measures from one look to the next. */
export class CpuMeter {
  readonly #quotas = quotas();
  #last: (Reading | undefined)[];

  constructor() {
    this.#last = this.#read();
  }

  /** Share of the CPUs in use since the look before, from 0 to 1; undefined where it cannot be told. */
  share(): number | undefined {
    const last = this.#last, now = this.#read();
    this.#last = now;
    const shares = now.flatMap((reading, at) => {
      const before = last[at];
      if (reading === undefined || before === undefined || reading.had <= before.had) return [];
      return [(reading.used - before.used) / (reading.had - before.had)];
    });
    return shares.length === 0 ? undefined : Math.min(1, Math.max(0, ...shares));
  }

  #read(): (Reading | undefined)[] {
    return [machineReading(), ...this.#quotas.map(quotaReading)];
  }
}

function machineReading(): Reading | undefined {
  const stat = readIfPossible("/proc/stat");
  return stat === undefined ? undefined : cpuReading(stat, readIfPossible("/proc/self/status") ?? "");
}

/** In ticks of the system, over the CPUs a process may run on: from the texts of /proc/stat and of its status. */
export function cpuReading(stat: string, status: string): Reading | undefined {
  const mayUse = allowedCpus(status);
  let used = 0, had = 0;
  for (const [, cpu, ticks] of stat.matchAll(/^cpu(\d+) (.*)$/gm)) {
    if (!mayUse(Number(cpu))) continue;
    // What guests used, the ninth and tenth, is in the first two already.
    const [user, nice, system, idle, waiting, ...others] = ticks.split(" ").slice(0, 8).map(Number);
    const busy = others.reduce((sum, count) => sum + count, user + nice + system);
    used += busy;
    had += busy + idle + waiting;
  }
  return had > 0 ? { used, had } : undefined;
}

/** Whether a CPU is in a list as `0-3,8`. */
export function allowedCpus(status: string): (cpu: number) => boolean {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1];
  if (list === undefined) return () => true;
  const spans = list.split(",").map((span) => span.split("-").map(Number));
  return (cpu) => spans.some(([first, last = first]) => first <= cpu && cpu <= last);
}

/** The quotas of the groups this process is in, of those that have one. */
function quotas(): Quota[] {
  const version2 = groupFolders("cpu").flatMap((folder): Quota[] => {
    const [quota, period] = (readIfPossible(`${folder}/cpu.max`) ?? "").trim().split(" ").map(Number);
    if (!(quota > 0 && period > 0)) return [];
    const usage = () => numberIn(/^usage_usec (\d+)$/m.exec(readIfPossible(`${folder}/cpu.stat`) ?? "")?.[1]);
    return [{ cpus: quota / period, usedMicroseconds: usage }];
  });
  const version1 = groupFolders("cpu").flatMap((folder): Quota[] => {
    const quota = Number(readIfPossible(`${folder}/cpu.cfs_quota_us`));
    const period = Number(readIfPossible(`${folder}/cpu.cfs_period_us`));
    if (!(quota > 0 && period > 0)) return [];
    const usage = folder.replace("/cpu", "/cpuacct");
    const nanoseconds = () => numberIn(readIfPossible(`${usage}/cpuacct.usage`));
    return [{ cpus: quota / period, usedMicroseconds: () => scaled(nanoseconds(), 1e-3) }];
  });
  return [...version2, ...version1];
}

function quotaReading({ cpus, usedMicroseconds }: Quota): Reading | undefined {
  const used = usedMicroseconds();
  return used === undefined ? undefined : { used, had: performance.now() * 1000 * cpus };
}

function numberIn(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || Number.isNaN(value) ? undefined : value;
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
