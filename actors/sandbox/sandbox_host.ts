/**
 * Owns a process in which a module's function runs: starts Deno with the permissions that are declared and no more, passes what is
 * said between its pipes and a sandbox's ports, and ends it with all that is in its group.
 * It knows nothing of tasks.
 *
 * @module
 */
import type { Permissions } from "../../graph/task.ts";
import { delay } from "@std/async/delay";
import { denoPermissions } from "./permissions.ts";
import type { LedgerSlot } from "../process/ledger.ts";
import { frame, FrameReader } from "./sandbox_frames.ts";
import type {
  EndSandbox,
  FromSandbox,
  HoldSandbox,
  SandboxEnded,
  SandboxPaused,
  SandboxPorts,
  StartProcess,
  ToSandbox,
} from "./sandbox_messages.ts";
import { type SandboxEntry, sandboxEntry } from "./sandbox_entries.ts";
import { flagsForSame } from "./thread_needs.ts";
import { quote } from "../../graph/text.ts";

/** How long the pipes of a process that has ended are listened to, which others may hold open. */
const TAIL_MS = 100;

/** A program that is the `data:` URL that comes first, so many bytes long. */
const FROM_INPUT = `data:text/javascript,${
  encodeURIComponent(
    "const bytes = new Uint8Array(Number(Deno.args[0])); " +
      "for (let at = 0; at < bytes.length;) at += await Deno.stdin.read(bytes.subarray(at)); " +
      "await import(new TextDecoder().decode(bytes));",
  )
}`;

const SIGNALS = { end: "SIGKILL", pause: "SIGSTOP", resume: "SIGCONT" } as const;

/** Where a process is started. */
export interface ProcessContext {
  /** Absolute. */
  readonly folder: string;
  /** The whole environment, of which the permissions decide what is seen; default this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** What its environment has beside that. */
  readonly mark?: Readonly<Record<string, string>>;
  /** Told of its group, for whoever ends that if this process is killed; default nobody. */
  readonly ledger?: LedgerSlot;
  /** URL of the program's main module; default it is asked for, which workers cannot. */
  readonly main?: string;
}

/**
 * Has a process with these permissions started at the other ends of the ports. A failure is told by `control`. Resolves when the
 * process has ended, all in its group is told to, and nothing more comes.
 */
export async function startProcess(
  permissions: Permissions,
  ports: SandboxPorts,
  context: ProcessContext,
): Promise<void> {
  ports.files.close();
  try {
    const entry = await sandboxEntry("process");
    await new ModuleProcess(permissions, ports, { ...context, entry }).ended;
  } catch (error) {
    endAt(ports, error instanceof Error ? error.message : String(error));
  }
}

class ModuleProcess {
  readonly #child: Deno.ChildProcess;
  readonly #ports: SandboxPorts;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #mark = `\n${crypto.randomUUID()}\n`;
  /** The call that was made last. */
  #call = "";
  /** What is known of its end before the system tells. */
  #why: string | undefined;
  readonly ended: Promise<void>;

  constructor(
    permissions: Permissions,
    ports: SandboxPorts,
    { folder, env, mark, ledger, main, entry: { own, nested } }: ProcessContext & { readonly entry: SandboxEntry },
  ) {
    this.#ports = ports;
    // What a word of a command line may hold is too little for a whole program.
    const text = own.startsWith("data:") ? new TextEncoder().encode(own) : undefined;
    const program = text === undefined ? [own] : [FROM_INPUT, String(text.length)];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...flagsForSame(main), ...permissionFlags(permissions), ...program],
      cwd: folder,
      clearEnv: env !== undefined,
      env: { ...env, ...mark },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
    ledger?.set(this.#child.pid);
    this.#input = this.#child.stdin.getWriter();
    if (text !== undefined) this.#write(text);
    this.#send({ mark: this.#mark, nested } satisfies StartProcess);
    ports.calls.onmessage = ({ data }: MessageEvent<ToSandbox>) => {
      if (data.kind === "call") this.#call = data.id;
      this.#send(data);
    };
    ports.control.onmessage = ({ data }: MessageEvent<EndSandbox | HoldSandbox>) => {
      this.#signal(SIGNALS[data.kind]);
      if (data.kind === "pause") ports.control.postMessage({ kind: "paused" } satisfies SandboxPaused);
    };
    this.ended = this.#listen();
  }

  #send(message: unknown): void {
    this.#write(frame("", message));
  }

  #write(bytes: Uint8Array): void {
    // Whoever cannot be told has ended, which is heard.
    this.#input.write(bytes).catch(() => {});
  }

  #signal(signal: Deno.Signal): void {
    try {
      Deno.kill(-this.#child.pid, signal);
    } catch {
      // The process is gone already.
    }
  }

  async #listen(): Promise<void> {
    const heard = Promise.all([this.#hearAnswers(), this.#hearErrors()]);
    const { code, signal } = await this.#child.status;
    this.#signal("SIGKILL");
    await Promise.race([heard, delay(TAIL_MS)]);
    await this.#input.abort().catch(() => {});
    const how = signal === null ? `it exited with code ${code}` : `it was ended by signal ${signal}`;
    // What was said last came before this, but by another port.
    setTimeout(() => endAt(this.#ports, this.#why ?? how), 0);
  }

  async #hearAnswers(): Promise<void> {
    const decoder = new TextDecoder();
    const reader = new FrameReader(this.#mark, {
      onMessage: (message) => this.#ports.calls.postMessage(message),
      onOther: (bytes) => this.#print("stdout", decoder.decode(bytes, { stream: true })),
    });
    try {
      for await (const bytes of this.#child.stdout) reader.add(bytes);
    } catch {
      this.#why = "what it answered cannot be read";
      this.#signal("SIGKILL");
    }
    reader.end();
  }

  /** What Deno and the system say of it, and what the module prints past its console. */
  async #hearErrors(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      if (/out of memory/i.test(text)) this.#why ??= "it ran out of memory";
      this.#print("stderr", text);
    }
  }

  #print(stream: "stdout" | "stderr", text: string): void {
    if (text !== "") {
      this.#ports.calls.postMessage({ kind: "printed", id: this.#call, stream, text } satisfies FromSandbox);
    }
  }
}

function endAt({ control }: SandboxPorts, detail: string): void {
  control.postMessage({ kind: "ended", detail } satisfies SandboxEnded);
}

/** For nothing of a kind there is no flag but for imports, of which Deno allows some by default. */
function permissionFlags(permissions: Permissions): string[] {
  const flags: string[] = [];
  for (const [kind, right] of Object.entries(denoPermissions(permissions))) {
    if (right === true) flags.push(`--allow-${kind}`);
    else if (Array.isArray(right) && right.length > 0) {
      flags.push(...right.map((value) => flagFor(kind, String(value))));
    } else if (kind === "import") flags.push("--deny-import");
  }
  return flags;
}

function flagFor(kind: string, value: string): string {
  if (value.includes(",")) {
    throw new Error(`Deno gives a process no right to what has a comma in its name: ${quote(value)}`);
  }
  return `--allow-${kind}=${value}`;
}
