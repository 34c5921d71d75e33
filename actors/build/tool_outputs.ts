/**
 * Owns what the tools that tasks declare say of themselves, as by `cc --version`: each is asked once a build, when the first
 * task that declares it has its turn, and several at a time. It decides nothing about tasks.
 *
 * A tool is asked as the commands of its task are run: by the shell, in the same folder, with the same variables but for
 * those that tell a command of its files. So the same text under another PATH is another question. It has no right to make
 * anything, but nothing keeps it from that. A watchdog ends it should troupe be ended meanwhile: looks hear no signal.
 *
 * @module
 */
import { join } from "@std/path/posix/join";
import { beginSha256 } from "../../graph/digest.ts";
import type { TaskFailure } from "../../graph/failure.ts";
import { simpleCommand } from "../../graph/simple_command.ts";
import type { Task } from "../../graph/task.ts";
import { BUILD_VARIABLE, BuildChain } from "../process/build_chain.ts";
import { inheritedEnvironment } from "../process/inherited_environment.ts";
import type { Captured, Output } from "../process/output.ts";
import { type Ended, type RunningProcess, SpawnError, startProcess } from "../process/process.ts";
import type { Stop } from "../process/stop_listener.ts";
import { makeToken, RUN_VARIABLE, startWatchdog, type Watchdog } from "../process/watchdog.ts";

/** What a tool has said. */
type Said = { readonly digest: string } | { readonly failure: TaskFailure; readonly output?: Output };

/** What the tools of a task say, as {@linkcode Inputs} has it; when that will be known; or why it will not. */
export type ToolAnswer =
  | readonly string[]
  | { readonly kind: "waiting"; readonly until: Promise<void> }
  | { readonly kind: "unreadable"; readonly failure: TaskFailure; readonly output?: Output };

/** A tool that says nothing for so long hangs. */
const LONGEST_MS = 60_000;

/** So many are asked at a time. */
const MOST_AT_ONCE = 16;

/** From being asked to end to SIGKILL. */
const GRACE_MS = 1000;

/** The tools of one build. */
export class ToolOutputs implements Disposable {
  readonly #folder: string;
  readonly #stop: Pick<Stop, "aborted"> | undefined;
  /** By command, folder and variables. */
  readonly #asked = new Map<string, Said | Promise<void>>();
  readonly #running = new Set<RunningProcess>();
  #free = MOST_AT_ONCE;
  /** Those that wait until one of these has ended. */
  readonly #waiting: (() => void)[] = [];
  #isOver = false;
  readonly #end = () => this.#endAll();
  #env: Record<string, string> | undefined;
  /** What marks them. */
  readonly #token = makeToken();
  /** There from the first one on, or null where there can be none. */
  #watchdog: Watchdog | null | undefined;

  /** `folder` is that of the config, absolute. */
  constructor(folder: string, stop?: Pick<Stop, "aborted">) {
    this.#folder = folder;
    this.#stop = stop;
    stop?.aborted.addEventListener("abort", this.#end);
  }

  /** What the tools of a task say; those that nobody has asked yet are asked now. */
  of(task: Pick<Task, "name" | "action" | "env" | "tools">): ToolAnswer {
    const { tools = [] } = task;
    const all = tools.map((command) => this.#ask(command, task));
    const waiting = all.filter((said) => said instanceof Promise);
    if (waiting.length > 0) return { kind: "waiting", until: Promise.all(waiting).then(() => {}) };
    const said = all as Said[];
    const failed = said.find((each) => "failure" in each);
    if (failed !== undefined) return { kind: "unreadable", ...failed as Extract<Said, { failure: TaskFailure }> };
    return tools.flatMap((command, at) => [command, (said[at] as { readonly digest: string }).digest]);
  }

  [Symbol.dispose](): void {
    this.#stop?.aborted.removeEventListener("abort", this.#end);
    this.#endAll();
    const ended = Promise.all(Array.from(this.#running, (process) => process.ended));
    ended.then(() => this.#watchdog?.close()).catch(() => {}); // it goes by itself when troupe has ended
  }

  #ask(command: string, { name, action, env }: Pick<Task, "name" | "action" | "env">): Said | Promise<void> {
    const cwd = action.kind === "command" ? action.cwd : undefined;
    const key = JSON.stringify([command, cwd, Object.entries(env).sort()]);
    let said = this.#asked.get(key);
    if (said === undefined) {
      const where = { name, env, cwd: cwd === undefined ? this.#folder : join(this.#folder, cwd) };
      said = this.#inTurn(() => this.#run(command, where)).then((answer) => void this.#asked.set(key, answer));
      this.#asked.set(key, said);
    }
    return said;
  }

  async #inTurn(run: () => Promise<Said>): Promise<Said> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free--;
    try {
      return await run();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  async #run(
    command: string,
    { name, env, cwd }: { readonly name: string; readonly env: Task["env"]; readonly cwd: string },
  ): Promise<Said> {
    const failed = (detail: string, output?: Output): Said => ({
      failure: { kind: "tool", command, detail },
      ...(output === undefined ? {} : { output }),
    });
    if (this.#isOver) return failed("the build has ended");
    this.#env ??= inheritedEnvironment(this.#folder);
    const chain = new BuildChain(this.#folder, this.#env[BUILD_VARIABLE]).through(name);
    let process: RunningProcess;
    if (this.#watchdog === undefined) this.#watch();
    try {
      process = startProcess({
        argv: ["/bin/sh", "-c", command],
        direct: simpleCommand(command, {}),
        cwd,
        env: { ...env, [BUILD_VARIABLE]: chain, [RUN_VARIABLE]: `${this.#token}-` },
        commonEnv: this.#env,
        graceMs: GRACE_MS,
      });
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      return failed(error.message);
    }
    this.#running.add(process);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      process.signal("SIGKILL");
    }, LONGEST_MS);
    const ended = await process.ended;
    clearTimeout(timer);
    this.#running.delete(process);
    if (isLate) return failed(`it said nothing for ${LONGEST_MS / 1000}s`, ended.output);
    return ended.code === 0 ? { digest: digestOf(ended.output) } : failed(howEnded(ended), ended.output);
  }

  #watch(): void {
    try {
      this.#watchdog = startWatchdog({ ledger: "", token: this.#token, onGone: () => {} });
    } catch {
      this.#watchdog = null; // whoever cannot start it cannot start the tool either, and says why
    }
  }

  #endAll(): void {
    this.#isOver = true;
    for (const process of this.#running) {
      process.signal("SIGTERM");
      const timer = setTimeout(() => process.signal("SIGKILL"), GRACE_MS);
      process.ended.then(() => clearTimeout(timer));
    }
  }
}

function howEnded({ code, signal }: Ended): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

/** Of both streams, each with what was dropped of it. */
function digestOf({ stdout, stderr }: Output): string {
  const hash = beginSha256();
  const add = ({ bytes, dropped }: Captured) => hash.update(`${bytes.length} ${dropped} `).update(bytes);
  add(stdout);
  add(stderr);
  return hash.digest("hex");
}
