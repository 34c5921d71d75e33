import { assertEquals } from "@std/assert";
import { carryOut } from "../../../actors/storage/deed.ts";
import { asideOf, sweepBeside } from "../../../actors/storage/temporaries.ts";
import { ProjectFolder } from "../../project_folder.ts";
import { TempFolder } from "../temp_folder.ts";

// S5.4
Deno.test("sweepBeside() puts back what was moved away and not replaced, and removes the rest", () => {
  using temp = new TempFolder();
  const place = new ProjectFolder(temp.path);
  // Killed before anything took its place, and after that.
  place.write("dist.old.tmp.7.1/file", "old");
  place.write("dist.tmp.7.1/file", "new");
  place.write("lib.old.tmp.7.1/file", "old");
  place.write("lib/file", "new");
  place.write("other.old.tmp.7.1/file", "nobody's");
  sweepBeside(temp.path, new Set(["dist", "lib"]));
  assertEquals(place.files(), ["dist/file", "lib/file", "other.old.tmp.7.1/file"]);
  assertEquals([place.read("dist/file"), place.read("lib/file")], ["old", "new"]);
});

// S5.4
Deno.test("carryOut() exchanges folders, files and nothing; what was there lies at the temporary path, or aside", () => {
  using temp = new TempFolder();
  const place = new ProjectFolder(temp.path);
  const exchange = (name: string) => {
    const temporary = place.path(`${name}.tmp.7.1`);
    assertEquals(carryOut({ kind: "exchange", temporary, path: place.path(name) }), "done");
    return [temporary, asideOf(temporary)].filter((path) => place.has(path.slice(temp.path.length + 1))).length;
  };
  place.write("first.tmp.7.1/file", "new");
  assertEquals([exchange("first"), place.read("first/file")], [0, "new"]);
  place.write("first.tmp.7.1/file", "newer");
  assertEquals([exchange("first"), place.read("first/file")], [1, "newer"]);
  place.write("second", "a file");
  place.write("second.tmp.7.1/file", "a folder");
  assertEquals([exchange("second"), place.read("second/file")], [1, "a folder"]);
});
