// What comes out of the store is all that a task has made: folders, links, several outputs, nothing at all; and it is found
// also where what a task reads is known only by what it said when it was last done.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";
import { executed, hits, restored } from "./said.ts";

/** Everything in a folder: links with their text, files with whether they may be executed and their content. */
function tree(rig: Rig, folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (path: string) => {
    for (const { name } of Deno.readDirSync(rig.path(path))) {
      const inner = `${path}/${name}`, info = Deno.lstatSync(rig.path(inner));
      if (info.isSymlink) found[inner] = `-> ${Deno.readLinkSync(rig.path(inner))}`;
      else if (info.isDirectory) {
        found[inner] = "folder";
        walk(inner);
      } else found[inner] = `${(info.mode! & 0o100) === 0 ? "" : "x "}${rig.read(inner)}`;
    }
  };
  walk(folder);
  return found;
}

const KINDS = [
  {
    name: "site",
    source_files: ["a.txt"],
    outputs: ["out/site/"],
    command:
      "mkdir -p $OUT/deep/empty; cat $IN > $OUT/deep/page; cp $IN $OUT/run; chmod 755 $OUT/run; ln -s deep/page $OUT/latest",
  },
  {
    name: "inplace",
    source_files: ["a.txt"],
    outputs: ["out/inplace/"],
    command: "mkdir -p out/inplace && cat a.txt > out/inplace/x",
  },
  {
    name: "pair",
    source_files: ["a.txt"],
    outputs: ["out/one", "out/two/"],
    command: 'cat $IN > $OUT_1; cat $IN $IN > "$OUT_2/both"',
  },
  {
    name: "globbed",
    source_files: ["a.txt"],
    outputs: ["out/glob/*.txt"],
    command: "mkdir -p out/glob; for word in $(cat a.txt); do echo $word > out/glob/$word.txt; done",
  },
  { name: "link", source_files: ["a.txt"], outputs: ["out/link"], command: 'ln -s site/run "$OUT"', after: ["site"] },
  { name: "check", source_files: ["a.txt"], outputs: [], command: "echo checked $(cat a.txt); ! grep bad a.txt" },
  { name: "after", dependencies: ["check"], outputs: [], command: "echo after" },
];

const NAMES = KINDS.map(({ name }) => name).sort();

// S5.20, S5.21, S5.2
rigTest("build takes folders, links, several outputs and checks out of the store", async (rig) => {
  rig.write("build.json", { tasks: KINDS });
  rig.write("a.txt", "A\n");
  assertEquals(executed(await rig.build()), NAMES);
  const first = tree(rig, "out");
  assertEquals(first["out/site/run"], "x A\n");
  assertEquals([first["out/link"], first["out/site/latest"], first["out/glob/A.txt"]], [
    "-> site/run",
    "-> deep/page",
    "A\n",
  ]);
  rig.write("a.txt", "B C\n");
  assertEquals(executed(await rig.build()), NAMES);
  assert(!rig.has("out/glob/A.txt") && rig.has("out/glob/C.txt"));
  const second = tree(rig, "out");
  // The build cache knows by itself of links that lie in place, and of checks
  const known = ["after", "check", "link"], others = NAMES.filter((name) => !known.includes(name));
  rig.write("a.txt", "A\n");
  const undone = await rig.build();
  assertEquals([undone.code, executed(undone), restored(undone), hits(undone)], [0, [], others, known]);
  assertEquals(tree(rig, "out"), first);
  rig.write("a.txt", "B C\n");
  assertEquals(restored(await rig.build()), others);
  assertEquals(tree(rig, "out"), second);
  rig.remove("out");
  const lost = await rig.build();
  assertEquals([executed(lost), restored(lost), hits(lost)], [
    [],
    NAMES.filter((name) => name !== "check" && name !== "after"),
    ["after", "check"],
  ]);
  assertEquals(tree(rig, "out"), second);
  // One file of a folder, and one of two outputs
  rig.remove("out/site/deep/page");
  rig.remove("out/one");
  const part = await rig.build();
  assertEquals([executed(part), restored(part)], [[], ["pair", "site"]]);
  assertEquals(tree(rig, "out"), second);
  assertEquals(hits(await rig.build()), NAMES);
});

// S5.2, S5.22
rigTest("checks come out of the store with what they printed, and hand on what they were done with", async (rig) => {
  const check = KINDS.find(({ name }) => name === "check")!, after = KINDS.find(({ name }) => name === "after")!;
  rig.write("build.json", { tasks: [check, after] });
  rig.write("a.txt", "A\n");
  await rig.build();
  rig.write("a.txt", "bad\n");
  const bad = await rig.build();
  assertEquals([bad.code, executed(bad)], [1, ["check"]]);
  rig.write("a.txt", "A\n");
  rig.remove(".build_cache.json");
  const ended = await rig.build(["--verbose"]);
  assertEquals([ended.code, executed(ended), restored(ended)], [0, [], ["after", "check"]]);
  assertStringIncludes(ended.stdout, "Task 'check' restored: store hit (artifact: none)\nchecked A\n");
  rig.write("a.txt", "bad\n");
  assertEquals((await rig.build()).code, 1);
});

// S5.20: an edit in one checkout does not change the other, folders included; S5.24
rigTest("a second checkout takes all of it out of a shared store, and shares no file with the first", async (rig) => {
  for (const folder of ["one", "two"]) {
    rig.write(`${folder}/build.json`, { tasks: KINDS });
    rig.write(`${folder}/a.txt`, "A\n");
  }
  const env = { TROUPE_STORE: rig.path("store") };
  await rig.build([], { cwd: "one", env });
  const second = await rig.build([], { cwd: "two", env });
  assertEquals([executed(second), restored(second)], [[], NAMES]);
  const [one, two] = ["one", "two"].map((folder) => Object.values(tree(rig, `${folder}/out`)));
  assertEquals(one, two);
  const inode = (path: string) => Deno.statSync(rig.path(path)).ino;
  for (const path of ["out/site/deep/page", "out/inplace/x", "out/one", "out/glob/A.txt"]) {
    assert(inode(`one/${path}`) !== inode(`two/${path}`), path);
  }
  Deno.writeTextFileSync(rig.path("two/out/site/deep/page"), "edited\n");
  assertEquals(rig.read("one/out/site/deep/page"), "A\n");
});

// S5.23: what a folder needs is what its listing names
rigTest("store gc and verify know what folders need", async (rig) => {
  rig.write("build.json", { tasks: KINDS.slice(0, 1) });
  rig.write("a.txt", "A\n");
  await rig.build();
  const blobs = rig.files(".troupe/store/blobs").length;
  assertEquals((await rig.ask(["store", "gc"])).stdout, "Removed 0 records and 0 blobs (0 B)\n");
  assertEquals(rig.files(".troupe/store/blobs").length, blobs);
  assertMatch((await rig.ask(["store", "verify"])).stdout, /all is as it should be/);
  const page = rig.files(".troupe/store/blobs").find((path) => rig.read(path) === "A\n")!;
  rig.remove("out");
  rig.write(page, "damaged");
  const ended = await rig.build();
  assertEquals([ended.code, executed(ended), rig.read("out/site/deep/page")], [0, ["site"], "A\n"]);
});

const COMPILER = `used=$(sed -n 's/^use //p' "$1")
cat "$1" $used > "$OUT" || exit 1
echo "$OUT: $1" $used > "$DEPFILE"
`;

// S5.21: declared inputs → lists of discovered inputs seen so far → the record whose digests match
rigTest(
  "build finds a task's artifact by the files that it was found to read, in another checkout too",
  async (rig) => {
    const task = {
      name: "t",
      source_files: ["t.txt"],
      output: "out/t",
      command: "sh cc.sh t.txt",
      depfile: "$DEPFILE",
    };
    const project = (folder: string, source: string, headers: Record<string, string>) => {
      rig.write(`${folder}/cc.sh`, COMPILER);
      rig.write(`${folder}/build.json`, { tasks: [task] });
      rig.write(`${folder}/t.txt`, source);
      for (const [name, text] of Object.entries(headers)) rig.write(`${folder}/${name}`, text);
    };
    const env = { TROUPE_STORE: rig.path("store") };
    const build = async (cwd: string) => {
      const ended = await rig.build([], { cwd, env });
      assertEquals(ended.code, 0);
      return executed(ended).length > 0 ? "executed" : restored(ended).length > 0 ? "restored" : "fresh";
    };
    project("one", "use h1\n", { h1: "1\n", h2: "2\n" });
    assertEquals(await build("one"), "executed");
    rig.write("one/h1", "1, edited\n");
    assertEquals(await build("one"), "executed");
    rig.write("one/h1", "1\n");
    assertEquals(await build("one"), "restored");
    // Another list of headers, and back: what was found last is not what is looked for
    rig.write("one/t.txt", "use h2\n");
    assertEquals(await build("one"), "executed");
    rig.write("one/t.txt", "use h1\n");
    assertEquals(await build("one"), "restored");
    assertEquals(rig.read("one/out/t"), "use h1\n1\n");
    rig.write("one/h1", "1, edited\n");
    assertEquals(await build("one"), "restored");
    // In another checkout nobody knows what it reads but the store
    project("two", "use h1\n", { h1: "1\n", h2: "another\n" });
    assertEquals(await build("two"), "restored");
    rig.write("two/h1", "1, edited otherwise\n");
    assertEquals(await build("two"), "executed");
    assertEquals(await build("two"), "fresh");
    project("three", "use h1\n", { h2: "2\n" });
    rig.write("three/h1", "unknown\n");
    assertEquals(await build("three"), "executed");
  },
);

// S5.20: what would be the task's own if that was run is not made otherwise
rigTest("build does a task whose glob means files that nobody knows", async (rig) => {
  rig.write("build.json", { tasks: [KINDS.find(({ name }) => name === "globbed")] });
  rig.write("a.txt", "A\n");
  await rig.build();
  rig.remove("out");
  rig.write("out/glob/strange.txt", "strange\n");
  assertEquals(executed(await rig.build()), ["globbed"]);
  assertEquals(hits(await rig.build()), ["globbed"]);
});

// S5.5, S5.21
rigTest("links to what they come with are restored, and nothing else is left", async (rig) => {
  const command = "mkdir -p gen; cp a.txt gen/b.txt; ln -sf b.txt gen/c.txt; ln -sf c.txt gen/a.txt";
  rig.write("build.json", { tasks: [{ name: "gen", source_files: ["a.txt"], outputs: ["gen/*.txt"], command }] });
  rig.write("a.txt", "A\n");
  await rig.build();
  const made = tree(rig, "gen");
  rig.remove("gen/b.txt");
  assertEquals([restored(await rig.build()), tree(rig, "gen")], [["gen"], made]);
  rig.remove("gen");
  assertEquals([restored(await rig.build()), tree(rig, "gen")], [["gen"], made]);
});
