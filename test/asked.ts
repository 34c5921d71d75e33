/**
 * Owns the programs that answer a file's tests: they do what `troupe` does once for each call; see door.ts. They are started
 * before the first test, so that no test leaves one behind, and end with the file.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { type DoorCall, endMark } from "./door.ts";
import { HANGING_MS } from "./e2e/gates.ts";
import { type Ended, scrubbed } from "./running.ts";

const DOOR = fromFileUrl(new URL("./door.ts", import.meta.url));

const ofFile: Door[] = [];

/** Starts the program of this file's tests, or several for what goes on at once, unless they are there: before the first test. */
export function openDoors(count = 1): void {
  if (ofFile.length === 0) addEventListener("unload", () => ofFile.forEach((door) => door.kill()));
  while (ofFile.length < count) ofFile.push(new Door());
}

/** A program of this file's tests that answers, one that is not busy if there is one. */
export function doorOfFile(): Door | undefined {
  const doors = ofFile.filter((door) => !door.hasEnded);
  return doors.find((door) => !door.isBusy) ?? doors[0];
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
