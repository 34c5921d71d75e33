// What tasks that call a module's function may say: text in, actions or every diagnostic out, word for word.
import { assertEquals } from "@std/assert";
import { parseBuildConfig } from "../../../graph/input/build_config.ts";
import { good, inTask, shown } from "./configs.ts";

Deno.test("parseBuildConfig() reads a call with its function, its arguments and its rights", async () => {
  const { tasks } = await good(`{"tasks": [
    {"name": "a", "output": "a", "module": "./tasks/../gen.ts"},
    {"name": "b", "output": "b", "module": "gen.ts", "export": "page", "args": {"n": [1, null]},
     "permissions": {"read": ["data"], "net": true, "env": []}},
    {"name": "c", "output": "c", "module": "../tools/gen.js", "args": null, "permissions": {}},
    {"name": "d", "output": "d", "module": "gen.ts", "isolate": "process"},
    {"name": "e", "output": "e", "module": "gen.ts", "isolate": "thread"}
  ]}`);
  assertEquals(tasks.map(({ action }) => action), [
    { kind: "module", module: "gen.ts", export: "default", args: {} },
    {
      kind: "module",
      module: "gen.ts",
      export: "page",
      args: { n: [1, null] },
      permissions: { read: ["data"], net: true, env: [] },
    },
    { kind: "module", module: "../tools/gen.js", export: "default", args: null },
    { kind: "module", module: "gen.ts", export: "default", args: {}, isolate: "process" },
    { kind: "module", module: "gen.ts", export: "default", args: {} },
  ]);
});

Deno.test("parseBuildConfig() refuses a module beside another action, and what only a module has without one", async () => {
  assertEquals(
    await shown(`{"tasks": [
  {"name": "a", "output": "a", "module": "gen.ts", "command": "true"},
  {"name": "b", "output": "b", "content": "", "export": "page"},
  {"name": "c", "output": "c", "permissions": {"net": true}}
]}`),
    `Task 'a' specifies both 'module' and 'command'
  --> build.json:2:32
2 |   {"name": "a", "output": "a", "module": "gen.ts", "command": "true"},
  |                                ^^^^^^^^
  --> build.json:2:52
2 |   {"name": "a", "output": "a", "module": "gen.ts", "command": "true"},
  |                                                    ^^^^^^^^^ keep one of them

Task 'b' specifies 'export' but no 'module'
  --> build.json:3:47
3 |   {"name": "b", "output": "b", "content": "", "export": "page"},
  |                                               ^^^^^^^^ add "module": the file whose function makes the artifact

Task 'c' specifies 'permissions' but no 'module'
  --> build.json:4:32
4 |   {"name": "c", "output": "c", "permissions": {"net": true}}
  |                                ^^^^^^^^^^^^^ add "module": the file whose function makes the artifact`,
  );
});

Deno.test("parseBuildConfig() refuses a module, a function or rights of the wrong kind", async () => {
  for (
    const [fields, ...sentences] of [
      [{ module: 1 }, "'module' of task 'a' must be a path, not 1"],
      [{ module: "" }, "'module' of task 'a' must not be empty"],
      [{ module: "a\n.ts" }, "'module' of task 'a' must not contain control characters"],
      [{ module: "g.ts", export: 1 }, "'export' of task 'a' must be the name of a function, not 1"],
      [{ module: "g.ts", export: "" }, "'export' of task 'a' must not be empty"],
      [{ module: "g.ts", permissions: true }, "'permissions' of task 'a' must be an object, not true"],
      [
        { module: "g.ts", permissions: { net: "example.org", env: [""], run: false } },
        "'permissions.net' of task 'a' must be true or a list of strings that are not empty, not a string",
        "'permissions.env' of task 'a' must be true or a list of strings that are not empty, not a list",
        "'permissions.run' of task 'a' must be true or a list of strings that are not empty, not false",
      ],
      [{ module: "g.ts", isolate: "proces" }, "'isolate' of task 'a' must be 'thread' or 'process', not 'proces'"],
      [{ module: "g.ts", isolate: true }, "'isolate' of task 'a' must be 'thread' or 'process', not true"],
    ] as [Record<string, unknown>, ...string[]][]
  ) assertEquals(await inTask(fields), sentences);
});

Deno.test("parseBuildConfig() asks whether a misspelt right was meant, at its place", async () => {
  assertEquals(
    await shown(`{"tasks": [{"name": "a", "output": "a", "module": "g.ts", "permissions": {"nett": true}}]}`),
    `Unknown key 'nett' in task 'a'
  --> build.json:1:75
1 | {"tasks": [{"name": "a", "output": "a", "module": "g.ts", "permissions": {"nett": true}}]}
  |                                                                           ^^^^^^ did you mean 'net'?`,
  );
});

// K120
Deno.test("parseBuildConfig() refuses arguments that nobody could take apart, however they are nested", async () => {
  const config = (args: string) => `{"tasks": [{"name": "a", "output": "a", "module": "a.ts", "args": ${args}}]}`;
  const nested = (levels: number, [open, close]: [string, string]) => open.repeat(levels) + "0" + close.repeat(levels);
  assertEquals((await good(config(nested(1000, ["[", "]"])))).tasks.length, 1);
  for (const brackets of [["[", "]"], ['[0, {"a": ', "}]"]] as [string, string][]) {
    assertEquals(
      (await parseBuildConfig(config(nested(9000, brackets)))).diagnostics.map(({ message }) => message),
      ["'args' of task 'a' must not be nested more than 1000 levels deep"],
    );
  }
});
