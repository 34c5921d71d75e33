/**
 * Owns a thread with few permissions whose only work is to start threads that therefore have no more, to end them, and to
 * tell when one has ended. It never runs anybody's code itself.
 *
 * A Web Worker can be given few permissions, but says nothing when its thread exits and takes the process along when it runs
 * out of memory. A node worker says both, but has the permissions of whoever starts it. Hence one within the other.
 *
 * @module
 */
import { Worker as Thread } from "node:worker_threads";
import type { EndSandbox, FromGuard, SandboxEnded, StartSandbox } from "./sandbox_messages.ts";

/** The part of a dedicated worker's global scope that is used here. */
interface Scope {
  postMessage(message: FromGuard): void;
  onmessage: ((event: MessageEvent<StartSandbox>) => void) | null;
}

const scope = self as unknown as Scope;
let started = 0, ended = 0;

scope.onmessage = ({ data: { own, nested, calls, files, control, heapMiB } }) => {
  started++;
  let isOver = false;
  const end = (detail: string) => {
    if (isOver) return;
    isOver = true;
    control.postMessage({ kind: "ended", detail } satisfies SandboxEnded);
    if (++ended === started) scope.postMessage({ kind: "idle", started });
  };
  try {
    const thread = new Thread(new URL(own), {
      // Without one of its own it would ask for the right to copy this one.
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
      // For its first message a thread that another has started waits half a second more (Deno 2.9).
      workerData: { calls, files, nested },
      // The declared types know no port of the Web in a list of node's.
      transferList: [calls, files] as unknown as [],
    });
    let detail: string | undefined;
    thread.on("error", (error: Error) => detail = error.message);
    thread.on("exit", (code) => end(detail ?? `it exited with code ${code}`));
    control.onmessage = ({ data }: MessageEvent<EndSandbox>) => {
      // Deno 2.4 does not tell of an end by itself.
      if (data.kind === "end") thread.terminate().then((code) => end(`it exited with code ${code}`));
    };
  } catch (error) {
    end(error instanceof Error ? error.message : String(error));
  }
};
scope.postMessage({ kind: "ready" });
