/**
 * Owns a terminal as a person sees it, kept by tmux: a program on it, what it shows, and keys that are pressed.
 *
 * @module
 */
import { assert } from "@std/assert";
import { delay } from "@std/async/delay";
import type { Rig } from "../rig.ts";

/** Whether there is a terminal to look at. */
export const hasTmux =
  new Deno.Command("/bin/sh", { args: ["-c", "command -v tmux"], stdout: "null" }).outputSync().success;
if (!hasTmux) console.log("what is shown on a terminal is not looked at: there is no tmux");

/** What is not on the screen by then will not come. */
const HANGING_MS = 60_000;

/** Between two looks at a screen. */
const LOOK_MS = 15;

let screens = 0;

/** A screen of its own. */
export class Screen implements AsyncDisposable {
  readonly #rig: Rig;
  readonly #socket: string;

  constructor(rig: Rig) {
    this.#rig = rig;
    this.#socket = `${rig.tmp}/tmux-${screens++}`;
  }

  /** Runs the program with a module and arguments; `END` and the exit code stand on the screen afterwards. */
  async run(
    args: readonly string[],
    { rows, columns = 100, env = {} }: {
      readonly rows: number;
      readonly columns?: number;
      readonly env?: Record<string, string>;
    },
  ): Promise<void> {
    const variables = Object.entries({ TERM: "xterm", ...env }).map(([name, value]) => `${name}='${value}'`).join(" ");
    const program = [Deno.execPath(), "run", "-A", ...args].map((arg) => `'${arg}'`).join(" ");
    const command = `env -u CI -u NO_COLOR ${variables} ${program}; echo END $?; exec cat`;
    await this.#tmux("-f", "/dev/null", "new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, command);
  }

  /** Presses a key, by the name that tmux has for it. */
  async types(key: string): Promise<void> {
    await this.#tmux("send-keys", key);
  }

  /** Waits until what is on the screen, or all that ever was with `"history"`, matches; answers with it. */
  async shows(pattern: RegExp, what: "screen" | "history" = "screen"): Promise<string> {
    const deadline = performance.now() + HANGING_MS;
    while (true) {
      const text = await this.#tmux("capture-pane", "-p", ...(what === "history" ? ["-S", "-"] : []));
      if (pattern.test(text)) return text.trimEnd() + "\n";
      assert(performance.now() < deadline, `The screen does not show ${pattern}:\n${text}`);
      // Asking takes the processor that the program needs.
      await delay(LOOK_MS);
    }
  }

  /** As `shows` for all that ever was, with the codes for colours. */
  async showsInColour(pattern: RegExp): Promise<string> {
    await this.shows(pattern);
    return await this.#tmux("capture-pane", "-p", "-e", "-S", "-");
  }

  async #tmux(...args: string[]): Promise<string> {
    const options = { args: ["-u", "-S", this.#socket, ...args], cwd: this.#rig.folder };
    const { success, stdout, stderr } = await new Deno.Command("tmux", options).output();
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
  }
}
