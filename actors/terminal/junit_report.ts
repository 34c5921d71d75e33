/**
 * Owns the report that `--junit` asks for: a case for each attempt at a task, in the order in which they ended. It is kept
 * until the end, as the form has its counts at the top; of much output only the end is in it.
 *
 * @module
 */
import type { Builder } from "junit-report-builder";
import { basename } from "@std/path/posix/basename";
import { resolve } from "@std/path/posix/resolve";
import { tellingLine } from "../../graph/report/printed_diagnostics.ts";
import { inSeconds } from "../../graph/report/event_line.ts";
import { describeTaskFailure, type TaskFailure } from "../../graph/failure.ts";
import { droppedLine } from "../../graph/report/build_lines.ts";
import { unreachable } from "../../graph/task.ts";
import { xmlOutput, xmlText } from "../../graph/report/xml_text.ts";
import { replaceFile } from "../storage/atomic_file.ts";
import { withGap, withoutHalfStart } from "../process/captured_text.ts";
import { textOf } from "../engine/outcomes.ts";
import type { RunEvent } from "../engine/run_event.ts";
import type { RunBegun, RunOver, RunReader } from "./run_reader.ts";
import { systemDetail } from "../machine/system_error.ts";
import type { Captured, Output } from "../process/output.ts";
import { quote } from "../../graph/text.ts";

/** So much of each stream of an attempt is in it, in bytes. */
const MOST_OF_STREAM = 256 * 1024;

/** And so much of all attempts together, as all of it is in memory: after that only why they failed. */
const MOST_OF_ALL = 64 * 1024 * 1024;

/** One attempt, or a task that came to none. */
interface Case {
  readonly task: number;
  readonly name: string;
  readonly durationMs: number;
  /** The task is told as skipped. */
  readonly isSkipped?: boolean;
  readonly failure?: { readonly message: string; readonly kind: string };
  readonly stdout?: string;
  readonly stderr?: string;
}

/** One run. */
interface Suite {
  readonly run: RunBegun;
  readonly begun: Date;
  readonly cases: Case[];
  durationMs: number;
}

/** The report of one or more runs. */
export class JunitReport implements RunReader {
  readonly #path: string;
  readonly #onFault: (sentence: string) => void;
  readonly #suites: Suite[] = [];
  readonly #attempts = new Map<number, number>();
  /** Tasks that are completed, unless what they left running fails. */
  readonly #completed = new Set<number>();
  #room = MOST_OF_ALL;

  /** `onFault` is told when it cannot be written. */
  constructor(path: string, onFault: (sentence: string) => void) {
    this.#path = path;
    this.#onFault = onFault;
  }

  begun(run: RunBegun): void {
    this.#attempts.clear();
    this.#completed.clear();
    this.#suites.push({ run, begun: new Date(), cases: [], durationMs: 0 });
  }

  note(event: RunEvent): void {
    switch (event.kind) {
      case "executed":
        this.#completed.add(event.task);
        return this.#add(event, {}, event.output);
      case "hit":
        return this.#add({ task: event.task, durationMs: 0 }, {}, event.output);
      case "failed":
        return this.#failed(event);
      case "cancelled":
        if (!event.isAgain) this.#add(event, { isSkipped: true }, event.output);
        return;
      case "skipped":
        return this.#add({ task: event.task, durationMs: 0 }, { isSkipped: true });
      case "reason":
      case "barred":
      case "started":
      case "printed":
      case "crashed":
        return;
      default:
        unreachable(event);
    }
  }

  ended({ durationMs }: RunOver): void {
    this.#suite.durationMs = durationMs;
  }

  /** Writes it. */
  async close(): Promise<boolean> {
    try {
      replaceFile(resolve(this.#path), `${await this.#xml()}\n`);
      return true;
    } catch (error) {
      this.#onFault(`Cannot write JUnit report ${quote(this.#path)}: ${systemDetail(error)}`);
      return false;
    }
  }

  get #suite(): Suite {
    return this.#suites[this.#suites.length - 1];
  }

  #failed(event: Extract<RunEvent, { kind: "failed" }>): void {
    const { task, failure, output, retry } = event;
    if (this.#completed.delete(task)) {
      const { cases } = this.#suite;
      cases.splice(cases.findLastIndex((each) => each.task === task), 1);
    }
    this.#add(event, { failure: { message: messageOf(failure, output), kind: failure.kind } }, output);
    if (retry !== undefined) this.#attempts.set(task, (this.#attempts.get(task) ?? 1) + 1);
  }

  #add(
    { task, durationMs }: { readonly task: number; readonly durationMs: number },
    what: Pick<Case, "isSkipped" | "failure">,
    output?: Output,
  ): void {
    const { name } = this.#suite.run.tasks[task];
    const attempt = this.#attempts.get(task) ?? 1;
    this.#suite.cases.push({
      task,
      name: attempt === 1 ? name : `${name} (attempt ${attempt})`,
      durationMs,
      ...what,
      ...(output === undefined ? {} : { stdout: this.#text(output.stdout), stderr: this.#text(output.stderr) }),
    });
  }

  #text(captured: Captured): string | undefined {
    const all = withGap(captured);
    if (all.length === 0) return undefined;
    const length = Math.min(all.length, MOST_OF_STREAM, this.#room);
    this.#room -= length;
    const tail = withoutHalfStart(all.subarray(all.length - length));
    const text = xmlOutput(new TextDecoder().decode(tail));
    return tail.length === all.length ? text : `${droppedLine(all.length - tail.length)}\n${text}`;
  }

  async #xml(): Promise<string> {
    // Its types are those of a module, and it is none: what it exports is a builder.
    const { default: junit } = await import("junit-report-builder") as unknown as { readonly default: Builder };
    const builder = junit.newBuilder();
    for (const { run, begun, cases, durationMs } of this.#suites) {
      const name = xmlText(basename(run.file));
      const suite = builder.testSuite().name(name).timestamp(begun).time(inSeconds(durationMs));
      const className = name.replace(/\.[^.]*$/, "");
      for (const each of cases) {
        const testCase = suite.testCase().className(className).name(xmlText(each.name)).time(
          inSeconds(each.durationMs),
        );
        if (each.isSkipped) testCase.skipped();
        if (each.failure !== undefined) testCase.failure(each.failure.message, each.failure.kind);
        if (each.stdout !== undefined) testCase.standardOutput(each.stdout);
        if (each.stderr !== undefined) testCase.standardError(each.stderr);
      }
    }
    return builder.build();
  }
}

/** Why it failed, with the line of its output that says so. */
function messageOf(failure: TaskFailure, output: Output | undefined): string {
  const sentence = describeTaskFailure(failure);
  const telling = output && tellingLine(textOf(output), sentence);
  return xmlOutput(telling === undefined ? sentence : `${sentence}: ${telling}`);
}
