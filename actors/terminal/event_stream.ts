/**
 * Owns the telling of a run as `--events` has it: from the scheduler's events to lines of JSON, in the order in which they
 * happened. What the lines say is graph/report/event_line.ts's; where they go is a sink's.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  type EventLine,
  EVENTS_VERSION,
  type EventText,
  inSeconds,
  type KeptOutput,
  type KeptText,
  type Taken,
} from "../../graph/report/event_line.ts";
import type { ShownArtifact } from "../../graph/artifact.ts";
import { describeTaskFailure, type TaskFailure } from "../../graph/failure.ts";
import { isOneFile, outputText } from "../../graph/outputs.ts";
import { unreachable } from "../../graph/task.ts";
import { withGap, withoutHalfEnd } from "../process/captured_text.ts";
import type { RunEvent } from "../engine/run_event.ts";
import type { RunBegun, RunOver, RunReader } from "./run_reader.ts";
import type { Captured, Output, Usage } from "../process/output.ts";

/** Where lines go. */
export interface LineSink {
  /** Takes a line, newline included. */
  add(line: string): void;
  /** Resolves once all is written, with whether all was that anyone wanted to read. */
  close(): boolean | Promise<boolean>;
}

/** A line without its time. */
type Untimed = EventLine extends infer Line ? Line extends EventLine ? Omit<Line, "time"> : never : never;

/** The versions that a run is told to be of. */
export interface Versions {
  readonly troupe: string;
  readonly deno: string;
}

/** The events of one or more runs. */
export class EventStream implements RunReader {
  readonly #sink: LineSink;
  readonly #versions: Versions;
  readonly #now: () => number;
  #run: RunBegun | undefined;
  /** Of tasks that are tried again: the number of the attempt. */
  readonly #attempts = new Map<number, number>();
  /** The beginning of a character whose end has not been printed yet, by task and stream. */
  readonly #halves = new Map<string, Uint8Array>();

  /** `now` gives milliseconds since 1970. */
  constructor(sink: LineSink, versions: Versions, now: () => number = Date.now) {
    this.#sink = sink;
    this.#versions = versions;
    this.#now = now;
  }

  begun(run: RunBegun): void {
    this.#run = run;
    this.#attempts.clear();
    const { kind, file, folder, workers, retryOf } = run;
    this.#tell({
      event: "run_started",
      version: EVENTS_VERSION,
      ...this.#versions,
      process: Deno.pid,
      ...{ kind, file, folder, workers },
      ...given("retry_of", retryOf),
      tasks: run.tasks.map(({ name, dependencies, after, outputs }) => ({
        name,
        dependencies,
        ...given("after", after),
        ...(outputs === undefined
          ? {}
          : isOneFile(outputs)
          ? { artifact: outputs[0].path }
          : { outputs: outputs.map(outputText) }),
      })),
    });
  }

  note(event: RunEvent): void {
    switch (event.kind) {
      case "reason":
        return this.#tell({ event: "task_reason", task: this.#name(event.task), reason: event.reason });
      case "barred":
        return this.#tell({ event: "task_waiting", task: this.#name(event.task), reason: event.sentence });
      case "started":
        return this.#tell({ event: "task_started", ...this.#attempt(event), worker: event.worker });
      case "printed":
        return this.#printed(event);
      case "executed":
        return this.#tell({
          event: "task_completed",
          ...this.#ended(event),
          worker: event.worker,
          ...this.#digest(event.task),
          ...taken(event.usage),
          ...keptOutput(event.output),
        });
      case "hit":
        return this.#tell({
          event: "task_cached",
          task: this.#name(event.task),
          by: event.by,
          ...this.#digest(event.task),
          ...keptOutput(event.output),
        });
      case "failed":
        return this.#failed(event);
      case "cancelled":
        return this.#tell({
          event: "task_cancelled",
          ...this.#ended(event),
          worker: event.worker,
          ...(event.isAgain ? { again: true } : {}),
          ...taken(event.usage),
          ...keptOutput(event.output),
        });
      case "skipped":
        return this.#tell({ event: "task_skipped", task: this.#name(event.task) });
      case "crashed":
        return this.#tell({ event: "worker_crashed", worker: event.worker });
      default:
        unreachable(event);
    }
  }

  warned(message: string): void {
    this.#tell({ event: "warning", message });
  }

  ended({ durationMs, counts, cached, signal, savedAs, rolledBack, error }: RunOver): void {
    const { completed, failed, skipped, cancelled } = counts;
    this.#tell({
      event: "run_ended",
      duration: inSeconds(durationMs),
      ...{ completed, failed, skipped, cancelled, cached },
      ...given("signal", signal),
      ...given("run", savedAs),
      ...given("rolled_back", rolledBack),
      ...given("error", error),
    });
    this.#run = undefined;
  }

  close(): boolean | Promise<boolean> {
    return this.#sink.close();
  }

  #failed(event: Extract<RunEvent, { kind: "failed" }>): void {
    const { task, worker, failure, retry, output, usage } = event;
    const attempt = this.#ended(event);
    this.#tell({
      event: "task_failed",
      ...attempt,
      worker,
      reason: failure.kind,
      error: describeTaskFailure(failure),
      ...endOf(failure),
      ...(retry === undefined ? {} : { next_attempt: attempt.attempt + 1 }),
      ...taken(usage),
      ...keptOutput(output),
    });
    if (retry !== undefined) this.#attempts.set(task, attempt.attempt + 1);
  }

  #printed({ task, stream, bytes }: Extract<RunEvent, { kind: "printed" }>): void {
    const key = `${task} ${stream}`;
    const half = this.#halves.get(key);
    const all = half === undefined ? bytes : new Uint8Array(Buffer.concat([half, bytes]));
    const whole = withoutHalfEnd(all);
    if (whole.length < all.length) this.#halves.set(key, all.slice(whole.length));
    else this.#halves.delete(key);
    this.#output(task, stream, whole);
  }

  #output(task: number, stream: "stdout" | "stderr", bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#tell({ event: "task_output", ...this.#attempt({ task }), stream, ...printedText(bytes) });
  }

  /** What has only begun of a character when its task ends stays so. */
  #ended(
    { task, durationMs }: { readonly task: number; readonly durationMs: number },
  ): { readonly task: string; readonly attempt: number; readonly duration: number } {
    for (const stream of ["stdout", "stderr"] as const) {
      const half = this.#halves.get(`${task} ${stream}`);
      if (half === undefined) continue;
      this.#halves.delete(`${task} ${stream}`);
      this.#output(task, stream, half);
    }
    return { ...this.#attempt({ task }), duration: inSeconds(durationMs) };
  }

  #attempt({ task }: { readonly task: number }): { readonly task: string; readonly attempt: number } {
    return { task: this.#name(task), attempt: this.#attempts.get(task) ?? 1 };
  }

  #digest(task: number): { readonly sha256?: string; readonly artifacts?: readonly ShownArtifact[] } {
    return { ...given("sha256", this.#run?.digestOf?.(task)), ...given("artifacts", this.#run?.artifactsOf?.(task)) };
  }

  #name(task: number): string {
    return this.#run!.tasks[task].name;
  }

  #tell({ event, ...rest }: Untimed): void {
    this.#sink.add(`${JSON.stringify({ event, time: this.#now() / 1000, ...rest })}\n`);
  }
}

function taken(usage: Usage | undefined): Taken {
  if (usage === undefined) return {};
  const { cpuUs, maxRssKb } = usage;
  return { cpu: inSeconds(cpuUs / 1000), ...given("max_memory", maxRssKb && maxRssKb * 1024) };
}

/** Bytes as text, if they are UTF-8 to the last. */
function printedText(bytes: Uint8Array): EventText {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64") };
  }
}

function keptOutput(output: Output | undefined): { readonly output?: KeptOutput } {
  if (output === undefined) return {};
  const stdout = keptText(output.stdout), stderr = keptText(output.stderr);
  if (stdout === undefined && stderr === undefined) return {};
  return { output: { ...given("stdout", stdout), ...given("stderr", stderr) } };
}

function keptText(captured: Captured): KeptText | undefined {
  if (captured.bytes.length === 0 && captured.dropped === 0) return undefined;
  return { ...printedText(withGap(captured)), ...(captured.dropped > 0 ? { dropped: captured.dropped } : {}) };
}

function endOf(failure: TaskFailure): { readonly exit_code?: number; readonly signal?: string } {
  if (failure.kind === "exit") return { exit_code: failure.code };
  return failure.kind === "signal" ? { signal: failure.signal } : {};
}

function given<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : { [key]: value } as { readonly [K in Key]?: Value };
}
