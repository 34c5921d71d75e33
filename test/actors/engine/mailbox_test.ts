import { assert, assertEquals } from "@std/assert";
import { Mailbox } from "../../../actors/engine/mailbox.ts";

/** Resolves after all that is queued as microtasks or tasks now. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function never(error: unknown): never {
  throw error;
}

Deno.test("Mailbox handles messages in order, after the one who posts has returned", async () => {
  const handled: number[] = [];
  const mailbox = new Mailbox<number>((message) => handled.push(message), never);
  for (let i = 0; i < 100; i++) mailbox.post(i);
  assertEquals(handled, []);
  await turn();
  assertEquals(handled, Array.from({ length: 100 }, (_, i) => i));
});

Deno.test("Mailbox is never re-entered: what a handler posts comes after what was there before", async () => {
  const log: string[] = [];
  let inside = false;
  const mailbox = new Mailbox<string>((message) => {
    assert(!inside, "re-entered");
    inside = true;
    log.push(message);
    if (message.length < 3) {
      mailbox.post(`${message}a`);
      mailbox.post(`${message}b`);
    }
    inside = false;
  }, never);
  mailbox.post("x");
  mailbox.post("y");
  await turn();
  assertEquals(log, ["x", "y", "xa", "xb", "ya", "yb", "xaa", "xab", "xba", "xbb", "yaa", "yab", "yba", "ybb"]);
});

Deno.test("Mailbox gives timers their turn while it has much to do, and loses nothing by it", async () => {
  let handled = 0, handledAtTimer: number | undefined;
  const mailbox = new Mailbox<number>((message) => {
    assertEquals(message, handled++);
    for (const until = performance.now() + 1; performance.now() < until;);
  }, never);
  for (let i = 0; i < 300; i++) mailbox.post(i);
  setTimeout(() => handledAtTimer = handled, 0);
  while (handled < 300) await turn();
  assert(handledAtTimer! < 300);
});

Deno.test("Mailbox drops what waits and what comes once it is closed", async () => {
  const handled: number[] = [];
  const mailbox = new Mailbox<number>((message) => {
    handled.push(message);
    if (message === 1) mailbox.close();
  }, never);
  for (let i = 0; i < 4; i++) mailbox.post(i);
  await turn();
  mailbox.post(9);
  await turn();
  assertEquals(handled, [0, 1]);
});

Deno.test("Mailbox tells what its handler throws, once, and closes", async () => {
  const errors: unknown[] = [], handled: number[] = [];
  const mailbox = new Mailbox<number>((message) => {
    handled.push(message);
    throw new Error(`at ${message}`);
  }, (error) => errors.push((error as Error).message));
  mailbox.post(1);
  mailbox.post(2);
  await turn();
  mailbox.post(3);
  await turn();
  assertEquals([handled, errors], [[1], ["at 1"]]);
});
