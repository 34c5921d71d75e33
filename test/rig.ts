/**
 * Owns a test's world: a temporary project, the real program run in it, and commands that the test holds open (see
 * gates.ts). It checks nothing; the tests do. Nothing here waits for a length of time: a test waits for what it wants to see.
 *
 * @module
 */
import { dirname, fromFileUrl, join } from "@std/path";
import { Gates, HANGING_MS, type Held } from "./e2e/gates.ts";

export type { Held };

const PROGRAM = fromFileUrl(new URL("../build.ts", import.meta.url));

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
export class Rig implements AsyncDisposable {
  readonly #root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "troupe-rig-" }));
  /** The project's folder, where the program runs. */
  readonly folder = `${this.#root}/project`;
  /** The program's `TMPDIR`. */
  readonly tmp = `${this.#root}/tmp`;
  readonly #runs: Running[] = [];
  #gates: Gates | undefined;
  /** The program that is run. */
  readonly program = PROGRAM;

  constructor() {
    Deno.mkdirSync(this.folder);
    Deno.mkdirSync(this.tmp);
  }

  /** Writes a file of the project; anything but text is written as JSON. */
  write(path: string, content: unknown): void {
    const file = this.path(path);
    Deno.mkdirSync(dirname(file), { recursive: true });
    Deno.writeTextFileSync(file, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }

  read(path: string): string {
    return Deno.readTextFileSync(this.path(path));
  }

  exists(path: string): boolean {
    try {
      Deno.lstatSync(this.path(path));
      return true;
    } catch {
      return false;
    }
  }

  remove(path: string): void {
    Deno.removeSync(this.path(path), { recursive: true });
  }

  /** Absolute path of a file of the project. */
  path(path: string): string {
    return join(this.folder, path);
  }

  /** All files of the project, sorted, relative to it. */
  files(folder = "."): string[] {
    return [...Deno.readDirSync(this.path(folder))].flatMap(({ name, isDirectory }) => {
      const path = folder === "." ? name : `${folder}/${name}`;
      return isDirectory ? this.files(path) : [path];
    }).sort();
  }

  /** Runs the program to its end. */
  async build(args: readonly string[] = [], choices: RunChoices = {}): Promise<Ended> {
    return await this.start(args, choices).ended;
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

  /** A command that announces itself when it is started and waits until the test lets it go. */
  hold(name: string): Held {
    this.#gates ??= new Gates(`${this.#root}/gates`);
    return this.#gates.hold(name);
  }

  /** All that was said by the program in this project. */
  log(): string {
    return this.#runs.map((run) => run.log()).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const run of this.#runs) run.kill("SIGKILL");
    await Promise.all(this.#runs.map((run) => run.ended));
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

/** What a program needs to run at all, and nothing of what changes what it shows. */
function scrubbed(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ["PATH", "HOME", "DENO_DIR", "LANG"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
