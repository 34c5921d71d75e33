// What may be secret is its owner's alone, and is not written where only equality matters. K119
import { assert, assertEquals } from "@std/assert";
import { rigTest } from "../rig.ts";

const SECRET = "hunter2-and-more";

rigTest(
  "files that know what tasks declare are their owner's alone, and the values stand in none of them",
  async (rig) => {
    const held = rig.hold("held");
    rig.write("build.json", {
      tasks: [
        { name: "a", output: "a", command: 'echo "${#TOKEN}" > "$OUT"', env: { TOKEN: SECRET } },
        { name: "b", output: "b", dependencies: ["a"], command: held.command, env: { TOKEN: SECRET } },
        { name: "c", output: "c", dependencies: ["b"], command: "exit 1", env: { TOKEN: SECRET } },
      ],
    });
    rig.write("tasks.txt", "a: true\n");
    const modes = () =>
      Object.fromEntries(
        [...Deno.readDirSync(rig.folder)].filter(({ name, isFile }) =>
          isFile && /^\.build_cache\.json|\.db|\.sqlite/.test(name)
        )
          .map(({ name }) => [name, (Deno.statSync(rig.path(name)).mode! & 0o777).toString(8)]),
      );
    const build = rig.start(["--json", "--report", "report.json"]);
    await held.started();
    const during = modes();
    for (const name of ["taskrun.db", "taskrun.db-wal", "taskrun.db-shm"]) assertEquals(during[name], "600", name);
    held.release();
    const ended = await build.ended;
    assertEquals(ended.code, 1);
    const joined = await rig.ask(["join", "tasks.txt"]);
    assertEquals(joined.code, 0);
    const after = modes();
    for (const name of [".build_cache.json", "taskrun.db", "crew.sqlite"]) assertEquals(after[name], "600", name);
    assert(Object.values(after).every((mode) => mode === "600"), JSON.stringify(after));
    assertEquals(Deno.statSync(rig.path("a")).mode! & 0o400, 0o400);
    for (const name of rig.files()) {
      if (name === "build.json") continue;
      const text = new TextDecoder("latin1").decode(Deno.readFileSync(rig.path(name)));
      assert(!text.includes(SECRET), name);
    }
    assert(!(ended.stdout + ended.stderr).includes(SECRET));
    const shown = await rig.ask(["show", "last", "--json"]);
    assert(shown.code === 0 && !shown.stdout.includes(SECRET));
    // what failed can be tried again, with the values that the config has
    rig.write("build.json", rig.read("build.json").replace("exit 1", 'echo \\"${#TOKEN}\\" > \\"$OUT\\"'));
    const retried = await rig.ask(["retry", "last"]);
    assertEquals([retried.code, rig.read("c")], [0, `${SECRET.length}\n`], retried.stdout + retried.stderr);
  },
);
