/**
 * Owns the start of a thread that a module starts itself: the walls of its own thread, before its module is loaded.
 * It runs nothing; what is printed there belongs to no call, and goes to stderr.
 *
 * @module
 */
import process from "node:process";
import { handOverTo } from "./sandbox_inbox.ts";
import { raiseWalls } from "./sandbox_walls.ts";

/** What of the thread that started it is the same in this one. */
interface Given {
  /** URL of this module. */
  readonly nested: string;
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly told?: Readonly<Record<string, string>>;
  readonly ownsProcess?: boolean;
}

const { stderr } = Deno;
const encoder = new TextEncoder();
// Imported by name it would be had past the walls, too.
const { parentPort } = process.getBuiltinModule("node:worker_threads");

/** Raises the walls; what was said to the thread meanwhile is handed over once its module listens, or by the answer. */
export async function raise(
  kept: MessageEvent[],
  keep: (event: MessageEvent) => void,
  { nested, folder, env, told, ownsProcess }: Given,
): Promise<() => void> {
  await raiseWalls({
    print: (_stream, text) => void stderr.writeSync(typeof text === "string" ? encoder.encode(text) : text),
    nested,
    folder: () => folder,
    env: () => env,
    told: () => told,
    isPortOwn: true,
    ownsProcess,
  });
  return handOverTo(parentPort, kept, keep);
}
