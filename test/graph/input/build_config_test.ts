// The build config: text in, tasks or every diagnostic out, word for word.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseBuildConfig } from "../../../graph/input/build_config.ts";
import { good, inTask, messages, shown } from "./configs.ts";

Deno.test("parseBuildConfig() reads every field", async () => {
  const digest = "ABCDEF0123456789".repeat(4);
  const config = await good(`{
    // comments are welcome
    "$schema": "./schema.json",
    "num_workers": 4,
    "tasks": [
      { "name": "gen", "output_artifact": "./build//gen.h", "content": "" },
      {
        "name": "compile", "dependencies": ["gen"], "source_files": ["./src/a.c", "include/**/*.h"],
        "output_artifact": "build/a.o", "command": "cc", "expected_sha256": "${digest}",
        "env": {"CFLAGS": "-O2"}, "timeout": 1.5, "grace": 0.25, "retries": 2,
      },
      { "name": "all", "dependencies": ["compile"], "output": "build/all" },
    ],
  }`);
  assertEquals(config.numWorkers, 4);
  const [gen, compile, all] = config.tasks;
  assertEquals(gen.action, { kind: "content", content: "" });
  assertEquals(gen.outputs, [{ path: "build/gen.h", kind: "file" }]);
  assertEquals(compile, {
    name: "compile",
    action: { kind: "command", command: "cc" },
    dependencies: ["gen"],
    sourceFiles: ["src/a.c", "include/**/*.h"],
    outputs: [{ path: "build/a.o", kind: "file" }],
    expected: { "build/a.o": digest.toLowerCase() },
    env: { CFLAGS: "-O2" },
    timeoutMs: 1500,
    graceMs: 250, // K29
    retries: 2,
  });
  // S0.65
  assertEquals(all.outputs[0].path, "build/all");
  assertEquals(all.action, { kind: "concatenate" });
  assertEquals([all.env, all.retries, all.timeoutMs, all.sourceFiles], [{}, 0, undefined, []]);
});

Deno.test("parseBuildConfig() folds dependencies named twice", async () => {
  const many = Array.from({ length: 40 }, (_, i) => `t${i % 20}`);
  const tasks = [...new Set(many)].map((name) => ({ name, output: name }));
  const config = await good(JSON.stringify({
    tasks: [...tasks, { name: "few", output: "few", dependencies: ["t1", "t0", "t1"] }, {
      name: "many",
      output: "many",
      dependencies: many,
    }],
  }));
  assertEquals(config.tasks.at(-2)!.dependencies, ["t1", "t0"]);
  assertEquals(config.tasks.at(-1)!.dependencies, [...new Set(many)]);
});

Deno.test("parseBuildConfig() keeps timeouts within what a timer can hold", async () => {
  const timeouts = async (timeout: number) =>
    (await good(JSON.stringify({ tasks: [{ name: "a", output: "a", timeout }] }))).tasks[0].timeoutMs;
  assertEquals(await timeouts(1e300), 2 ** 31 - 1);
  assertEquals(await timeouts(1e-9), 1);
  assertEquals(await timeouts(1.1), 1100);
});

// S0.3
Deno.test("parseBuildConfig() tells where JSON is malformed", async () => {
  assertEquals(
    await shown('{\n  "tasks" [\n'),
    `Invalid JSON at line 2, column 11: Expected ':' after property name in JSON
  --> build.json:2:11
2 |   "tasks" [
  |           ^`,
  );
  assertEquals(await messages(""), ["Invalid JSON at line 1, column 1: Unexpected end of JSON input"]);
});

// S0.5
Deno.test("parseBuildConfig() names the task without an output", async () => {
  assertEquals(
    await shown(`{"tasks": [
  {"name": "compile", "command": "cc"}
]}`),
    `Task 'compile' must specify output_artifact
  --> build.json:2:12
2 |   {"name": "compile", "command": "cc"}
  |            ^^^^^^^^^ add "output_artifact": the file this task makes; a check that makes nothing says "outputs": []`,
  );
  assertEquals(await messages({ tasks: [{}] }), ["Task 1 must have a name", "Task 1 must specify output_artifact"]);
});

// S0.6
Deno.test("parseBuildConfig() names both tasks with one output, the first declared first", async () => {
  assertEquals(
    await shown(`{"tasks": [
  {"name": "one", "output_artifact": "build/x"},
  {"name": "two", "output": "./build/x"}
]}`),
    `Duplicate output artifact 'build/x' specified by tasks 'one' and 'two'
  --> build.json:2:38
2 |   {"name": "one", "output_artifact": "build/x"},
  |                                      ^^^^^^^^^
  --> build.json:3:29
3 |   {"name": "two", "output": "./build/x"}
  |                             ^^^^^^^^^^^`,
  );
});

Deno.test("parseBuildConfig() refuses an output inside another, at any depth and in either order", async () => {
  const tasks = [{ name: "deep", output: "a/b/c/d" }, { name: "flat", output: "a/b" }, {
    name: "near",
    output: "a/bc",
  }];
  assertEquals(await messages({ tasks }), [
    "Output artifact 'a/b/c/d' of task 'deep' lies inside output artifact 'a/b' of task 'flat'",
  ]);
});

Deno.test("parseBuildConfig() refuses a name used twice", async () => {
  assertEquals(
    await shown(`{"tasks": [
  {"name": "a", "output": "x"},
  {"name": "a", "output": "y"}
]}`),
    `Duplicate task name 'a'
  --> build.json:2:12
2 |   {"name": "a", "output": "x"},
  |            ^^^
  --> build.json:3:12
3 |   {"name": "a", "output": "y"}
  |            ^^^ names must be unique`,
  );
});

Deno.test("parseBuildConfig() guesses what an unknown key was meant to be", async () => {
  assertEquals(
    await shown(`{"task": [], "tasks": [
  {"name": "a", "output": "a", "depencencies": []}
]}`),
    `Unknown key 'task' in the build configuration
  --> build.json:1:2
1 | {"task": [], "tasks": [
  |  ^^^^^^

Unknown key 'depencencies' in task 'a'
  --> build.json:2:32
2 |   {"name": "a", "output": "a", "depencencies": []}
  |                                ^^^^^^^^^^^^^^ did you mean 'dependencies'?`,
  );
  assertStringIncludes(await shown('{"numworkers": 1, "tasks": [{}]}'), "did you mean 'num_workers'?");
  assertEquals(await inTask({ modul: "./gen.ts" }), ["Unknown key 'modul' in task 'a'"]);
});

// K37
Deno.test("parseBuildConfig() knows what other tools call the keys of a task", async () => {
  const hint = async (key: string) => {
    const { diagnostics } = await parseBuildConfig(
      `{"tasks": [{"name": "a", "output": "a", ${JSON.stringify(key)}: []}]}`,
    );
    return diagnostics[0].hint;
  };
  const ours: Record<string, string[]> = {
    source_files: ["inputs", "sources", "srcs"],
    outputs: ["outs"],
    dependencies: ["deps", "dependsOn", "depends_on", "needs"],
    command: ["cmd", "run", "script"],
    description: ["desc", "summary", "help"],
  };
  for (const [key, words] of Object.entries(ours)) {
    for (const word of words) assertEquals(await hint(word), `did you mean '${key}'?`, word);
  }
  // Of these there is no list.
  for (const word of ["dir", "workdir"]) assertEquals(await hint(word), "did you mean 'cwd'?");
  assertStringIncludes((await hint("cache"))!, "--force");
  assertStringIncludes((await hint("shell"))!, "/bin/sh");
});

Deno.test("parseBuildConfig() reports wrong values of each field, word for word", async () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ name: 7 }, "'name' of task 1 must be a string, not 7"],
    [{ name: null }, "'name' of task 1 must be a string, not null"],
    [{ name: "" }, "'name' of task 1 must not be empty"],
    [{ name: "a\nb" }, "'name' of task 'a\\nb' must not contain control characters"],
    [{ description: ["a"] }, "'description' of task 'a' must be a string, not a list"],
    [{ dependencies: "b" }, "'dependencies' of task 'a' must be a list of strings, not a string"],
    [{ dependencies: [[]] }, "'dependencies[0]' of task 'a' must be a string, not a list"],
    [{ source_files: {} }, "'source_files' of task 'a' must be a list of strings, not an object"],
    [{ source_files: ["x", false] }, "'source_files[1]' of task 'a' must be a string, not false"],
    [{ source_files: [""] }, "'source_files[0]' of task 'a' must not be empty"],
    [{ source_files: ["a\tb"] }, "'source_files[0]' of task 'a' must not contain control characters"],
    [{ output_artifact: 1 }, "'output_artifact' of task 'a' must be a string, not 1"],
    [{ output_artifact: null }, "'output_artifact' of task 'a' must be a string, not null"],
    [{ output_artifact: "" }, "'output_artifact' of task 'a' must not be empty"],
    [{ output_artifact: "/x" }, "'output_artifact' of task 'a' must be relative to the config's folder"],
    [{ output_artifact: "a/../../x" }, "'output_artifact' of task 'a' must lie inside the config's folder"],
    [{ output_artifact: "." }, "'output_artifact' of task 'a' must be a file, not the config's folder itself"],
    [{ output_artifact: "out/" }, "'output_artifact' of task 'a' must be a file, not a folder"],
    [
      { output_artifact: ".build_cache.json" },
      "'output_artifact' of task 'a' must not be a file that troupe keeps there itself",
    ],
    [
      { output_artifact: "x.tmp.1.2" },
      "'output_artifact' of task 'a' must not look like a temporary file of troupe's",
    ],
    [{ output: "x" }, "Task 'a' specifies both 'output' and 'output_artifact'"],
    [{ command: "x", content: "y" }, "Task 'a' specifies both 'command' and 'content'"],
    [{ command: ["cc"] }, "'command' of task 'a' must be a string, not a list"],
    [{ command: "" }, "'command' of task 'a' must not be empty"],
    [{ command: "a\0" }, "'command' of task 'a' must not contain NUL"],
    [{ command: "a\ud800" }, "'command' of task 'a' must not contain half of a surrogate pair"],
    [{ content: "a\udc00" }, "'content' of task 'a' must not contain half of a surrogate pair"],
    [{ env: { A: "\ud800" } }, "'env.A' of task 'a' must not contain half of a surrogate pair"],
    [{ content: 5 }, "'content' of task 'a' must be a string, not 5"],
    [{ expected_sha256: 5 }, "'expected_sha256' of task 'a' must be 64 hexadecimal digits, not 5"],
    [{ expected_sha256: "abc" }, "'expected_sha256' of task 'a' must be 64 hexadecimal digits"],
    [{ env: [] }, "'env' of task 'a' must be an object, not a list"],
    [{ env: { A: 1 } }, "'env.A' of task 'a' must be a string, not 1"],
    [{ env: { A: "\0" } }, "'env.A' of task 'a' must not contain NUL"],
    [{ env: { "A=B": "" } }, "Environment name 'A=B' of task 'a' must not be empty or contain '=' or NUL"],
    [{ env: { "": "" } }, "Environment name '' of task 'a' must not be empty or contain '=' or NUL"],
    [{ env: { OUT: "" } }, "Environment name 'OUT' of task 'a' is set by troupe"],
    [{ timeout: 0 }, "'timeout' of task 'a' must be a positive number of seconds, not 0"],
    [{ grace: -1 }, "'grace' of task 'a' must be a number of seconds, not -1"],
    [{ grace: "5" }, "'grace' of task 'a' must be a number of seconds, not a string"],
    [{ timeout: "5" }, "'timeout' of task 'a' must be a positive number of seconds, not a string"],
    [{ retries: -1 }, "'retries' of task 'a' must be an integer from 0 to 1000, or \"flaky\", not -1"],
    [{ retries: 1.5 }, "'retries' of task 'a' must be an integer from 0 to 1000, or \"flaky\", not 1.5"],
    [{ retries: "flakey" }, "'retries' of task 'a' must be an integer from 0 to 1000, or \"flaky\", not 'flakey'"],
    [{ retries: "" }, "'retries' of task 'a' must be an integer from 0 to 1000, or \"flaky\", not an empty string"],
    [{ reads: "x" }, "'reads' of task 'a' must be a list of strings, not a string"],
    [{ reads: ["x", ""] }, "'reads[1]' of task 'a' must not be empty"],
    [{ writes: [7] }, "'writes[0]' of task 'a' must be a string, not 7"],
    [{ files_affected: ["a\nb"] }, "'files_affected[0]' of task 'a' must not contain control characters"],
    [{ writes: [], files_affected: [] }, "Task 'a' specifies both 'writes' and 'files_affected'"],
    [{ difficulty: 11 }, "'difficulty' of task 'a' must be an integer from 1 to 10, not 11"],
    [{ difficulty: "3" }, "'difficulty' of task 'a' must be an integer from 1 to 10, not a string"],
    [{ shares: "x" }, "'shares' of task 'a' must be a list of strings, not a string"],
    [{ shares: [""] }, "'shares[0]' of task 'a' must not be empty"],
    [{ resources: ["gpu"] }, "'resources' of task 'a' must be an object, not a list"],
    [{ resources: { gpu: 0 } }, "'resources.gpu' of task 'a' must be a positive number, not 0"],
    [{ resources: { "": 1 } }, "A name in 'resources' of task 'a' must not be empty"],
  ];
  for (const [fields, message] of cases) assertEquals(await inTask(fields), [message]);
});

Deno.test("parseBuildConfig() reports wrong values of the config itself, word for word", async () => {
  const tasks = [{ name: "a", output: "a" }];
  const cases: [unknown, string][] = [
    [[], "The build configuration must be an object, not a list"],
    ["null", "The build configuration must be an object, not null"],
    [{}, "The build configuration must have a list of tasks"],
    [{ tasks: [] }, "The build configuration has no tasks"],
    [{ tasks: {} }, "'tasks' must be a list, not an object"],
    [{ tasks: [...tasks, "b"] }, "Task 2 must be an object, not a string"],
    [{ tasks, num_workers: 0 }, "'num_workers' must be an integer from 1 to 1024, not 0"],
    [{ tasks, num_workers: 1025 }, "'num_workers' must be an integer from 1 to 1024, not 1025"],
    [{ tasks, num_workers: "8" }, "'num_workers' must be an integer from 1 to 1024, not a string"],
    [{ tasks, store_limit: "10XB" }, "'store_limit' must be a number of bytes, or a size such as \"5GB\", not '10XB'"],
    [{ tasks, remote: { url: "ftp://x" } }, "'remote.url' must be an http or https address, not 'ftp://x'"],
    [{ tasks, remote: { url: 7 } }, "'remote.url' must be an http or https address, not 7"],
    [{ tasks, remote: { url: "http://x", write: true } }, "Unknown key 'write' in 'remote'"],
    [{ tasks, $schema: 1 }, "'$schema' must be a string, not 1"],
    [{ tasks, resource_limits: 2 }, "'resource_limits' must be an object, not 2"],
    [{ tasks, resource_limits: { gpu: -1 } }, "'resource_limits.gpu' must be a positive number, not -1"],
    [{ tasks, resource_limits: { "a\n": 1 } }, "A name in 'resource_limits' must not contain control characters"],
  ];
  for (const [config, message] of cases) assertEquals(await messages(config), [message]);
});

Deno.test("parseBuildConfig() reports all diagnostics at once, those of the graph included", async () => {
  assertEquals(
    await messages({
      num_workers: 0,
      tasks: [
        { name: "a", output: "x", dependencies: ["b"] },
        { name: "b", output: "x", dependencies: ["a"] },
        { name: "c", dependencies: ["aa"] },
      ],
    }),
    [
      "'num_workers' must be an integer from 1 to 1024, not 0",
      "Task 'c' must specify output_artifact",
      "Duplicate output artifact 'x' specified by tasks 'a' and 'b'",
      "Task 'c' depends on unknown task 'aa'",
      "Circular dependency detected: a → b → a",
    ],
  );
});

Deno.test("parseBuildConfig() does not blame the dependents of a task whose name it could not read", async () => {
  assertEquals(
    await messages({ tasks: [{ nam: "a", output: "a" }, { name: "b", output: "b", dependencies: ["a"] }] }),
    [
      "Unknown key 'nam' in task 1",
      "Task 1 must have a name",
    ],
  );
});

Deno.test("parseBuildConfig() treats hostile keys and names as any other", async () => {
  assertEquals(await messages('{"__proto__": {"tasks": []}, "tasks": [{"name": "a", "output": "a"}]}'), [
    "Unknown key '__proto__' in the build configuration",
  ]);
  assertEquals(await messages('{"tasks": [{"name": "a", "__proto__": {"output": "a"}}]}'), [
    "Unknown key '__proto__' in task 'a'",
    "Task 'a' must specify output_artifact",
  ]);
  const config = await good(`{"tasks": [
    {"name": "__proto__", "output": "__proto__", "env": {"__proto__": "1"}},
    {"name": "constructor", "output": "constructor", "dependencies": ["__proto__"]}
  ]}`);
  assertEquals(Object.entries(config.tasks[0].env), [["__proto__", "1"]]);
});

// K112
Deno.test("parseBuildConfig() refuses an output that no file can be called", async () => {
  assertEquals(await messages(`{"tasks": [{"name": "a", "output": "o/${"y".repeat(300)}", "content": ""}]}`), [
    "'output' of task 'a' must have a file name of at most 229 bytes, not 300",
  ]);
});

// S5.1
Deno.test("parseBuildConfig() takes an output whose brackets are all escaped for one name, wherever that leads", async () => {
  const outputs = ["o/\\[a\\].js", "\\{d\\}/", "g/\\[*", "\\!n", "b\\k"];
  const { tasks: [task] } = await good(JSON.stringify({ tasks: [{ name: "a", outputs, command: "c" }] }));
  assertEquals(task.outputs, [
    { path: "o/[a].js", kind: "path" },
    { path: "{d}", kind: "folder" },
    { path: "g/\\[*", kind: "glob" },
    { path: "!n", kind: "path" },
    { path: "b\\k", kind: "path" },
  ]);
  assertEquals(await inTask({ output_artifact: undefined, command: "c", outputs: ["\\.\\./\\[x", "[d]/"] }), [
    "'outputs[0]' of task 'a' must lie inside the config's folder",
    "'outputs[1]' of task 'a' must not be a glob of folders: name the folder",
  ]);
});
