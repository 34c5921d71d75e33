// Module tasks where Deno was not started with the option that their threads need, as when troupe is another project's dependency.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path";
import config from "../../deno.json" with { type: "json" };
import { type Rig, rigTest } from "../rig.ts";
import { configure } from "./modules.ts";

const ROOT = dirname(dirname(dirname(fromFileUrl(import.meta.url))));
const SENTENCE = "Tasks that call a module need an option of Deno's: run it with --unstable-worker-options, " +
  'or add "unstable": ["worker-options"] to deno.json';

/** Another project, which has troupe's imports and not its options. */
function project(rig: Rig): string {
  rig.write("deno.json", { imports: config.imports });
  // What was resolved once need not be again.
  rig.write("deno.lock", Deno.readTextFileSync(`${ROOT}/deno.lock`));
  rig.write("tasks.js", "export const t = () => 'made'; export default () => 'called';");
  configure(rig, { first: { command: 'echo 1 > ran; echo 1 > "$OUT"' }, t: { module: "tasks.js" } });
  return `--config=${rig.path("deno.json")}`;
}

// K59
rigTest(
  "without the option that a module's thread needs nothing is started, and one sentence says why",
  async (rig) => {
    const other = project(rig);
    const rights = [["-A"], ["--allow-read", "--allow-write", "--allow-run", "--allow-env", "--allow-sys"]];
    const commands = [["build"], ["join", "build.json", "--db", "join.sqlite"], ["crew", "2", "build.json"]];
    for (const args of commands) {
      for (const given of rights) {
        const ended = await rig.build(args, { deno: ["run", ...given, other, `${ROOT}/main.ts`] });
        assertEquals([ended.code, ended.stderr, ended.stdout], [2, `${SENTENCE}\n`, ""], args.join(" "));
        assertEquals(rig.has("ran"), false);
      }
    }
    for (const given of rights) {
      const deno = ["run", ...given, other, "--unstable-worker-options", `${ROOT}/main.ts`];
      const ended = await rig.build(["build", "--force"], { deno });
      assertEquals([ended.code, rig.read("out/t")], [0, "made"], ended.stderr);
    }
  },
);

// K59
rigTest("a program without the option that a module's thread needs is told, and goes on", async (rig) => {
  project(rig);
  rig.write(
    "program.ts",
    `import { build, DependencyAwareScheduler, moduleExecutor } from "${ROOT}/mod.ts";
    const said = await build("build.json").catch((error) => [error.name, error.message]);
    const scheduler = new DependencyAwareScheduler();
    scheduler.addTask("called", moduleExecutor(new URL("./tasks.js", import.meta.url)));
    const results = await scheduler.execute();
    console.log(JSON.stringify([said, results]));`,
  );
  const ended = await rig.build([], { deno: ["run", "-A", rig.path("program.ts")] });
  assertEquals(ended.code, 0, ended.stderr);
  const [said, results] = JSON.parse(ended.stdout);
  assertEquals(said, ["InputError", SENTENCE]);
  assertStringIncludes(JSON.stringify(results), JSON.stringify(SENTENCE).slice(1, -1));
  assertEquals(rig.has("ran"), false);
});

// K59
rigTest("without any configuration it is not looked for, by this process or by one for a module", async (rig) => {
  project(rig);
  // Above troupe itself there is one that has the option.
  const map = `--import-map=${ROOT}/deno.json`;
  const without = await rig.build(["build"], { deno: ["run", "-A", "--no-config", map, `${ROOT}/main.ts`] });
  assertEquals([without.code, without.stderr], [2, `${SENTENCE}\n`]);
  configure(rig, { t: { module: "tasks.js", isolate: "process" } });
  const alone = await rig.build(["build"], { deno: ["run", "-A", "--no-config", map, `${ROOT}/main.ts`] });
  assertEquals([alone.code, rig.read("out/t")], [0, "made"], alone.stderr);
});

// K59, K114
rigTest("another process gets the configuration that this one has, and none where this one has none", async (rig) => {
  project(rig);
  rig.write(
    "program.ts",
    `import { flagsForSame } from "${ROOT}/actors/sandbox/thread_needs.ts"; console.log(JSON.stringify(flagsForSame()));`,
  );
  const map = `--import-map=${rig.path("deno.json")}`;
  const flagsOf = async (...given: string[]) => {
    const { stdout, stderr } = await rig.build([], { deno: ["run", "-A", ...given, rig.path("program.ts")] });
    return stderr === "" ? JSON.parse(stdout) : stderr;
  };
  assertEquals(await flagsOf(), [`--config=${rig.path("deno.json")}`]);
  assertEquals(await flagsOf("--config", `${ROOT}/deno.json`), [`--config=${ROOT}/deno.json`]);
  assertEquals(await flagsOf("--no-config", map), ["--no-config", map]);
});
