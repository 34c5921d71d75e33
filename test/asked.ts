/**
 * Owns the program that answers a file's tests: it does what `troupe` does once for each call; see door.ts. It is started
 * before the first test, so that no test leaves one behind, and ends with the file.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { type DoorCall, endMark } from "./door.ts";
import { HANGING_MS } from "./e2e/gates.ts";
import { type Ended, scrubbed } from "./running.ts";

const DOOR = fromFileUrl(new URL("./door.ts", import.meta.url));

let ofFile: Door | undefined;

/** Starts the program of this file's tests, unless it is there. It is told before the first test. */
export function openDoor(): void {
  if (ofFile !== undefined) return;
  ofFile = new Door();
  addEventListener("unload", () => ofFile?.kill());
}

/** The program of this file's tests, if it answers. */
export function doorOfFile(): Door | undefined {
  return ofFile?.hasEnded ? undefined : ofFile;
}

/** One such program. */
export class Door implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #calls: WritableStreamDefaultWriter<Uint8Array>;
  readonly #streams: readonly ReadableStreamDefaultReader<string>[];
  #hasEnded = false;
  #isBusy = false;

  constructor() {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", DOOR],
      cwd: "/",
      clearEnv: true,
      env: scrubbed(),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#calls = this.#child.stdin.getWriter();
    const { stdout, stderr } = this.#child;
    this.#streams = [stdout, stderr].map((stream) => stream.pipeThrough(new TextDecoderStream()).getReader());
  }

  /** Whether it answers no more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether it is about something that it was asked for. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Has it do one thing; it is not busy. */
  async ask(call: DoorCall): Promise<Ended> {
    this.#isBusy = true;
    await this.#calls.write(new TextEncoder().encode(JSON.stringify(call) + "\n"));
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), HANGING_MS);
    const [stdout, stderr] = await Promise.all(this.#streams.map(untilMark));
    clearTimeout(timer);
    this.#isBusy = false;
    const code = Number(/\0(\d+)\n$/.exec(stdout)?.[1] ?? -1);
    const [out, err] = [stdout, stderr].map((text) => text.slice(0, -endMark(code).length));
    if (code === -1) {
      this.#hasEnded = true;
      throw new Error(`The program has ended before it answered: ${call.args.join(" ")}\n${stdout}${stderr}`);
    }
    return { code, stdout: out, stderr: err };
  }

  /** Ends it at once. */
  kill(): void {
    this.#hasEnded = true;
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
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
