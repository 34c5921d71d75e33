/**
 * Owns the live page as a command: what it shows is read from the history, in which every build and run is written as it
 * goes on, by whichever process. So a page sees them all, one after another, and harms none.
 *
 * @module
 */
import {
  changeSince,
  PAGE_LOOKS,
  PAGE_VERSION,
  type PageChange,
  pageChange,
  type PageData,
} from "../../graph/picture/page_data.ts";
import { DatabaseError } from "../storage/database_error.ts";
import { PictureView } from "../history/pictures.ts";
import { identityOf } from "../machine/regular_file.ts";
import { pageOf } from "../page/page.ts";
import { type PageServer, type SendEvent, servePage } from "../page/server.ts";
import { detailOf, pageData } from "./page_source.ts";
import { readPicture } from "./run_picture.ts";

/** How often it is looked whether somebody has written; where reading takes long, it is not done all the time. */
const POLL_MS = 300, READING_SHARE = 8;

/** Bytes of one stream of one attempt that are shown. */
const MOST_BYTES = 262_144;

/** How a live page is served. */
export interface UiOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** Told of an error that is nobody's but troupe's own. */
  readonly onBug: (error: unknown) => void;
}

/** Begins to serve the page about a history, which need not be there yet. */
export async function serveUi(db: string, { port, onBug }: UiOptions): Promise<PageServer> {
  const pages = new LivePages(db, onBug);
  // What is wrong with the history is told before there is an address.
  await pages.check();
  const server = servePage(port, {
    page: async () => await pageOf(await pages.data(0) ?? noRun()),
    data: (run) => pages.data(run),
    detail: (run, task) => pages.detail(run, task),
    follow: (run, send, ended) => pages.follow(run, send, ended),
    onBug,
  });
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      pages[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Somebody who looks at a run, and what he was told of it last. */
interface Follower {
  readonly run: number;
  readonly send: SendEvent;
  known: PageChange | undefined;
  newest: number;
}

/** What pages about one history are told. */
class LivePages implements Disposable {
  readonly #db: string;
  readonly #onBug: (error: unknown) => void;
  readonly #followers = new Set<Follower>();
  #view: PictureView | undefined;
  /** Which file it is. */
  #identity = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #version = -1;
  #isOver = false;

  constructor(db: string, onBug: (error: unknown) => void) {
    this.#db = db;
    this.#onBug = onBug;
  }

  /** @throws {DatabaseError} When what is there is no history. */
  async check(): Promise<void> {
    await this.#open();
  }

  /** All of a run, 0 for the newest; undefined when there is none. */
  async data(id: number): Promise<PageData | undefined> {
    return await this.#look(async (view) => {
      const run = view.history.run(id === 0 ? "last" : id);
      return run && await pageData(view, run, "live");
    });
  }

  /** What is told of one task of a run. */
  async detail(id: number, task: number): Promise<unknown> {
    return await this.#look((view) => {
      const run = view.history.run(id);
      const picture = run && readPicture(view, run);
      return picture && task < picture.tasks.length
        ? detailOf(view, picture, { task, mostBytes: MOST_BYTES })
        : undefined;
    });
  }

  /** Tells somebody of a run until he has left. */
  follow(run: number, send: SendEvent, ended: AbortSignal): void {
    const follower: Follower = { run, send, known: undefined, newest: run };
    this.#followers.add(follower);
    ended.addEventListener("abort", () => this.#followers.delete(follower));
    // He is told at once how it stands.
    this.#version = -1;
    this.#schedule(0);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#close();
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#isOver) this.#timer = setTimeout(() => this.#poll().catch(this.#onBug), ms);
  }

  async #poll(): Promise<void> {
    if (this.#followers.size === 0) return;
    const begun = performance.now();
    await this.#look((view) => this.#tell(view));
    this.#schedule(Math.max(POLL_MS, READING_SHARE * (performance.now() - begun)));
  }

  #tell(view: PictureView): void {
    const version = view.version();
    const isWritten = version !== this.#version;
    this.#version = version;
    const newest = view.history.run("last")?.id ?? 0;
    const changes = new Map<number, PageChange | undefined>();
    for (const follower of this.#followers) {
      // Where the history was deleted, numbers begin anew.
      if (newest !== 0 && newest !== follower.newest && follower.send("newest", newest)) follower.newest = newest;
      // Of a process that was killed nothing is written any more, so the process is asked after.
      const isGoing = follower.known?.run?.state === "running";
      if (!isWritten && !isGoing && follower.known !== undefined) continue;
      if (!changes.has(follower.run)) changes.set(follower.run, this.#changeOf(view, follower, isWritten));
      const now = changes.get(follower.run);
      if (now === undefined) continue;
      const change = follower.known === undefined ? now : changeSince(follower.known, now);
      if (change !== undefined && follower.send("change", change)) follower.known = now;
    }
  }

  #changeOf(view: PictureView, { run: id, known }: Follower, isWritten: boolean): PageChange | undefined {
    const run = view.history.run(id);
    if (run === undefined || (!isWritten && run.state === known?.run?.state)) return undefined;
    return pageChange(readPicture(view, run), Date.now() * 1000);
  }

  /** The history is opened when it is there, and again when it was deleted, or could not be read. */
  async #look<Result>(look: (view: PictureView) => Result | Promise<Result>): Promise<Result | undefined> {
    try {
      const view = await this.#open();
      return view && await look(view);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      this.#close();
      return undefined;
    }
  }

  async #open(): Promise<PictureView | undefined> {
    const identity = identityOf(this.#db);
    if (this.#view !== undefined && identity !== this.#identity) this.#close();
    if (this.#view !== undefined || this.#isOver) return this.#view;
    try {
      this.#identity = identity;
      const view = await PictureView.open(this.#db);
      // Two may have asked at once.
      if (this.#view !== undefined || this.#isOver) view[Symbol.dispose]();
      else this.#view = view;
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.kind !== "missing") throw error;
    }
    return this.#view;
  }

  #close(): void {
    this.#view?.[Symbol.dispose]();
    this.#view = undefined;
    this.#version = -1;
  }
}

/** Before there is any run. */
function noRun(): PageData {
  return {
    version: PAGE_VERSION,
    mode: "live",
    title: "No run yet",
    looks: PAGE_LOOKS,
    names: [],
    needs: [],
    layout: { width: 0, height: 0, boxes: [], arrows: [] },
    usual: [],
    past: [],
    flaky: {},
    points: [],
    details: {},
    run: null,
    states: "",
    rows: [],
    bars: [],
    workers: [],
    critical: [],
  };
}
