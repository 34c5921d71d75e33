/**
 * Owns a test's world: a temporary project, the real program run in it, and commands that the test holds open (see
 * gates.ts). It checks nothing; the tests do. Nothing here waits for a length of time: a test waits for what it wants to see.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { type DoorCall, endMark } from "./door.ts";
import { Gates, HANGING_MS, type Held } from "./e2e/gates.ts";
import { ProjectFolder } from "./project_folder.ts";
import { Terminal, type TerminalChoices } from "./pty.ts";

export type { Held };

const PROGRAM = fromFileUrl(new URL("../build.ts", import.meta.url));

const DOOR = fromFileUrl(new URL("./door.ts", import.meta.url));

/** How a run of the program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Choices for one run. */
export interface RunChoices {
  /** Added to the scrubbed environment. */
  readonly env?: Record<string, string>;
  /** Folder to run in, below the project; the project itself unless told. */
  readonly cwd?: string;
  /** Instead of `run -A build.ts`: what Deno is told before the arguments. */
  readonly deno?: readonly string[];
}

/** A test with a project of its own; when it fails, everything the program said in it is printed. */
export function rigTest(name: string, body: (rig: Rig) => Promise<void>, options: { ignore?: boolean } = {}): void {
  Deno.test({
    name,
    ignore: options.ignore,
    async fn() {
      await using rig = new Rig();
      try {
        await body(rig);
      } catch (error) {
        console.error(rig.log());
        throw error;
      }
    },
  });
}

/** One temporary project; all of it is gone when it goes out of scope. */
export class Rig extends ProjectFolder implements AsyncDisposable {
  readonly #root: string;
  /** The program's `TMPDIR`. */
  readonly tmp: string;
  readonly #runs: Running[] = [];
  readonly #terminals: Terminal[] = [];
  #gates: Gates | undefined;
  #door: Door | undefined;
  /** The program that is run. */
  readonly program = PROGRAM;

  constructor() {
    const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "troupe-rig-" }));
    super(`${root}/project`);
    this.#root = root;
    this.tmp = `${root}/tmp`;
    Deno.mkdirSync(this.folder);
    Deno.mkdirSync(this.tmp);
  }

  /** Runs the program to its end. */
  async build(args: readonly string[] = [], choices: RunChoices = {}): Promise<Ended> {
    return await this.start(args, choices).ended;
  }

  /**
   * Has `troupe` do what only its words and its exit code are looked at for: by one program for all such calls of the test,
   * one after another. The environment is that of the first.
   */
  async ask(args: readonly string[], { env = {}, cwd = "." }: Pick<RunChoices, "env" | "cwd"> = {}): Promise<Ended> {
    this.#door ??= new Door({ cwd: this.folder, env: { ...scrubbed(), TMPDIR: this.tmp, ...env } });
    return await this.#door.ask({ args, cwd: this.path(cwd) });
  }

  /** Starts the program. */
  start(args: readonly string[] = [], choices: RunChoices = {}): Running {
    const { deno = ["run", "-A", PROGRAM], env = {}, cwd = "." } = choices;
    return this.spawn(Deno.execPath(), [...deno, ...args], { env, cwd });
  }

  /** Starts any program in the project, with the scrubbed environment. */
  spawn(program: string, args: readonly string[], { env = {}, cwd = "." }: RunChoices = {}): Running {
    const child = new Deno.Command(program, {
      args: [...args],
      cwd: this.path(cwd),
      clearEnv: true,
      env: { ...scrubbed(), TMPDIR: this.tmp, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const running = new Running(child, args.join(" "));
    this.#runs.push(running);
    return running;
  }

  /** Starts the program in a terminal of its own, its output piped to a command if one is given. */
  terminal(
    args: readonly string[] = [],
    choices: RunChoices & Pick<TerminalChoices, "rows" | "columns"> & { readonly pipedTo?: string } = {},
  ): Terminal {
    const { deno = ["run", "-A", this.program], env = {}, cwd = ".", rows, columns, pipedTo } = choices;
    const argv = [Deno.execPath(), ...deno, ...args];
    const line = pipedTo === undefined ? argv : ["/bin/sh", "-c", `"$@" | ${pipedTo}`, "sh", ...argv];
    const terminal = new Terminal(line, {
      cwd: this.path(cwd),
      env: { ...scrubbed(), TMPDIR: this.tmp, ...env },
      rows,
      columns,
    });
    this.#terminals.push(terminal);
    return terminal;
  }

  /** A command that announces itself when it is started and waits until the test lets it go. */
  hold(name: string): Held {
    this.#gates ??= new Gates(`${this.#root}/gates`);
    return this.#gates.hold(name);
  }

  /** All that was said by the program in this project. */
  log(): string {
    return [...this.#runs.map((run) => run.log()), this.#door?.log ?? "", ...this.#terminals.map(({ shown }) => shown)]
      .join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const run of this.#runs) run.kill("SIGKILL");
    await Promise.all(this.#runs.map((run) => run.ended));
    for (const terminal of this.#terminals) await terminal[Symbol.asyncDispose]();
    await this.#door?.[Symbol.asyncDispose]();
    await this.#gates?.close();
    Deno.removeSync(this.#root, { recursive: true });
  }
}

/** A run of the program that may still be going on. */
export class Running {
  readonly #child: Deno.ChildProcess;
  readonly #title: string;
  readonly #said = { stdout: "", stderr: "" };
  readonly #waiting = new Set<() => void>();
  #isOver = false;
  /** Never rejects. */
  readonly ended: Promise<Ended>;

  constructor(child: Deno.ChildProcess, title: string) {
    this.#child = child;
    this.#title = title;
    this.ended = this.#listen();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it has said so far. */
  get stdout(): string {
    return this.#said.stdout;
  }

  get stderr(): string {
    return this.#said.stderr;
  }

  /** Resolves with the first match in what it says. */
  async says(pattern: RegExp, stream: "stdout" | "stderr" = "stdout"): Promise<RegExpExecArray> {
    while (true) {
      const match = pattern.exec(this.#said[stream]);
      if (match !== null) return match;
      if (this.#isOver) throw new Error(`It ended without saying ${pattern}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  kill(signal: Deno.Signal): void {
    if (this.#isOver) return;
    try {
      this.#child.kill(signal);
    } catch {
      // It has just ended.
    }
  }

  log(): string {
    return `--- ${this.#title}\n${this.stdout}--- stderr\n${this.stderr}`;
  }

  async #listen(): Promise<Ended> {
    const timer = setTimeout(() => {
      this.#said.stderr += "\n[killed by the test rig: it was hanging]\n";
      this.kill("SIGKILL");
    }, HANGING_MS);
    await Promise.all([this.#collect("stdout"), this.#collect("stderr")]);
    const { code } = await this.#child.status;
    clearTimeout(timer);
    this.#isOver = true;
    this.#wake();
    return { code, ...this.#said };
  }

  async #collect(stream: "stdout" | "stderr"): Promise<void> {
    for await (const text of this.#child[stream].pipeThrough(new TextDecoderStream())) {
      this.#said[stream] += text;
      this.#wake();
    }
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

/** The program that does what `troupe` does once for each call; see door.ts. */
class Door implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #calls: WritableStreamDefaultWriter<Uint8Array>;
  readonly #streams: readonly ReadableStreamDefaultReader<string>[];
  #last: Promise<unknown> = Promise.resolve();
  /** All calls and what was said. */
  log = "";

  constructor({ cwd, env }: { readonly cwd: string; readonly env: Record<string, string> }) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", DOOR],
      cwd,
      clearEnv: true,
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#calls = this.#child.stdin.getWriter();
    const { stdout, stderr } = this.#child;
    this.#streams = [stdout, stderr].map((stream) => stream.pipeThrough(new TextDecoderStream()).getReader());
  }

  ask(call: DoorCall): Promise<Ended> {
    const answer = this.#last.then(() => this.#ask(call));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #ask(call: DoorCall): Promise<Ended> {
    await this.#calls.write(new TextEncoder().encode(JSON.stringify(call) + "\n"));
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), HANGING_MS);
    const [stdout, stderr] = await Promise.all(this.#streams.map(untilMark));
    clearTimeout(timer);
    const code = Number(/\0(\d+)\n$/.exec(stdout)?.[1] ?? -1);
    const [out, err] = [stdout, stderr].map((text) => text.slice(0, -endMark(code).length));
    this.log += `--- ${call.args.join(" ")} (asked)\n${stdout}--- stderr\n${stderr}\n`;
    if (code === -1) throw new Error(`The door has ended: ${call.args.join(" ")}`);
    return { code, stdout: out, stderr: err };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#calls.close().catch(() => {});
    for (const stream of this.#streams) await stream.cancel();
    await this.#child.status;
  }
}

/** All up to the mark that ends an answer, or up to the end of the program. */
async function untilMark(stream: ReadableStreamDefaultReader<string>): Promise<string> {
  for (let text = "";;) {
    const { done, value } = await stream.read();
    text += value ?? "";
    if (done || /\0\d+\n$/.test(text)) return text;
  }
}

/** What a program needs to run at all, and nothing of what changes what it shows. */
function scrubbed(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ["PATH", "HOME", "DENO_DIR", "LANG"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
