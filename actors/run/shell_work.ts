/**
 * Owns what a run of shell tasks knows of them: nothing but what was written. They make no artifact, so nothing is ever
 * up to date and nothing is remembered here.
 *
 * @module
 */
import { shellTrace } from "../../graph/fingerprint.ts";
import type { RunShell } from "../worker/messages.ts";
import type { MadeOf, RebuilderAnswer, Work } from "../engine/work.ts";
import type { ShellWorkTask } from "../input/load_tasks.ts";

/** The work of one run of shell tasks. */
export class ShellWork implements Work {
  /** `stream` passes on what commands print as it comes. */
  constructor(readonly tasks: readonly ShellWorkTask[], readonly options: { readonly stream: boolean }) {}

  check(): RebuilderAnswer {
    return { kind: "run" };
  }

  message(task: number): RunShell {
    const { name, command, env = {}, timeoutMs, graceMs } = this.tasks[task];
    return { kind: "shell", task, name, command, env, timeoutMs, graceMs, stream: this.options.stream };
  }

  madeOf(task: number): MadeOf {
    const { command, env = {} } = this.tasks[task];
    return { trace: shellTrace(command, env) };
  }

  arrived(task: number): void {
    throw new Error(`Bug: shell task ${task} made an artifact`);
  }

  unrestorable(task: number): void {
    throw new Error(`Bug: shell task ${task} was to be copied`);
  }

  record(): void {}
}
