/**
 * Owns the requests to a remote cache: how long each may take, what counts as an error, and the breaker that ends all of it
 * after a few. It knows paths and bytes, and nothing of records.
 *
 * No request rejects for anything that a network or a server does: what cannot be had is not there.
 *
 * @module
 */
import { beginSha256 } from "../../graph/digest.ts";
import type { RemoteSettings } from "./settings.ts";

/** Until there is a connection and the first byte of an answer. */
const PATIENCE_MS = 2000;

/** Fewer bytes a second are too few, counted from the first one. */
const FLOOR_BYTES = 250_000;

/** So many errors, and nothing more is asked for. */
const MOST_ERRORS = 3;

/** A record that is larger is none. */
const MOST_RECORD_BYTES = 64 * 1024 * 1024;

/** How often it is looked at whether bytes come fast enough. */
const LOOK_MS = 250;

/** Something that has gone wrong, in a few words. */
class RemoteError extends Error {}

/** Choices that tests make otherwise. */
export interface Pace {
  readonly patienceMs?: number;
  readonly floorBytes?: number;
}

/** A connection to one cache, for one run. */
export class Connection {
  readonly #settings: RemoteSettings;
  readonly #patienceMs: number;
  readonly #floorBytes: number;
  readonly #running = new Set<AbortController>();
  #errors = 0;
  #reason: string | undefined;
  #isClosed = false;

  constructor(settings: RemoteSettings, { patienceMs = PATIENCE_MS, floorBytes = FLOOR_BYTES }: Pace = {}) {
    this.#settings = settings;
    this.#patienceMs = patienceMs;
    this.#floorBytes = floorBytes;
  }

  /** Whether anything is still asked for. */
  get isOn(): boolean {
    return this.#errors < MOST_ERRORS && !this.#isClosed;
  }

  /** How many errors there were, and the last one's reason. */
  get errors(): { readonly count: number; readonly reason?: string; readonly isOff: boolean } {
    return { count: this.#errors, reason: this.#reason, isOff: this.#errors >= MOST_ERRORS };
  }

  /** The text of a record; undefined when there is none. */
  async record(key: string): Promise<string | undefined> {
    return await this.#attempt(async (controller) => {
      const response = await this.#ask(`ac/${key}`, { controller });
      if (response === undefined) return undefined;
      const pieces: Uint8Array[] = [];
      let length = 0;
      await this.#read(response, controller, (bytes) => {
        length += bytes.length;
        if (length > MOST_RECORD_BYTES) throw new RemoteError("a record without end");
        pieces.push(bytes);
      });
      return await new Blob(pieces as BlobPart[]).text();
    });
  }

  /** Writes a blob to a new file; answers whether it is there, whole and with its digest. */
  async blob(sha256: string, size: number | undefined, path: string): Promise<boolean> {
    return await this.#attempt(async (controller) => {
      const response = await this.#ask(`cas/${sha256}`, { controller });
      if (response === undefined) return false;
      using file = Deno.openSync(path, { write: true, createNew: true });
      const hash = beginSha256();
      let length = 0;
      await this.#read(response, controller, (bytes) => {
        length += bytes.length;
        if (length > (size ?? MOST_RECORD_BYTES)) throw new RemoteError("wrong digest");
        hash.update(bytes);
        for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      });
      if ((size !== undefined && length !== size) || hash.digest("hex") !== sha256) {
        throw new RemoteError("wrong digest");
      }
      return true;
    }) ?? false;
  }

  /** Whether there is a blob. */
  async has(sha256: string): Promise<boolean> {
    return await this.#attempt(async (controller) => {
      const response = await this.#ask(`cas/${sha256}`, { controller, method: "HEAD" });
      await response?.body?.cancel();
      return response !== undefined;
    }) ?? false;
  }

  /** Sends something; answers whether it was taken. What is too large for a cache is no error. */
  async put(path: string, body: Uint8Array | (() => ReadableStream<Uint8Array>), size: number): Promise<boolean> {
    return await this.#attempt(async (controller) => {
      const allowedMs = this.#patienceMs + (1000 * size) / this.#floorBytes;
      const sent = typeof body === "function" ? body() : body;
      const response = await this.#ask(path, { controller, method: "PUT", body: sent as BodyInit, allowedMs });
      await response?.body?.cancel();
      return response !== undefined;
    }) ?? false;
  }

  /** Ends all that is going on. */
  close(): void {
    this.#isClosed = true;
    this.#abort();
  }

  /** Undefined where it has failed, or is not asked for any more. */
  async #attempt<Result>(act: (controller: AbortController) => Promise<Result>): Promise<Result | undefined> {
    if (!this.isOn) return undefined;
    const controller = new AbortController();
    this.#running.add(controller);
    try {
      return await act(controller);
    } catch (error) {
      this.#note(controller.signal.aborted ? controller.signal.reason : error);
      return undefined;
    } finally {
      this.#running.delete(controller);
      // A body that was given up is not read to its end
      controller.abort(new RemoteError("over"));
    }
  }

  /** The answer of the server; undefined for what it does not have. */
  async #ask(
    path: string,
    { controller, method = "GET", body, allowedMs = this.#patienceMs }: {
      readonly controller: AbortController;
      readonly method?: string;
      readonly body?: BodyInit;
      readonly allowedMs?: number;
    },
  ): Promise<Response | undefined> {
    const timer = setTimeout(() => controller.abort(new RemoteError("timeout")), allowedMs);
    try {
      const response = await fetch(`${this.#settings.url}/${path}`, {
        ...{ method, body, headers: this.#settings.headers, signal: controller.signal },
        redirect: "follow",
      });
      if (response.ok) return response;
      await response.body?.cancel();
      if (response.status === 404 || response.status === 410 || response.status === 413) return undefined;
      throw new RemoteError(`status ${response.status}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads an answer to its end, as long as it comes fast enough. */
  async #read(response: Response, controller: AbortController, take: (bytes: Uint8Array) => void): Promise<void> {
    const begun = performance.now();
    let length = 0;
    const timer = setInterval(() => {
      const ms = performance.now() - begun - this.#patienceMs;
      if ((ms * this.#floorBytes) / 1000 > length) controller.abort(new RemoteError("too slow"));
    }, LOOK_MS);
    try {
      for await (const bytes of response.body ?? []) {
        length += bytes.length;
        take(bytes);
      }
    } finally {
      clearInterval(timer);
    }
  }

  #note(error: unknown): void {
    if (this.#isClosed || !this.isOn) return;
    this.#errors++;
    this.#reason = reasonOf(error);
    if (!this.isOn) this.#abort();
  }

  #abort(): void {
    for (const controller of this.#running) controller.abort(new RemoteError("off"));
  }

  /** What came was no record, or not one that counts. */
  noteGarbage(): void {
    this.#note(new RemoteError("no record"));
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof RemoteError) return error.message;
  if (error instanceof Deno.errors.NotCapable) return "not permitted";
  if (error instanceof TypeError) return "no connection";
  return error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
}
