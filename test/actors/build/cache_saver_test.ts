import { assert, assertEquals } from "@std/assert";
import { BuildCache, CACHE_FILE } from "../../../actors/build/build_cache.ts";
import { CacheSaver } from "../../../actors/build/cache_saver.ts";
import { lookAt } from "../../../actors/machine/stamp.ts";
import type { Reporter } from "../../../actors/terminal/reporter.ts";

const REPORTER = { error: (line: string) => assertEquals(line, "") } as unknown as Reporter;

// S7.5
Deno.test("while tasks run a cache is not written for how a few files look", () => {
  const folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  try {
    const enter = (cache: BuildCache, path: string) => {
      Deno.writeTextFileSync(`${folder}/${path}`, "");
      const stamp = lookAt(`${folder}/${path}`);
      cache.files.enter(path, { sha256: "d", ...stamp });
      return stamp;
    };
    const inode = () => Deno.statSync(`${folder}/${CACHE_FILE}`).ino;
    const { cache: first } = BuildCache.load(folder);
    const { size, mode } = enter(first, "a");
    first.insert("f", { artifact_path: "a", sha256: "d", size, mode });
    const saver = new CacheSaver(first, { reporter: REPORTER });
    saver.saveIfDue();
    const written = inode();

    const { cache } = BuildCache.load(folder);
    const further = new CacheSaver(cache, { reporter: REPORTER });
    enter(cache, "source");
    assert(cache.isDirty);
    further.saveIfDue();
    assertEquals(inode(), written);
    cache.insert("g", { artifact_path: "a", sha256: "d", size, mode });
    further.saveIfDue();
    assert(inode() !== written, "what a task has made is written");

    const { cache: last } = BuildCache.load(folder);
    assert(last.get("g", "a") !== undefined);
    enter(last, "other");
    const before = inode();
    new CacheSaver(last, { reporter: REPORTER }).save();
    assert(inode() !== before, "at the end it is written");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
