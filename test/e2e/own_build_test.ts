// Builds that are started by commands of builds.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { BuildChain } from "../../actors/process/build_chain.ts";
import { type Rig, rigTest } from "../rig.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));

const refusal = (task: string) =>
  `This build was started by task '${task}' of the same config and would wait for itself`;

/** A command's text that runs troupe. */
function troupe(args: string): string {
  return `'${Deno.execPath()}' run -A '${MAIN}' ${args}`;
}

function one(rig: Rig, path: string, name: string, command: string): void {
  rig.write(path, {
    tasks: [{ name, output_artifact: `${name}.out`, command: `${command}; code=$?; echo $code > "$OUT"` }],
  });
}

// K23
rigTest("a build that a task of the same folder starts is refused, whatever lies between", async (rig) => {
  rig.write("sub/other/x", "");
  Deno.symlinkSync(rig.path("sub"), rig.path("link"));
  const tasks = [
    ["sh", `sh -c "cd other && ${troupe("build ../build.json")}"`],
    ["run", `echo "a: ${troupe("build build.json")}" > run.txt; ${troupe("run run.txt --db run.sqlite")} 2>&1`],
    ["join", troupe("join build.json --db join.sqlite")],
    ["crew", troupe("crew 2 build.json --db crew.sqlite")],
  ].map(([name, command]) => ({
    name,
    output_artifact: `${name}.out`,
    command: `${command} > ${name}.log 2>&1; echo $? > "$OUT"`,
  }));
  rig.write("sub/build.json", { tasks });
  const ended = await rig.build(["link/build.json"]);
  assertEquals(ended.code, 0);
  for (const { name } of tasks) assertStringIncludes(rig.read(`sub/${name}.log`), refusal(name));
  const codes = tasks.map(({ name }) => rig.read(`sub/${name}.out`).trim());
  assertEquals(codes, ["2", "1", "2", "2"]);
  assertEquals(["join.sqlite", "crew.sqlite"].filter((db) => rig.has(`sub/${db}`)), []);
  assertEquals((await rig.build(["link/build.json"])).stdout.match(/cache hit/g)?.length, 4);
});

// K23
rigTest("two configs whose tasks build each other are refused, and one that builds another is not", async (rig) => {
  one(rig, "a/build.json", "a", troupe("build ../b/build.json"));
  one(rig, "b/build.json", "b", `${troupe("build ../a/build.json")} 2> b.log`);
  assertEquals((await rig.build(["a/build.json"])).code, 0);
  assertEquals([rig.read("a/a.out"), rig.read("b/b.out")], ["0\n", "2\n"]);
  assertStringIncludes(rig.read("b/b.log"), refusal("a"));
});

// K23
rigTest("what a build has left running may build, and the variable does not name any work", async (rig) => {
  rig.write("build.json", {
    tasks: [{ name: "t", output_artifact: "t", command: 'echo "${TROUPE_BUILD:+told}" > "$OUT"' }],
  });
  assertEquals((await rig.build()).code, 0);
  assertEquals(rig.read("t"), "told\n");
  const over = new BuildChain(rig.folder, undefined).through("t").replace(`${Deno.pid}]]`, "4194305]]");
  const again = await rig.build([], { env: { TROUPE_BUILD: over } });
  assertEquals([again.code, again.stdout.includes("cache hit")], [0, true]);
  const within = await rig.build([], { env: { TROUPE_BUILD: new BuildChain(rig.folder, undefined).through("it's") } });
  assertEquals([within.code, within.stdout], [2, ""]);
  assertStringIncludes(within.stderr, "would wait for itself");
});

// K23
rigTest("a module that builds its own config, by a call or by a command, is refused", async (rig) => {
  rig.write(
    "tasks.js",
    `import { execFileSync } from "node:child_process";
    import { build } from "${fromFileUrl(new URL("../../mod.ts", import.meta.url))}";
    const deno = ${JSON.stringify(Deno.execPath())}, args = ["run", "-A", "${MAIN}", "build", "build.json"];
    const text = (bytes) => new TextDecoder().decode(bytes);
    export const called = () => build("build.json").catch((error) => error.name + ": " + error.message);
    export const alone = called;
    export const command = async () => text((await new Deno.Command(deno, { args }).output()).stderr);
    export const bare = async () => {
      const env = { HOME: "${Deno.env.get("HOME")}", DECLARED: "own" };
      return text((await new Deno.Command(deno, { args, clearEnv: true, env }).output()).stderr);
    };
    export const node = () => {
      try { return execFileSync(deno, args, { stdio: "pipe" }); } catch (error) { return error.stderr; }
    };
    export const thread = async () => {
      const start = "const { stderr } = await new Deno.Command(" + JSON.stringify(deno) + ", { args: " +
        JSON.stringify(args) + " }).output(); postMessage(new TextDecoder().decode(stderr));";
      const worker = new Worker("data:text/javascript," + encodeURIComponent(start), { type: "module" });
      const said = await new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
      worker.terminate();
      return said;
    };
    export const declared = async () =>
      text((await new Deno.Command("sh", { args: ["-c", "echo $DECLARED"] }).output()).stdout);`,
  );
  const names = ["called", "alone", "command", "bare", "node", "thread", "declared"];
  rig.write("build.json", {
    num_workers: 2,
    tasks: names.map((name) => ({
      name,
      module: "tasks.js",
      export: name,
      output: `${name}.out`,
      env: { DECLARED: "it" },
      ...(name === "alone" ? { isolate: "process" } : {}),
      permissions: name === "called" || name === "alone"
        ? { read: true, import: true }
        : { read: true, run: true, env: ["NODE_V8_COVERAGE"] },
      timeout: 60,
    })),
  });
  const ended = await rig.build();
  assertEquals(ended.code, 0);
  for (const name of names.slice(0, 6)) assertStringIncludes(rig.read(`${name}.out`), refusal(name));
  assertEquals(rig.read("declared.out"), "it\n");
});

// K23
rigTest("a task file's task may run other tasks of the file, and not itself", async (rig) => {
  rig.write(
    "tasks.txt",
    `one: ${troupe("run tasks.txt -t two")} > one.log 2>&1
    two: echo two
    own: ${troupe("run tasks.txt -t own")} 2> own.log
    needs: ${troupe("run tasks.txt -t last")} 2> needs.log
    last: true [after:needs]
    joined: ${troupe("join tasks.txt --db crew.sqlite")} 2> joined.log
    crew: ${troupe("crew 2 tasks.txt -t crew --db crew.sqlite")} 2> crew.log
    `.replaceAll("\n    ", "\n"),
  );
  const wrong = (name: string) => `This run was started by task '${name}' of the same task file and would do it again`;
  const ran = await rig.build(["run", "tasks.txt", "--timeout", "60"], { deno: ["run", "-A", MAIN] });
  assertEquals(ran.code, 1);
  assertStringIncludes(rig.read("one.log"), "1 passed");
  for (const name of ["own", "needs", "joined", "crew"]) assertStringIncludes(rig.read(`${name}.log`), wrong(name));
  for (const name of ["own", "needs", "joined", "crew"]) rig.remove(`${name}.log`);
  const joined = await rig.build(["join", "tasks.txt", "--db", "crew.sqlite"], { deno: ["run", "-A", MAIN] });
  assertEquals(joined.code, 1);
  for (const name of ["own", "needs", "joined", "crew"]) assertStringIncludes(rig.read(`${name}.log`), wrong(name));
});
