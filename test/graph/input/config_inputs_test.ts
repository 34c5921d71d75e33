// What is said of dependency files and tools that cannot be: each mistake in a sentence, at its place.
import { assertEquals } from "@std/assert";
import { checkBuildConfig } from "../../../graph/input/build_config.ts";

type Loose = Record<string, unknown>;

function task(fields: Loose): Loose {
  return { name: "a", output_artifact: "out/a", command: "cc", ...fields };
}

/** The sentences about some tasks, each with the path of its first place. */
function said(...tasks: Loose[]): [string, string][] {
  return checkBuildConfig({ tasks }).diagnostics.map(({ message, places: [place] }) => [
    message,
    place !== undefined && "path" in place ? place.path.join(".") : "",
  ]);
}

// S5.7
Deno.test("a dependency file is refused that no command writes, or that has no place of its own", () => {
  assertEquals(
    said(task({ depfile: "out/./a.d" }), task({ name: "b", output_artifact: "b", depfile: "$DEPFILE" })),
    [],
  );
  assertEquals(said(task({ command: undefined, depfile: "$DEPFILE" })), [
    ["Task 'a' specifies 'depfile' but no 'command'", "tasks.0.depfile"],
  ]);
  assertEquals(said(task({ depfile: 1 })), [
    [`'depfile' of task 'a' must be "$DEPFILE" or a path, not 1`, "tasks.0.depfile"],
  ]);
  assertEquals(said(task({ depfile: "$OUT.d" })), [
    [`'depfile' of task 'a' must be "$DEPFILE" or a path without '$'`, "tasks.0.depfile"],
  ]);
  assertEquals(said(task({ depfile: "../a.d" })), [
    ["'depfile' of task 'a' must lie inside the config's folder", "tasks.0.depfile"],
  ]);
  assertEquals(said(task({ depfile: "./out//a" })), [
    ["Dependency file 'out/a' of task 'a' is also the output artifact of task 'a'", "tasks.0.depfile"],
  ]);
  assertEquals(
    said(task({ depfile: "gen/in/a.d" }), task({ name: "b", output_artifact: undefined, outputs: ["gen/"] })),
    [
      ["Dependency file 'gen/in/a.d' of task 'a' lies inside the output artifact of task 'b'", "tasks.0.depfile"],
    ],
  );
  assertEquals(said(task({ depfile: "a.c", source_files: ["a.c"] })), [
    ["Dependency file 'a.c' of task 'a' is also one of its sources", "tasks.0.depfile"],
  ]);
  assertEquals(said(task({ depfile: "a.d" }), task({ name: "b", output_artifact: "out/b", depfile: "a.d" })), [
    ["Dependency file 'a.d' of task 'b' is also that of task 'a'", "tasks.1.depfile"],
  ]);
  assertEquals(said(task({ env: { DEPFILE: "x" } })), [
    ["Environment name 'DEPFILE' of task 'a' is set by troupe", "tasks.0.env.DEPFILE"],
  ]);
});

// S5.11
Deno.test("tools are a list of commands, each of which says something", () => {
  assertEquals(said(task({ tools: ["cc --version", "ld --version"] })), []);
  assertEquals(said(task({ tools: "cc --version" })), [
    ["'tools' of task 'a' must be a list of strings, not a string", "tasks.0.tools"],
  ]);
  assertEquals(said(task({ tools: ["", 1, "a\0"] })), [
    ["'tools[1]' of task 'a' must be a string, not 1", "tasks.0.tools.1"],
  ]);
  assertEquals(said(task({ tools: ["", "a\0", "\ud800"] })), [
    ["'tools[0]' of task 'a' must not be empty", "tasks.0.tools.0"],
    ["'tools[1]' of task 'a' must not contain NUL", "tasks.0.tools.1"],
    ["'tools[2]' of task 'a' must not contain half of a surrogate pair", "tasks.0.tools.2"],
  ]);
  const { config } = checkBuildConfig({
    tasks: [task({ tools: ["b", "a", "b"] }), task({ name: "c", output_artifact: "c" })],
  });
  assertEquals(config!.tasks.map(({ tools }) => tools), [["b", "a"], undefined]);
});
