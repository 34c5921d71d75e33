// The task graph: adjacency, orders, paths and reachability.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  buildGraph,
  findCycles,
  type Graph,
  longestRemainingPath,
  topologicalOrder,
  transitiveDependencies,
} from "../../graph/graph.ts";
import { renderDiagnostic, Source } from "../../graph/input/source.ts";
import { placeFinder } from "../../graph/input/config_places.ts";
import { waves } from "../../graph/schedule/waves.ts";
import { randomFrom, rounds, seedFor } from "../random.ts";
import { randomAcyclic, tasksOf } from "./shapes.ts";

function graphOf(shape: Record<string, readonly string[]>): Graph {
  const { graph, diagnostics } = buildGraph(tasksOf(shape));
  assertEquals(diagnostics, []);
  return graph;
}

const DIAMOND = { A: [], B: ["A"], C: ["A"], D: ["C", "B"] };

// K38
Deno.test("a task is not told that it may have meant itself", () => {
  const hints = (tasks: { name: string; dependencies: string[] }[]) =>
    buildGraph(tasks).diagnostics.map(({ hint }) => hint);
  assertEquals(hints([{ name: "compile_a", dependencies: ["compile_b"] }]), [undefined]);
  const others = [{ name: "compile_a", dependencies: ["compile_b"] }, { name: "compile_c", dependencies: [] }];
  assertEquals(hints(others), ["did you mean 'compile_c'?"]);
});

Deno.test("buildGraph() lists dependencies in declared order, and dependents the other way", () => {
  const graph = graphOf(DIAMOND);
  assertEquals([...graph.dependencyStart], [0, 0, 1, 2, 4]);
  assertEquals([...graph.dependencies], [0, 0, 2, 1]);
  assertEquals([...graph.dependentStart], [0, 2, 3, 4, 4]);
  assertEquals([...graph.dependents], [1, 2, 3, 3]);
});

Deno.test("buildGraph() of no tasks is empty", () => {
  const graph = graphOf({});
  assertEquals([graph.size, findCycles(graph), [...topologicalOrder(graph)], waves(graph)], [0, [], [], []]);
});

// S0.4
Deno.test("buildGraph() names an unknown dependency, where it stands and what was meant", () => {
  const text = `{"tasks": [
  {"name": "assets", "output": "a"},
  {"name": "site", "output": "s", "dependencies": ["assets", "asets", "zzz"]}
]}`;
  const { graph, diagnostics } = buildGraph(tasksOf({ assets: [], site: ["assets", "asets", "zzz"] }));
  const shown = diagnostics.map((diagnostic) =>
    renderDiagnostic(diagnostic, new Source("b.json", text), placeFinder(text))
  );
  assertEquals(
    shown.join("\n"),
    `Task 'site' depends on unknown task 'asets'
  --> b.json:3:62
3 |   {"name": "site", "output": "s", "dependencies": ["assets", "asets", "zzz"]}
  |                                                              ^^^^^^^ did you mean 'assets'?
Task 'site' depends on unknown task 'zzz'
  --> b.json:3:71
3 |   {"name": "site", "output": "s", "dependencies": ["assets", "asets", "zzz"]}
  |                                                                       ^^^^^`,
  );
  assertEquals([...graph.dependencies], [0]);
});

Deno.test("buildGraph() answers a config full of unknown names without comparing each with each", () => {
  const shape = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`task_${i}`, [`tusk_${i}`]]));
  const { diagnostics } = buildGraph(tasksOf(shape));
  assertEquals(diagnostics.length, 20_000);
  assertEquals(diagnostics[0].hint, "did you mean 'task_1'?");
  assertEquals(diagnostics.at(-1)!.hint, undefined);
});

// S4.18
Deno.test("topologicalOrder() puts every task once, after its dependencies", () => {
  const random = randomFrom(seedFor("topologicalOrder"));
  for (let round = 0; round < rounds(300); round++) {
    const graph = buildGraph(tasksOf(randomAcyclic(random, 1 + random.below(30)))).graph;
    const order = [...topologicalOrder(graph)];
    assertEquals(order.toSorted((a, b) => a - b), [...order.keys()]);
    const position = new Map(order.map((task, at) => [task, at]));
    for (const [task, at] of position) {
      for (const dependency of dependenciesOf(graph, task)) assert(position.get(dependency)! < at);
    }
  }
});

Deno.test("topologicalOrder() of a graph with a cycle is a bug of the caller", () => {
  assertThrows(() => topologicalOrder(graphOf({ A: ["B"], B: ["A"] })), Error, "Bug:");
});

Deno.test("longestRemainingPath() counts what must still happen after a task starts", () => {
  assertEquals([...longestRemainingPath(graphOf(DIAMOND))], [3, 2, 2, 1]);
  assertEquals([...longestRemainingPath(graphOf(DIAMOND), [1, 10, 2, 5])], [16, 15, 7, 5]);
});

Deno.test("longestRemainingPath() agrees with trying every path", () => {
  const random = randomFrom(seedFor("longestRemainingPath"));
  for (let round = 0; round < rounds(200); round++) {
    const graph = buildGraph(tasksOf(randomAcyclic(random, 1 + random.below(10)))).graph;
    const weights = Array.from({ length: graph.size }, () => random.below(100));
    const longest = (task: number): number => weights[task] + Math.max(0, ...dependentsOf(graph, task).map(longest));
    assertEquals([...longestRemainingPath(graph, weights)], [...weights.keys()].map(longest));
  }
});

Deno.test("transitiveDependencies() marks the roots and all they reach", () => {
  const graph = graphOf({ ...DIAMOND, E: ["D"], F: [] });
  assertEquals([...transitiveDependencies(graph, [1, 5])], [1, 1, 0, 0, 0, 1]);
  assertEquals([...transitiveDependencies(graph, [])], [0, 0, 0, 0, 0, 0]);
  assertEquals([...transitiveDependencies(graphOf({ A: ["B"], B: ["A"] }), [0])], [1, 1]);
});

// S4.4
Deno.test("waves() puts a, b before c before d", () => {
  assertEquals(waves(graphOf({ d: ["c"], c: ["a", "b"], a: [], b: [] })), [[2, 3], [1], [0]]);
});

// S4.4
Deno.test("waves() holds every task once, after its dependencies and as early as possible", () => {
  const random = randomFrom(seedFor("waves"));
  for (let round = 0; round < rounds(300); round++) {
    const graph = buildGraph(tasksOf(randomAcyclic(random, 1 + random.below(30)))).graph;
    const waveOf = new Map(waves(graph).flatMap((wave, at) => wave.map((task) => [task, at])));
    assertEquals(waveOf.size, graph.size);
    for (const [task, wave] of waveOf) {
      const before = dependenciesOf(graph, task).map((dependency) => waveOf.get(dependency)!);
      assertEquals(wave, before.length === 0 ? 0 : Math.max(...before) + 1);
    }
  }
});

// S0.7, S4.18
Deno.test("a chain of 100 000 tasks overflows nothing", () => {
  const size = 100_000;
  const shape = Object.fromEntries(
    Array.from({ length: size }, (_, i) => [`t${i}`, i + 1 < size ? [`t${i + 1}`] : []]),
  );
  const { graph } = buildGraph(tasksOf(shape));
  assertEquals(findCycles(graph), []);
  assertEquals(topologicalOrder(graph)[0], size - 1);
  assertEquals(longestRemainingPath(graph)[size - 1], size);
  assertEquals(waves(graph).length, size);
  assertEquals(transitiveDependencies(graph, [0]).every((mark) => mark === 1), true);
});

// S0.7, S0.9, S4.18
Deno.test("graph work grows with tasks plus dependencies, not with their product", () => {
  const random = randomFrom(seedFor("growth"));
  const operations = (size: number): number => {
    const graph = buildGraph(tasksOf(randomAcyclic(random, size, 3))).graph;
    const counter = { reads: 0 };
    const counted = countReads(graph, counter);
    findCycles(counted);
    topologicalOrder(counted);
    longestRemainingPath(counted);
    waves(counted);
    transitiveDependencies(counted, [0]);
    return counter.reads;
  };
  const small = operations(500);
  const large = operations(1000);
  assert(large / small < 2.5, `${small} array reads became ${large}`);
});

/** The graph with arrays that count how often they are read. */
function countReads(graph: Graph, counter: { reads: number }): Graph {
  const watch = (array: Int32Array): Int32Array =>
    new Proxy(array, {
      get(target, key) {
        if (typeof key === "string" && /^\d+$/.test(key)) counter.reads++;
        const value = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return {
    size: graph.size,
    dependencyStart: watch(graph.dependencyStart),
    dependencies: watch(graph.dependencies),
    inputEnd: watch(graph.inputEnd),
    dependentStart: watch(graph.dependentStart),
    dependents: watch(graph.dependents),
  };
}

function dependenciesOf(graph: Graph, task: number): number[] {
  return [...graph.dependencies.subarray(graph.dependencyStart[task], graph.dependencyStart[task + 1])];
}

function dependentsOf(graph: Graph, task: number): number[] {
  return [...graph.dependents.subarray(graph.dependentStart[task], graph.dependentStart[task + 1])];
}
