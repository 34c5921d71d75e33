/**
 * Owns a test's world: a temporary project, the real program run in it, and commands that the test holds open (see
 * gates.ts). It checks nothing; the tests do. Nothing here waits for a length of time: a test waits for what it wants to see.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { Door, doorOfFile, openDoors } from "./asked.ts";
import { Gates, type Held } from "./e2e/gates.ts";
import { ProjectFolder } from "./project_folder.ts";
import { Terminal, type TerminalChoices } from "./pty.ts";
import { type Ended, Running, scrubbed } from "./running.ts";

export { type Ended, type Held, Running };

const PROGRAM = fromFileUrl(new URL("../build.ts", import.meta.url));

const MAIN = fromFileUrl(new URL("../main.ts", import.meta.url));

/** Choices for one run. */
export interface RunChoices {
  /** Added to the scrubbed environment. */
  readonly env?: Record<string, string>;
  /** Folder to run in, below the project; the project itself unless told. */
  readonly cwd?: string;
  /** Instead of `run -A build.ts`: what Deno is told before the arguments. */
  readonly deno?: readonly string[];
}

/** What a program that answers all tests of a file can be told. */
export type AskChoices = Pick<RunChoices, "env" | "cwd">;

/** A test with a project of its own; when it fails, everything the program said in it is printed. */
export function rigTest(name: string, body: (rig: Rig) => Promise<void>, options: { ignore?: boolean } = {}): void {
  openDoors();
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
  /** Its own, where the file has none. */
  #door: Door | undefined;
  #asked = "";
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

  /**
   * Does what the program does to its end: `troupe build`, or `troupe` if that is what `deno` names. It is done by the program
   * that answers all tests of the file, but where something else is to be started, or that one is busy.
   */
  async build(args: readonly string[] = [], choices: RunChoices = {}): Promise<Ended> {
    const words = wordsFor(args, choices.deno);
    const door = words && this.#freeDoor();
    if (words === undefined || door === undefined) return await this.start(args, choices).ended;
    const { env, cwd = "." } = choices;
    const ended = await door.ask({ args: words, cwd: this.path(cwd), env: { TMPDIR: this.tmp, ...env } });
    this.#asked += `--- ${words.join(" ")} (asked)\n${ended.stdout}--- stderr\n${ended.stderr}\n`;
    return ended;
  }

  /** The same for `troupe` with these arguments. */
  async ask(args: readonly string[], choices: AskChoices = {}): Promise<Ended> {
    return await this.build(args, { ...choices, deno: ["run", "-A", MAIN] });
  }

  /** Nothing may wait for something else that the test has begun. */
  #freeDoor(): Door | undefined {
    const door = doorOfFile() ?? (this.#door ??= new Door());
    return door.isBusy ? undefined : door;
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
    return [...this.#runs.map((run) => run.log()), this.#asked, ...this.#terminals.map(({ shown }) => shown)]
      .join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const run of this.#runs) run.kill("SIGKILL");
    await Promise.all(this.#runs.map((run) => run.ended));
    for (const terminal of this.#terminals) await terminal[Symbol.asyncDispose]();
    await this.#door?.[Symbol.asyncDispose]();
    await this.#gates?.close();
    await removeAll(this.#root);
  }
}

/** Removes a folder in which what a program has left behind, its watchdog say, may be at its last word. */
async function removeAll(folder: string): Promise<void> {
  while (true) {
    try {
      return Deno.removeSync(folder, { recursive: true });
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes("os error 39")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/** What `troupe` is to be told; undefined where it is not troupe that is started, or by other options than usual. */
function wordsFor(args: readonly string[], deno: readonly string[] = ["run", "-A", PROGRAM]): string[] | undefined {
  if (deno.length !== 3 || deno[0] !== "run" || deno[1] !== "-A") return undefined;
  if (deno[2] === PROGRAM) return ["build", ...args];
  return deno[2] === MAIN ? [...args] : undefined;
}
