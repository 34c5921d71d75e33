import { assertEquals } from "@std/assert";
import { parseTree, treeDifferences, treeDigest, type TreeEntry, treeSize, treeText } from "../../graph/artifact.ts";

const ENTRIES: readonly TreeEntry[] = [
  { path: "b", kind: "folder" },
  { path: 'b/odd "name"\n', kind: "file", sha256: "11", size: 5 },
  { path: "a", kind: "link", target: "../elsewhere" },
  { path: "run", kind: "file", sha256: "22", size: 7, executable: true },
];

// S5.5
Deno.test("treeText() is the same for the same folder, and parseTree() reads it back", () => {
  const text = treeText(ENTRIES);
  assertEquals(treeText(ENTRIES.toReversed()), text);
  assertEquals(parseTree(text)!.map(({ path }) => path), ["a", "b", 'b/odd "name"\n', "run"]);
  assertEquals([treeText(parseTree(text)!), treeSize(ENTRIES), treeText([]), parseTree("")], [text, 12, "", []]);
  const others: TreeEntry[] = [
    { path: "run", kind: "file", sha256: "22", size: 7 },
    { path: "run", kind: "file", sha256: "23", size: 7, executable: true },
    { path: "run", kind: "link", target: "22" },
    { path: "run", kind: "folder" },
  ];
  const digests = new Set(
    [ENTRIES[3], ...others].map((entry) => treeDigest(treeText([...ENTRIES.slice(0, 3), entry]))),
  );
  assertEquals(digests.size, 5);
});

Deno.test("parseTree() takes no text that is none, or that leads out of its folder", () => {
  const bad = ["x", "{}\n", '["a","file"]\n', '["a","file","1"]\n', '["a","pipe","1",1]\n', '["a","folder"]'];
  for (const path of ["../a", "/a", "", ".", "a/../b", "a//b"]) bad.push(`${JSON.stringify([path, "folder"])}\n`);
  for (const text of bad) assertEquals(parseTree(text), undefined, text);
});

Deno.test("treeDifferences() tells what is missing, edited and added", () => {
  const [b, odd, a] = ENTRIES;
  const now: TreeEntry[] = [b, { ...a, target: "x" } as TreeEntry, { path: "new", kind: "folder" }];
  assertEquals(treeDifferences([b, odd, a], now), [
    { path: "a", what: "edited" },
    { path: "new", what: "added" },
    { path: odd.path, what: "missing" },
  ]);
});
