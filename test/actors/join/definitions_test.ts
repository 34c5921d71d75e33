// As what the tasks of a build are registered, over real files.
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { BuildCache } from "../../../actors/build/build_cache.ts";
import { Definitions } from "../../../actors/join/definitions.ts";
import { ModuleGraph } from "../../../actors/build/module_graph.ts";
import { Stop } from "../../../actors/process/stop_listener.ts";
import { buildGraph } from "../../../graph/graph.ts";
import { makePlan } from "../../../graph/schedule/plan.ts";
import type { Task } from "../../../graph/task.ts";
import { TempFolder } from "../temp_folder.ts";

function task(name: string, more: Partial<Task> = {}): Task {
  const action = { kind: "command", command: "make it" } as const;
  return {
    name,
    action,
    dependencies: [],
    sourceFiles: ["source"],
    outputs: [{ path: `out/${name}`, kind: "file" }],
    env: {},
    retries: 0,
    ...more,
  };
}

async function definitionsOf(temp: TempFolder, tasks: readonly Task[]) {
  const { files } = BuildCache.load(temp.path).cache;
  const plan = makePlan(tasks, buildGraph(tasks).graph, tasks.map(({ sourceFiles }) => sourceFiles));
  const definitions = await Definitions.of(plan, { files, modules: new ModuleGraph(files), stop: new Stop() });
  return { definitions, files };
}

// K72
Deno.test("a task is another one with another work, output, dependencies or digest; duplicates differ by their output", async () => {
  using temp = new TempFolder();
  Deno.writeTextFileSync(temp.file("source"), "one");
  const of = async (more: Partial<Task>) => {
    const { definitions } = await definitionsOf(temp, [task("other"), task("it", more)]);
    return { fingerprint: definitions.fingerprint(1), hasTwin: definitions.duplicates.has(1) };
  };
  const first = await of({});
  const changes: [more: Partial<Task>, hasTwin: boolean][] = [
    [{ action: { kind: "command", command: "make it well" } }, false],
    [{ env: { CFLAGS: "-O2" } }, false],
    [{ outputs: [{ path: "elsewhere", kind: "file" }] }, true],
    [{ dependencies: ["other"] }, true],
    [{ expected: { "out/it": "0".repeat(64) } }, true],
  ];
  const seen = new Set([first.fingerprint]);
  for (const [more, hasTwin] of changes) {
    const changed = await of(more);
    assertEquals(changed.hasTwin, hasTwin);
    seen.add(changed.fingerprint);
  }
  assertEquals(seen.size, changes.length + 1);
  assertEquals(await of({ timeoutMs: 1, retries: 9 }), first, "what makes no other artifact");
});

// K72
Deno.test("a task whose source was edited is what it is registered as once it is looked at again", async () => {
  using temp = new TempFolder();
  Deno.writeTextFileSync(temp.file("source"), "one");
  const { definitions, files } = await definitionsOf(temp, [task("a")]);
  const before = definitions.fingerprint(0), stop = new Stop();
  Deno.writeTextFileSync(temp.file("source"), "other");
  const { definitions: { entries: [{ fingerprint: after }] } } = await definitionsOf(temp, [task("a")]);
  assertNotEquals(before, after);
  assertEquals([definitions.fingerprint(0), definitions.doneBy(0)], [before, before], "nobody has looked");
  assertEquals(await definitions.isNow(0, "x", stop), false);
  assertEquals(
    [definitions.fingerprint(0), definitions.doneBy(0)],
    [before, after],
    "a completion is by what was seen",
  );
  assertEquals(await definitions.isNow(0, after!, stop), true);
  assertEquals(definitions.fingerprint(0), after);
  files[Symbol.dispose]();
});

// K72
Deno.test("a module that was edited is not what its registration says: its old form is loaded", async () => {
  using temp = new TempFolder();
  Deno.writeTextFileSync(temp.file("source"), "one");
  const write = (content: string) =>
    Deno.writeTextFileSync(temp.file("module.js"), `export default () => "${content}"`);
  write("one");
  const action = { kind: "module", module: "module.js", export: "default", args: {} } as unknown as Task["action"];
  const { definitions, files } = await definitionsOf(temp, [task("a", { action })]);
  assertEquals(definitions.doneBy(0), definitions.fingerprint(0));
  write("other");
  files.lookAgain("module.js");
  const { definitions: { entries: [{ fingerprint: after }] } } = await definitionsOf(temp, [task("a", { action })]);
  assertEquals(await definitions.isNow(0, after!, new Stop()), false);
  assertEquals(definitions.doneBy(0), null);
  assert(definitions.isOtherModule(0));
});
