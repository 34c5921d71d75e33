/**
 * Owns a process that runs a module's function, with the permissions that Deno was started with: what is asked comes by stdin, and the
 * answers go by stdout, among what the module prints there. It ends when nothing is left running, or when its host has gone.
 *
 * @module
 */
import { serveCalls } from "./sandbox_calls.ts";
import { CallFiles } from "./sandbox_files.ts";
import { frame, FrameReader } from "./sandbox_frames.ts";
import type { FromSandbox, StartProcess, ToSandbox } from "./sandbox_messages.ts";

// What stands in for these later is the module's.
const { stdin, stdout, exit, readFileSync } = Deno;
const buffer = new Uint8Array(64 * 1024);
let mark = "";
let hear: ((message: ToSandbox) => void) | undefined;
let isFinishing = false;

const reader = new FrameReader("", {
  onMessage(message) {
    if (hear === undefined) open(message as StartProcess);
    else hear(message as ToSandbox);
  },
});

async function open(start: StartProcess): Promise<void> {
  const { nested } = start;
  mark = start.mark;
  const early: ToSandbox[] = [];
  hear = (message) => early.push(message);
  hear = await serveCalls({
    tell,
    files: new CallFiles((path, folder) => readFileSync(path.startsWith("/") ? path : `${folder}/${path}`)),
    nested,
    finish: () => isFinishing = true,
    ownsProcess: true,
  });
  tell({ kind: "ready" });
  for (const message of early) hear(message);
}

function tell(message: FromSandbox): void {
  const bytes = frame(mark, message);
  try {
    for (let at = 0; at < bytes.length;) at += stdout.writeSync(bytes.subarray(at));
  } catch {
    // Nobody listens any more.
    exit(1);
  }
}

// A read that nobody answers would keep the process from ending.
while (!isFinishing) {
  const size = await stdin.read(buffer);
  if (size !== null) reader.add(buffer.slice(0, size));
  else exit(1);
}
