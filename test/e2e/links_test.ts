// Links in the places where troupe writes: nothing is written through one, and what cannot be done is said.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CacheJournal } from "../../actors/build/cache_journal.ts";
import { publishContent } from "../../actors/storage/artifact.ts";
import { temporaryPath } from "../../actors/storage/temporaries.ts";
import type { ArtifactTarget } from "../../actors/storage/publication.ts";
import { replaceFile, writeTemporary } from "../../actors/storage/atomic_file.ts";
import { DatabaseError } from "../../actors/storage/database_error.ts";
import { TempFolder } from "../actors/temp_folder.ts";
import { assertRejects } from "@std/assert";
import { rigTest } from "../rig.ts";
import { openDatabase } from "../../actors/storage/open_database.ts";

/** A file that nobody may write, and links to it. */
class Victim extends TempFolder {
  readonly victim = this.file("victim");

  constructor() {
    super();
    Deno.writeTextFileSync(this.victim, "theirs");
  }

  link(name: string): string {
    Deno.symlinkSync(this.victim, this.file(name));
    return this.file(name);
  }

  assertSpared(): void {
    assertEquals(Deno.readTextFileSync(this.victim), "theirs");
  }
}

// K117
Deno.test("temporary files are made anew, whatever lies in their place", () => {
  using place = new Victim();
  const path = place.file("out");
  const target: ArtifactTarget = { folder: place.path, path, name: "out", temporary: temporaryPath(path, 1) };
  place.link(`out.tmp.${Deno.pid}.1`);
  assert("published" in publishContent(target, "ours"));
  writeTemporary(place.link("state"), (file) => file.writeSync(new TextEncoder().encode("ours")));
  place.link("report.json");
  replaceFile(place.file("report.json"), "{}");
  assertEquals(["out", "state", "report.json"].map((name) => Deno.lstatSync(place.file(name)).isFile), [
    true,
    true,
    true,
  ]);
  assertEquals(place.names(), ["out", "report.json", "state", "victim"]);
  place.assertSpared();
});

// K117
Deno.test("a cache's journal that was replaced by a link is not written through", () => {
  using place = new Victim();
  const journal = new CacheJournal(place.path, 1);
  journal.add(["entry", "f1", {}]);
  journal.write();
  Deno.removeSync(place.file(".build_cache.jsonl"));
  place.link(".build_cache.jsonl");
  journal.add(["entry", "f2", {}]);
  let message = "";
  try {
    journal.write();
  } catch (error) {
    message = (error as Error).message;
  }
  assertStringIncludes(message, "is a symbolic link, and troupe writes through none: remove it");
  place.assertSpared();
});

// K117
for (const suffix of ["-wal", "-shm", "-journal"]) {
  Deno.test(`a database whose ${suffix} is a link is not opened, and says why`, async () => {
    using place = new Victim();
    const schema = { applicationId: 7, steps: ["create table t (a)"] };
    const path = place.file("x.db");
    (await openDatabase(path, { schema, access: "write" })).close();
    place.link(`x.db${suffix}`);
    const error = await assertRejects(() => openDatabase(path, { schema, access: "write" }), DatabaseError);
    assertStringIncludes(error.message, `'${path}${suffix}' is a symbolic link`);
    place.assertSpared();
  });
}

// K117
rigTest(
  "build refuses a lock that is a link, and starts a command with nothing in the place of its artifact",
  async (rig) => {
    rig.write("build.json", {
      num_workers: 1,
      tasks: [
        { name: "a", output: "a", command: 'ln -s "$PWD/victim" "${OUT%/*}/b${OUT#*/a}"; echo a > $OUT' },
        { name: "b", output: "b", dependencies: ["a"], command: "echo b > $OUT" },
      ],
    });
    rig.write("victim", "theirs");
    for (const [kind, said] of [["-s", "is a symbolic link"], ["-p", "is not a regular file"]]) {
      const args = kind === "-s" ? ["-s", "victim", ".build_cache.lock"] : [".build_cache.lock"];
      new Deno.Command(kind === "-s" ? "ln" : "mkfifo", { args, cwd: rig.folder }).outputSync();
      const refused = await rig.build();
      assertEquals([refused.code, rig.has("a")], [2, false]);
      assertStringIncludes(refused.stderr, said);
      rig.remove(".build_cache.lock");
    }
    assertEquals((await rig.build()).code, 0);
    assertEquals([rig.read("b"), rig.read("victim")], ["b\n", "theirs"]);
    assertEquals(rig.files().filter((path) => path.includes(".tmp.")), []);
  },
);
