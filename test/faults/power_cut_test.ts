import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { dirname } from "@std/path";
import { randomFrom, rounds, seedFor } from "../random.ts";
import { powerloss, succeeds } from "./faults.ts";
import { filled } from "./poller.ts";
import { assertDone, executed, Project, said, type TaskSpec } from "./rig.ts";

const script = powerloss();
const CUTS = rounds(5);

const TASKS: readonly TaskSpec[] = Array.from({ length: 30 }, (_, i) => ({
  name: `t${i}`,
  output: `out/${i % 4}/t${i}.txt`,
  dependencies: i < 6 ? [] : [`t${i - 6}`],
  source_files: [`src/t${i}.txt`],
  ...(i % 6 === 0 ? { command: 'cat $IN > "$OUT"' } : {}),
  ...(i % 6 === 1 ? { command: `cat $IN > out/${i % 4}/t${i}.txt` } : {}),
}));

function fill(project: Project, version: number): void {
  for (const { name } of TASKS) project.write(`src/${name}.txt`, filled(name, version));
}

/** What the cache on the disk says of artifacts that are not so. */
function wrongEntries(project: Project): string[] {
  if (!project.has(".build_cache.json")) return [];
  const { entries } = JSON.parse(project.read(".build_cache.json"));
  const wrong = new Set<string>();
  for (const { artifact_path, sha256 } of Object.values<{ artifact_path: string; sha256: string }>(entries)) {
    const isSo = project.has(artifact_path) &&
      createHash("sha256").update(project.read(artifact_path)).digest("hex") === sha256;
    if (!isSo) wrong.add(artifact_path);
  }
  return [...wrong];
}

// S0.34, S0.36, S0.47, S0.48
Deno.test({
  name: "a power cut at a random moment: after it all names hold whole artifacts, and a rerun makes all of them right",
  ignore: script === undefined,
  fn: async () => {
    const random = randomFrom(seedFor("power cut"));
    const folder = Deno.makeTempDirSync({ prefix: "power-" });
    const [image, disk] = [`${folder}/image`, `${folder}/disk`];
    const power = (...args: string[]) => {
      const { success, stderr } = new Deno.Command("sh", {
        args: [script!, ...args],
        env: { PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}` },
      }).outputSync();
      assert(success, `${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
    };
    power("mount", image, disk, "48m");
    try {
      using project = new Project(TASKS, `${disk}/project`);
      for (let version = 0; version < CUTS; version++) {
        fill(project, version);
        succeeds("sync", "-f", disk); // the sources are the user's, and on the disk
        const running = project.start();
        const lines = random.below(2 * TASKS.length + 2);
        let isCut = false;
        running.onOutput = () => {
          if (isCut || running.stdout.split("\n").length <= lines) return;
          isCut = true;
          power("cut", disk);
          running.kill("SIGKILL");
        };
        const ended = await running.ended;
        if (!isCut) power("cut", disk);
        power("recover", image, disk);

        for (const { output } of TASKS) {
          if (!project.has(output)) continue;
          const seen = project.read(output);
          const name = output.split("/")[2].slice(0, -4);
          const isWhole = [version, version - 1].some((whole) => whole >= 0 && seen === filled(name, whole));
          // a command that writes its output in place is as torn as its last write
          const inPlace = TASKS.find((task) => task.output === output)?.command?.includes("> out/") ?? false;
          assert(isWhole || inPlace, `'${output}' has ${seen.length} characters after the cut\n${said(ended)}`);
        }
        const wrong = wrongEntries(project);
        const rerun = await project.build();
        assertDone(rerun, `cut after ${lines} lines`);
        for (const path of wrong) assert(rerun.stdout.includes(`(artifact: ${path})`), `${path}\n${said(rerun)}`);
        for (const { name, output } of TASKS) {
          assertEquals(project.read(output) === filled(name, version), true, `'${output}'\n${said(rerun)}`);
        }
        assertEquals(project.temporaries(), [], said(rerun));
        assertEquals(executed(await project.build()), 0);
      }
    } finally {
      power("umount", disk);
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
