/**
 * Owns the thread that is started before anyone knows which run it is for: it reads its modules while the run reads its own.
 * It is whoever's who takes it first.
 *
 * @module
 */
import { areFilesPlenty } from "../machine/descriptor_limit.ts";
import { entryModule } from "../machine/entry_modules.ts";

/** What one thread for a worker's tasks is begun with; it waits for its setup. */
export function startThread(workerId: number): Worker {
  return new Worker(entryModule("worker"), { type: "module", name: `worker ${workerId}` });
}

let ahead: Worker | undefined;

/**
 * Starts a thread for the first worker of whatever run comes, unless files are few, which are counted before threads are
 * started; ended when it is disposed of, unless it was taken.
 */
export function startAhead(): Disposable {
  if (ahead !== undefined || !areFilesPlenty()) return { [Symbol.dispose]() {} };
  const thread = ahead = startThread(1);
  thread.onerror = (event) => {
    event.preventDefault(); // or it would end the whole process; whoever starts the next one is told why that fails
    drop();
  };
  const drop = () => {
    if (ahead !== thread) return;
    ahead = undefined;
    thread.terminate();
  };
  return { [Symbol.dispose]: drop };
}

/** The thread that is there already, if there is one. */
export function takeAhead(): Worker | undefined {
  const thread = ahead;
  ahead = undefined;
  return thread;
}
