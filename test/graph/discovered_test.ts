import { assertEquals, assertNotEquals } from "@std/assert";
import { fullFingerprint, plausibleLists, storeKey } from "../../graph/discovered.ts";

// S5.7
Deno.test("fullFingerprint() depends on what is declared, on the files and on what they hold", () => {
  const all = [
    fullFingerprint("d", ["a.h", "b.h"], ["1", "2"]),
    fullFingerprint("e", ["a.h", "b.h"], ["1", "2"]),
    fullFingerprint("d", ["a.h", "b.h"], ["1", "3"]),
    fullFingerprint("d", ["a.h"], ["1"]),
    fullFingerprint("d", [], []),
  ];
  assertEquals(new Set(all).size, all.length);
  assertEquals(fullFingerprint("d", ["a.h", "b.h"], ["1", "2"]), all[0]);
  assertNotEquals(fullFingerprint("d", [], []), "d");
});

// S5.21
Deno.test("plausibleLists() has the newest first, and none that a file has come before", () => {
  const plain = ["src/a.h", "b/x.h"], shadowed = ["src/a.h", "a/x.h"], more = ["src/a.h", "b/x.h", "y.h"];
  const all = () => true, none = () => false;
  assertEquals(plausibleLists([plain, more], more, all), [more, plain]);
  assertEquals(plausibleLists([plain], undefined, all), [plain]);
  assertEquals(plausibleLists([], shadowed, all), []);
  assertEquals(plausibleLists([plain], shadowed, all), []); // a/x.h is there: it may come first again
  assertEquals(plausibleLists([plain], shadowed, none), [plain]);
  assertEquals(plausibleLists([plain, shadowed], shadowed, (path) => path === "a/x.h"), [shadowed]);
  // two files of one name that belong together stand in the way of nothing
  assertEquals(plausibleLists([["a/x.h", "b/x.h"], ["a/x.h", "b/x.h", "y.h"]], undefined, all).length, 2);
});

// S5.11
Deno.test("storeKey() depends on the system and the processor", () => {
  const linux = { os: "linux", arch: "x86_64" };
  assertNotEquals(storeKey("f", linux), storeKey("f", { ...linux, arch: "aarch64" }));
  assertNotEquals(storeKey("f", linux), storeKey("f", { ...linux, os: "darwin" }));
  assertNotEquals(storeKey("f", linux), storeKey("g", linux));
  assertEquals(storeKey("f", linux), storeKey("f", { ...linux }));
});
