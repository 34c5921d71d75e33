// What is published in JSR's form, loaded by addresses from a registry on this machine.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import config from "../../deno.json" with { type: "json" };
import { Rig, rigTest } from "../rig.ts";
import { JsrRegistry } from "./jsr_registry.ts";
import { installLine, steps, takeSamples, writeSamples } from "./samples.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

const CLI = "jsr:@troupe/troupe/cli";

/** A cache of Deno's own for what comes from a registry that will be gone; packages of npm are as good as ever. */
async function ownCache(folder: string): Promise<void> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  Deno.mkdirSync(folder);
  Deno.symlinkSync(npmCache, `${folder}/npm`);
}

/** Has a line install troupe, and has it build with a function of a module in a folder that is not its own. */
async function installed(
  rig: Rig,
  line: string,
  { env = {}, cwd = rig.folder }: { env?: Record<string, string>; cwd?: string },
) {
  const root = `${rig.tmp}/root`;
  const places = { ...env, DENO_INSTALL_ROOT: root, NO_COLOR: "1" };
  const done = await new Deno.Command("/bin/sh", { args: ["-c", line], cwd, env: places }).output();
  assert(done.success, new TextDecoder().decode(done.stderr));
  rig.write("elsewhere/a.ts", 'export default () => "made";\n');
  rig.write("elsewhere/build.json", { tasks: [{ name: "a", output_artifact: "a", module: "./a.ts" }] });
  const { code, stdout, stderr } = await rig.spawn(`${root}/bin/troupe`, ["build"], { env: places, cwd: "elsewhere" })
    .ended;
  assertEquals([code, rig.read("elsewhere/a")], [0, "made"], stdout + stderr);
}

// S8.1, S8.3, S8.4, S8.6
Deno.test("what is published is the product, and works where all its modules are loaded by addresses", async (t) => {
  await using registry = new JsrRegistry();
  await using rig = new Rig();
  const env = { JSR_URL: registry.url, DENO_DIR: `${rig.tmp}/deno`, NO_COLOR: "1" };
  await ownCache(env.DENO_DIR);
  const deno = (...args: string[]) => rig.spawn(Deno.execPath(), args, { env }).ended;
  const step = steps(rig, t);
  writeSamples(rig);

  await step("deno publish has nothing against it, and takes the product alone", async () => {
    const args = ["publish", "--allow-dirty", "--no-check", "--no-provenance", "--token", "none"];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env }).output();
    assert(success, new TextDecoder().decode(stderr));
    const files = registry.files(`@troupe/troupe/${config.version}`);
    const top = new Set(files.map((path) => path.split("/")[0]));
    assertEquals([...top], [
      ...["CHANGELOG.md", "LICENSE", "README.md", "actors", "build.ts", "cli", "deno.json", "graph", "main.ts"],
      ...["mod.ts", "schema.json"],
    ]);
  });

  const run = ["run", "-A", "--quiet", "--unstable-worker-options", CLI];
  await step("a build, with threads and processes of modules that an import map leads on", async () => {
    const { code, stdout, stderr } = await deno(...run, "build");
    assertEquals([code, stderr], [0, ""], stdout);
    takeSamples(rig);
  });

  await step("a page, whose files are loaded by addresses as well", async () => {
    const { code, stderr } = await deno(...run, "report", "-o", "all.html");
    assertEquals(code, 0, stderr);
    assertMatch(rig.read("all.html"), /<style>[^]*<script>/);
  });

  await step("a crew", async () => {
    const { code, stdout, stderr } = await deno(...run, "crew", "2", "build.json", "--db", "crew.db");
    assertEquals(code, 0, stdout + stderr);
    assertMatch(stdout, /Crew of 2 members ended after .*: 3 of 3 tasks completed/);
    takeSamples(rig);
  });

  await step("without the option that modules' threads need, a sentence", async () => {
    const { code, stderr } = await deno("run", "-A", "--quiet", CLI, "build", "--force");
    assertEquals(code, 2);
    assertMatch(stderr, /^Tasks that call a module need an option of Deno's: run it with --unstable-worker-options/);
  });

  await step("the library, with types", async () => {
    rig.write(
      "library.ts",
      `import { build, type BuildReport } from "jsr:@troupe/troupe";
const report: BuildReport = await build("build.json", { force: true });
console.log(report.completed, "of", report.total_tasks);
`,
    );
    const checked = await deno("check", "--quiet", "library.ts");
    assertEquals([checked.code, checked.stderr], [0, ""]);
    const { code, stdout, stderr } = await deno("run", "-A", "--quiet", "--unstable-worker-options", "library.ts");
    assertEquals([code, stdout], [0, "3 of 3\n"], stderr);
    takeSamples(rig);
  });

  await step("the README's line installs it for all folders", async () => {
    await installed(rig, installLine("deno install -g -A --unstable"), { env });
  });

  await step("the README's line adds the library to a project, which then knows its types", async () => {
    rig.write("added/deno.json", {});
    const added = await rig.spawn("/bin/sh", ["-c", installLine("deno add")], { env, cwd: "added" }).ended;
    assertEquals(added.code, 0, added.stderr);
    rig.write(
      "added/library.ts",
      'import { type RunOptions } from "@troupe/troupe";\nexport const none: RunOptions = 1;\n',
    );
    const checked = await rig.spawn(Deno.execPath(), ["check", "library.ts"], { env, cwd: "added" }).ended;
    assertMatch(checked.stderr, /has no properties in common with type 'RunOptions'/);
  });
});

// S8.4
rigTest("the README's line installs the sources for all folders", async (rig) => {
  await installed(rig, installLine("deno install -g -A --config"), { cwd: ROOT });
});
