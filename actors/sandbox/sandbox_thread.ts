/**
 * Owns one thread that runs a module's functions, with the permissions its guard was given: the ports by which calls come and answers
 * go. It imports nothing but what a right to read is given for.
 *
 * @module
 */
import process from "node:process";
import type { MessagePort as NodePort } from "node:worker_threads";
import { serveCalls } from "./sandbox_calls.ts";
import { CallFiles } from "./sandbox_files.ts";
import type { AskFile, FileAnswer, FromSandbox, SandboxData } from "./sandbox_messages.ts";

// Imported by name it would be had past the walls, too.
const { parentPort, receiveMessageOnPort, workerData } = process.getBuiltinModule("node:worker_threads");

open(taken(workerData));

/** What the thread was given, which is then not to be had there any more: Deno 2.4 shows it also behind the walls. */
function taken(data: Record<string, unknown>): SandboxData {
  const own = { ...data };
  for (const name of Object.keys(data)) delete data[name];
  return own as unknown as SandboxData;
}

/** The walls are raised before anybody has to be there who makes calls. */
async function open({ inbox, nested }: SandboxData): Promise<void> {
  const arrival = Promise.withResolvers<{ readonly calls: NodePort; readonly files: NodePort }>();
  inbox.on("message", arrival.resolve);
  const early: FromSandbox[] = [];
  const use = {
    tell: (message: FromSandbox): void => void early.push(message),
    read: (_path: string): Uint8Array => new Uint8Array(),
    finish: (): void => {},
  };
  const hear = await serveCalls({
    tell: (message) => use.tell(message),
    files: new CallFiles((path) => use.read(path)),
    nested,
    finish: () => use.finish(),
  });
  const { calls, files } = await arrival.promise;
  inbox.close();
  use.read = reader(files);
  use.finish = () => [calls, files, parentPort!].forEach((port) => port.unref());
  use.tell = calls.postMessage.bind(calls);
  early.forEach(use.tell);
  calls.on("message", hear);
  use.tell({ kind: "ready" });
}

/** Has the host read a file, and the thread wait meanwhile. */
function reader(port: NodePort): (path: string) => Uint8Array {
  const ask: (message: AskFile) => void = port.postMessage.bind(port);
  return (path) => {
    const flag = new SharedArrayBuffer(4);
    ask({ path, flag });
    Atomics.wait(new Int32Array(flag), 0, 0);
    const { message } = receiveMessageOnPort(port) as { message: FileAnswer };
    if ("detail" in message) throw new Deno.errors.NotFound(message.detail);
    return message.content;
  };
}
