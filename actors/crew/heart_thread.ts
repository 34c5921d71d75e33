/**
 * Owns the thread in which a member's heart beats, with a connection of its own to the database, so that a program that
 * keeps its main thread busy is not taken for dead.
 *
 * @module
 */
import { Beating, type FromHeart, type ToHeart } from "./heart.ts";
import { CrewStore } from "./store.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ToHeart>) => void;
  postMessage(message: FromHeart): void;
  close(): void;
};

let begun: Promise<{ store: CrewStore; beating: Beating } | undefined> | undefined;

thread.onmessage = ({ data: message }) => {
  if (message.kind === "start") begun = start(message);
  else stop();
};

async function start({ path, store: options, heart }: ToHeart & { kind: "start" }) {
  try {
    const store = await CrewStore.open(path, options);
    return { store, beating: new Beating(store, heart, () => thread.postMessage({ kind: "lost" })) };
  } catch {
    thread.postMessage({ kind: "failed" }); // what is wrong with the database the member itself says
  }
}

async function stop(): Promise<void> {
  const parts = await begun;
  await parts?.beating.stop();
  parts?.store.close();
  thread.postMessage({ kind: "stopped" });
  thread.close();
}
