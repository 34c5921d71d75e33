/**
 * Owns the watch of folders where nobody tells what changes: now and then it looks at all that lies in them. It reads no
 * file.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { type FolderEvents, type FolderWatch, pathIn, takeIn } from "./folder_watch.ts";

/** The least time from one look to the next. */
const PAUSE_MS = 1000;

/** And of all time it may take no more than this share. */
const MOST_SHARE = 0.1;

/** Looks before others have their turn. */
const LOOKS_AT_ONCE = 2000;

/** Name → how it looks. */
type Content = ReadonlyMap<string, string>;

/** Looks again and again; `pauseMs` between two looks. */
export class PollingWatch implements FolderWatch {
  readonly #events: FolderEvents;
  readonly #over = new AbortController();
  /** Folder → what was in it; undefined when it was not there. */
  readonly #known = new Map<string, Content | undefined>();

  constructor(events: FolderEvents, pauseMs = PAUSE_MS) {
    this.#events = events;
    this.#go(pauseMs);
  }

  follow(folders: ReadonlySet<string>): void {
    for (const folder of [...this.#known.keys()]) {
      if (!folders.has(folder) && !this.#events.mayHold(folder)) this.#known.delete(folder);
    }
    for (const folder of folders) if (!this.#known.has(folder)) this.#known.set(folder, contentOf(folder));
  }

  /** What comes and goes between two looks is not seen. */
  tells(): boolean {
    return false;
  }

  catchUp(): void {}

  startOver(): void {}

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  async #go(pauseMs: number): Promise<void> {
    const { signal } = this.#over;
    for (let tookMs = 0; !signal.aborted;) {
      await delay(Math.max(pauseMs, tookMs / MOST_SHARE), { signal }).catch(() => {});
      const begunMs = performance.now();
      await this.#look(signal);
      tookMs = performance.now() - begunMs;
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    let looks = 0;
    for (const [folder, before] of [...this.#known]) {
      if (signal.aborted) return;
      if (!this.#known.has(folder)) continue;
      const now = contentOf(folder);
      this.#known.set(folder, now);
      this.#compare(folder, before ?? new Map(), now ?? new Map());
      if (now === undefined && before !== undefined) this.#events.changed(folder);
      looks += 1 + (now?.size ?? 0);
      if (looks > LOOKS_AT_ONCE) {
        looks = 0;
        await delay(0);
      }
    }
  }

  #compare(folder: string, before: Content, now: Content): void {
    for (const [name, stamp] of now) {
      if (before.get(name) === stamp) continue;
      const path = pathIn(folder, name);
      if (stamp.startsWith(FOLDER)) this.#takeIn(path);
      this.#events.changed(path);
    }
    for (const name of before.keys()) if (!now.has(name)) this.#events.changed(pathIn(folder, name));
  }

  #takeIn(folder: string): void {
    takeIn(folder, this.#events, (at) => {
      if (this.#known.get(at) !== undefined) return false; // it tells by itself what is in it
      this.#known.set(at, contentOf(at));
      return true;
    });
  }
}

const FOLDER = "folder";

function contentOf(folder: string): Content | undefined {
  try {
    const content = new Map<string, string>();
    for (const { name } of Deno.readDirSync(folder)) content.set(name, lookOf(pathIn(folder, name)));
    return content;
  } catch {
    return undefined;
  }
}

/** Of a folder only which one it is: what lies in it is its own affair. */
function lookOf(path: string): string {
  try {
    const { isDirectory, dev, ino, size, mode, mtime, ctime } = Deno.statSync(path);
    return isDirectory
      ? `${FOLDER} ${dev} ${ino}`
      : [dev, ino, size, mode, mtime?.getTime(), ctime?.getTime()].join(" ");
  } catch {
    return "";
  }
}
