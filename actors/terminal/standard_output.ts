/**
 * Owns the process's stdout and stderr: one queue for both, written in order and never on this thread's time. A terminal
 * that is stopped, or a pipe that nobody reads, keeps nothing from going on here: signals are heard, time limits hold.
 * It chooses no words and knows no lines.
 *
 * One for the whole process, as the streams are. What waits is bounded by those who put much in: they ask for room.
 *
 * @module
 */
import { systemDetail } from "../machine/system_error.ts";

export type StreamName = "stdout" | "stderr";

/** So much may wait before whoever has more is asked to wait as well. */
const MOST_WAITING = 1024 * 1024;

/** So much goes into a pipe whole or not at all (PIPE_BUF), and Deno does not say how much of a larger piece went. */
const ATOMIC_BYTES = 4096;

/** Between two tries at a pipe that is full. */
const NAP_MS = 2;

interface Piece {
  readonly to: StreamName;
  readonly bytes: Uint8Array;
}

/** The two streams. */
export class StandardOutput {
  #queue: Piece[] = [];
  #bytes = 0;
  #draining: Promise<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  /** Streams that take nothing more, and whether that lost anything that somebody wanted to read. */
  readonly #ended = new Map<StreamName, "unread" | "lost">();

  /** How much waits to be written. */
  get waiting(): number {
    return this.#bytes;
  }

  /** Puts bytes in order behind all that came before; they must not change any more. */
  put(to: StreamName, bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#ended.has(to)) return;
    this.#queue.push({ to, bytes });
    this.#bytes += bytes.length;
    this.#draining ??= this.#drain();
  }

  /** Resolves when little enough waits for more to be put in; undefined when that is so already. */
  room(): Promise<void> | undefined {
    if (this.#bytes < MOST_WAITING) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Resolves when nothing waits any more. */
  async flush(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  /** Whether a stream takes nothing more. */
  hasEnded(stream: StreamName): boolean {
    return this.#ended.has(stream);
  }

  /** Whether all that was written so far to a stream has reached whoever wanted to read it. */
  isWhole(stream: StreamName): boolean {
    return this.#ended.get(stream) !== "lost";
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // what is put in during this turn is written together
    for (let piece = this.#take(); piece !== undefined; piece = this.#take()) {
      await this.#write(piece);
      this.#bytes -= piece.bytes.length;
      if (this.#bytes >= MOST_WAITING) continue;
      this.#room?.resolve();
      this.#room = undefined;
    }
    this.#draining = undefined;
  }

  /** The next pieces for one stream, as one that is written in one go: a picture of a terminal is not cut in two. */
  #take(): Piece | undefined {
    const first = this.#queue[0];
    if (first === undefined) return undefined;
    let count = 1, length = first.bytes.length;
    for (; count < this.#queue.length && this.#queue[count].to === first.to; count++) {
      const longer = length + this.#queue[count].bytes.length;
      if (longer > ATOMIC_BYTES) break;
      length = longer;
    }
    const pieces = this.#queue.splice(0, count);
    if (count === 1) return first;
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece.bytes, at);
      at += piece.bytes.length;
    }
    return { to: first.to, bytes };
  }

  async #write({ to, bytes }: Piece): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#ended.has(to);) {
      try {
        at += await Deno[to].write(bytes.subarray(at, at + ATOMIC_BYTES));
      } catch (error) {
        // Someone made the pipe non-blocking, and its reader is slow.
        if (!(error instanceof Deno.errors.WouldBlock)) this.#end(to, error);
        else await (await import("@std/async/delay")).delay(NAP_MS);
      }
    }
  }

  /** A reader who has gone (`troupe build | head`) is no error; what nobody chose is told, once. */
  #end(stream: StreamName, error: unknown): void {
    const isUnread = error instanceof Deno.errors.BrokenPipe;
    this.#ended.set(stream, isUnread ? "unread" : "lost");
    if (isUnread || stream === "stderr") return;
    const sentence = new TextEncoder().encode(`Cannot write to stdout: ${systemDetail(error)}\n`);
    this.#queue.unshift({ to: "stderr", bytes: sentence });
    this.#bytes += sentence.length;
  }
}

/** The streams of this process. */
export const standardOutput = new StandardOutput();
