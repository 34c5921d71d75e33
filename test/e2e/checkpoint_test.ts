// Builds that are killed and resumed from their checkpoints.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { rigTest } from "../rig.ts";
import { executed } from "./said.ts";

// S1.11, S1.26
rigTest(
  "a build with checkpoint_frequency that is killed has at most so many tasks less one to do again",
  async (rig) => {
    const held = rig.hold("last");
    const names = ["a", "b", "c", "d", "e"];
    const chain = names.map((name, at) => ({
      name,
      output: `out/${name}`,
      content: name,
      dependencies: names.slice(0, at),
    }));
    rig.write("build.json", {
      tasks: [...chain, { name: "last", output: "out/last", dependencies: names, command: held.command }],
    });
    rig.write("gates.json", { checkpoint_frequency: 2 });
    const running = rig.start(["--gates=gates.json", "--no-history"]);
    await held.started();
    running.kill("SIGKILL");
    await running.ended;
    const resumed = rig.start(["--no-history", "--verbose"]);
    await held.started();
    held.release();
    const ended = await resumed.ended;
    assertStringIncludes(ended.stdout, "6 succeeded, 0 failed, 0 skipped");
    const again = executed(ended).filter((name) => names.includes(name));
    assertEquals(again.length <= 1, true, again.join());
    assertEquals(executed(await rig.build(["--no-history"])), []);
    assertEquals(rig.files().filter((path) => path.startsWith(".build_cache")), [".build_cache.json"]);
  },
);
