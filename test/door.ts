/**
 * Owns a program for tests that does what `troupe` does, as often as it is asked to: each line of its input is one call, and
 * behind what a call says stands its exit code, on both streams. So what commands do costs no start of a program each.
 *
 * @module
 */

/** One call. */
export interface DoorCall {
  readonly args: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** Added to the environment for this call alone. */
  readonly env: Readonly<Record<string, string>>;
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

async function answer({ args, cwd, env }: DoorCall): Promise<void> {
  // Not before somebody asks: most files of tests ask for nothing.
  const { main } = await import("../main.ts");
  const before = Object.keys(env).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  Deno.chdir(cwd);
  const mark = new TextEncoder().encode(endMark(await main(args)));
  for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  for (const stream of [Deno.stdout, Deno.stderr]) await stream.write(mark);
}
