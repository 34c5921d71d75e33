/**
 * Owns the thread in which a member's heart beats, with a connection of its own to the database, so that a program that
 * keeps its main thread busy is not taken for dead.
 *
 * @module
 */
import { type DatabaseError, removedDatabase } from "../storage/database_error.ts";
import { areKept } from "../storage/database_place.ts";
import { Beating, type FromHeart, type ToHeart } from "./heart.ts";
import { CrewStore } from "./store/store.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ToHeart>) => void;
  postMessage(message: FromHeart): void;
  close(): void;
};

const leaving = new AbortController();
let begun: Promise<{ store: CrewStore; beating: Beating } | void> | undefined;

thread.onmessage = ({ data: message }) => {
  if (message.kind === "start") begun = start(message);
  else stop();
};

async function start({ path, files, store: options, heart }: ToHeart & { kind: "start" }) {
  const onRemoved = ({ message: sentence }: DatabaseError) => thread.postMessage({ kind: "removed", sentence });
  try {
    // To open one that was removed meanwhile would be to make another
    if (!areKept(files)) return onRemoved(removedDatabase(path));
    const store = await CrewStore.open(path, options, leaving.signal);
    const beating = new Beating(store, heart, { onLost: () => thread.postMessage({ kind: "lost" }), onRemoved });
    return { store, beating };
  } catch {
    thread.postMessage({ kind: "failed" }); // what is wrong with the database the member itself says
  }
}

async function stop(): Promise<void> {
  leaving.abort();
  const parts = await begun;
  if (parts !== undefined) {
    await parts.beating.stop();
    parts.store.close();
  }
  thread.postMessage({ kind: "stopped" });
  thread.close();
}
