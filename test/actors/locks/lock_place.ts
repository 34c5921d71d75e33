/**
 * Owns what tests of the file locks share: other processes that take locks, and records as others might have left them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { keyOf } from "../../../actors/locks/records.ts";
import { LOCK_FOLDER } from "../../../actors/locks/locks.ts";
import { thisProcess } from "../../../actors/machine/process_identity.ts";
import { TempFolder } from "../temp_folder.ts";

const PROGRAM = fromFileUrl(new URL("./lock_program.ts", import.meta.url));

/** Another process; what it says is read line by line. */
export class Other implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  constructor(args: readonly string[], within: readonly string[] = []) {
    const [program, ...before] = [...within, Deno.execPath()];
    this.#child = new Deno.Command(program, {
      args: [...before, "run", "-A", "--no-check", PROGRAM, ...args],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#input = this.#child.stdin.getWriter();
  }

  /** `within` is what it is started by. */
  static async that(
    what: string,
    says: string,
    args: readonly string[],
    within?: readonly string[],
  ): Promise<Other> {
    const other = new Other([what, ...args], within);
    assertEquals((await other.#lines.read()).value, `${says}\n`);
    return other;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Lets it go on, and waits for its end. */
  async finish(): Promise<void> {
    await this.#input.close();
    assert((await this.#child.status).success);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#lines.cancel();
    await this.#input.abort().catch(() => {});
  }
}

export function lockTest(name: string, body: (folder: string, place: TempFolder) => Promise<void> | void): void {
  Deno.test(name, async () => {
    using place = new TempFolder();
    await body(place.path, place);
  });
}

/** Puts a record in the lock folder as another process might have. */
export function plant(folder: string, path: string, record: string | Record<string, unknown>, kind = "held"): string {
  Deno.mkdirSync(`${folder}/${LOCK_FOLDER}`, { recursive: true });
  const file = `${folder}/${LOCK_FOLDER}/${keyOf(`${folder}/${path}`)}-planted-1.${kind}`;
  const usual = { path: `${folder}/${path}`, mode: "exclusive", task: "far", sinceMs: Date.now(), ...thisProcess() };
  Deno.writeTextFileSync(file, typeof record === "string" ? record : JSON.stringify({ ...usual, ...record }));
  return file;
}

export function recordsIn(folder: string): string[] {
  return [...Deno.readDirSync(`${folder}/${LOCK_FOLDER}`)].map(({ name }) => name)
    .filter((name) => name !== "guard" && !name.endsWith(".alive"));
}

/** Lets whatever is due happen. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
