// What tasks declare for the gates: text in, declarations or every diagnostic out, word for word.
import { assertEquals } from "@std/assert";
import { good, shown } from "./configs.ts";

// S1.5, S1.10, S1.12
Deno.test("parseBuildConfig() keeps what tasks declare for the gates, normalised, and nothing where nothing is declared", async () => {
  const { tasks, resourceLimits } = await good(`{"resource_limits": {"gpu": 2}, "tasks": [
    {"name": "a", "output": "a", "reads": ["./x//y", "../*.h"], "writes": ["log/./*.txt"], "difficulty": 7,
     "shares": ["counter", "db", "counter"], "resources": {"gpu": 1.5}},
    {"name": "b", "output": "b", "files_affected": ["log"]},
    {"name": "c", "output": "c", "reads": [], "shares": [], "resources": {}},
    {"name": "d", "output": "d"}
  ]}`);
  assertEquals(resourceLimits, { gpu: 2 });
  assertEquals(tasks.map((task) => task.declared), [
    {
      reads: ["x/y", "../*.h"],
      writes: ["log/*.txt"],
      difficulty: 7,
      shares: ["counter", "db"],
      resources: { gpu: 1.5 },
    },
    { writes: ["log"] },
    undefined,
    undefined,
  ]);
  assertEquals(tasks.map((task) => Object.hasOwn(task, "declared")), [true, true, false, false]);
});

Deno.test("parseBuildConfig() refuses a resource without a limit where there are limits, and one beyond its limit", async () => {
  assertEquals(
    await shown(`{"resource_limits": {"gpu": 2},
"tasks": [
  {"name": "a", "output": "a", "resources": {"gpus": 1}},
  {"name": "b", "output": "b", "resources": {"gpu": 3}},
  {"name": "c", "output": "c", "resources": {"licence": 1}}
]}`),
    `Task 'a' asks for resource 'gpus', which has no limit in 'resource_limits'
  --> build.json:3:46
3 |   {"name": "a", "output": "a", "resources": {"gpus": 1}},
  |                                              ^^^^^^ did you mean 'gpu'?

Task 'b' asks for 3 of resource 'gpu', more than its limit 2
  --> build.json:4:53
4 |   {"name": "b", "output": "b", "resources": {"gpu": 3}},
  |                                                     ^
  --> build.json:1:29
1 | {"resource_limits": {"gpu": 2},
  |                             ^

Task 'c' asks for resource 'licence', which has no limit in 'resource_limits'
  --> build.json:5:46
5 |   {"name": "c", "output": "c", "resources": {"licence": 1}}
  |                                              ^^^^^^^^^ where there are limits, every resource needs one`,
  );
});

// S3.33
Deno.test("parseBuildConfig() keeps each label that a task requires once, and refuses what is none", async () => {
  const { tasks } = await good(`{"tasks": [
    {"name": "a", "output": "a", "requirements": ["gpu", "big disk", "gpu"]},
    {"name": "b", "output": "b", "requirements": []}
  ]}`);
  assertEquals(tasks.map((task) => task.declared), [{ requirements: ["gpu", "big disk"] }, undefined]);
  assertEquals(
    await shown(`{"tasks": [
  {"name": "a", "output": "a", "requirements": ["gpu", ""]},
  {"name": "b", "output": "b", "requirements": "gpu"}
]}`),
    `'requirements[1]' of task 'a' must not be empty
  --> build.json:2:56
2 |   {"name": "a", "output": "a", "requirements": ["gpu", ""]},
  |                                                        ^^

'requirements' of task 'b' must be a list of strings, not a string
  --> build.json:3:48
3 |   {"name": "b", "output": "b", "requirements": "gpu"}
  |                                                ^^^^^ put it in [ ]`,
  );
});
