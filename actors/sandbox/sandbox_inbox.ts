/**
 * Owns the messages that come to a thread while walls are raised in it: who has started it may send one at once, and Deno hands
 * messages to those who listen by then. They are kept until the thread's module listens, or has been loaded without doing so.
 * It looks into none of them.
 *
 * @module
 */

// deno-lint-ignore no-explicit-any
type Open = Record<string, any>;

/**
 * Text of a module that runs first in a thread: it keeps messages, has one module raise walls, which is given plain data, and loads
 * another.
 */
export function walledText(walls: string, module: string, data: unknown): string {
  return "const kept = []; " +
    "const keep = (event) => { event.stopImmediatePropagation(); kept.push(event); }; " +
    'addEventListener("message", keep); ' +
    `const { raise } = await import(${JSON.stringify(walls)}); ` +
    `const done = await raise(kept, keep, ${JSON.stringify(data)}); ` +
    `try { await import(${JSON.stringify(module)}); } finally { done(); }`;
}

/** Ways to listen of a Web Worker's global scope, and of the port by which Node's module shows it. */
const LISTENING = ["addEventListener", "addListener", "on", "once"];

/**
 * Hands over what was kept once somebody listens, or when the answer is called. `parentPort` is null where Node's module shows
 * none.
 */
export function handOverTo(parentPort: object | null, kept: MessageEvent[], keep: (event: MessageEvent) => void) {
  const places: Open[] = parentPort === null ? [globalThis] : [globalThis, parentPort];
  const undo: (() => void)[] = [];
  let isOver = false;
  const handOver = () => {
    if (isOver) return;
    isOver = true;
    for (const act of undo) act();
    removeEventListener("message", keep as EventListener);
    for (const { data, ports } of kept) dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
  };
  // What a module does at once after it has begun to listen comes before the first message.
  const heard = () => queueMicrotask(handOver);
  for (const place of places) {
    for (const name of LISTENING) {
      const real = place[name];
      if (typeof real !== "function") continue;
      const isOwn = Object.hasOwn(place, name);
      place[name] = function (this: unknown, ...values: unknown[]) {
        if (values[0] === "message") heard();
        return Reflect.apply(real, this, values);
      };
      undo.push(() => isOwn ? place[name] = real : delete place[name]);
    }
    const described = Object.getOwnPropertyDescriptor(place, "onmessage");
    if (described?.set === undefined) continue;
    const { set } = described;
    Object.defineProperty(place, "onmessage", {
      ...described,
      set(value: unknown) {
        heard();
        Reflect.apply(set, this, [value]);
      },
    });
    undo.push(() => Object.defineProperty(place, "onmessage", described));
  }
  return handOver;
}
