// What was made once comes back: from an edit that is undone, from outputs that were deleted, in another checkout.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Ended, type Rig, rigTest } from "../rig.ts";
import { blobPath } from "../../actors/storage/blobs.ts";
import { executed, hits, reportOf, restored } from "./said.ts";

/** By commands, by what troupe does itself, in place, executable, and with output on both streams. */
const TASKS = [
  {
    name: "tool",
    source_files: ["a.txt"],
    output: "out/tool",
    command: 'printf "said \\377\\n"; echo warned >&2; cat $IN > "$OUT"; chmod 750 "$OUT"',
  },
  {
    name: "inplace",
    dependencies: ["tool"],
    output: "out/deep/inplace",
    command: "cat $DEPS $DEPS > out/deep/inplace",
  },
  { name: "joined", dependencies: ["tool", "inplace"], output: "joined.txt" },
  { name: "text", output: "out/text", content: "constant" },
];

const ALL = TASKS.map(({ name }) => name).sort();

function project(rig: Rig, source = "A\n", folder = "."): void {
  rig.write(`${folder}/build.json`, { tasks: TASKS });
  rig.write(`${folder}/a.txt`, source);
}

/** Everything that the build has made, with modes. */
function tree(rig: Rig, folder = "."): Record<string, string> {
  return Object.fromEntries(TASKS.map(({ output }) => {
    const path = rig.path(`${folder}/${output}`);
    return [output, `${(Deno.statSync(path).mode! & 0o777).toString(8)} ${Deno.readTextFileSync(path)}`];
  }));
}

function assertDone(ended: Ended, expected: { executed?: string[]; restored?: string[]; hits?: string[] }): void {
  const { code, stderr } = ended;
  assertEquals({ code, executed: executed(ended), restored: restored(ended), hits: hits(ended), stderr }, {
    code: 0,
    executed: [],
    restored: [],
    hits: [],
    stderr: "",
    ...expected,
  });
}

// S5.21, S5.22
rigTest(
  "build takes out of the store what an undone edit and deleted outputs ask for, and what was printed",
  async (rig) => {
    project(rig);
    assertDone(await rig.build(["-q"]), {});
    const first = tree(rig);
    project(rig, "B\n");
    await rig.build();
    assert(tree(rig)["joined.txt"] !== first["joined.txt"]);
    project(rig);
    const undone = await rig.build();
    assertDone(undone, { restored: ["inplace", "joined", "tool"], hits: ["text"] });
    assertStringIncludes(undone.stdout, "Task 'tool' restored: store hit (artifact: out/tool)\nwarned\n");
    assertEquals(tree(rig), first);
    rig.remove("out");
    rig.remove("joined.txt");
    const again = await rig.build(["--verbose", "--events", "events.jsonl", "--json", "--report", "report.json"]);
    assertEquals(tree(rig), first);
    // By its bytes, in the order in which the streams are shown
    assertStringIncludes(again.stderr, "said \ufffd\nwarned\n");
    for (const result of Object.values(reportOf(again).results)) {
      assertEquals([result.status, result.how, result.cache_hit], ["completed", "restored", true]);
    }
    const events = rig.read("events.jsonl").trim().split("\n").map((line) => JSON.parse(line));
    const told = events.filter(({ event }) => event === "task_cached");
    assertEquals(told.map(({ task, by }) => [task, by]).sort(), ALL.map((name) => [name, "restored"]));
    assertEquals(told.find(({ task }) => task === "tool").output.stderr.text, "warned\n");
    assertDone(await rig.build(), { hits: ALL });
    const history = JSON.parse((await rig.ask(["show", "4", "--json", "--task", "tool"])).stdout);
    assertStringIncludes(JSON.stringify(history), '"how":"restored"');
    assertStringIncludes(JSON.stringify(history), "warned");
  },
);

// S5.20: what the store has linked with an artifact changes with it, and is not taken for what it was
rigTest("build makes anew what somebody has written to in place, as the store's own is that no more", async (rig) => {
  project(rig);
  await rig.build();
  const first = tree(rig);
  rig.write("out/tool", "tampered\n");
  rig.write("joined.txt", "tampered\n");
  assertDone(await rig.build(), { executed: ["joined", "tool"], hits: ["inplace", "text"] });
  assertEquals(tree(rig), first);
  rig.remove("out/tool");
  assertDone(await rig.build(), { restored: ["tool"], hits: ["inplace", "joined", "text"] });
});

// S5.20: a command that writes in place writes over the same inode again
rigTest("build keeps both versions of what a command writes where it lies", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "t", source_files: ["a.txt"], output: "t", command: "cat $IN > t" }] });
  for (const text of ["A", "B"]) {
    rig.write("a.txt", text);
    await rig.build();
  }
  for (const text of ["A", "B", "A"]) {
    rig.write("a.txt", text);
    assertDone(await rig.build(), { restored: ["t"] });
    assertEquals(rig.read("t"), text);
  }
});

// S5.20: an edit in one checkout does not change the other; S5.24
rigTest("checkouts share a store by --store and TROUPE_STORE, and no file", async (rig) => {
  for (const folder of ["one", "two", "three"]) project(rig, "A\n", folder);
  assertDone(await rig.build(["--store", "../store"], { cwd: "one" }), { executed: ALL });
  const env = { TROUPE_STORE: rig.path("store") };
  const second = ["two", "three"].map((cwd) => rig.build([], { cwd, env }));
  for (const ended of await Promise.all(second)) assertDone(ended, { restored: ALL });
  assertEquals([tree(rig, "two"), tree(rig, "three")], [tree(rig, "one"), tree(rig, "one")]);
  assert(!rig.has("two/.troupe"), "there is nothing beside the config");
  const inodes = ["one", "two", "three"].map((folder) => Deno.statSync(rig.path(`${folder}/out/tool`)).ino);
  assertEquals(new Set(inodes).size, 3);
  rig.write("two/out/tool", "edited in two\n");
  assertEquals(tree(rig, "three"), tree(rig, "one"));
  assertDone(await rig.build([], { cwd: "two", env }), { restored: ["tool"], hits: ["inplace", "joined", "text"] });
});

// S5.24
rigTest("build --no-store, and a task that is kept out of the store, are done again", async (rig) => {
  project(rig);
  await rig.build(["--no-store"]);
  assert(!rig.has(".troupe"));
  rig.write("build.json", { tasks: TASKS.map((task) => task.name === "tool" ? { ...task, store: false } : task) });
  await rig.build(["--force"]);
  rig.remove("out");
  rig.remove("joined.txt");
  assertDone(await rig.build(), { executed: ["tool"], restored: ["inplace", "joined", "text"] });
  rig.remove("out");
  assertDone(await rig.build(["--no-store"]), { executed: ["inplace", "text", "tool"], hits: ["joined"] });
  const both = await rig.ask(["build", "--store", "x", "--no-store"]);
  assertEquals([both.code, both.stderr], [2, "--store and --no-store exclude each other\n"]);
});

// S5.20: its digest is verified when it is taken out
rigTest("build takes a damaged blob, a lost one and a damaged record for a miss", async (rig) => {
  project(rig);
  await rig.build();
  const first = tree(rig);
  const { results } = reportOf(await rig.build(["--json"]));
  const blob = (task: string) => blobPath(rig.path(".troupe/store/blobs"), results[task].sha256!);
  rig.remove("out");
  rig.remove("joined.txt");
  const text = Deno.readTextFileSync(blob("tool"));
  Deno.writeTextFileSync(blob("tool"), text.toLowerCase());
  Deno.removeSync(blob("joined"));
  assertDone(await rig.build(), { executed: ["joined", "tool"], restored: ["inplace", "text"] });
  assertEquals(tree(rig), first);
  assertEquals(Deno.readTextFileSync(blob("tool")), text, "the damaged one was replaced");
  for (const { name } of Deno.readDirSync(rig.path(".troupe/store/records"))) {
    const path = rig.path(`.troupe/store/records/${name}`);
    Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replaceAll('"durationMs"', '"durationMz"'));
  }
  rig.remove("out");
  assertDone(await rig.build(), { executed: ["inplace", "text", "tool"], hits: ["joined"] });
});

// S5.20: failed and cancelled work is not put there, nor what was made of inputs that changed meanwhile
rigTest("build puts nothing into the store that failed or was stopped", async (rig) => {
  const held = rig.hold("slow");
  rig.write("a.txt", "A\n");
  rig.write("build.json", {
    tasks: [
      { name: "failed", source_files: ["a.txt"], output: "failed", command: 'cat $IN > "$OUT"; exit 3' },
      { name: "wrong", source_files: ["a.txt"], output: "wrong", expected_sha256: "0".repeat(64) },
      { name: "changed", source_files: ["b.txt"], output: "changed", command: 'cat $IN > "$OUT"; echo later > b.txt' },
      { name: "stopped", output: "stopped", command: held.command },
    ],
  });
  rig.write("b.txt", "b\n");
  const running = rig.start();
  await held.started();
  await running.says(/Completed task 'changed'/);
  running.kill("SIGTERM");
  assertEquals((await running.ended).code, 143);
  assertEquals(rig.has(".troupe/store/records") ? rig.files(".troupe/store/records") : [], []);
});

// S5.6: what a task must make it must also be given
rigTest("build takes nothing out of the store that is not what the task expects", async (rig) => {
  const task = { name: "t", source_files: ["a.txt"], output: "t", command: 'cat $IN; cat $IN > "$OUT"' };
  rig.write("a.txt", "A\n");
  rig.write("build.json", { tasks: [task] });
  await rig.build();
  rig.remove("t");
  rig.write("build.json", { tasks: [{ ...task, expected_sha256: "0".repeat(64) }] });
  const ended = await rig.build();
  assertEquals([ended.code, executed(ended), restored(ended)], [1, ["t"], []]);
  rig.write("build.json", {
    tasks: [{ ...task, expected_sha256: "06f961b802bc46ee168555f066d28f4f0e9afdf3f88174c1ee6f9de004fc30a0" }],
  });
  assertDone(await rig.build(), { restored: ["t"] });
});

// S5.21: a cache that is lost costs nothing as long as the artifacts are there
rigTest("build finds artifacts that lie in place by the store when the build cache is gone", async (rig) => {
  project(rig);
  await rig.build();
  rig.remove(".build_cache.json");
  assertDone(await rig.build(), { hits: ALL });
  assertDone(await rig.build(["--no-store"]), { hits: ALL });
});

// S5.20: the build goes on
rigTest("build says once that the store cannot be used, and goes on", async (rig) => {
  project(rig);
  rig.write("file", "");
  const unusable = await rig.build(["--store", "file/store"]);
  assertEquals([unusable.code, executed(unusable)], [0, ALL]);
  assertMatch(unusable.stderr, /^Cannot use store '.+\/file\/store': Not a directory; building without it\n$/);
  const wrong = await rig.build([], { env: { TROUPE_STORE_LIMIT: "much" } });
  assertEquals([wrong.code, wrong.stderr], [
    2,
    "TROUPE_STORE_LIMIT must be a size such as 5GB or 500MB, not 'much'\n",
  ]);
});

// S5.20: nobody ever comes to the other end of a FIFO, and what a link leads to is somebody else's
rigTest(
  "a FIFO or a link among the store's files is a miss or a sentence, and nothing is written through it",
  async (rig) => {
    project(rig);
    for (const kind of ["a FIFO", "a link"]) {
      for (const place of ["counts", "tidied", "records", "blobs"]) {
        await rig.build(["--force"]);
        rig.write("mine", "mine");
        const path = `.troupe/store/${place}`;
        for (const file of Deno.statSync(rig.path(path)).isFile ? [path] : rig.files(path)) {
          rig.remove(file);
          if (kind === "a FIFO") rig.fifo(file);
          else Deno.symlinkSync(rig.path("mine"), rig.path(file));
        }
        rig.remove("out");
        rig.remove("joined.txt");
        rig.remove(".build_cache.json");
        const built = await rig.build();
        const why = kind === "a FIFO" ? "not a regular file" : "a symbolic link, and troupe writes through none";
        const what = `'[^']+/${path}(/\\d\\d)?' is ${why}: remove it`;
        const trouble = `Cannot put artifacts into store '.+': ${what}; the build goes on without\n`;
        assertMatch(built.stderr, new RegExp(`^${place === "records" ? trouble : ""}$`));
        assertEquals([built.code, rig.has("out/text")], [0, true], `${kind} for ${place}`);
        for (const args of [["store"], ["store", "gc"], ["store", "verify"]]) {
          const { code, stderr } = await rig.ask(args);
          const isTold = place === "records" || (place === "tidied" && args[1] === "gc");
          const told = isTold ? `Cannot look after store '.+': ${what}\n` : "";
          assertMatch(stderr, new RegExp(`^${told}$`), `${kind} for ${place}: ${args.join(" ")}`);
          assertEquals(code, isTold ? 2 : 0);
        }
        assertEquals(rig.read("mine"), "mine");
        rig.remove(".troupe");
      }
    }
  },
);

// S5.23: at the end of a build, once a day
rigTest("build looks after a store that was not looked after for a day", async (rig) => {
  project(rig);
  await rig.build();
  const blobs = () => rig.files(".troupe/store/blobs").length;
  const before = blobs(), tidied = rig.path(".troupe/store/tidied");
  project(rig, "B\n");
  const env = { TROUPE_STORE_LIMIT: "0" };
  await rig.build([], { env });
  assert(blobs() > before, "it has been looked after today");
  const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
  Deno.utimeSync(tidied, yesterday, yesterday);
  project(rig, "C\n");
  await rig.build([], { env });
  assertEquals(blobs(), 0);
  assert(Deno.statSync(tidied).mtime! > yesterday);
  assertDone(await rig.build([], { env }), { hits: ALL });
});

// S5.21
rigTest("build --dry-run says what it would restore, and needs nothing of what is not there for it", async (rig) => {
  project(rig);
  await rig.build();
  rig.remove("out");
  rig.remove("joined.txt");
  const ended = await rig.build(["--dry-run", "--json"]);
  assertEquals(JSON.parse(ended.stdout).tasks.joined, {
    run: false,
    restore: true,
    reason: "artifact missing: joined.txt",
  });
  assertStringIncludes(ended.stderr, "Task 'tool' would restore out/tool: artifact missing: out/tool\n");
  assertStringIncludes(ended.stderr, "Dry run: 0 would run, 4 would restore, 0 up to date\n");
  assert(!rig.has("out"));
  assertStringIncludes((await rig.ask(["build", "-n", "--no-store"])).stdout, "Dry run: 4 would run, 0 up to date\n");
  // What is not there with its size is not promised, in folders neither.
  const folder = {
    name: "folder",
    outputs: ["dir/", "one"],
    command: "mkdir -p $OUT_1/x; echo deep > $OUT_1/x/y; echo one > $OUT_2",
  };
  rig.write("build.json", { tasks: [...TASKS, folder] });
  const { results } = reportOf(await rig.build(["--json"]));
  const blob = (sha256: string) => blobPath(rig.path(".troupe/store/blobs"), sha256);
  const deep = "64896f89fd11190013b70103e603a1c5826e56b7fb7d2197ab279b0690043599"; // of "deep\n"
  rig.remove("out");
  rig.remove("joined.txt");
  rig.remove("dir");
  Deno.removeSync(blob(results.joined.sha256!));
  Deno.writeTextFileSync(blob(results.text.sha256!), "cut");
  Deno.removeSync(blob(deep));
  const promised = (await rig.ask(["build", "-n"])).stdout;
  assertEquals([...promised.matchAll(/Task '(\w+)' would run/g)].map(([, name]) => name), ["text", "folder", "joined"]);
  const built = await rig.build();
  assertEquals([executed(built), restored(built)], [["folder", "joined", "text"], ["inplace", "tool"]]);
});

// S5.23
rigTest("store shows what is in it, verifies it, makes room and clears it, each also without doing so", async (rig) => {
  project(rig);
  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await rig.ask(["store", ...args]);
    return `${code} ${stdout}${stderr}`.replaceAll(rig.folder, "");
  };
  assertEquals(await ask(), "0 There is no store at '/.troupe/store'\n");
  await rig.build();
  project(rig, "B\n");
  await rig.build();
  rig.remove("out");
  await rig.build();
  const shown = JSON.parse((await rig.ask(["store", "--json"])).stdout);
  const { records, blobs, hits, misses, limit, days } = shown;
  assertEquals({ records, blobs, hits, misses, limit, days }, {
    records: 7,
    blobs: 7,
    hits: 3,
    misses: 7,
    limit: 5e9,
    days: 30,
  });
  assertEquals(
    await ask(),
    `0 Store '/.troupe/store': ${shown.bytes} B of 5 GB\n  7 records, 7 blobs; what is not used for 30 days goes\n` +
      "  3 hits in 10 lookups of the last 30 days (30%)\n",
  );
  rig.write("build.json", { tasks: TASKS, store_limit: "10B", store_days: 3.5 });
  assertMatch(await ask(), /\d+ B of 10 B\n.* used for 3.5 days goes\n/);
  assertEquals(await ask("verify"), "0 Verified 7 blobs: all is as it should be\n");
  const [damaged] = rig.files(".troupe/store/blobs");
  rig.write(damaged, "damaged");
  assertEquals(
    await ask("verify", "-n"),
    "1 Verified 7 blobs: would remove 1 damaged (7 B) and 1 record without its blobs\n",
  );
  assertEquals(await ask("verify"), "1 Verified 7 blobs: removed 1 damaged (7 B) and 1 record without its blobs\n");
  const dry = await ask("gc", "--dry-run");
  assertMatch(dry, /^0 Would remove [1-9] records? and [1-9] blobs? \(\d+ B\)\n$/);
  assertEquals(await ask("gc"), dry.replace("Would remove", "Removed"));
  assertMatch(await ask("clear", "-n"), /^0 Would remove /);
  assertMatch(await ask("clear"), /^0 Removed /);
  assertEquals(rig.files(".troupe/store/blobs"), []);
  assertEquals(await ask("clera"), "2 troupe store knows gc, verify and clear, not 'clera'; did you mean 'clear'?\n");
  assertEquals(await ask("-n"), "2 --dry-run goes with gc, verify or clear; see troupe store --help\n");
});

// S5.23: never what a going build uses
rigTest("store that a build uses is not cleared", async (rig) => {
  const held = rig.hold("slow");
  rig.write("build.json", { tasks: [{ name: "t", output: "t", command: held.command }] });
  const running = rig.start();
  await held.started();
  const { code, stdout } = await rig.ask(["store", "clear"]);
  assertEquals([code, stdout.replaceAll(rig.folder, "")], [
    1,
    "Store '/.troupe/store' is in use by a build: clear it when that is over\n",
  ]);
  held.release();
  assertEquals((await running.ended).code, 0);
});

// S5.21, S6.3, S6.10
rigTest("list and why tell what would come out of the store", async (rig) => {
  project(rig);
  await rig.build();
  rig.remove("out/tool");
  const { tasks } = JSON.parse((await rig.ask(["list", "--json"])).stdout);
  const told = tasks.map(({ name, state, reason }: Record<string, unknown>) => [name, state, reason]);
  assertEquals(told[0], ["tool", "would_restore", "artifact missing: out/tool"]);
  assertEquals(told[1], ["inplace", "up_to_date", null]);
  assertMatch(
    (await rig.ask(["list"])).stdout,
    /would be restored: artifact missing: out\/tool\b(.*\n)+4 tasks: 3 up to date, 1 would be restored\n$/,
  );
  assertMatch((await rig.ask(["graph"])).stdout, /◌ tool( ◆)? {2}would be restored/);
  assertMatch((await rig.ask(["why", "tool"])).stdout, /\n {2}now {7}would be restored: artifact missing: out\/tool\n/);
});
