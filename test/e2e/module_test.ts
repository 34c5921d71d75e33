// Builds by functions of modules: what these are given, what becomes of what they return.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { rigTest } from "../rig.ts";
import { configure, errors } from "./modules.ts";
import { executed } from "./said.ts";

rigTest(
  "a module's function makes its artifact of bytes, text or an object, returned or written to out",
  async (rig) => {
    rig.write(
      "tasks.ts",
      `export const text = () => "text, ü\\n";
    export const empty = () => "";
    export const bytes = async () => { await null; return new Uint8Array([0, 255, 10]); };
    export const part = () => new Uint16Array([1, 0x4141, 2]).subarray(1, 2);
    export const buffer = () => new Uint8Array([65, 66]).buffer;
    export const object = () => ({ b: [1, "x", null], a: { c: true } });
    export const list = () => [1, 2];
    export const number = () => 0;
    export const written = async ({ out }: { out: string }) => await Deno.writeTextFile(out, "written\\n");
    export const writtenSync = ({ out }: { out: string }) => {
      const bytes = new TextEncoder().encode("sync\\n");
      Deno.writeFileSync(out, bytes);
      bytes.fill(0);
    };
    export const appended = ({ out }: { out: string }) => {
      Deno.writeTextFileSync(out, "old");
      Deno.writeTextFileSync(out, "1\\n");
      Deno.writeTextFileSync(out, "2\\n", { append: true });
    };
    export const both = ({ out }: { out: string }) => { Deno.writeTextFileSync(out, "no"); return "yes"; };
    export default () => "default";
    export const nothing = () => {};
    export const nil = () => null;
    export const fn = () => () => 1;
    export const cycle = () => { const a: Record<string, unknown> = {}; a.a = a; return a; };
    export const noFunction = 1;
    export const checked = () => "checked";
    `,
    );
    const names = ["text", "empty", "bytes", "part", "buffer", "object", "list", "number", "written", "writtenSync"];
    const bad = ["nothing", "nil", "fn", "cycle", "noFunction", "gone"];
    configure(rig, {
      ...Object.fromEntries([...names, "appended", "both", ...bad].map((name) => [name, {}])),
      whole: { export: undefined },
      // S0.35
      checked: { expected_sha256: "0".repeat(64) },
    });
    const ended = await rig.build();
    assertEquals(ended.code, 1);
    const made = Object.fromEntries(rig.files("out").map((path) => [path.slice(4), rig.read(path)]));
    assertEquals([...Deno.readFileSync(rig.path("out/bytes"))], [0, 255, 10]);
    assertEquals(made, {
      text: "text, ü\n",
      empty: "",
      bytes: made.bytes,
      part: "AA",
      buffer: "AB",
      object: '{\n  "b": [\n    1,\n    "x",\n    null\n  ],\n  "a": {\n    "c": true\n  }\n}\n',
      list: "[\n  1,\n  2\n]\n",
      number: "0\n",
      written: "written\n",
      writtenSync: "sync\n",
      appended: "1\n2\n",
      both: "yes",
      whole: "default",
    });
    const { cycle, checked, ...others } = errors(ended);
    assertEquals(others, {
      nothing: "Module made no artifact: return the content of 'out/nothing', or write it to out",
      nil: "Module made no artifact: return the content of 'out/nil', or write it to out",
      fn: "Module failed: TypeError: it returned a function, which is no content of a file: return what it returns",
      noFunction: "Module failed: it has no exported function 'noFunction'",
      gone: "Module failed: it has no exported function 'gone'",
    });
    assertEquals(cycle, "Module failed: TypeError: Converting circular structure to JSON");
    assertStringIncludes(checked, `, expected ${"0".repeat(64)}`);
  },
);

rigTest("a module's function reads its sources and its dependencies in all ways, whatever their size", async (rig) => {
  rig.write(
    "tasks.ts",
    `interface File { path: string; read(): Promise<Uint8Array>; text(): Promise<string> }
    interface Call { folder: string; sources: File[]; dependencies: Record<string, File> }
    async function all(file: File, folder: string): Promise<string> {
      const bytes = (await file.read()).length;
      const lengths = [
        new TextEncoder().encode(await file.text()).length,
        Deno.readFileSync(file.path).length,
        (await Deno.readFile(file.path)).length,
        new TextEncoder().encode(Deno.readTextFileSync("./" + file.path)).length,
        new TextEncoder().encode(await Deno.readTextFile(new URL(encodeURI(file.path), import.meta.url))).length,
      ];
      return file.path + ": " + (lengths.every((length) => length === bytes) ? bytes : "not the same") + "\\n";
    }
    export async function sizes({ sources, dependencies, folder }: Call) {
      const lines = await Promise.all(sources.map((file) => all(file, folder)));
      for (const [name, file] of Object.entries(dependencies)) lines.push(name + " " + await all(file, folder));
      return lines.join("");
    }
    export async function twice({ sources: [source] }: Call) {
      const first = await source.read();
      first.fill(0);
      return await source.text();
    }
    export async function gone({ sources: [source] }: Call) {
      return await source.text();
    }
    `,
  );
  rig.write("src/small file.txt", "small\n");
  rig.write("src/100%.txt", "percent\n");
  for (const [name, size] of [["kilos", 100_000], ["megas", 3_000_000]] as const) {
    rig.write(`src/${name}`, "x".repeat(size));
  }
  for (let i = 0; i < 30; i++) rig.write(`many/${i}`, "y".repeat(60_000));
  configure(rig, {
    dep: { content: "made\n" },
    big: { command: 'head -c 200000 /dev/zero > "$OUT"' },
    sizes: { source_files: ["src/*", "many/*"], dependencies: ["big", "dep"] },
    twice: { source_files: ["src/small file.txt"] },
    gone: { dependencies: ["remove"], source_files: ["src/megas"] },
    remove: { command: 'rm src/megas; echo > "$OUT"', dependencies: ["sizes"] },
  });
  const ended = await rig.build();
  const lines = rig.read("out/sizes").trim().split("\n");
  assertEquals(lines.length, 4 + 30 + 2);
  assertEquals(lines.filter((line) => !line.startsWith("many/")), [
    "src/100%.txt: 8",
    "src/kilos: 100000",
    "src/megas: 3000000",
    "src/small file.txt: 6",
    "big out/big: 200000",
    "dep out/dep: 5",
  ]);
  assert(lines.filter((line) => line.startsWith("many/")).every((line) => line.endsWith(": 60000")));
  assertEquals(rig.read("out/twice"), "small\n");
  assertEquals(Object.keys(errors(ended)), ["gone"]);
});

rigTest(
  "a module's function is told its task, its arguments and its environment, and what it prints is the task's",
  async (rig) => {
    rig.write(
      "tasks.ts",
      `import process from "node:process";
    export function told({ task, args, env, signal, log }: any) {
      log("logged", { task }, 1);
      console.log("printed");
      console.error("warned");
      const seen = [Deno.env.get("A"), process.env.A, Deno.env.has("A"), Deno.env.toObject()];
      return { task, args, env, seen, signal: signal.aborted };
    }
    export function plain({ args, env }: any) { return { args, env }; }
    `,
    );
    configure(rig, { told: { args: [{ n: 1 }, null], env: { A: "a b", B: "" } }, plain: {} }, 1);
    const { stdout, code } = await rig.build(["--verbose"]);
    assertEquals(code, 0);
    const env = { A: "a b", B: "" };
    assertEquals(JSON.parse(rig.read("out/told")), {
      task: "told",
      args: [{ n: 1 }, null],
      env,
      seen: ["a b", "a b", true, env],
      signal: false,
    });
    assertEquals(JSON.parse(rig.read("out/plain")), { args: {}, env: {} });
    assertStringIncludes(stdout, "logged { task: 'told' } 1\n");
    assertStringIncludes(stdout, "printed\n");
    assertStringIncludes(stdout, "warned\n");
  },
);

rigTest("a module that is not there is a diagnostic of the config, with its place", async (rig) => {
  rig.write("build.json", '{"tasks": [\n  {"name": "page", "output": "page", "module": "tasks/page.ts"}\n]}\n');
  const { code, stdout, stderr } = await rig.build();
  assertEquals([code, stdout], [2, ""]);
  assertStringIncludes(
    stderr,
    `Task 'page': module 'tasks/page.ts' not found
  --> build.json:2:48
2 |   {"name": "page", "output": "page", "module": "tasks/page.ts"}
  |                                                ^^^^^^^^^^^^^^^
`,
  );
});

rigTest("a module that is a folder is one too, whatever its task waits for", async (rig) => {
  rig.write("tasks/page.ts", "");
  rig.write("build.json", {
    tasks: [
      { name: "first", output: "first", content: "" },
      { name: "page", output: "page", module: "tasks" },
      { name: "late", output: "late", module: "tasks", dependencies: ["first"] },
    ],
  });
  const { code, stdout, stderr } = await rig.build();
  assertEquals([code, stdout], [2, ""]);
  for (const name of ["page", "late"]) {
    assertMatch(stderr, new RegExp(`^Task '${name}': module 'tasks' is a folder\n  --> build.json:\\d+:\\d+\n`, "m"));
  }
  assertStringIncludes(stderr, "name the file in it");
});

rigTest("a module that cannot be loaded, or throws, fails its task and shows where", async (rig) => {
  rig.write("tasks.ts", 'export function thrown() {\n  throw new RangeError("too far");\n}\n');
  rig.write("broken.ts", "export default (;\n");
  configure(rig, { thrown: { retries: 1 }, broken: { module: "broken.ts" }, nobody: {} }, 1);
  const ended = await rig.build();
  assertEquals(ended.code, 1);
  const { thrown, broken } = errors(ended);
  assertEquals(thrown, "Module failed: RangeError: too far");
  assertStringIncludes(broken, "Expression expected");
  assertStringIncludes(ended.stdout, `${rig.path("broken.ts")}:1:17`);
  assertStringIncludes(ended.stdout, `at thrown (file://${rig.path("tasks.ts")}:2:9)`);
  // The last lines add where that was, and do not say it again.
  assertStringIncludes(ended.stdout, "\n  thrown   Module failed: RangeError: too far  tasks.ts:2:9\n");
  assert(!/sandbox_thread\.ts|\bext:/.test(ended.stdout), ended.stdout);
  // S0.31
  assertEquals(executed(ended).filter((name) => name === "thrown").length, 2);
});

rigTest("module tasks are retried, each time anew, and stand in the history", async (rig) => {
  rig.write(
    "tasks.ts",
    `export async function flaky() {
      const made = Deno.readTextFileSync("tries") + "x";
      Deno.writeTextFileSync("tries", made);
      if (made.length < 3) throw new Error("try " + made.length);
      return made;
    }`,
  );
  rig.write("tries", "");
  configure(rig, { flaky: { retries: 3, permissions: { read: ["tries"], write: ["tries"] } } });
  const ended = await rig.build(["--db", "history.db"]);
  assertEquals([ended.code, rig.read("out/flaky")], [0, "xxx"]);
  const program = rig.program.replace(/build\.ts$/, "main.ts");
  const shown = await rig.build(["show", "1", "--json", "--db", "history.db"], { deno: ["run", "-A", program] });
  assertEquals(shown.code, 0, shown.stderr);
  assertStringIncludes(shown.stdout, "(module tasks.ts)");
});

// S5.1–S5.4
rigTest("a function makes several files, folders, what globs match, or nothing; and reads a folder", async (rig) => {
  rig.write(
    "tasks.ts",
    `type Given = { outs: string[]; out: string; artifacts: Record<string, { path: string; text(): Promise<string> }[]> };
    export const two = () => ({ "out/one": "1\\n", "out/two": { b: 2 } });
    export const site = async ({ out }: Given) => {
      await Deno.mkdir(out + "/css", { recursive: true });
      await Deno.writeTextFile(out + "/css/a.css", "a {}\\n");
      Deno.writeTextFileSync(out + "/index.html", "<p>");
      Deno.writeTextFileSync(out + "/index.html", "</p>", { append: true });
      return { "out/site/404.html": new Uint8Array([65]) };
    };
    export const gen = () => ({ "gen/a.ts": "a", "gen/b.ts": "b" });
    export const check = ({ outs, out }: Given) => { if (outs.length > 0 || out !== "") throw new Error("it makes nothing"); return "ignored"; };
    export const red = () => { throw new Error("red"); };
    export const reader = async ({ artifacts }: Given) => [
      artifacts.two.map(({ path }) => path),
      await artifacts.two[1].text(),
      [...Deno.readDirSync("out/site")].map(({ name }) => name).sort(),
      Deno.readTextFileSync("out/site/index.html"),
      artifacts.gen.map(({ path }) => path),
    ];
    export const astray = () => ({ "elsewhere": "" });
    export const text = () => "text";
    export const half = () => ({ "out/h1": "" });
    `,
  );
  const several = (outputs: string[], more = {}) => ({ output: undefined, outputs, ...more });
  const needs = ["two", "site", "gen"];
  const good = {
    two: several(["out/one", "out/two"]),
    site: several(["out/site/"]),
    gen: several(["gen/*.ts"]),
    check: several([], { dependencies: needs }),
    reader: { dependencies: needs },
  };
  configure(rig, {
    ...good,
    alone: several(["out/alone/", "out/more"], { export: "part", isolate: "process" }),
    red: several([]),
    astray: several(["out/a1", "out/a2"]),
    text: several(["out/t1", "out/t2"]),
    half: several(["out/h1", "out/h2"]),
  });
  rig.write(
    "tasks.ts",
    `${rig.read("tasks.ts")}\nexport const part = () => ({ "out/alone/in": "alone", "out/more": "more" });\n`,
  );
  const ended = await rig.build();
  assertEquals(errors(ended), {
    red: "Module failed: red",
    astray: "Module failed: it makes 'elsewhere', which is none of its outputs and lies in none",
    text: "Module failed: TypeError: it returned a string, and makes several files: " +
      "return an object with their contents by path",
    half: "Module made no artifact: return the content of 'out/h2', or write it to out",
  });
  const made = Object.fromEntries([...rig.files("out"), ...rig.files("gen")].map((path) => [path, rig.read(path)]));
  assertEquals(made, {
    "gen/a.ts": "a",
    "gen/b.ts": "b",
    "out/alone/in": "alone",
    "out/more": "more",
    "out/one": "1\n",
    "out/reader": made["out/reader"],
    "out/site/404.html": "A",
    "out/site/css/a.css": "a {}\n",
    "out/site/index.html": "<p></p>",
    "out/two": '{\n  "b": 2\n}\n',
  });
  assertEquals(JSON.parse(rig.read("out/reader")), [
    ["out/one", "out/two"],
    rig.read("out/two"),
    ["404.html", "css", "index.html"],
    "<p></p>",
    ["gen/a.ts", "gen/b.ts"],
  ]);
  assertEquals(executed(await rig.build()).filter((name) => !(name in errors(ended))), []);
});
