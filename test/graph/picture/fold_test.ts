// Many tasks as few boxes.
import { assert, assertEquals } from "@std/assert";
import { buildGraph } from "../../../graph/graph.ts";
import { foldByPrefix } from "../../../graph/picture/fold.ts";

/** Folds tasks that need nothing. */
function fold(names: readonly string[], most: number) {
  return foldByPrefix(names, buildGraph(names.map((name) => ({ name, dependencies: [] }))).graph, most);
}

/** Every task is in one box, and none of them is empty. */
function assertWhole(names: readonly string[], { boxes, boxOf }: ReturnType<typeof fold>) {
  assertEquals(boxes.flatMap(({ members }) => members).sort((a, b) => a - b), [...names.keys()]);
  boxes.forEach(({ members }, box) => assert(members.length > 0 && members.every((task) => boxOf[task] === box)));
}

// S6.11
Deno.test("few tasks have a box each, in the order of the file", () => {
  assertEquals(fold(["b", "a"], 2).boxes, [{ label: "b", members: [0] }, { label: "a", members: [1] }]);
});

// S6.11
Deno.test("many tasks are folded by what their names begin with, the fullest box opened first", () => {
  const names = [
    ...Array.from({ length: 5 }, (_, i) => `api:lint${i}`),
    ...Array.from({ length: 5 }, (_, i) => `api:test${i}`),
    ...["web:lint", "web:test", "all"],
  ];
  assertEquals(fold(names, 3).boxes.map(({ label, members }) => [label, members.length]), [
    ["api:*", 10],
    ["web:*", 2],
    ["all", 1],
  ]);
  assertEquals(fold(names, 5).boxes.map(({ label }) => label), [
    "api:lint*",
    "api:test*",
    "web:lint",
    "web:test",
    "all",
  ]);
});

// S6.11
Deno.test("boxes are opened by numbers only where there would be very few", () => {
  const areas = ["api", "web", "ui", "db"], kinds = ["gen", "lint", "test", "docs"];
  const names = Array.from({ length: 4000 }, (_, i) => `${areas[i % 4]}:${kinds[(i >> 2) % 4]}:${i}`);
  const { boxes } = fold(names, 60);
  assertEquals(boxes.length, 16);
  assertEquals(boxes[0], { ...boxes[0], label: "api:gen:*" });
  assertEquals(fold(Array.from({ length: 4000 }, (_, i) => `t${1000 + i}`), 60).boxes.map(({ label }) => label), [
    ...["t10*", "t11*", "t12*", "t13*", "t14*", "t15*", "t16*", "t17*", "t18*", "t19*", "t2*", "t3*", "t4*"],
  ]);
});

// S6.11
Deno.test("no more boxes than asked for, whatever the names are, and the arrows between them are counted", () => {
  const shapes: ((i: number) => string)[] = [
    (i) => `task_${i}`,
    (i) => `${i}`,
    (i) => "x".repeat(1 + i % 100) + i,
    (i) => `a/${i % 7}/b/${i % 11}:${i}`,
    (i) => String.fromCodePoint(0x4e00 + i),
    (i) => `${String.fromCodePoint(0x1f300 + i % 300)}${i}`,
    (i) => `same${"\u0000".repeat(1 + i % 3)}${i}`,
  ];
  for (const shape of shapes) {
    const names = Array.from({ length: 1000 }, (_, i) => shape(i));
    for (const most of [1, 2, 30, 999]) {
      const folded = fold(names, most);
      assert(folded.boxes.length <= most, `${shape} ${most}: ${folded.boxes.length}`);
      assertWhole(names, folded);
    }
  }
  const tasks = Array.from({ length: 40 }, (_, i) => ({
    name: i < 20 ? `lib:${i}` : `app:${i}`,
    dependencies: i < 20 ? [] : [`lib:${i - 20}`, "lib:0"],
  }));
  const { arrows, boxes } = foldByPrefix(tasks.map(({ name }) => name), buildGraph(tasks).graph, 2);
  assertEquals(boxes.map(({ label }) => label), ["lib:*", "app:*"]);
  assertEquals(arrows, [[0, 1, 40]]);
});
