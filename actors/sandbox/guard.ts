/**
 * Owns a thread with few permissions whose only work is to start threads that therefore have no more, to end them, and to
 * tell when one has ended. It never runs anybody's code itself.
 *
 * A Web Worker can be given few permissions, but says nothing when its thread exits and takes the process along when it runs
 * out of memory. A node worker says both, but has the permissions of whoever starts it. Hence one within the other.
 *
 * A thread that is expected is started before anyone has a use for it, since it waits half a second (Deno 2.9).
 *
 * @module
 */
import { Worker as Thread } from "node:worker_threads";
import type {
  EndSandbox,
  ExpectSandbox,
  FromGuard,
  SandboxEnded,
  SandboxUse,
  StartSandbox,
} from "./sandbox_messages.ts";

/** The part of a dedicated worker's global scope that is used here. */
interface Scope {
  postMessage(message: FromGuard): void;
  onmessage: ((event: MessageEvent<StartSandbox | ExpectSandbox>) => void) | null;
}

/** A thread, and who uses it once somebody does. */
class SandboxThread {
  readonly #thread: Thread;
  readonly #inbox: MessagePort;
  #ended: string | undefined;
  #onEnd: ((detail: string) => void) | undefined;

  constructor({ own, nested, heapMiB }: ExpectSandbox) {
    const { port1, port2 } = new MessageChannel();
    this.#inbox = port1;
    this.#thread = new Thread(new URL(own), {
      // Without one of its own it would ask for the right to copy this one.
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
      // For its first message a thread that another has started waits half a second more (Deno 2.9).
      workerData: { inbox: port2, nested },
      // The declared types know no port of the Web in a list of node's.
      transferList: [port2] as unknown as [],
    });
    let detail: string | undefined;
    this.#thread.on("error", (error: Error) => detail = error.message);
    this.#thread.on("exit", (code) => this.#end(detail ?? `it exited with code ${code}`));
  }

  /** `onEnd` is told once, perhaps at once. */
  use(use: SandboxUse, onEnd: (detail: string) => void): void {
    this.#onEnd = onEnd;
    if (this.#ended !== undefined) onEnd(this.#ended);
    else this.#inbox.postMessage(use, [use.calls, use.files]);
  }

  end(): void {
    // Deno 2.4 does not tell of an end by itself.
    this.#thread.terminate().then((code) => this.#end(`it exited with code ${code}`));
  }

  #end(detail: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = detail;
    this.#onEnd?.(detail);
  }
}

const scope = self as unknown as Scope;
/** Those that nobody uses yet. */
const expected: SandboxThread[] = [];
let started = 0, ended = 0;

scope.onmessage = ({ data }) => {
  if ("control" in data) start(data);
  else expect(data);
};

function start({ calls, files, control, ...what }: StartSandbox): void {
  started++;
  const end = (detail: string) => {
    control.postMessage({ kind: "ended", detail } satisfies SandboxEnded);
    if (++ended === started) scope.postMessage({ kind: "idle", started });
  };
  try {
    const thread = expected.shift() ?? new SandboxThread(what);
    control.onmessage = ({ data }: MessageEvent<EndSandbox>) => {
      if (data.kind === "end") thread.end();
    };
    thread.use({ calls, files }, end);
  } catch (error) {
    end(error instanceof Error ? error.message : String(error));
  }
}

function expect(what: ExpectSandbox): void {
  try {
    expected.push(new SandboxThread(what));
  } catch {
    // Whoever starts one is told.
  }
}

scope.postMessage({ kind: "ready" });
