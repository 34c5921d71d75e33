/**
 * Owns a pseudo-terminal for tests: a program that runs in one, what it shows there, and the keys that are pressed.
 * The terminal is made by util-linux's `script`, which every Debian has; it checks nothing.
 *
 * @module
 */

import { HANGING_MS } from "./e2e/gates.ts";

/** Choices for a program in a terminal. */
export interface TerminalChoices {
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Lines of the window; default 24. */
  readonly rows?: number;
  /** Columns of the window; default 80. */
  readonly columns?: number;
}

/** Keys as a terminal sends them. */
export const KEY = { interrupt: "\x03", suspend: "\x1a", quit: "\x1c", end: "\x04", enter: "\r" } as const;

/**
 * A program in a terminal of its own. All that it shows is kept as it came, escapes included. One that hangs, such as one that
 * waits for a key nobody presses, is killed.
 */
export class Terminal implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  readonly #pidFile: string;
  readonly #waiting = new Set<() => void>();
  #isOver = false;
  /** What was shown so far. */
  shown = "";
  /** The program's exit code, 128 + n when signal n ended it. Never rejects. */
  readonly ended: Promise<number>;

  constructor(argv: readonly string[], { cwd, env, rows = 24, columns = 80 }: TerminalChoices) {
    this.#pidFile = Deno.makeTempFileSync({ prefix: "troupe-pty-" });
    const words = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    const text = `stty rows ${rows} cols ${columns}; echo $$ > '${this.#pidFile}'; exec ${words}`;
    this.#child = new Deno.Command("script", {
      args: ["-qefc", text, "/dev/null"],
      cwd,
      clearEnv: true,
      env: { TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#keys = this.#child.stdin.getWriter();
    this.ended = this.#listen();
  }

  /** Process id of the program itself; there once it has shown something. */
  get pid(): number {
    return Number(Deno.readTextFileSync(this.#pidFile));
  }

  /** Presses keys. */
  async press(keys: string): Promise<void> {
    await this.#keys.write(new TextEncoder().encode(keys));
  }

  /** Resolves with the first match in what is shown from an offset on. */
  async shows(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    while (true) {
      const match = pattern.exec(this.shown.slice(from));
      if (match !== null) return match;
      if (this.#isOver) throw new Error(`It ended without showing ${pattern}:\n${this.shown}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Ends the terminal; its program hears SIGHUP, and is killed if it is still there. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#kill();
    await this.ended;
    await this.#keys.close().catch(() => {});
    Deno.removeSync(this.#pidFile);
  }

  #kill(): void {
    const { pid } = this;
    if (pid > 1) ignore(() => Deno.kill(pid, "SIGKILL"));
    ignore(() => this.#child.kill("SIGKILL"));
  }

  async #listen(): Promise<number> {
    const timer = setTimeout(() => {
      this.shown += "\n[killed by the test's terminal: it was hanging]\n";
      this.#kill();
    }, HANGING_MS);
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.shown += text;
      this.#wake();
    }
    const { code } = await this.#child.status;
    clearTimeout(timer);
    this.#isOver = true;
    this.#wake();
    return code;
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

/** What was shown as plain lines: without escapes, each line as it stood last. */
export function plainText(shown: string): string {
  // deno-lint-ignore no-control-regex
  return shown.replace(/\x1b\[[0-9;?]*[ -\/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78]/g, "").replaceAll("\r\n", "\n");
}

function ignore(act: () => void): void {
  try {
    act();
  } catch {
    // It has just ended.
  }
}
