// What is on the disk before what: nothing is renamed that is not synced, and no name is relied on before its folder is.
import { assertEquals } from "@std/assert";
import { publishContent } from "../../../actors/storage/artifact.ts";
import { replaceFile } from "../../../actors/storage/atomic_file.ts";
import { BuildCache } from "../../../actors/build/build_cache.ts";
import { TempFolder } from "../temp_folder.ts";

/** What was synced and renamed meanwhile, in order; temporary names without their numbers. */
function syncing(folder: string, act: () => void): string[] {
  const { openSync, renameSync } = Deno, { syncSync } = Deno.FsFile.prototype;
  const paths = new WeakMap<Deno.FsFile, string>();
  const done: string[] = [];
  const shown = (path: string | URL) => `${path}`.replace(folder, ".").replace(/\.tmp\.\d+\.\d+$/, ".tmp");
  try {
    Deno.openSync = (path, options) => {
      const file = openSync(path, options);
      paths.set(file, shown(path));
      return file;
    };
    Deno.FsFile.prototype.syncSync = function () {
      done.push(`sync ${paths.get(this)}`);
      syncSync.call(this);
    };
    Deno.renameSync = (from, to) => {
      done.push(`rename ${shown(from)} ${shown(to)}`);
      renameSync(from, to);
    };
    act();
  } finally {
    Object.assign(Deno, { openSync, renameSync });
    Deno.FsFile.prototype.syncSync = syncSync;
  }
  return done;
}

/** How a file comes to be. */
const made = (path: string) => [`sync ./${path}.tmp`, `rename ./${path}.tmp ./${path}`, "sync ."];

// S0.34, S0.36, S0.47
Deno.test("an artifact, the cache and its journal are synced before they get their names, and their folder after that", () => {
  using place = new TempFolder();
  const { path: folder } = place;
  const synced = (act: () => void) => syncing(folder, act);
  assertEquals(synced(() => replaceFile(place.file("f"), "text")), made("f"));
  const target = { folder, path: place.file("a"), name: "a", temporary: place.file("a.tmp.1.1") };
  assertEquals(synced(() => void publishContent(target, "text")), made("a"));

  const { cache } = BuildCache.load(folder);
  cache.keepJournal();
  const enter = (name: string) => cache.insert(name, { artifact_path: name, sha256: name, size: 1, mode: 0o644 });
  enter("f1");
  assertEquals(synced(() => cache.checkpoint()), made(".build_cache.jsonl"));
  enter("f2");
  assertEquals(synced(() => cache.checkpoint()), ["sync ./.build_cache.jsonl"]);
  assertEquals(synced(() => cache.save()), made(".build_cache.json"));
});
