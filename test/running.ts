/**
 * Owns a program that a test has started: what it says, the waiting for that and for its end, and the environment that
 * programs of tests have.
 *
 * @module
 */
import { HANGING_MS } from "./e2e/gates.ts";

/** No program of a test takes longer, whatever it says. */
const MOST_MS = 4 * HANGING_MS;

/** How a run of the program ended. */
export interface Ended {
  /** Its exit code; 128 + n when signal n ended it. */
  readonly code: number;
  /** What ended it; absent when it ended itself. */
  readonly signal?: Deno.Signal;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the program that may still be going on. */
export class Running {
  readonly #child: Deno.ChildProcess;
  readonly #title: string;
  readonly #said = { stdout: "", stderr: "" };
  readonly #waiting = new Set<() => void>();
  #isOver = false;
  #heardMs = 0;
  /** Called with each piece of stdout, after it was added. */
  onOutput?: () => void;
  /** Never rejects. */
  readonly ended: Promise<Ended>;

  constructor(child: Deno.ChildProcess, title: string) {
    this.#child = child;
    this.#title = title;
    this.ended = this.#listen();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it has said so far. */
  get stdout(): string {
    return this.#said.stdout;
  }

  get stderr(): string {
    return this.#said.stderr;
  }

  /** Resolves with the first match in what it says. */
  async says(pattern: RegExp, stream: "stdout" | "stderr" = "stdout"): Promise<RegExpExecArray> {
    while (true) {
      const match = pattern.exec(this.#said[stream]);
      if (match !== null) return match;
      if (this.#isOver) throw new Error(`It ended without saying ${pattern}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  kill(signal: Deno.Signal): void {
    if (this.#isOver) return;
    try {
      this.#child.kill(signal);
    } catch {
      // It has just ended.
    }
  }

  log(): string {
    return `--- ${this.#title}\n${this.stdout}--- stderr\n${this.stderr}`;
  }

  async #listen(): Promise<Ended> {
    const begunMs = performance.now();
    let timer: ReturnType<typeof setTimeout>;
    // One that goes on saying something is slow, up to a point.
    const look = (silentMs: number) =>
      timer = setTimeout(() => {
        const nowMs = performance.now(),
          isSlow = nowMs - begunMs < MOST_MS,
          restMs = this.#heardMs + HANGING_MS - nowMs;
        if (isSlow && restMs > 0) return look(restMs);
        this.#said.stderr += "\n[killed by the test rig: it was hanging]\n";
        this.kill("SIGKILL");
      }, silentMs);
    look(HANGING_MS);
    await Promise.all([this.#collect("stdout"), this.#collect("stderr")]);
    const { code, signal } = await this.#child.status;
    clearTimeout(timer!);
    this.#isOver = true;
    this.#wake();
    return { code, ...(signal === null ? {} : { signal }), ...this.#said };
  }

  async #collect(stream: "stdout" | "stderr"): Promise<void> {
    for await (const text of this.#child[stream].pipeThrough(new TextDecoderStream())) {
      this.#said[stream] += text;
      this.#heardMs = performance.now();
      if (stream === "stdout") this.onOutput?.();
      this.#wake();
    }
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

/** How whoever runs the tests reaches the registries. */
const NETWORK = [
  ...["DENO_CERT", "DENO_TLS_CA_STORE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_DIR", "SSL_CERT_FILE"],
  ...["npm_config_cafile", "npm_config_registry", "NPM_CONFIG_REGISTRY"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
];

/** What a program needs to run at all, and nothing of what changes what it shows. */
export function scrubbed(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ["PATH", "HOME", "DENO_DIR", "LANG", ...NETWORK]) {
    const value = Deno.env.get(name);
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
