// A config with templates, defaults and includes in; the tasks that come of it, or every mistake where it is written, out.
import { assert, assertEquals } from "@std/assert";
import type { ConfigFile } from "../../../graph/expand/config_file.ts";
import { PATH_KEYS } from "../../../graph/expand/relocate.ts";
import { readExpanded } from "../../../graph/expand/read.ts";
import { toldOnce } from "../../../graph/expand/same_mistakes.ts";
import { TASK_KEYS } from "../../../graph/input/config_fields.ts";
import { isObject } from "../../../graph/input/config_object.ts";
import { placeFinder } from "../../../graph/input/config_places.ts";
import { renderDiagnostic, Source } from "../../../graph/input/source.ts";

type Files = Readonly<Record<string, readonly string[]>>;

/** A config whose `for_each` is a key of `files`. */
function file(value: Record<string, unknown>, files: Files = {}): ConfigFile {
  const tasks = (value.tasks ?? []) as { for_each?: string }[];
  const matches = tasks.flatMap((task, at): [number, readonly string[]][] =>
    isObject(task) && typeof task.for_each === "string" ? [[at, files[task.for_each] ?? []]] : []
  );
  return { index: 0, folder: "", value, included: [], matches: new Map(matches) };
}

function expanded(root: ConfigFile) {
  const { config, diagnostics } = readExpanded(root);
  assertEquals(diagnostics, []);
  return config!.tasks;
}

/** All mistakes of a text as they are shown. */
function shown(text: string, files: Files = {}): string {
  const { diagnostics, origins } = readExpanded(file(JSON.parse(text), files));
  const find = placeFinder(text), source = new Source("build.json", text);
  return toldOnce(diagnostics, origins).map(({ diagnostic, more }) =>
    renderDiagnostic(diagnostic, source, find) + (more === 0 ? "" : ` +${more}`)
  ).join("\n\n");
}

// S5.13
Deno.test("a template is one task for each file, each combination, or each of both", () => {
  const tasks = expanded(file({
    tasks: [
      { name: "cc:{stem}", for_each: "src/*.c", source_files: ["{path}"], output: "o/{stem}.o", command: "cc {path}" },
      { name: "r:{region}:{year}", matrix: { region: ["n", "s"], year: [1, 2] }, output: "r/{region}-{year}" },
      { name: "p:{stem}:{mode}", for_each: "*.md", matrix: { mode: ["a", "b"] }, output: "p/{name}.{mode}" },
      { name: "all", dependencies: ["cc:*", "r:s:?"], after: ["p:*:a", "r:*"], output: "all" },
    ],
  }, { "src/*.c": ["src/a.c", "src/b.c"], "*.md": ["x.md"] }));
  assertEquals(tasks.map(({ name }) => name), [
    ...["cc:a", "cc:b", "r:n:1", "r:n:2", "r:s:1", "r:s:2", "p:x:a", "p:x:b", "all"],
  ]);
  assertEquals([tasks[1].sourceFiles, tasks[1].outputs[0].path, tasks[1].action], [["src/b.c"], "o/b.o", {
    kind: "command",
    command: "cc src/b.c",
  }]);
  assertEquals(tasks[8].dependencies, ["cc:a", "cc:b", "r:s:1", "r:s:2"]);
  // What is a dependency as well is waited for already.
  assertEquals(tasks[8].after, ["p:x:a", "r:n:1", "r:n:2"]);
});

// S5.12
Deno.test("defaults hold for every task that does not say otherwise", () => {
  const [a, b, c] = expanded(file({
    defaults: { env: { A: "1", B: "${x}{y}" }, timeout: 5, retries: "flaky", grace: 1, cwd: "sub" },
    tasks: [
      { name: "a", output: "a", command: "x", env: { B: "2" }, timeout: 7, retries: 3 },
      { name: "b:{m}", matrix: { m: ["1"] }, output: "{m}", command: "x", cwd: "." },
      { name: "c", output: "c", content: "c" },
    ],
  }));
  assertEquals([a.env, a.timeoutMs, a.retries, a.retriesIfFlaky], [{ A: "1", B: "2" }, 7000, 3, undefined]);
  assertEquals([a.action, b.action], [{ kind: "command", command: "x", cwd: "sub" }, {
    kind: "command",
    command: "x",
  }]);
  // Their texts are no template's.
  assertEquals([b.env.B, b.graceMs, c.retriesIfFlaky, c.env.A], ["${x}{y}", 1000, true, "1"]);
});

// S5.13
Deno.test("included tasks come with a prefix, paths of their own folder, and their own names first", () => {
  const inner = {
    ...file({
      defaults: { env: { W: "1" } },
      tasks: [
        {
          name: "bundle:{stem}",
          for_each: "src/*.ts",
          dependencies: ["gen", "lib:make", "top"],
          source_files: ["{path}", "!src/old/**", "/etc/hosts", "../shared/x"],
          output: "dist/{stem}.js",
          command: "esbuild {path}",
          reads: ["a/*"],
        },
        { name: "gen", output: "gen", command: "x", cwd: "tools" },
        { name: "mod", module: "./m.ts", permissions: { read: ["data"], env: ["A"] }, output: "mod" },
        { name: "all", dependencies: ["bundle:*", "lib:*"], output: "all" },
      ],
    }, { "src/*.ts": ["src/a.ts"] }),
    index: 1,
    folder: "packages/web",
  };
  const lib = { ...file({ tasks: [{ name: "make", output: "o", content: "" }] }), index: 2, folder: "lib" };
  const root = {
    ...file({
      tasks: [{ name: "gen", output: "g", content: "" }, { name: "top", dependencies: ["web:*"], output: "t" }],
    }),
    included: [{ file: inner, prefix: "web:" }, { file: lib, prefix: "lib:" }],
  };
  // A circle is found like any other: 'top' needs web:*, which need 'top'.
  const circular = readExpanded(root);
  assertEquals(circular.diagnostics, []);
  const [gen, top, bundle, own, mod, all, make] = circular.config!.tasks;
  assertEquals([gen, top, bundle, own, mod, all, make].map(({ name }) => name), [
    ...["gen", "top", "web:bundle:a", "web:gen", "web:mod", "web:all", "lib:make"],
  ]);
  assertEquals(bundle.dependencies, ["web:gen", "lib:make", "top"]);
  assertEquals(bundle.sourceFiles, [
    ...["packages/web/src/a.ts", "!packages/web/src/old/**", "/etc/hosts", "packages/shared/x"],
  ]);
  assertEquals([bundle.outputs[0].path, bundle.env], ["packages/web/dist/a.js", { W: "1" }]);
  assertEquals(bundle.action, { kind: "command", command: "esbuild src/a.ts", cwd: "packages/web" });
  assertEquals(bundle.declared, { reads: ["packages/web/a/*"] });
  assertEquals(own.action, { kind: "command", command: "x", cwd: "packages/web/tools" });
  assert(mod.action.kind === "module");
  assertEquals([mod.action.module, mod.action.permissions], ["packages/web/m.ts", {
    read: ["packages/web/data"],
    env: ["A"],
  }]);
  assertEquals(all.dependencies, ["web:bundle:a", "lib:make"]);
  assertEquals([top.dependencies, gen.env], [["web:bundle:a", "web:gen", "web:mod", "web:all"], {}]);
});

// S5.13: whoever adds a key says whether it holds paths.
Deno.test("every key of a task is known to hold paths or none", () => {
  const others = [
    ...["name", "for_each", "matrix", "description", "tags", "dependencies", "after", "command", "cwd", "content"],
    ...["export", "args", "permissions", "isolate", "expected_sha256", "expected", "env", "tools", "timeout", "grace"],
    ...["retries", "difficulty", "shares", "resources", "requirements", "store"],
  ];
  const unknown = [...TASK_KEYS.keys()].filter((key) => !PATH_KEYS.has(key) && !others.includes(key));
  assertEquals(unknown, [], "see graph/expand/relocate.ts");
});

// S5.13
Deno.test("nothing is made for what tasks make: the files are those of a clean checkout", () => {
  const clean = { name: "clean:{stem}", for_each: "d/*", source_files: ["{path}"], output: "d/{stem}.clean" };
  const names = (value: Record<string, unknown>[], files: string[]) =>
    expanded(file({ tasks: value }, { "d/*": files })).map(({ name }) => name);
  // Whichever of these lie there by now.
  assertEquals(names([clean], ["d/a", "d/a.clean", "d/b"]), ["clean:a", "clean:b"]);
  const twice = { ...clean, output: "d/{name}.x" };
  assertEquals(names([twice], ["d/a", "d/a.x"]), ["clean:a"]);
  // Nobody makes the last one any more, since its maker is none.
  assertEquals(names([twice], ["d/a", "d/a.x", "d/a.x.x"]), ["clean:a", "clean:a.x"]);
  assertEquals(names([twice], ["d/a.x", "d/a.x.x"]), ["clean:a"]);
  const other = { name: "other", output: "d/other", content: "" };
  assertEquals(names([clean, other], ["d/a", "d/other"]), ["clean:a", "other"]);
  // One that makes what it reads is left, to be told of.
  const { diagnostics } = readExpanded(file({ tasks: [{ ...clean, output: "{path}" }] }, { "d/*": ["d/a"] }));
  assertEquals(diagnostics, []);
});

// S5.13
Deno.test("what an earlier build made is no file to make a task for", () => {
  const task = { name: "clean:{stem}", for_each: "d/*", source_files: ["{path}"], output: "d/{stem}.clean" };
  const asked: string[] = [];
  const { config, leftOut } = readExpanded(file({ tasks: [task] }, { "d/*": ["d/a", "d/a.clean", "d/b.clean"] }), {
    isLeftBehind: (path) => asked.push(path) > 0 && path === "d/b.clean",
  });
  assertEquals(config!.tasks.map(({ name }) => name), ["clean:a"]);
  assertEquals(leftOut, [{ task: "clean:{stem}", path: "d/b.clean" }]);
  assertEquals(asked, ["d/a", "d/b.clean"]);
});

// S5.13
Deno.test("a template that nothing is there for is checked all the same, and may be named by patterns", () => {
  const tasks = expanded(file({
    tasks: [{ name: "c:{stem}", for_each: "none", output: "{stem}" }, {
      name: "all",
      dependencies: ["c:*"],
      output: "all",
    }],
  }));
  assertEquals(tasks.map(({ name, dependencies }) => [name, dependencies]), [["all", []]]);
  assertEquals(
    shown('{"tasks": [{"name": "c:{stem}", "for_each": "none", "output": "../{stem}"}]}'),
    `'output' of task 'c:x' must lie inside the config's folder
  --> build.json:1:63
1 | {"tasks": [{"name": "c:{stem}", "for_each": "none", "output": "../{stem}"}]}
  |                                                               ^^^^^^^^^^^`,
  );
});

// S5.13
Deno.test("mistakes are shown where the template has them, once for all that is made of it", () => {
  assertEquals(
    shown(
      `{"defaults": {"timeout": 0, "name": "x"}, "tasks": [
  {"name": "c:{stem}", "for_each": "*.c", "output": "o/{stm}", "command": "\${CC} {{path}}"},
  {"name": "same", "matrix": {"a": [1, 2]}, "output": "s/{a}"},
  {"name": "d:{a}", "matrix": {"a": ["1", "1"], "": []}, "output": "d"}
]}`,
      { "*.c": ["a.c", "b.c"] },
    ),
    `'matrix.a' of task 'd:{a}' has '1' twice
  --> build.json:4:43
4 |   {"name": "d:{a}", "matrix": {"a": ["1", "1"], "": []}, "output": "d"}
  |                                           ^^^

'matrix.' of task 'd:{a}' must have a name of letters, digits, '_' and '-', as placeholders have
  --> build.json:4:49
4 |   {"name": "d:{a}", "matrix": {"a": ["1", "1"], "": []}, "output": "d"}
  |                                                 ^^

'matrix.' of task 'd:{a}' must have at least one value
  --> build.json:4:53
4 |   {"name": "d:{a}", "matrix": {"a": ["1", "1"], "": []}, "output": "d"}
  |                                                     ^^

Unknown key 'name' in 'defaults'
  --> build.json:1:29
1 | {"defaults": {"timeout": 0, "name": "x"}, "tasks": [
  |                             ^^^^^^ there are defaults for env, timeout, grace, retries, tools, cwd

'timeout' of the defaults must be a positive number of seconds, not 0
  --> build.json:1:26
1 | {"defaults": {"timeout": 0, "name": "x"}, "tasks": [
  |                          ^

Unknown placeholder '{stm}' in 'output' of task 'c:{stem}'
  --> build.json:2:53
2 |   {"name": "c:{stem}", "for_each": "*.c", "output": "o/{stm}", "command": "\${CC} {{path}}"},
  |                                                     ^^^^^^^^^ did you mean '{stem}'?

'{{path}}' in 'command' of task 'c:{stem}' would become '{path}}'
  --> build.json:2:75
2 |   {"name": "c:{stem}", "for_each": "*.c", "output": "o/{stm}", "command": "\${CC} {{path}}"},
  |                                                                           ^^^^^^^^^^^^^^^^ a placeholder stands in single braces; a '{' is written '{{', and a '}' as it is, with a blank before another

2 tasks would have the same name 'same'
  --> build.json:3:12
3 |   {"name": "same", "matrix": {"a": [1, 2]}, "output": "s/{a}"},
  |            ^^^^^^ put what they are made for into it: {a}`,
  );
  // What the tasks of a wrong template may be called is not looked up; all else is.
  assertEquals(
    shown(
      `{"tsks": 1, "tasks": [
  {"name": "c:{a}", "matrix": {"a": [1, 2]}, "output": "o/{b}"},
  {"name": "e", "dependencies": ["c:1", "c:*", "d"], "output": "e"}
]}`,
    ),
    `Unknown key 'tsks' in the build configuration
  --> build.json:1:2
1 | {"tsks": 1, "tasks": [
  |  ^^^^^^

Unknown placeholder '{b}' in 'output' of task 'c:{a}'
  --> build.json:2:56
2 |   {"name": "c:{a}", "matrix": {"a": [1, 2]}, "output": "o/{b}"},
  |                                                        ^^^^^^^ there is {a}; a brace is written '{{'

Task 'e' depends on unknown task 'd'
  --> build.json:3:48
3 |   {"name": "e", "dependencies": ["c:1", "c:*", "d"], "output": "e"}
  |                                                ^^^`,
  );
  assertEquals(
    shown(
      `{"tasks": [
  {"name": "c:{a}", "matrix": {"a": [1, 2, 3]}, "output": "o/{a}", "dependencies": ["b", "d:{a}"], "timeout": -1},
  {"name": "e", "dependencies": ["c:*", "x:*"], "output": "o/2"}
]}`,
    ),
    `'timeout' of task 'c:1' must be a positive number of seconds, not -1
  --> build.json:2:111
2 |   {"name": "c:{a}", "matrix": {"a": [1, 2, 3]}, "output": "o/{a}", "dependencies": ["b", "d:{a}"], "timeout": -1},
  |                                                                                                               ^^ +2

Duplicate output artifact 'o/2' specified by tasks 'c:2' and 'e'
  --> build.json:2:59
2 |   {"name": "c:{a}", "matrix": {"a": [1, 2, 3]}, "output": "o/{a}", "dependencies": ["b", "d:{a}"], "timeout": -1},
  |                                                           ^^^^^^^
  --> build.json:3:59
3 |   {"name": "e", "dependencies": ["c:*", "x:*"], "output": "o/2"}
  |                                                           ^^^^^

Task 'e' depends on 'x:*', which matches no task
  --> build.json:3:41
3 |   {"name": "e", "dependencies": ["c:*", "x:*"], "output": "o/2"}
  |                                         ^^^^^ did you mean 'c:*'?

Task 'c:1' depends on unknown task 'b'
  --> build.json:2:85
2 |   {"name": "c:{a}", "matrix": {"a": [1, 2, 3]}, "output": "o/{a}", "dependencies": ["b", "d:{a}"], "timeout": -1},
  |                                                                                     ^^^ +2

Task 'c:1' depends on unknown task 'd:1'
  --> build.json:2:90
2 |   {"name": "c:{a}", "matrix": {"a": [1, 2, 3]}, "output": "o/{a}", "dependencies": ["b", "d:{a}"], "timeout": -1},
  |                                                                                          ^^^^^^^ +2`,
  );
});

// S5.13, S0.10
Deno.test("a circle through a pattern is shown at the pattern", () => {
  const value = {
    tasks: [{ name: "c:{a}", matrix: { a: [1] }, output: "{a}", timeout: 0, dependencies: ["all"] }, {
      name: "all",
      after: ["c:*"],
      output: "all",
    }],
  };
  const { diagnostics, origins } = readExpanded(file(value));
  const cycle = diagnostics.at(-1)!;
  assertEquals(cycle.message, "Circular dependency detected: c:1 → all → c:1");
  assertEquals(cycle.places.map((place) => origins.place(place)), [
    { path: ["tasks", 1, "after", 0], of: "value", file: 0 },
  ]);
});

// S5.13
Deno.test("100 000 tasks of one template, each named by a pattern of its own, come of it without a square of them", () => {
  const files = Array.from({ length: 50_000 }, (_, at) => `src/f${at}.c`);
  const tasks = expanded(file({
    tasks: [
      { name: "cc:{stem}:o", for_each: "src/*.c", source_files: ["{path}"], output: "o/{stem}.o" },
      { name: "ld:{stem}", for_each: "src/*.c", dependencies: ["cc:{stem}:*", "*:{stem}:o"], output: "o/{stem}" },
      { name: "all", dependencies: ["ld:*"], output: "all" },
    ],
  }, { "src/*.c": files }));
  assertEquals(tasks.length, 100_001);
  assertEquals(tasks[99_999].dependencies, ["cc:f49999:o"]);
  assertEquals(tasks[100_000].dependencies.length, 50_000);
});
