/**
 * Owns the keys that are pressed at the terminal while a command goes on: each is told as it comes, and not shown. Keys
 * that are signals stay signals.
 *
 * @module
 */

/** Tells of keys for as long as it is in scope. */
export class Keys implements Disposable {
  readonly #terminal: Deno.FsFile;
  readonly #onKey: (key: string) => void;
  /** The shell gives a command that goes on the terminal as the shell had it. */
  readonly #onContinue = () => this.#take(true);
  #isOver = false;

  private constructor(terminal: Deno.FsFile, onKey: (key: string) => void) {
    this.#terminal = terminal;
    this.#onKey = onKey;
    this.#take(true);
    Deno.addSignalListener("SIGCONT", this.#onContinue);
    this.#listen();
  }

  /**
   * Listens where somebody sits at a terminal and this is what they do there. Not to stdin itself, which modules are kept
   * from while they run.
   */
  static open(onKey: (key: string) => void): Keys | undefined {
    if (!Deno.stdin.isTerminal() || !isInForeground()) return undefined;
    try {
      return new Keys(Deno.openSync("/dev/tty"), onKey);
    } catch {
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    Deno.removeSignalListener("SIGCONT", this.#onContinue);
    this.#take(false);
  }

  #take(isRaw: boolean): void {
    try {
      this.#terminal.setRaw(isRaw, { cbreak: true });
    } catch {
      // The terminal is gone: then no keys are pressed there either.
    }
  }

  async #listen(): Promise<void> {
    const buffer = new Uint8Array(64), decoder = new TextDecoder();
    for (let length; (length = await this.#terminal.read(buffer).catch(() => null)) !== null;) {
      if (this.#isOver) return;
      for (const key of decoder.decode(buffer.subarray(0, length), { stream: true })) this.#onKey(key);
    }
  }
}

/** Whoever reads keys in the background is stopped for it. Where that cannot be told, it is taken for granted. */
function isInForeground(): boolean {
  try {
    // pid (name) state ppid pgrp session tty_nr tpgid …, and the name may hold blanks and brackets itself
    const stat = Deno.readTextFileSync("/proc/self/stat");
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return true;
  }
}
