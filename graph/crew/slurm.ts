/**
 * Owns what a member of a crew is by the variables that Slurm gives to what its nodes start: its name, how many tasks it
 * may run at once, and the line that says so. It reads no environment itself, and asks Slurm nothing.
 *
 * @module
 */
import { quote } from "../text.ts";

/** A member that a node of Slurm's has started. */
export interface SlurmPlace {
  /**
   * Unlike that of any other member of the crew, of the same job before it was requeued included: `slurm-17`,
   * `slurm-17_5` in an array, `slurm-17.0.2` for the third process of the first step, `slurm-17_5-r1` after a requeue.
   */
  readonly identifier: string;
  /** CPUs that the job asked for with `--cpus-per-task`; absent where it did not. */
  readonly cpus?: number;
  /** `Slurm job 17, array task 5, restart 1, on n2`. */
  readonly title: string;
}

/**
 * Tells the place by the environment; undefined outside of Slurm, and in the shell of an allocation on the host where it
 * was asked for, in which any number of members may be started by hand.
 */
export function slurmPlace(environment: (name: string) => string | undefined): SlurmPlace | undefined {
  const read = (name: string) => environment(`SLURM_${name}`) || undefined;
  const node = environment("SLURMD_NODENAME");
  const job = read("ARRAY_JOB_ID") ?? read("JOB_ID");
  if (!node || job === undefined) return undefined;
  const task = read("ARRAY_TASK_ID"), step = read("STEP_ID"), process = read("PROCID") ?? "0";
  const restarts = read("RESTART_COUNT") ?? "0";
  const wasRequeued = restarts !== "0";
  const cpus = Number(read("CPUS_PER_TASK"));
  const identifier = [
    `slurm-${job}`,
    ...(task === undefined ? [] : [`_${task}`]),
    ...(step === undefined ? [] : [`.${step}.${process}`]),
    ...(wasRequeued ? [`-r${restarts}`] : []),
  ].join("");
  const title = [
    `Slurm job ${job}`,
    ...(task === undefined ? [] : [`array task ${task}`]),
    ...(step === undefined ? [] : [`step ${step}`, `process ${process}`]),
    ...(wasRequeued ? [`restart ${restarts}`] : []),
    `on ${node}`,
  ].join(", ");
  return { identifier, title, ...(Number.isSafeInteger(cpus) && cpus > 0 ? { cpus } : {}) };
}

/** `Member 'slurm-17_5' of Slurm job 17, array task 5, on n2: 4 tasks at once`; `workers`: where that is said, or known. */
export function slurmLine(
  { title }: SlurmPlace,
  { identifier, workers }: { identifier: string; workers?: number },
): string {
  const share = workers === undefined ? "" : `: ${workers === 1 ? "1 task" : `${workers} tasks`} at once`;
  return `Member ${quote(identifier)} of ${title}${share}`;
}
