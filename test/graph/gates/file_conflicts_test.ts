// Who may not run beside whom: files, cycles, locks and shared state.
import { assert, assertEquals } from "@std/assert";
import { cyclesAmong } from "../../../graph/gates/circular_dependencies.ts";
import { findFileConflicts, type Severity } from "../../../graph/gates/file_conflicts.ts";
import { fileTable } from "../../../graph/gates/files.ts";
import type { GateTask } from "../../../graph/gates/gate_task.ts";
import { Glob } from "../../../graph/glob.ts";
import { findLockIssues, type HeldLock, predictContention } from "../../../graph/gates/lock_availability.ts";
import { noOrdering } from "../../../graph/gates/pairs.ts";
import { placesFrom } from "../../../graph/gates/places.ts";
import { findSharedState } from "../../../graph/gates/shared_state.ts";
import { randomFrom, rounds, seedFor } from "../../random.ts";
import { randomAcyclic } from "../shapes.ts";

const PLACE_OF = placesFrom("/project");

type Shape = Record<string, Omit<GateTask, "name">>;

function tasksOf(shape: Shape): GateTask[] {
  return Object.entries(shape).map(([name, fields]) => ({ name, ...fields }));
}

/** Conflicts as `a b file type`. */
function conflicts(shape: Shape, isGroup = false): string[] {
  const tasks = tasksOf(shape);
  const ordering = isGroup ? noOrdering(tasks.length) : cyclesAmong(tasks).ordering;
  const found = findFileConflicts(tasks, fileTable(tasks, tasks.keys(), PLACE_OF), ordering);
  return found.conflicts.map(({ task1, task2, file, type }) => `${task1} ${task2} ${file} ${type}`);
}

// S1.1
Deno.test("findFileConflicts() tells two writers from a writer and a reader and from two readers", () => {
  assertEquals(
    conflicts({
      a: { writes: ["log"], reads: ["x"] },
      b: { writes: ["log"], reads: ["x"] },
      c: { reads: ["log"], writes: ["y"] },
      d: {},
    }),
    ["a b log blocking", "a c log warning", "b c log warning", "a b x info"],
  );
});

// S1.1: the strongest counts
Deno.test("findFileConflicts() counts a pair and a file once, by the strongest", () => {
  assertEquals(
    conflicts({ a: { writes: ["f", "f"], reads: ["f"] }, b: { reads: ["f", "*"], writes: ["f"] } }),
    ["a b f blocking"],
  );
});

// S1.29
Deno.test("findFileConflicts() passes pairs that the graph puts in order, and none of a group", () => {
  const shape = {
    a: { writes: ["f"] },
    b: { dependencies: ["a"] },
    c: { dependencies: ["b"], writes: ["f"] },
    d: { writes: ["f"], dependencies: ["b"] },
  };
  assertEquals(conflicts(shape), ["c d f blocking"]);
  assertEquals(conflicts(shape, true), ["a c f blocking", "a d f blocking", "c d f blocking"]);
});

// S1.24
Deno.test("findFileConflicts() sees through globs and folders", () => {
  assertEquals(
    conflicts({ a: { writes: ["src/*.c"] }, b: { writes: ["src/x.c"] }, c: { reads: ["**/x.*"] } }),
    ["a b src/x.c blocking", "a c src/*.c warning", "b c src/x.c warning"],
  );
  assertEquals(conflicts({ a: { writes: ["src/*.c"] }, b: { writes: ["src/x.h"] } }), []);
  assertEquals(conflicts({ a: { writes: ["build"] }, b: { writes: ["build/x"] }, c: { writes: ["build/y"] } }), [
    "a b build/x blocking",
    "a c build/y blocking",
  ]);
  assertEquals(conflicts({ a: { writes: ["src"] }, b: { reads: ["src/**/*.c"] } }), ["a b src/**/*.c warning"]);
  // Both overlap the first, not each other.
  assertEquals(conflicts({ a: { reads: ["*"] }, b: { writes: ["a*"] }, c: { writes: ["b*"] } }), [
    "a b a* warning",
    "a c b* warning",
  ]);
  // What a writes by one glob and reads by the other
  assertEquals(conflicts({ a: { reads: ["*x"], writes: ["y*"] }, b: { reads: ["*x"] } }), ["a b *x warning"]);
});

Deno.test("findFileConflicts() agrees with a look at each pair, over random tasks", () => {
  const random = randomFrom(seedFor("findFileConflicts"));
  const paths = ["a", "b", "d/a", "d/b", "d", "d/*", "*", "d/a*", "**/b", "{a,d/b}", "d/**", "e/f", "?/f"];
  for (let round = 0; round < rounds(300); round++) {
    const size = 2 + random.below(round < 250 ? 12 : 40);
    const some = () => paths.filter(() => random.chance(size < 15 ? 0.15 : 0.06));
    const tasks = Object.entries(randomAcyclic(random, size, 2)).map(([name, dependencies]): GateTask => ({
      name,
      dependencies,
      reads: some(),
      writes: some(),
    }));
    const found = findFileConflicts(tasks, fileTable(tasks, tasks.keys(), PLACE_OF), cyclesAmong(tasks).ordering);
    const worst = new Map<string, Severity>();
    const rank = { blocking: 2, warning: 1, info: 0 };
    for (const { task1, task2, type } of found.conflicts) {
      const key = `${task1} ${task2}`, known = worst.get(key);
      if (known === undefined || rank[known] < rank[type]) worst.set(key, type);
    }
    const expected = new Map<string, Severity>();
    const isFolder = tasks.some(({ reads = [], writes = [] }) =>
      [...reads, ...writes].some((path) => path.startsWith("d/"))
    );
    tasks.forEach((first, at) => {
      for (const second of tasks.slice(at + 1)) {
        if (waits(tasks, first, second) || waits(tasks, second, first)) continue;
        const type = worstOf(first, second, isFolder);
        if (type) expected.set(`${first.name} ${second.name}`, type);
      }
    });
    const sorted = (map: Map<string, Severity>) => [...map].sort(([a], [b]) => a < b ? -1 : 1);
    // Two that only read are found where one of them names the file, or both the same glob.
    assert(found.counts.blocking < 1000 && found.counts.warning < 1000);
    const withoutInfo = (map: Map<string, Severity>) => sorted(map).filter(([, type]) => type !== "info");
    assertEquals(withoutInfo(worst), withoutInfo(expected), JSON.stringify(tasks));
    for (const key of worst.keys()) assert(expected.has(key), key);
    const keys = found.conflicts.map(({ task1, task2, file }) => `${task1} ${task2} ${file}`);
    assertEquals(new Set(keys).size, keys.length);
  }
});

Deno.test("findFileConflicts() lists the first of many pairs and counts all", () => {
  const tasks = Array.from({ length: 300 }, (_, at): GateTask => ({
    name: `t${at}`,
    reads: ["common.h"],
    writes: ["log"],
    dependencies: at % 3 === 0 && at > 0 ? [`t${at - 3}`] : [],
  }));
  const found = findFileConflicts(tasks, fileTable(tasks, tasks.keys(), PLACE_OF), cyclesAmong(tasks).ordering);
  const unordered = 300 * 299 / 2 - 100 * 99 / 2;
  assertEquals(found.counts, { blocking: unordered, warning: 0, info: unordered });
  assertEquals(found.conflicts.filter(({ type }) => type === "blocking").length, 1000);
  assertEquals(found.conflicts.filter(({ type }) => type === "info").length, 100);
});

// S1.4
Deno.test("cyclesAmong() names one shortest cycle for each knot, and still orders what it can", () => {
  const tasks = tasksOf({
    a: { dependencies: ["b"], writes: ["f"] },
    b: { dependencies: ["c"] },
    c: { dependencies: ["a", "b"] },
    d: { dependencies: ["a", "nobody"], writes: ["f"] },
    e: { dependencies: ["e"], writes: ["g"] },
    f: { writes: ["g"] },
  });
  const { cycles, ordering } = cyclesAmong(tasks);
  assertEquals(cycles, [["a", "b", "c", "a"], ["e", "e"]]);
  const { conflicts } = findFileConflicts(tasks, fileTable(tasks, tasks.keys(), PLACE_OF), ordering);
  assertEquals(conflicts.map(({ task1, task2 }) => [task1, task2]), [["e", "f"]]);
});

// S1.5, S1.6
Deno.test("findLockIssues() lets readers pass readers, and nobody pass a writer", () => {
  const tasks = tasksOf({
    w: { writes: ["x"] },
    r: { reads: ["x"] },
    glob: { reads: ["**"], writes: ["out/*"] },
    other: { reads: ["y"], writes: ["z"] },
  });
  const issues = (held: HeldLock[]) =>
    findLockIssues(tasks, fileTable(tasks, tasks.keys(), PLACE_OF), held).map(({ task, file }) => `${task} ${file}`);
  assertEquals(issues([{ path: "x", mode: "exclusive" }]), ["w x", "r x", "glob x"]);
  assertEquals(issues([{ path: "x", mode: "shared" }]), ["w x"]);
  assertEquals(issues([{ path: "out/1", mode: "shared" }, { path: "q", mode: "shared" }]), ["glob out/1"]);
  assertEquals(issues([{ path: "z", mode: "exclusive" }, { path: "y", mode: "exclusive" }]), [
    "glob y",
    "glob z",
    "other y",
    "other z",
  ]);
  assertEquals(issues([]), []);
});

// S1.5
Deno.test("predictContention() names the files at which tasks would wait for each other", () => {
  const tasks = tasksOf({ a: { writes: ["x"] }, b: { reads: ["x", "y"] }, c: { writes: ["x"], reads: ["y"] } });
  const { conflicts } = findFileConflicts(tasks, fileTable(tasks, tasks.keys(), PLACE_OF), noOrdering(3));
  assertEquals(predictContention(conflicts), [{ file: "x", tasks: ["a", "c", "b"] }]);
});

// S1.12
Deno.test("findSharedState() names what two tasks share that nothing puts in order", () => {
  const tasks = tasksOf({
    a: { shares: ["counter", "db"] },
    b: { shares: ["db", "own"], dependencies: ["a"] },
    c: { shares: ["counter", "counter"] },
    d: { shares: ["db"], dependencies: ["b"] },
  });
  assertEquals(findSharedState(tasks, tasks.keys(), cyclesAmong(tasks).ordering), [
    { name: "counter", tasks: ["a", "c"] },
  ]);
  assertEquals(findSharedState(tasks, [1, 3], noOrdering(4)), [{ name: "db", tasks: ["b", "d"] }]);
});

function waits(tasks: readonly GateTask[], task: GateTask, on: GateTask): boolean {
  return (task.dependencies ?? []).some((name) =>
    name === on.name || waits(tasks, tasks.find((other) => other.name === name)!, on)
  );
}

function worstOf(a: GateTask, b: GateTask, isFolder: boolean): Severity | undefined {
  const meet = (first: readonly string[] = [], second: readonly string[] = []) =>
    first.some((path) => second.some((other) => means(path, other, isFolder)));
  if (meet(a.writes, b.writes)) return "blocking";
  if (meet(a.writes, b.reads) || meet(a.reads, b.writes)) return "warning";
  return meet(a.reads, b.reads) ? "info" : undefined;
}

/** `d` is the one path that others may lie in. */
function means(a: string, b: string, isFolder: boolean): boolean {
  const globs = (path: string) => [path, ...(path === "d" && isFolder ? ["d/**"] : [])].map((text) => new Glob(text));
  return globs(a).some((first) => globs(b).some((second) => first.intersects(second)));
}
