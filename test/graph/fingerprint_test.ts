// What makes work the same work, and how a difference is told.
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { differences, type Inputs, trace } from "../../graph/fingerprint.ts";
import type { Task } from "../../graph/task.ts";

const BASE: Task = {
  name: "compile",
  action: { kind: "command", command: "cc $IN" },
  dependencies: ["generate"],
  sourceFiles: ["a.c", "b.c"],
  outputs: [{ path: "a.o", kind: "file" }],
  env: { CC: "cc", CFLAGS: "-O2" },
  retries: 0,
};

const INPUTS: Inputs = {
  sources: ["a.c", "b.c"],
  sourceDigests: [digest("a"), digest("b")],
  artifacts: ["gen.h"],
  artifactDigests: [digest("g")],
};

function digest(letter: string): string {
  return letter.charCodeAt(0).toString(16).repeat(32);
}

function fingerprintOf(task: Partial<Task> = {}, inputs: Partial<Inputs> = {}): string {
  return trace({ ...BASE, ...task }, { ...INPUTS, ...inputs })[0];
}

/** The differences from the base, with artifacts named by their paths. */
function told(task: Partial<Task>, inputs: Partial<Inputs> = {}): string[] {
  const after = trace({ ...BASE, ...task }, { ...INPUTS, ...inputs });
  return differences(trace(BASE, INPUTS), after, (artifact) => artifact);
}

// S0.41
Deno.test("trace() begins with a SHA-256 that is the same for the same work", () => {
  assert(/^[0-9a-f]{64}$/.test(fingerprintOf()));
  assertEquals(fingerprintOf(), fingerprintOf({ ...structuredClone(BASE) }, structuredClone(INPUTS)));
});

Deno.test("trace() leaves out what does not change an artifact", () => {
  for (
    const same of [
      { name: "other" },
      { outputs: [{ path: "elsewhere.o", kind: "file" as const }] },
      { dependencies: ["renamed"] },
      { retries: 3, timeoutMs: 5 },
      { expected: { "a.o": digest("x") } },
      { env: { CFLAGS: "-O2", CC: "cc" } },
    ]
  ) assertEquals(fingerprintOf(same), fingerprintOf(), JSON.stringify(same));
});

Deno.test("trace() takes in all that can change an artifact", () => {
  const all = [
    fingerprintOf(),
    fingerprintOf({ action: { kind: "command", command: "cc  $IN" } }),
    fingerprintOf({ action: { kind: "content", content: "cc $IN" } }),
    fingerprintOf({ action: { kind: "concatenate" } }),
    fingerprintOf({ env: { CC: "cc" } }),
    fingerprintOf({ env: { CC: "cc", CFLAGS: "-O3" } }),
    fingerprintOf({ env: { CC: "cc", CFLAGS: "-O2", X: "" } }),
    fingerprintOf({}, { sources: ["b.c", "a.c"], sourceDigests: [digest("b"), digest("a")] }),
    fingerprintOf({}, { sources: ["b.c", "a.c"] }),
    fingerprintOf({}, { sourceDigests: [digest("a"), digest("c")] }),
    fingerprintOf({}, { sources: ["a.c"], sourceDigests: [digest("a")] }),
    fingerprintOf({}, { artifactDigests: [digest("h")] }),
    fingerprintOf({}, { artifacts: ["other.h"] }), // a command sees the path in DEPS
    fingerprintOf({}, { artifacts: [], artifactDigests: [] }),
  ];
  assertEquals(new Set(all).size, all.length);
});

Deno.test("trace() draws a line between neighbouring fields", () => {
  assertNotEquals(
    fingerprintOf({}, { sources: ["a.c"], sourceDigests: [digest("a")], artifacts: ["b.c", "gen.h"] }),
    fingerprintOf({}, { sources: ["a.c", "b.c"], sourceDigests: [digest("a")], artifacts: ["gen.h"] }),
  );
  assertNotEquals(fingerprintOf({ env: { A: "B", C: "D" } }), fingerprintOf({ env: { A: "B,C", D: "" } }));
});

Deno.test("trace() minds a task's name where its command asks for it, and paths only where a command sees them", () => {
  const asks = { action: { kind: "command", command: 'echo "$TASK"' } } as const;
  assertNotEquals(fingerprintOf({ ...asks, name: "a" }), fingerprintOf({ ...asks, name: "b" }));
  const joins = { action: { kind: "concatenate" } } as const;
  assertEquals(fingerprintOf(joins, { artifacts: ["other.h"] }), fingerprintOf(joins));
});

Deno.test("trace() hands back the last trace where nothing differs, and a new one where anything does", () => {
  const last = trace(BASE, INPUTS);
  assert(trace({ ...BASE, name: "renamed" }, structuredClone(INPUTS), last) === last);
  const read = JSON.parse(JSON.stringify(last));
  assert(trace(BASE, INPUTS, read) === read);
  const others: [Partial<Task>, Partial<Inputs>][] = [
    [{ action: { kind: "command", command: "ld" } }, {}],
    [{ env: {} }, {}],
    [{}, { sources: ["a.c", "c.c"] }],
    [{}, { sourceDigests: [digest("a"), digest("c")] }],
    [{}, { artifacts: ["x"] }],
    [{}, { artifactDigests: [digest("x")] }],
  ];
  for (const [task, inputs] of others) {
    assertEquals(trace({ ...BASE, ...task }, { ...INPUTS, ...inputs }, last)[0], fingerprintOf(task, inputs));
    assertNotEquals(trace({ ...BASE, ...task }, { ...INPUTS, ...inputs }, last)[0], last[0]);
  }
});

Deno.test("differences() tells nothing of equal traces", () => {
  assertEquals(told({}), []);
  assertEquals(told({ env: { CFLAGS: "-O2", CC: "cc" } }), []);
});

Deno.test("differences() tells what changed, was added and was removed", () => {
  assertEquals(told({ action: { kind: "command", command: "ld" } }), ["command changed"]);
  assertEquals(told({ env: { CC: "gcc", NEW: "1" } }), [
    "environment changed: CC",
    "environment added: NEW",
    "environment removed: CFLAGS",
  ]);
  assertEquals(told({}, { sources: ["a.c", "c.c"], sourceDigests: [digest("x"), digest("c")] }), [
    "source changed: a.c",
    "source added: c.c",
    "source removed: b.c",
  ]);
  assertEquals(told({}, { artifactDigests: [digest("h")] }), ["dependency changed: gen.h"]);
});

Deno.test("differences() tells of an order only when nothing else differs", () => {
  const swapped = { sources: ["b.c", "a.c"], sourceDigests: [digest("b"), digest("a")] };
  assertEquals(told({}, swapped), ["order of sources changed"]);
  assertEquals(told({ env: { CC: "cc" } }, swapped), ["environment removed: CFLAGS"]);
});

Deno.test("differences() names three and counts the rest", () => {
  const sources = ["1", "2", "3", "4", "5"];
  assertEquals(told({}, { sources, sourceDigests: sources.map(digest) })[0], "source added: 1, 2, 3 and 2 more");
});

Deno.test("trace() takes no notice of what a task declares for the gates", () => {
  const declared = { reads: ["x"], writes: ["y"], difficulty: 9, shares: ["z"], resources: { gpu: 1 } };
  assertEquals(fingerprintOf({ declared }), fingerprintOf());
});

// A call of a function: its module has the files m.ts and h.ts, which follow the task's sources.
const CALL: Partial<Task> = { action: { kind: "module", module: "m.ts", export: "default", args: { n: 1 } } };
const CALL_INPUTS: Partial<Inputs> = {
  sources: ["a.c", "m.ts", "h.ts"],
  sourceDigests: [digest("a"), digest("m"), digest("h")],
  module: { files: 2, externals: ["npm:x@1 1.2.3"] },
};

function callWith(fields: Record<string, unknown>): Partial<Task> {
  return { action: { ...CALL.action, ...fields } as Task["action"] };
}

// S0.41
Deno.test("trace() takes in all that a module's function can see, and all its files and packages", () => {
  const all = [
    fingerprintOf(CALL, CALL_INPUTS),
    fingerprintOf(callWith({ module: "n.ts" }), CALL_INPUTS),
    fingerprintOf(callWith({ export: "page" }), CALL_INPUTS),
    fingerprintOf(callWith({ args: { n: "1" } }), CALL_INPUTS),
    fingerprintOf(callWith({ permissions: { net: true } }), CALL_INPUTS),
    fingerprintOf(callWith({ permissions: { net: ["example.org"] } }), CALL_INPUTS),
    fingerprintOf({ ...CALL, name: "other" }, CALL_INPUTS),
    fingerprintOf({ ...CALL, dependencies: ["renamed"] }, CALL_INPUTS),
    fingerprintOf({ ...CALL, env: {} }, CALL_INPUTS),
    fingerprintOf(CALL, { ...CALL_INPUTS, sourceDigests: [digest("a"), digest("m"), digest("x")] }),
    fingerprintOf(CALL, { ...CALL_INPUTS, sourceDigests: [digest("x"), digest("m"), digest("h")] }),
    fingerprintOf(CALL, { ...CALL_INPUTS, module: { files: 1, externals: ["npm:x@1 1.2.3"] } }),
    fingerprintOf(CALL, { ...CALL_INPUTS, module: { files: 2, externals: ["npm:x@1 1.2.4"] } }),
    fingerprintOf(CALL, { ...CALL_INPUTS, module: { files: 2, externals: [] } }),
    fingerprintOf(CALL, { ...CALL_INPUTS, artifacts: ["other.h"] }),
    fingerprintOf(CALL, { ...CALL_INPUTS, artifactDigests: [digest("x")] }),
  ];
  assertEquals(new Set(all).size, all.length);
  assertEquals(
    fingerprintOf({ ...CALL, outputs: [{ path: "b", kind: "file" }], retries: 1, timeoutMs: 5 }, CALL_INPUTS),
    all[0],
  );
});

Deno.test("differences() tells of a call that changed, and of a module's files as of sources", () => {
  const before = trace({ ...BASE, ...CALL }, { ...INPUTS, ...CALL_INPUTS });
  const to = (task: Partial<Task>, inputs: Partial<Inputs>) =>
    differences(before, trace({ ...BASE, ...task }, { ...INPUTS, ...inputs }), (artifact) => artifact);
  assertEquals(to(callWith({ args: {} }), CALL_INPUTS), ["call changed"]);
  assertEquals(to(callWith({ permissions: { net: true } }), CALL_INPUTS), ["call changed"]);
  assertEquals(to(CALL, { ...CALL_INPUTS, module: { files: 2, externals: ["npm:x@1 2.0.0"] } }), ["call changed"]);
  assertEquals(to(CALL, { ...CALL_INPUTS, sourceDigests: [digest("a"), digest("m"), digest("x")] }), [
    "source changed: h.ts",
  ]);
});
