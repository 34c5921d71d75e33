// What a module's function may return. K25
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Readable } from "node:stream";
import { checkCopyable, contentOf } from "../../../actors/sandbox/sandbox_content.ts";

async function textOf(value: unknown): Promise<string | undefined> {
  const content = await contentOf(value);
  return content === undefined || typeof content === "string" ? content : new TextDecoder().decode(content);
}

class Point {
  x = 1;
}

class Told extends Point {
  toJSON() {
    return { x: this.x };
  }
}

Deno.test("contentOf() takes bytes from all that they can be read from", async () => {
  const bytes = new TextEncoder().encode("body");
  const parts = ["bo", "dy"];
  const sources: unknown[] = [
    "body",
    bytes,
    bytes.buffer,
    new DataView(bytes.buffer),
    new Response("body"),
    new Blob(["body"]),
    new File(["body"], "name"),
    new Blob(["body"]).stream(),
    ReadableStream.from(parts),
    Readable.from(parts),
    (async function* () {
      await null;
      yield new Uint8Array([98, 111]);
      yield "dy";
    })(),
  ];
  for (const source of sources) assertEquals(await textOf(source), "body");
  assertEquals([await textOf(undefined), await textOf(null), await textOf("")], [undefined, undefined, ""]);
});

Deno.test("contentOf() stores as JSON what JSON holds", async () => {
  const values: [unknown, unknown][] = [
    [{ a: [1, "x", null, true], b: { c: -0 } }, { a: [1, "x", null, true], b: { c: 0 } }],
    [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    [{ at: new Date(0), url: new URL("file:///x"), left: undefined }, {
      at: "1970-01-01T00:00:00.000Z",
      url: "file:///x",
    }],
    [new Told(), { x: 1 }],
    [[new Number(1), new String("s")], [1, "s"]],
    [await import("data:text/javascript,export const a = 1; export const b = [2];"), { a: 1, b: [2] }],
  ];
  for (const [value, held] of values) assertEquals(JSON.parse((await textOf(value))!), held);
});

Deno.test("contentOf() refuses what JSON would make something else of, wherever it stands, and says what to return", async () => {
  const top = (what: string, instead: string) => `it returned ${what}, which is no content of a file: ${instead}`;
  const deep = (what: string, path: string, instead: string) =>
    `it returned ${what} at ${path}, which JSON does not hold: ${instead}`;
  const refused: [unknown, string][] = [
    [new Map(), top("a Map", "return Object.fromEntries(map) or [...map]")],
    [new Set(), top("a Set", "return [...set]")],
    [() => 1, top("a function", "return what it returns")],
    [Symbol("s"), top("a symbol", "return its description")],
    [NaN, top("NaN", "return null, or text")],
    [1n, top("a bigint", "return it as text")],
    [new Point(), top("a Point", "return a plain object, or give it a toJSON()")],
    [new Headers(), top("a Headers", "return a list: [...it]")],
    [[1].values(), top("an Iterator", "return a list: [...it]")],
    [/x/, top("a RegExp", "return a plain object, or give it a toJSON()")],
    [{ a: { b: [0, new Map()] } }, deep("a Map", "a.b[1]", "return Object.fromEntries(map) or [...map]")],
    [{ "a b": new Set() }, deep("a Set", '["a b"]', "return [...set]")],
    [[Promise.resolve()], deep("a Promise", "[0]", "await it")],
    [[undefined], deep("undefined", "[0]", "return null")],
    [{ f() {} }, deep("a function", "f", "return what it returns")],
    [{ n: -Infinity }, deep("-Infinity", "n", "return null, or text")],
    [{ e: new RangeError("x") }, deep("a RangeError", "e", "throw it, or return its message")],
    [{ body: new Response("x") }, deep("a Response", "body", "return it by itself, or what is read from it")],
    [{ b: new Uint8Array(1) }, deep("a Uint8Array", "b", "return it by itself, or as text")],
    [{ toJSON: () => new Map() }, top("a Map", "return Object.fromEntries(map) or [...map]")],
    [ReadableStream.from([{}]), "it returned a stream of Objects, which are neither bytes nor text"],
    [{ toJSON() {} }, "it returned an object whose toJSON() gives undefined"],
    [new Response("no", { status: 404, statusText: "Not Found" }), "it returned a Response with status 404 Not Found"],
  ];
  for (const [value, sentence] of refused) {
    const error = await assertRejects(() => contentOf(value), TypeError);
    assertEquals(error.message.replace("Array Iterator", "Iterator"), sentence);
  }
});

Deno.test("checkCopyable() refuses what another thread would see as an empty object, and nothing else", () => {
  class Hidden {
    #secret = 1;
    tell() {
      return this.#secret;
    }
  }
  for (
    const value of [
      1,
      null,
      {},
      [new Map([["a", new Date()]])],
      new Set([/x/]),
      new Point(),
      new Blob([]),
      new Error("x"),
    ]
  ) {
    checkCopyable(value);
  }
  const cycle: Record<string, unknown> = {};
  cycle.cycle = cycle;
  checkCopyable(cycle);
  assertThrows(
    () => checkCopyable(new Hidden()),
    TypeError,
    "it returned a Hidden, which cannot be copied to another thread",
  );
  const nested = { list: [new Map([["key", new AbortController().signal]])] };
  assertThrows(() => checkCopyable(nested), TypeError, "it returned an AbortSignal at list[0].get(key), which");
});
