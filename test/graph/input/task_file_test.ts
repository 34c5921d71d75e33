// The task file: text in, shell tasks or every diagnostic out, word for word.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import fc from "fast-check";
import { renderDiagnostic, Source } from "../../../graph/input/source.ts";
import { parseTaskFile, type ShellTask } from "../../../graph/input/task_file.ts";
import { rounds, seedFor } from "../../random.ts";

const FIXTURES = fromFileUrl(new URL("../../../fixtures/tasks", import.meta.url));

function good(text: string): ShellTask[] {
  const { tasks, diagnostics } = parseTaskFile(text);
  assertEquals(diagnostics, []);
  assert(tasks);
  return tasks;
}

/** The one task of a line. */
function task(line: string): ShellTask {
  const [only, ...others] = good(line);
  assertEquals(others, []);
  return only;
}

function messages(text: string): string[] {
  const { tasks, diagnostics } = parseTaskFile(text);
  assertEquals(tasks, undefined);
  return diagnostics.map((diagnostic) => diagnostic.message);
}

/** All diagnostics as they are shown. */
function shown(text: string, name = "tasks.txt"): string {
  const source = new Source(name, text);
  return parseTaskFile(text).diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, source)).join("\n\n");
}

// S2.1
Deno.test("parseTaskFile() reads comments, blank lines, commands and suffixes", () => {
  const tasks = good(`# comment
  # indented comment: not a task

fetch: npm ci
  lint : npm run lint [after:fetch]
build_2: make -j4 [after: fetch , lint,fetch ][ timeout : 1.5 ] [grace:0] [retries:2] [after:lint]
`);
  const none = { dependencies: [], timeoutMs: undefined, graceMs: undefined, retries: 0 };
  assertEquals(tasks, [
    { ...none, name: "fetch", command: "npm ci" },
    { ...none, name: "lint", command: "npm run lint", dependencies: ["fetch"] },
    { name: "build_2", command: "make -j4", dependencies: ["fetch", "lint"], timeoutMs: 1500, graceMs: 0, retries: 2 },
  ]);
});

// S2.1
Deno.test("parseTaskFile() reads any line ends and a byte order mark", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = ["\ufeffa: echo a", "", "# c", "b: echo b [after:a]"].join(end);
    assertEquals(good(text).map(({ name, command }) => [name, command]), [["a", "echo a"], ["b", "echo b"]]);
    assertEquals(good(text + end).length, 2);
    assertEquals(messages(`${text}${end}c`), ["Syntax error at line 5: Expected 'task_name: command'"]);
  }
});

// S2.4
Deno.test("parseTaskFile() leaves everything in a command that is no suffix", () => {
  const commands = [
    "[ -f x ] && echo [ok]",
    "curl http://localhost:8080/#top",
    "echo 'a: b' # c",
    "echo [after] [x:y] [afters:a] [After:a]",
    "echo [after:a] && echo b",
    "echo [after:a] [ok]",
    'echo "[after:a]"',
    "echo [timeout:3] ]",
    "echo [[after:a]]",
    "[[ $a == [ab] ]]",
    "]",
    "echo []",
    "echo :",
  ];
  for (const command of commands) {
    const read = task(`test: ${command}`);
    assertEquals([read.command, read.dependencies, read.timeoutMs], [command, [], undefined]);
  }
  assertEquals(task("test: echo [ok] [retries:1]").command, "echo [ok]");
});

// S1.5
Deno.test("parseTaskFile() reads what tasks declare for the gates", () => {
  const declared = (suffixes: string) => task(`a: b ${suffixes}`).declared;
  assertEquals(declared("[writes: log/x.txt , ./out//*.o] [reads:a] [reads:../b]"), {
    reads: ["a", "../b"],
    writes: ["log/x.txt", "out/*.o"],
  });
  assertEquals(declared("[resource:gpu, memory=2.5] [resource: gpu = 2]"), { resources: { gpu: 3, memory: 2.5 } });
  assertEquals(declared("[resource:__proto__]"), { resources: { ["__proto__"]: 1 } });
  assertEquals(Object.hasOwn(task("a: b [retries:1]"), "declared"), false);
});

Deno.test("parseTaskFile() keeps timeouts within what a timer can hold", () => {
  const timeout = (value: string) => task(`a: b [timeout:${value}]`).timeoutMs;
  assertEquals(["0.25", "90", ".5", "3.", "0.00001", "99999999999"].map(timeout), [
    250,
    90_000,
    500,
    3000,
    1,
    2 ** 31 - 1,
  ]);
});

// S2.2
Deno.test("parseTaskFile() refuses names and suffixes that are none, with the number of the line", () => {
  const at = "Syntax error at line 1: ";
  const cases: [string, string][] = [
    ["npm run lint", "Expected 'task_name: command'"],
    [": x", "Expected a task name before ':'"],
    ["a b: x", "Task name 'a b' must hold only letters, digits and underscores"],
    ["é: x", "Task name 'é' must hold only letters, digits and underscores"],
    ["a:", "Task 'a' has no command"],
    ["a: x\0y", "A command must not contain NUL"],
    ["a: x [after:,a2]\na2: y", "'[after:…]' must list task names, but a value is missing"],
    ["a: x [timeout:]", "'[timeout:…]' must be a positive number of seconds, but a value is missing"],
    ["a: x [timeout:abc]", "'[timeout:…]' must be a positive number of seconds, not 'abc'"],
    ["a: x [timeout:0]", "'[timeout:…]' must be a positive number of seconds, not '0'"],
    ["a: x [timeout:.]", "'[timeout:…]' must be a positive number of seconds, not '.'"],
    ["a: x [grace:-1]", "'[grace:…]' must be a number of seconds, not '-1'"],
    ["a: x [grace:]", "'[grace:…]' must be a number of seconds, but a value is missing"],
    ["a: x [timeout:1e9]", "'[timeout:…]' must be a positive number of seconds, not '1e9'"],
    ["a: x [retries:1001]", "'[retries:…]' must be a whole number from 0 to 1000, or 'flaky', not '1001'"],
    ["a: x [retries:1.5]", "'[retries:…]' must be a whole number from 0 to 1000, or 'flaky', not '1.5'"],
    ["a: x [retries:1] [retries:1]", "'[retries:…]' is given twice"],
    ["a: x [writes:]", "'[writes:…]' must list files or globs, but a value is missing"],
    ["a: x [reads:b,,c]", "'[reads:…]' must list files or globs, but a value is missing"],
    ["a: x [resource:gpu=0]", "'[resource:…]' must list resources, each a name or name=amount, not 'gpu=0'"],
    ["a: x [resource:=2]", "'[resource:…]' must list resources, each a name or name=amount, not '=2'"],
    [`${"a-".repeat(50)}: x`, `Task name '${"a-".repeat(29)}a…' must hold only letters, digits and underscores`],
  ];
  for (const [line, what] of cases) assertEquals(messages(line), [at + what]);
  assertEquals(task("a: x [retries:1000] [timeout:0.1]").retries, 1000);
});

// S2.2
Deno.test("parseTaskFile() says of what looks like more of a line that a task is one", () => {
  for (const text of ["a: x \\\n&& y", "a: x\n\ty", "a: x\n  y"]) {
    assertStringIncludes(shown(text), "a task is one line, command included");
  }
  assertStringIncludes(shown("a: x\n\ny"), "a comment begins with '#'");
});

// S2.2
Deno.test("parseTaskFile() says how names are written that are nearly right in [after:…]", () => {
  assertStringIncludes(shown("unit_a: x\nb: y [after:unit-a]"), "did you mean 'unit_a'?");
  assertStringIncludes(shown("a: x\nb: y\nc: z [after:a b]"), "commas stand between names");
});

// S2.3
Deno.test("parseTaskFile() does not complain about dependencies on a line it cannot read", () => {
  assertEquals(messages("run-it: x\nlint x\nb: y [after:run_it,lint,gone]"), [
    "Syntax error at line 1: Task name 'run-it' must hold only letters, digits and underscores",
    "Syntax error at line 2: Expected 'task_name: command'",
    "Task 'b' depends on unknown task 'gone'",
  ]);
});

// S2.3
Deno.test("parseTaskFile() points at the first mention of a dependency in several lists", () => {
  assertEquals(
    shown("assets: x\nsite: y [after: assets, asets] [retries:1] [after:asets]"),
    `Task 'site' depends on unknown task 'asets'
  --> tasks.txt:2:25
2 | site: y [after: assets, asets] [retries:1] [after:asets]
  |                         ^^^^^ did you mean 'assets'?`,
  );
});

// S2.2, S2.3
Deno.test("parseTaskFile() tells each diagnostic of fixtures/tasks/errors as written beside it", () => {
  const files = [...Deno.readDirSync(`${FIXTURES}/errors`)].filter((entry) => entry.isFile);
  assert(files.length > 0);
  for (const { name } of files) {
    const text = Deno.readTextFileSync(`${FIXTURES}/errors/${name}`);
    assertEquals(`${shown(text, name)}\n`, Deno.readTextFileSync(`${FIXTURES}/errors/expected/${name}`));
  }
});

Deno.test("parseTaskFile() reads the other files of fixtures/tasks", () => {
  const read = (name: string) => good(Deno.readTextFileSync(`${FIXTURES}/${name}.txt`));
  const shape = Object.fromEntries(read("pipeline").map((task) => [task.name, task.dependencies]));
  assertEquals(shape, {
    fetch: [],
    lint: ["fetch"],
    typecheck: ["fetch"],
    unit_tests: ["lint", "typecheck"],
    build: ["lint", "typecheck"],
    integration: ["unit_tests", "build"],
  });
  assertEquals(["failing", "slow", "noisy"].map((name) => read(name).length), [6, 3, 3]);
  assertEquals(read("slow")[1].timeoutMs, 300);
});

Deno.test("parseTaskFile() never throws, and gives either tasks or diagnostics with places in the text", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 3 }),
    fc.constantFrom(
      "a",
      "b_1",
      ":",
      ": ",
      " ",
      "\t",
      "\n",
      "\r\n",
      "\r",
      "#",
      "[",
      "]",
      ",",
      "\ufeff",
      "\0",
      "__proto__",
    ),
    fc.constantFrom(
      "[after:",
      "[timeout:",
      "[retries:",
      "[after:a]",
      "[timeout:1]",
      "[writes:",
      "[resource:a=",
      "a: x [after:b_1]\n",
      "b_1: y\n",
    ),
  );
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(text, (text) => {
      const { tasks, diagnostics } = parseTaskFile(text);
      assertEquals(tasks === undefined, diagnostics.length > 0);
      const source = new Source("tasks.txt", text);
      for (const diagnostic of diagnostics) {
        assert(diagnostic.places.every((place) => "start" in place && place.start >= 0 && place.start <= text.length));
        const line = /^Syntax error at line (\d+): /.exec(diagnostic.message)?.[1];
        const place = diagnostic.places.at(-1)!;
        if (line && "start" in place) assertEquals(source.position(place.start).line, Number(line));
        renderDiagnostic(diagnostic, source);
      }
    }),
    { seed: seedFor("parseTaskFile"), numRuns: rounds(2000) },
  );
});

Deno.test("parseTaskFile() reads back every task that can be written", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_]{1,8}$/);
  // What ends like a suffix cannot be a command; quotes around it make it one.
  const command = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 })
    .map((text) => text.replace(/[\0\r\n\ufeff]/g, "").trim())
    .filter((text) =>
      text !== "" && !/\[\s*(after|timeout|grace|retries|reads|writes|resource)\s*:[^[\]]*\]$/.test(text)
    );
  const tasks = fc.uniqueArray(name, { minLength: 1, maxLength: 8 }).chain((names) =>
    fc.tuple(...names.map((name, at) =>
      fc.record({
        name: fc.constant(name),
        command,
        dependencies: fc.subarray(names.slice(0, at)),
        timeoutMs: fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined }),
        graceMs: fc.option(fc.integer({ min: 0, max: 1e6 }), { nil: undefined }),
        retries: fc.integer({ min: 0, max: 1000 }),
      })
    ))
  );
  const style = fc.record({ end: fc.constantFrom("\n", "\r\n"), blank: fc.constantFrom("", " ", "\t ") });
  fc.assert(
    fc.property(tasks, style, (tasks, style) => assertEquals(good(written(tasks, style)), tasks)),
    { seed: seedFor("written"), numRuns: rounds(500) },
  );
});

/** The text of tasks. */
function written(tasks: readonly ShellTask[], { end, blank }: { end: string; blank: string }): string {
  return tasks.map(({ name, command, dependencies, timeoutMs, graceMs, retries }) => {
    const suffixes = [
      ...(retries > 0 ? [`[retries:${blank}${retries}]`] : []),
      ...(dependencies.length > 0 ? [`[${blank}after:${dependencies.join(`${blank},`)}]`] : []),
      ...(timeoutMs === undefined ? [] : [`[timeout:${timeoutMs / 1000}${blank}]`]),
      ...(graceMs === undefined ? [] : [`[grace:${graceMs / 1000}${blank}]`]),
    ];
    return [blank + name + blank + ":" + blank + command, ...suffixes].join(" ");
  }).join(end);
}

// S3.33
Deno.test("parseTaskFile() reads [requires:…], several times and each label once, and refuses what is none", () => {
  assertEquals(task("a: x [requires:gpu, big disk] [requires:gpu,eu]").declared, {
    requirements: ["gpu", "big disk", "eu"],
  });
  assertEquals(messages("a: x [requires:]\nb: x [requires:gpu,]"), [
    "Syntax error at line 1: '[requires:…]' must list labels, but a value is missing",
    "Syntax error at line 2: '[requires:…]' must list labels, but a value is missing",
  ]);
});

// K37
Deno.test("parseTaskFile() warns of a last bracket that is nearly a suffix, and of nothing else", () => {
  const text =
    "a: echo A\nb: echo B [aftr:a]\nc: echo C [a:b]\nd: [ -f x ] && echo [z]\ne: echo [rtries:2] [after:a]\n";
  const { tasks, warnings } = parseTaskFile(text);
  assertEquals(tasks?.map(({ command }) => command).at(1), "echo B [aftr:a]");
  assertEquals(warnings.map((warning) => renderDiagnostic(warning, new Source("t.txt", text)).split("\n")), [
    [
      "Warning at line 2: '[aftr:a]' is taken for the end of the command",
      "  --> t.txt:2:11",
      "2 | b: echo B [aftr:a]",
      "  |           ^^^^^^^^ did you mean '[after:a]'?",
    ],
    [
      "Warning at line 5: '[rtries:2]' is taken for the end of the command",
      "  --> t.txt:5:9",
      "5 | e: echo [rtries:2] [after:a]",
      "  |         ^^^^^^^^^^ did you mean '[retries:2]'?",
    ],
  ]);
});

// K37
Deno.test("parseTaskFile() warns of what other tools call [after:…]", () => {
  for (const word of ["needs", "deps", "depends_on", "Dependencies"]) {
    const { warnings } = parseTaskFile(`a: x\nb: x [${word}:a]`);
    assertEquals(warnings.map(({ hint }) => hint), ["did you mean '[after:a]'?"], word);
  }
});

// S6.3
Deno.test("parseTaskFile() takes comment lines right above a task for what it is for", () => {
  const text = [
    "#!/usr/bin/env troupe",
    "# of the file",
    "",
    "# --- data ---------",
    "#",
    "##  Gets the data,",
    "\t# and # signs",
    "fetch: true",
    "lint: true # not a comment",
    "# twice over",
    "",
    "build: true",
    "# at the end",
  ];
  for (const end of ["\n", "\r\n", "\r"]) {
    const { tasks } = parseTaskFile(text.join(end));
    assertEquals(tasks?.map(({ description }) => description), [
      "data\nGets the data,\nand # signs",
      undefined,
      undefined,
    ]);
  }
  assertEquals(parseTaskFile("# ====\na: true").tasks?.[0].description, undefined);
});
