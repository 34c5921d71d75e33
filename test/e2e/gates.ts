/**
 * Owns commands that a test holds open: they announce themselves when they are started and wait until they are let go.
 * It starts none itself.
 *
 * @module
 */

/** A build or command that says nothing for longer counts as hanging; then its test fails. */
export const HANGING_MS = 90_000;

/** What a gate lets through at once: read by one read(), so that several may wait at one gate. */
const RECORD_BYTES = 128;

/** A command in the test's hand; it may be started several times, e.g. again after it has failed. */
export class Held {
  #arrived = 0;
  #awaited = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(readonly name: string, readonly command: string, readonly gate: Deno.FsFile) {}

  /** Resolves when the command has been started once more than was awaited before. */
  async started(): Promise<void> {
    if (++this.#awaited <= this.#arrived) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`'${this.name}' was never started`)), HANGING_MS);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** How often it has been started. */
  get starts(): number {
    return this.#arrived;
  }

  /** Lets one start of it write the text (its name unless told) to `$OUT` and end. */
  release({ text = this.name, code = 0 }: { text?: string; code?: number } = {}): void {
    this.gate.writeSync(new TextEncoder().encode(`${code} ${text}`.padEnd(RECORD_BYTES, "\n")));
  }

  /** Told by the rig. */
  arrive(): void {
    this.#arrived++;
    this.#waiting.shift()?.();
  }
}

/**
 * The fifos behind held commands: one by which all announce themselves, and a gate for each. The test holds each open
 * for reading and writing, so that no open() of either side ever waits.
 */
export class Gates {
  readonly #folder: string;
  readonly #announcements: Deno.FsFile;
  readonly #held = new Map<string, Held>();
  readonly #listening: Promise<void>;

  constructor(folder: string) {
    this.#folder = folder;
    Deno.mkdirSync(folder);
    this.#announcements = this.#fifo("announcements");
    this.#listening = this.#listen();
  }

  hold(name: string): Held {
    const gate = this.#fifo(`gate-${name}`);
    const held = new Held(
      name,
      `echo '${name}' > '${this.#folder}/announcements'; ` +
        `said=$(dd bs=${RECORD_BYTES} count=1 < '${this.#folder}/gate-${name}' 2>&-); ` +
        `printf '%s\\n' "\${said#* }" > "$OUT"; exit "\${said%% *}"`,
      gate,
    );
    this.#held.set(name, held);
    return held;
  }

  async close(): Promise<void> {
    this.#announcements.writeSync(new TextEncoder().encode("\n"));
    await this.#listening;
    this.#announcements.close();
    for (const { gate } of this.#held.values()) gate.close();
  }

  #fifo(name: string): Deno.FsFile {
    const path = `${this.#folder}/${name}`;
    const { success } = new Deno.Command("mkfifo", { args: [path] }).outputSync();
    if (!success) throw new Error(`Cannot make fifo ${path}`);
    return Deno.openSync(path, { read: true, write: true });
  }

  async #listen(): Promise<void> {
    const buffer = new Uint8Array(4096);
    let text = "";
    while (true) {
      const read = await this.#announcements.read(buffer);
      text += new TextDecoder().decode(buffer.subarray(0, read ?? 0));
      const lines = text.split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        if (line === "") return;
        this.#held.get(line)?.arrive();
      }
    }
  }
}
