// What is known of folders' entries, and which changes make a difference to it.
import { assertEquals } from "@std/assert";
import { type Entry, FolderListings } from "../../../actors/input/folder_listings.ts";
import { TempFolder } from "../temp_folder.ts";

function listed(folder: string): Entry[] {
  return [...Deno.readDirSync(folder)];
}

// S6.14
Deno.test("FolderListings.update() tells of folders that hold something else, and of no other", () => {
  using temp = new TempFolder();
  const src = temp.folder("src"), deep = temp.folder("src/deep");
  Deno.writeTextFileSync(`${src}/a`, "");
  const listings = new FolderListings(() => true);
  for (const folder of [src, deep]) listings.keepAll(folder, listed(folder));
  const names = () => [...listings.all(src)!].map(({ name }) => name).sort();
  const update = (...names: string[]) => [...listings.update(names.map((name) => temp.file(name)))];
  Deno.writeTextFileSync(`${src}/a`, "more");
  // an editor's lock file that is gone again, a file in a folder that nobody has looked into
  assertEquals(update("src/a", "src/.#a", "elsewhere/x"), []);
  Deno.writeTextFileSync(`${src}/b`, "");
  assertEquals([update("src/b"), names()], [[src], ["a", "b", "deep"]]);
  Deno.removeSync(`${src}/a`);
  Deno.symlinkSync("b", `${src}/a`);
  assertEquals(update("src/a"), [src]);
  Deno.removeSync(`${src}/b`);
  assertEquals([update("src/b"), names()], [[src], ["a", "deep"]]);
  Deno.removeSync(deep);
  assertEquals([update("src/deep").sort(), listings.all(deep)], [[src, deep], undefined]);
});

// S6.14
Deno.test("FolderListings knows of a folder what was asked for by name, and of no other name", () => {
  using temp = new TempFolder();
  const listings = new FolderListings(() => true);
  let looks = 0;
  const ask = () =>
    listings.named(temp.path, "src", () => {
      looks++;
      return undefined;
    });
  assertEquals([ask(), ask(), looks], [undefined, undefined, 1]);
  Deno.writeTextFileSync(temp.file(".build_cache.json"), "");
  assertEquals([...listings.update([temp.file(".build_cache.json")])], []);
  temp.folder("src");
  assertEquals([...listings.update([temp.file("src")])], [temp.path]);
  assertEquals([ask()?.isDirectory, looks], [true, 1]);
});
