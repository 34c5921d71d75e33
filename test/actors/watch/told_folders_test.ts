// In which folders everything that happens is told, so that what is known of them may be kept.
import { assertEquals } from "@std/assert";
import { areFilesLocal } from "../../../actors/machine/local_files.ts";
import { ToldFolders } from "../../../actors/watch/told_folders.ts";
import { TempFolder } from "../temp_folder.ts";

// S6.14
Deno.test({
  name: "ToldFolders has folders of the config's own, with no link on the way, that are watched from above",
  ignore: !areFilesLocal(Deno.cwd()),
  fn() {
    using temp = new TempFolder();
    const home = temp.folder("home");
    for (const name of ["src/deep", "unwatched/deep"]) temp.folder(`home/${name}`);
    const outside = temp.folder("outside/deep");
    Deno.symlinkSync("src", `${home}/link`);
    const asked: string[] = [];
    const watch = {
      tells: (folder: string) => asked.push(folder) > 0 && !folder.endsWith("unwatched"),
    };
    const told = new ToldFolders(home);
    const has = (name: string) => told.has(`${home}/${name}`, watch);
    assertEquals([has("src/deep"), has("src"), told.has(home, watch)], [true, true, true]);
    // from the outside in, each once
    assertEquals(asked, [home, `${home}/src`, `${home}/src/deep`]);
    assertEquals([has("link"), has("link/deep"), has("unwatched"), has("unwatched/deep")], [
      false,
      false,
      false,
      false,
    ]);
    assertEquals([told.has(outside, watch), told.has(temp.path, watch), has("gone")], [false, false, false]);
    told.drop(`${home}/src/deep`);
    Deno.removeSync(`${home}/src/deep`);
    Deno.symlinkSync("../unwatched", `${home}/src/deep`);
    assertEquals(has("src/deep"), false);
    Deno.removeSync(`${home}/src/deep`);
    temp.folder("home/src/deep");
    assertEquals(has("src/deep"), false);
    told.askAnew();
    assertEquals(has("src/deep"), true);
  },
});

// S6.14
Deno.test({
  name: "areFilesLocal() does not take a file system for local that is not known to be",
  ignore: Deno.build.os !== "linux",
  fn() {
    assertEquals([areFilesLocal("/proc"), areFilesLocal("/no such folder")], [false, false]);
  },
});
