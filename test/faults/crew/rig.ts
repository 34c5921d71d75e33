/**
 * Owns the members of a crew as processes: started all at once, killed, stopped, and asked what they did.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import type { CrewOptions } from "../../../actors/crew/options.ts";

const PROGRAM = fromFileUrl(new URL("./member_program.ts", import.meta.url));

/** What a member is to do. */
export interface MemberPlan {
  /** Tasks in all. */
  readonly count: number;
  /** Tasks of a layer; each depends on three of the layer before. */
  readonly width: number;
  /** How long each takes; 0 for not at all, below 0 for as long as the test likes. */
  readonly taskMs: number;
  readonly options: Omit<CrewOptions, "labels" | "identifier"> & {
    readonly identifier?: string;
    readonly labels?: readonly string[];
  };
  /** By how much its clock is wrong. */
  readonly clockMs?: number;
}

/** What it did. Times in Unix milliseconds. */
export interface MemberReport {
  readonly ids: readonly string[];
  readonly begunMs: number;
  readonly endedMs: number;
  /** Processor time of the process, its start included. */
  readonly cpuMs: number;
  readonly waitedMs: number;
}

/** One member in a process of its own, killed when it goes out of scope. */
export class MemberProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #text = "";

  /** `env` is added to this process's. */
  constructor(plan: MemberPlan, env: Record<string, string> = {}) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", PROGRAM, JSON.stringify(plan)],
      stdin: "piped",
      stdout: "piped",
      env,
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Starts members and lets them begin at the same instant. */
  static async together(plans: readonly MemberPlan[]): Promise<MemberProcess[]> {
    const members = plans.map((plan) => new MemberProcess(plan));
    await Promise.all(members.map((member) => member.line()));
    members.forEach((member) => member.go());
    return members;
  }

  /** The next line it prints; undefined when it has ended. */
  async line(): Promise<string | undefined> {
    while (!this.#text.includes("\n")) {
      const { done, value } = await this.#output.read();
      if (done) return undefined;
      this.#text += value;
    }
    const [line, ...rest] = this.#text.split("\n");
    this.#text = rest.join("\n");
    return line;
  }

  /** Lets it begin, or go on. */
  go(): void {
    this.#input.write(new TextEncoder().encode("\n")).catch(() => {}); // it was killed
  }

  /** What it did; undefined when it was killed. */
  async report(): Promise<MemberReport | undefined> {
    const line = await this.line();
    await this.#child.status;
    if (line === undefined) return undefined;
    const report = JSON.parse(line);
    if ("error" in report) throw new Error(report.error);
    return report;
  }

  get pid(): number {
    return this.#child.pid;
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.#child.status;
    await this.#output.cancel();
    await this.#input.abort().catch(() => {});
  }
}

/** What all of them did, when none was killed. */
export async function reportsOf(members: readonly MemberProcess[]): Promise<MemberReport[]> {
  try {
    return (await Promise.all(members.map((member) => member.report()))).map((report) => report!);
  } finally {
    for (const member of members) await member[Symbol.asyncDispose]();
  }
}
