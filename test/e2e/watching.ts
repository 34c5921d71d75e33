/**
 * Owns what the tests of `troupe watch` share: one that goes on, and what it has said from rest to rest.
 *
 * @module
 */
import type { Rig, RunChoices, Running } from "../rig.ts";
import { MAIN } from "./crew/crew.ts";

/** A command that puts its sources together. */
export const COPY = 'cat $IN > "$OUT"';

/** A watch that goes on. */
export class Watch {
  readonly running: Running;
  #rests = 0;

  constructor(rig: Rig, args: readonly string[] = [], choices: RunChoices = {}) {
    this.running = rig.start(["watch", "--jobs", "2", ...args], { deno: ["run", "-A", MAIN], ...choices });
  }

  /** Waits until it is at rest once more; answers with what it has said since the last time. */
  async rests(): Promise<string> {
    this.#rests++;
    await this.running.says(new RegExp(`(?:^Watching [^]*?){${this.#rests}}$`, "m"));
    return this.running.stdout.split(/^Watching .*\n/m)[this.#rests - 1];
  }

  /** Waits until it has said more than so many characters. */
  async saysMore(than: number): Promise<void> {
    await this.running.says(new RegExp(`^[^]{${than}}[^]`));
  }

  /** How many builds have come to their end. */
  get builds(): number {
    return this.running.stdout.match(/^Build completed/gm)?.length ?? 0;
  }

  async end(signal: Deno.Signal = "SIGINT"): Promise<number> {
    this.running.kill(signal);
    return (await this.running.ended).code;
  }
}

/** The tasks that were started, in order. */
export function started(said: string): string[] {
  return [...said.matchAll(/: Started task '(.+?)'/g)].map(([, name]) => name);
}
