// S0.39, S5.4, S6.16: folders that their task has closed, for a user whom the system does refuse what modes forbid.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { type Ended, type Rig, rigTest } from "../rig.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));

/** What takes from root what others do not have; nothing for these. */
const AS_ANYBODY = Deno.uid() === 0 ? ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] : [];

const canBeAnybody = AS_ANYBODY.length === 0 || isRunnable([...AS_ANYBODY, "true"]);

function isRunnable([program, ...args]: readonly string[]): boolean {
  try {
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

async function troupe(rig: Rig, ...args: string[]): Promise<Ended> {
  const [program, ...rest] = [...AS_ANYBODY, Deno.execPath(), "run", "-A", "--no-check", MAIN, ...args];
  return await rig.spawn(program, rest).ended;
}

/** The names of all that a build puts in its place or moves aside. */
function passing(rig: Rig): string[] {
  return [...Deno.readDirSync(rig.folder)].map(({ name }) => name).filter((name) => name.includes(".tmp."));
}

rigTest("nothing is left of folders that were closed by their tasks, and clean deletes them", async (rig) => {
  const close = "chmod -R a-w";
  rig.write("build.json", {
    tasks: [
      {
        name: "told",
        source_files: ["in"],
        outputs: ["told/"],
        command: `mkdir "$OUT/deep"; cp in "$OUT/deep"; ${close} "$OUT"; ! grep fail in`,
      },
      { name: "there", source_files: ["in"], outputs: ["there/"], command: `mkdir there; cp in there; ${close} there` },
    ],
  });
  for (const [text, code] of [["1", 0], ["2", 0], ["fail", 1], ["1", 0]] as const) {
    rig.write("in", text);
    assertEquals([(await troupe(rig, "build")).code, passing(rig)], [code, []]);
  }
  assertEquals([rig.read("told/deep/in"), rig.read("there/in")], ["1", "1"]);
  const cleaned = await troupe(rig, "clean");
  assertEquals([cleaned.code, cleaned.stdout, cleaned.stderr], [0, "Deleted 2 artifacts\n", ""]);
  assertEquals([rig.has("told"), rig.has("there")], [false, false]);
}, { ignore: !canBeAnybody });

rigTest("clean names a folder that it may not look into, and deletes the rest", async (rig) => {
  rig.write("build.json", {
    tasks: [{ name: "a", outputs: ["a/"], command: 'mkdir "$OUT/in"; touch "$OUT/in/x" "$OUT/y"' }],
  });
  await troupe(rig, "build");
  Deno.chmodSync(rig.path("a/in"), 0);
  const { code, stdout, stderr } = await troupe(rig, "clean");
  Deno.chmodSync(rig.path("a/in"), 0o755);
  assertEquals([code, stdout], [1, "Deleted 1 artifact, 1 could not be deleted\n"]);
  assertStringIncludes(stderr, "Cannot delete 'a/in': Permission denied");
  assertEquals([rig.has("a/in/x"), rig.has("a/y")], [true, false]);
}, { ignore: !canBeAnybody });

rigTest("what was moved out of a task's way comes back where another of its outputs cannot be cleared", async (rig) => {
  rig.write("build.json", {
    tasks: [{
      name: "a",
      source_files: ["in"],
      outputs: ["there/", "told/", "gen/*.g"],
      command: "mkdir -p gen there told; cp in gen/a.g; cp in there; cp in told",
    }],
  });
  rig.write("in", "1");
  await troupe(rig, "build");
  rig.write("in", "2");
  Deno.chmodSync(rig.path("gen"), 0o555);
  const { code, stdout } = await troupe(rig, "build");
  Deno.chmodSync(rig.path("gen"), 0o755);
  assertEquals([code, rig.read("there/in"), rig.read("told/in"), passing(rig)], [1, "1", "1", []]);
  assertStringIncludes(stdout, "Cannot prepare artifact 'gen/a.g': Permission denied");
}, { ignore: !canBeAnybody });

rigTest("init in a folder that it may not look into says so", async (rig) => {
  Deno.chmodSync(rig.folder, 0o300);
  const { code, stderr } = await troupe(rig, "init");
  Deno.chmodSync(rig.folder, 0o755);
  assertEquals([code, stderr], [2, "Cannot look into this folder: Permission denied\n"]);
}, { ignore: !canBeAnybody });

// K1
rigTest("a closed folder is told of once, whoever looks into it", async (rig) => {
  rig.write("src/open/a.c", "a");
  rig.write("src/closed/b.c", "b");
  rig.write("build.json", {
    tasks: [
      { name: "t:{stem}", for_each: "src/*/*.c", source_files: ["{path}"], output: "o/{stem}" },
      { name: "all", source_files: ["src/**"], output: "all" },
    ],
  });
  Deno.chmodSync(rig.path("src/closed"), 0);
  const { code, stderr } = await troupe(rig, "build");
  Deno.chmodSync(rig.path("src/closed"), 0o755);
  assertEquals([code, stderr], [0, "Warning: cannot look for sources in 'src/closed': Permission denied\n"]);
}, { ignore: !canBeAnybody });
