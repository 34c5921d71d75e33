/**
 * Owns what Linux tells of changes in folders, by inotify and FFI: one watch a folder, no more folders than are asked for.
 * It knows nothing of tasks and gathers nothing.
 *
 * `Deno.watchFs` cannot take its place here. It says nothing when the kernel's queue has run over; a folder that was
 * removed and made again stays unwatched as long as anybody watches it by name; and for each event it opens every path
 * that is watched, which with a thousand folders takes longer than the changes do.
 *
 * @module
 */
import { type Functions, openCLibrary } from "../machine/c_library.ts";
import { type Libc, O_CLOEXEC, O_NONBLOCK, openLibc } from "../process/posix_libc.ts";
import { openPipe, type Pipe, PollSet } from "../process/posix_pipes.ts";
import { isFolder } from "../machine/regular_file.ts";
import { type FolderEvents, type FolderWatch, pathIn, takeIn } from "./folder_watch.ts";

const SYMBOLS = {
  inotify_init1: { parameters: ["i32"], result: "i32" },
  inotify_add_watch: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  inotify_rm_watch: { parameters: ["i32", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const IN_MODIFY = 0x2, IN_ATTRIB = 0x4, IN_CLOSE_WRITE = 0x8;
const IN_MOVED_FROM = 0x40, IN_MOVED_TO = 0x80, IN_CREATE = 0x100, IN_DELETE = 0x200;
const IN_DELETE_SELF = 0x400, IN_MOVE_SELF = 0x800;
const IN_Q_OVERFLOW = 0x4000, IN_IGNORED = 0x8000;
const IN_ONLYDIR = 0x1000000;

const WANTED = IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE |
  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

/** A `struct inotify_event` without its name. */
const HEAD_BYTES = 16;

const BUFFER_BYTES = 64 * 1024;

/** Read in one go before others have their turn. */
const TURN_BYTES = 1024 * 1024;

type Inotifying = Functions<typeof SYMBOLS>;

/** The watch of some folders; undefined where the system has none, or may not be asked. */
export function openInotify(events: FolderEvents): FolderWatch | undefined {
  const libc = openLibc()?.functions;
  if (libc === undefined) return undefined;
  const functions = openCLibrary(SYMBOLS)?.functions;
  if (functions === undefined) return undefined;
  const descriptor = functions.inotify_init1(O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return undefined;
  const pipe = openPipe(libc);
  if (pipe !== undefined) return new Inotify(events, { libc, functions, descriptor, pipe });
  libc.close(descriptor);
}

interface Handles {
  readonly libc: Libc;
  readonly functions: Inotifying;
  readonly descriptor: number;
  /** Nothing is ever written to it: that its end is closed ends the wait. */
  readonly pipe: Pipe;
}

class Inotify implements FolderWatch {
  readonly #events: FolderEvents;
  readonly #handles: Handles;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  readonly #watches = new Map<string, number>();
  /** The same the other way round: a folder may have several names. */
  readonly #folders = new Map<number, Set<string>>();
  #isOver = false;

  constructor(events: FolderEvents, handles: Handles) {
    this.#events = events;
    this.#handles = handles;
    this.#listen();
  }

  follow(folders: ReadonlySet<string>): void {
    for (const folder of [...this.#watches.keys()]) {
      if (!folders.has(folder) && !this.#events.mayHold(folder)) this.#forget(folder);
    }
    for (const folder of folders) if (!this.#watches.has(folder)) this.#watch(folder);
  }

  tells(folder: string): boolean {
    if (this.#isOver) return false;
    return this.#watches.has(folder) || this.#watch(folder);
  }

  /** Reads what there is without waiting, so that it is told before whoever asks goes on. */
  catchUp(): void {
    const { libc, descriptor } = this.#handles;
    for (let length; !this.#isOver && (length = libc.read(descriptor, this.#buffer, BigInt(BUFFER_BYTES))) > 0;) {
      this.#take(Number(length));
    }
  }

  startOver(): void {
    const folders = [...this.#watches.keys()];
    for (const folder of folders) this.#forget(folder);
    for (const folder of folders) if (isFolder(folder)) this.#watch(folder);
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handles.libc.close(this.#handles.pipe.writeEnd);
  }

  async #listen(): Promise<void> {
    const { libc, descriptor, pipe } = this.#handles;
    const set = new PollSet(libc);
    set.watch(descriptor, pipe.readEnd, -1);
    while (!this.#isOver) {
      await libc.poll(set.pointer, 3n, -1);
      // as many as make one wave, so that whoever gathers them sees one
      for (let bytes = 0; !this.#isOver && bytes < TURN_BYTES;) {
        const length = libc.read(descriptor, this.#buffer, BigInt(BUFFER_BYTES));
        if (length <= 0) break;
        this.#take(length);
        bytes += length;
      }
    }
    libc.close(descriptor);
    libc.close(pipe.readEnd);
  }

  #take(length: number): void {
    for (let at = 0; at < length;) {
      const watch = this.#view.getInt32(at, true), mask = this.#view.getUint32(at + 4, true);
      const nameBytes = this.#view.getUint32(at + 12, true);
      const name = this.#buffer.subarray(at + HEAD_BYTES, at + HEAD_BYTES + nameBytes);
      at += HEAD_BYTES + nameBytes;
      if ((mask & IN_Q_OVERFLOW) !== 0) {
        // Folders may have gone and come again.
        this.startOver();
        this.#events.lapsed();
      } else {this.#happened(
          watch,
          mask,
          nameBytes === 0 ? "" : this.#decoder.decode(name.subarray(0, name.indexOf(0))),
        );}
    }
  }

  #happened(watch: number, mask: number, name: string): void {
    const folders = this.#folders.get(watch);
    if (folders === undefined) return;
    for (const folder of [...folders]) {
      if (name === "") this.#happenedTo(folder, mask);
      else this.#happenedIn(pathIn(folder, name), mask);
    }
  }

  #happenedTo(folder: string, mask: number): void {
    if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) === 0) return;
    this.#forgetBelow(folder);
    this.#events.changed(folder);
  }

  #happenedIn(path: string, mask: number): void {
    // Another folder, or none, has this name now
    if ((mask & (IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE)) !== 0) {
      if (this.#watches.has(path)) this.#forgetBelow(path);
      const hasCome = (mask & (IN_MOVED_TO | IN_CREATE)) !== 0;
      if (hasCome && this.#events.mayHold(path) && isFolder(path)) {
        takeIn(path, this.#events, (folder) => this.#watch(folder));
      }
    }
    this.#events.changed(path);
  }

  /** Answers whether the folder is watched now. */
  #watch(folder: string): boolean {
    const { functions, descriptor } = this.#handles;
    const path = this.#encoder.encode(`${folder}\0`);
    const add = () => functions.inotify_add_watch(descriptor, path, WANTED);
    let watch = add();
    if (watch < 0) {
      if (!mayLookInto(folder)) return false;
      watch = add();
    }
    if (watch < 0) {
      // A second reason would be the same one
      if (!this.#isOver) this.#events.failed("the system has no inotify watches left");
      return false;
    }
    this.#watches.set(folder, watch);
    const names = this.#folders.get(watch);
    if (names === undefined) this.#folders.set(watch, new Set([folder]));
    else names.add(folder);
    return true;
  }

  #forgetBelow(folder: string): void {
    const prefix = pathIn(folder, "");
    for (const name of [...this.#watches.keys()]) if (name === folder || name.startsWith(prefix)) this.#forget(name);
  }

  #forget(folder: string): void {
    const watch = this.#watches.get(folder)!;
    this.#watches.delete(folder);
    this.#events.unwatched(folder);
    const names = this.#folders.get(watch);
    names?.delete(folder);
    if (names === undefined || names.size > 0) return;
    this.#folders.delete(watch);
    this.#handles.functions.inotify_rm_watch(this.#handles.descriptor, watch);
  }
}

/** Whether there is a folder that may be read: then there was another reason why it cannot be watched. */
function mayLookInto(folder: string): boolean {
  try {
    Deno.readDirSync(folder)[Symbol.iterator]().next();
    return true;
  } catch {
    return false;
  }
}
