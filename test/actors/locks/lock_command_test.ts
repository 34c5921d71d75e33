import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { FileLockManager } from "../../../actors/locks/locks.ts";
import { thisProcess } from "../../../actors/machine/process_identity.ts";
import { type Rig, rigTest } from "../../rig.ts";
import { plant } from "./lock_place.ts";

const MAIN = fromFileUrl(new URL("../../../main.ts", import.meta.url));

async function locksCommand(rig: Rig, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await rig.build(["locks", ...args], {
    deno: ["run", "-A", MAIN],
    env: { TZ: "UTC" },
  });
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

rigTest("troupe locks lists holders, and cleans up after the dead", async (rig) => {
  assertEquals(await locksCommand(rig), "No locks held\n");
  assertEquals(await locksCommand(rig, "--clean"), "Removed 0 stale locks\nNo locks held\n");
  assert(!rig.has(".troupe"));
  const { host, pid } = thisProcess();
  using _held = await new FileLockManager(rig.folder).acquire("src/a.ts", "shared", { task: "gen" });
  plant(rig.folder, "b", { pid: 999_999_999, task: null, sinceMs: 0 });
  plant(rig.folder, "c", "{");
  const listed = (await locksCommand(rig)).trimEnd().split("\n");
  assertEquals(listed.length, 3);
  assertMatch(listed[0], /^\(stale: damaged record: .+-planted-1\.held\)$/);
  assertEquals(
    listed[1],
    `'b': exclusive by process 999999999 on '${host}' since 1970-01-01 00:00:00 (stale: that process has ended)`,
  );
  assertMatch(listed[2], new RegExp(`^'src/a.ts': shared by task 'gen' \\(process ${pid} on '.+'\\) since \\d{4}-`));
  const { locks } = JSON.parse(await locksCommand(rig, "--json"));
  const stale = (locks as { stale: string | null }[]).map((lock) => lock.stale);
  assertEquals(stale, ["damaged", "ended", null]);
  const { removed, locks: left } = JSON.parse(await locksCommand(rig, "--clean", "--json", "--folder", rig.folder));
  assertEquals([removed, left.length], [2, 1]);
  const { since, ...rest } = left[0];
  assert(Math.abs(since - Date.now() / 1000) < 600);
  assertEquals(rest, {
    path: `${rig.folder}/src/a.ts`,
    mode: "shared",
    task: "gen",
    pid,
    host,
    waiting: false,
    stale: null,
  });
});

rigTest("troupe locks tells what it cannot do, with exit code 2", async (rig) => {
  rig.write("file", "");
  rig.write(".troupe/locks", "a file");
  const run = (...args: string[]) => rig.build(["locks", ...args], { deno: ["run", "-A", MAIN] });
  Deno.symlinkSync("circle", rig.path("circle"));
  const [missing, below, circle, file, inPlace, unknown] = await Promise.all([
    run("--folder", "none"),
    run("--folder", "file/none"),
    run("--folder", "circle"),
    run("--folder", "file"),
    run(),
    run("--cleen"),
  ]);
  assertEquals([missing.code, missing.stderr], [2, "Folder 'none' does not exist\n"]);
  assertEquals([below.code, below.stderr], [2, "Folder 'file/none' does not exist\n"]);
  assertEquals(
    [circle.code, circle.stderr],
    [2, "Cannot look at folder 'circle': Too many levels of symbolic links\n"],
  );
  assertEquals([file.code, file.stderr], [2, "'file' is not a folder\n"]);
  assertEquals(inPlace.code, 2);
  assertMatch(inPlace.stderr, /^Cannot keep locks in '.+\/\.troupe\/locks': Not a directory\n$/);
  assertEquals([unknown.code, unknown.stderr], [2, "Unknown flag '--cleen', did you mean '--clean'?\n"]);
});

rigTest("a lock's record that is a FIFO is told of, and never waited for", async (rig) => {
  plant(rig.folder, "b", { pid: 999_999_999, task: null, sinceMs: 0 });
  const record = rig.files(".troupe/locks").find((path) => path.endsWith(".held"))!;
  rig.remove(record);
  rig.fifo(record);
  const { code, stderr } = await rig.ask(["locks"]);
  assertEquals(code, 2);
  assertMatch(stderr, /^Cannot keep locks in '.+\/\.troupe\/locks': not a regular file\n$/);
});
