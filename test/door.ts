/**
 * Owns a program for tests that does what `troupe` does, as often as it is asked to: each line of its input is one call, and
 * behind what a call says stands its exit code, on both streams. So what commands say costs no start of a program each.
 *
 * @module
 */
import { main } from "../main.ts";

/** One call. */
export interface DoorCall {
  readonly args: readonly string[];
  /** Absolute. */
  readonly cwd: string;
}

/** What stands behind all that a call says; commands never write a NUL. */
export function endMark(code: number): string {
  return `\0${code}\n`;
}

if (import.meta.main) {
  let text = "";
  for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (text + piece).split("\n");
    text = lines.pop()!;
    for (const line of lines) await answer(JSON.parse(line));
  }
}

async function answer({ args, cwd }: DoorCall): Promise<void> {
  Deno.chdir(cwd);
  const mark = new TextEncoder().encode(endMark(await main(args)));
  for (const stream of [Deno.stdout, Deno.stderr]) await stream.write(mark);
}
