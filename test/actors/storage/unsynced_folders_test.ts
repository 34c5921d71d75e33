// Which folders are synced together, when, and what becomes of those that cannot be.
import { assertEquals } from "@std/assert";
import { UnsyncedFolders } from "../../../actors/storage/unsynced_folders.ts";

// S0.36
Deno.test("the names of artifacts wait in eight folders, and in no further one", () => {
  const folders = new UnsyncedFolders("/");
  const taken = Array.from({ length: 10 }, (_, i) => folders.take(`out/${i}/a`));
  assertEquals(taken, [...new Array(8).fill(true), false, false]);
  assertEquals([folders.take("out/7/b"), folders.take("out/8/b")], [true, false]);
});

// S0.36
Deno.test("a folder that cannot be synced is told of, one that is gone or was never taken is not", () => {
  using temporary = temporaryFolder();
  const { root } = temporary, folders = new UnsyncedFolders(root);
  Deno.mkdirSync(`${root}/there`);
  Deno.symlinkSync("/proc/self", `${root}/unable`); // where fsync is no call
  Deno.symlinkSync("/proc/self", `${root}/strange`);
  Deno.writeTextFileSync(`${root}/file`, "");
  for (const path of ["there/a", "unable/a", "gone/a", "file/a", "b"]) folders.take(path);
  assertEquals(folders.sync(), []);
  for (const path of ["there/a", "unable/a", "gone/a", "file/a", "b", "strange/a"]) folders.note(path);
  assertEquals(folders.sync(), [{ folder: "unable", detail: "Invalid argument" }]);
  assertEquals(folders.sync(), []);
});

// K3
Deno.test("what lies in a folder's place and blocks whoever opens it is not opened", async () => {
  using temporary = temporaryFolder();
  const { root } = temporary, folders = new UnsyncedFolders(root);
  await new Deno.Command("mkfifo", { args: [`${root}/pipe`] }).output();
  folders.take("pipe/a");
  folders.note("pipe/a");
  assertEquals(folders.sync(), []);
});

function temporaryFolder(): { readonly root: string } & Disposable {
  const root = Deno.makeTempDirSync();
  return { root, [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }) };
}
