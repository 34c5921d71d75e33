/**
 * Owns the standard input as what Deno would ask at: while other people's functions run it is /dev/null, so that nothing they ask
 * for can be granted by a key that somebody presses. Deno asks where stdin is a terminal, and knows no other way to be told
 * not to once it runs.
 * It reads nothing, and needs FFI; without, it says that there is no way.
 *
 * @module
 */

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  dup: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Descriptors = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** The process has one stdin, whoever closes it: how many have, and how to get it back. */
const closed: { count: number; restore?: () => void } = { count: 0 };

/**
 * Keeps the terminal from being asked at for as long as it is in scope, and after that until {@linkcode giveBackInput}: who ends
 * anyway is asked nothing on the way out either. It does nothing where nobody could be asked.
 */
export class ClosedInput implements Disposable {
  #isOver = false;

  /** @throws {Error} When there is no way, as {@linkcode cannotClose} tells beforehand. */
  constructor() {
    if (closed.restore === undefined && Deno.stdin.isTerminal()) closed.restore = close();
    closed.count++;
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    closed.count--;
  }
}

/** A program that goes on has its terminal back, once nobody needs it closed. */
export function giveBackInput(): void {
  if (closed.count > 0) return;
  closed.restore?.();
  closed.restore = undefined;
}

/** Why the terminal could be asked at all the same, in a sentence that says what to do about it. */
export function cannotClose(): string | undefined {
  if (closed.count > 0 || !Deno.stdin.isTerminal() || isToldNotToAsk()) return undefined;
  if (Deno.permissions.querySync({ name: "ffi" }).state === "granted") return undefined;
  return "Cannot keep Deno from asking at this terminal for what a module wants: add --allow-ffi or --no-prompt, " +
    "or redirect the input by < /dev/null";
}

function close(): (() => void) | undefined {
  if (isToldNotToAsk()) return undefined;
  const sentence = cannotClose();
  if (sentence !== undefined) throw new Error(sentence);
  const { open, dup, dup2, close } = openLibrary();
  const nothing = open(new TextEncoder().encode("/dev/null\0"), 0);
  const kept = dup(0);
  if (nothing < 0 || kept < 0 || dup2(nothing, 0) < 0) throw new Error("Cannot replace the terminal by /dev/null");
  close(nothing);
  return () => {
    dup2(kept, 0);
    close(kept);
  };
}

function openLibrary(): Descriptors {
  const names = ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`, "libSystem.dylib"];
  for (const name of names) {
    try {
      return Deno.dlopen(name, SYMBOLS).symbols;
    } catch {
      // Not this C library.
    }
  }
  throw new Error("Cannot replace the terminal by /dev/null: no C library found");
}

/** Deno takes that from its command line and its environment when it starts; who cannot look there does not know. */
function isToldNotToAsk(): boolean {
  const variable = "DENO_NO_PROMPT";
  if (Deno.permissions.querySync({ name: "env", variable }).state === "granted" && Deno.env.get(variable) === "1") {
    return true;
  }
  return runtimeFlags()?.includes("--no-prompt") ?? false;
}

/** What Deno itself was told when it was started; undefined where that cannot be seen. */
export function runtimeFlags(): readonly string[] | undefined {
  const text = commandLine();
  if (text === undefined) return undefined;
  const words = text.split("\0").slice(0, -1);
  return words.slice(0, words.length - Deno.args.length);
}

function commandLine(): string | undefined {
  try {
    const path = "/proc/self/cmdline";
    if (Deno.permissions.querySync({ name: "read", path }).state === "granted") return Deno.readTextFileSync(path);
  } catch {
    // Only who has all permissions may look there.
  }
  try {
    const command = "/bin/cat";
    if (Deno.permissions.querySync({ name: "run", command }).state !== "granted") return undefined;
    const args = [`/proc/${Deno.pid}/cmdline`];
    const { success, stdout } = new Deno.Command(command, { args, stdin: "null", stderr: "null" }).outputSync();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch {
    return undefined;
  }
}
