// One binary, as `deno task compile` makes it, on a machine that can have what Deno puts the program into.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import config from "../../deno.json" with { type: "json" };
import { rigTest } from "../rig.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

/** Longer than it takes from a near mirror. */
const COMPILE_MS = 120_000;

// S8.4
rigTest("one binary builds with functions of modules, and in a crew", async (rig) => {
  const binary = `${rig.tmp}/troupe`;
  const args = config.tasks.compile.replace("-o troupe", `-o ${binary}`).split(" ").slice(1);
  const signal = AbortSignal.timeout(COMPILE_MS);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, signal }).output();
  const said = new TextDecoder().decode(stderr);
  if (signal.aborted || /base binary/.test(said)) return console.warn("deno compile cannot have its base binary here");
  assert(success, said);
  rig.write("made.js", 'export default () => "made";\n');
  rig.write("build.json", {
    tasks: [
      { name: "command", output_artifact: "out/command", command: 'echo said > "$OUT"' },
      { name: "module", dependencies: ["command"], output_artifact: "out/module", module: "./made.js" },
    ],
  });
  const built = await rig.spawn(binary, ["build"]).ended;
  assertEquals([built.code, built.stderr, rig.read("out/module")], [0, "", "made"], built.stdout);
  const crew = await rig.spawn(binary, ["crew", "2", "build.json", "--db", "crew.db", "--force"]).ended;
  assertMatch(crew.stdout, /Crew of 2 members ended after .*: 2 of 2 tasks completed/, crew.stderr);
  assertEquals((await rig.spawn(binary, ["--version"]).ended).stdout, `troupe ${config.version}\n`);
});
