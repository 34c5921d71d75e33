// Sources that other tasks make must be waited for.
import { assertEquals } from "@std/assert";
import { placeFinder } from "../../graph/input/config_places.ts";
import { buildGraph, transitiveDependencies } from "../../graph/graph.ts";
import { checkProducers, Waiting } from "../../graph/producers.ts";
import { renderDiagnostic, Source } from "../../graph/input/source.ts";
import { randomFrom, rounds, seedFor } from "../random.ts";
import { randomAcyclic, type Shape, tasksOf } from "./shapes.ts";

function check(shape: Shape, reads: Record<string, string[]>) {
  const tasks = tasksOf(shape);
  return checkProducers(tasks, buildGraph(tasks).graph, tasks.map((task) => reads[task.name] ?? []));
}

Deno.test("checkProducers() accepts artifacts of direct and transitive dependencies, and plain sources", () => {
  const shape = { use: ["middle"], middle: ["make"], make: [], other: [] };
  assertEquals(check(shape, { use: ["out/middle", "out/make", "src/x.c", "out/nobody"] }), []);
});

Deno.test("checkProducers() names the task to depend on", () => {
  const text = `{"tasks": [
  {"name": "make", "output": "out/make"},
  {"name": "use", "output": "out/use", "source_files": ["x.c", "out/*"]}
]}`;
  const tasks = tasksOf({ make: [], use: [] });
  const graph = buildGraph(tasks).graph;
  const sources = [[], ["x.c", "out/make", "out/use"]];
  const show = (origins?: (number[] | undefined)[]) =>
    checkProducers(tasks, graph, sources, { origins })
      .map((diagnostic) => renderDiagnostic(diagnostic, new Source("b.json", text), placeFinder(text))).join("\n");
  assertEquals(
    show([undefined, [0, 1, 1]]),
    `Task 'use' reads 'out/make', which task 'make' makes, without depending on it
  --> b.json:3:64
3 |   {"name": "use", "output": "out/use", "source_files": ["x.c", "out/*"]}
  |                                                                ^^^^^^^ add 'make' to the dependencies of 'use'
Task 'use' reads its own output artifact 'out/use'
  --> b.json:3:64
3 |   {"name": "use", "output": "out/use", "source_files": ["x.c", "out/*"]}
  |                                                                ^^^^^^^`,
  );
  assertEquals(show().split("\n")[1], "  --> b.json:3:56");
});

Deno.test("checkProducers() refuses to read what a dependent makes", () => {
  const [diagnostic] = check({ first: [], second: ["first"] }, { first: ["out/second"] });
  assertEquals(
    diagnostic.message,
    "Task 'first' reads 'out/second', which task 'second' makes, without depending on it",
  );
});

Deno.test("checkProducers() asks of a module what it asks of a source", () => {
  const text = `{"tasks": [
  {"name": "gen", "output": "gen.ts"},
  {"name": "a", "output": "a", "module": "gen.ts"},
  {"name": "b", "output": "b", "module": "gen.ts", "dependencies": ["gen"]},
  {"name": "c", "output": "c.ts", "module": "c.ts"}
]}`;
  const tasks = tasksOf({ gen: [], a: [], b: ["gen"], c: [] }).map((task, at) => {
    const module = [undefined, "gen.ts", "gen.ts", "c.ts"][at];
    const outputs = [{ path: ["gen.ts", "a", "b", "c.ts"][at], kind: "file" as const }];
    return module === undefined
      ? { ...task, outputs }
      : { ...task, outputs, action: { kind: "module", module, export: "default", args: {} } as const };
  });
  const diagnostics = checkProducers(tasks, buildGraph(tasks).graph, [[], [], [], []]);
  assertEquals(
    diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, new Source("b.json", text), placeFinder(text))).join(
      "\n",
    ),
    `Task 'a' reads 'gen.ts', which task 'gen' makes, without depending on it
  --> b.json:3:42
3 |   {"name": "a", "output": "a", "module": "gen.ts"},
  |                                          ^^^^^^^^ add 'gen' to the dependencies of 'a'
Task 'c' reads its own output artifact 'c.ts'
  --> b.json:5:45
5 |   {"name": "c", "output": "c.ts", "module": "c.ts"}
  |                                             ^^^^^^`,
  );
});

Deno.test("Waiting.isFor() agrees with a search, over random graphs", () => {
  const random = randomFrom(seedFor("Waiting"));
  for (let round = 0; round < rounds(100); round++) {
    const { graph } = buildGraph(tasksOf(randomAcyclic(random, 12, 3)));
    const waiting = new Waiting(graph);
    for (let task = 0; task < graph.size; task++) {
      const all = transitiveDependencies(graph, [task]);
      for (let other = 0; other < graph.size; other++) {
        if (other !== task) assertEquals(waiting.isFor(task, other), all[other] === 1, `${task} for ${other}`);
      }
    }
  }
});

Deno.test("checkProducers() agrees with a search for each source, over random graphs", () => {
  const random = randomFrom(seedFor("checkProducers"));
  for (let round = 0; round < rounds(200); round++) {
    const size = 2 + random.below(120);
    const tasks = tasksOf(randomAcyclic(random, size, 3));
    const graph = buildGraph(tasks).graph;
    const sources = tasks.map(() => tasks.filter(() => random.chance(0.2)).map((task) => task.outputs[0].path));
    const expected = tasks.flatMap((task, index) => {
      const waitsFor = transitiveDependencies(graph, [index]);
      return sources[index].filter((path) => {
        const producer = tasks.findIndex((other) => other.outputs[0].path === path);
        return producer === index || !waitsFor[producer];
      }).map((path) => `${task.name} ${path}`);
    });
    const found = checkProducers(tasks, graph, sources)
      .map((diagnostic) => diagnostic.message.match(/'(\w+)' reads .*?'(out\/\w+)'/)!.slice(1).join(" "));
    assertEquals(found, expected);
  }
});

Deno.test("checkProducers() stays near linear when 100 000 tasks read what is two steps back", () => {
  const size = 100_000;
  const shape = Object.fromEntries(Array.from({ length: size }, (_, i) => [`t${i}`, i > 0 ? [`t${i - 1}`] : []]));
  const tasks = tasksOf(shape);
  // A search for each would be 100 000² steps in the second case, and no test would live to see its end.
  const near = tasks.map((_, i) => i > 1 ? [`out/t${i - 2}`] : []);
  const far = tasks.map((_, i) => i > 1 ? ["out/t0"] : []);
  const { graph } = buildGraph(tasks);
  assertEquals(checkProducers(tasks, graph, near), []);
  assertEquals(checkProducers(tasks, graph, far), []);
});
