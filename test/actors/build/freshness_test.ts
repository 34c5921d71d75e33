// Whether a task must be done, over real files.
import { assert, assertEquals } from "@std/assert";
import { dirname } from "@std/path";
import { BuildCache } from "../../../actors/build/build_cache.ts";
import { BuildWork } from "../../../actors/build/build_work.ts";
import { type BuildFinding, Freshness } from "../../../actors/build/freshness.ts";
import { lookAt } from "../../../actors/machine/stamp.ts";
import { sha256 } from "../../../graph/digest.ts";
import { buildGraph } from "../../../graph/graph.ts";
import { makePlan, type Plan } from "../../../graph/schedule/plan.ts";
import type { Task } from "../../../graph/task.ts";

function task(name: string, more: Partial<Task> = {}): Task {
  return {
    name,
    action: { kind: "command", command: "make it" },
    dependencies: [],
    sourceFiles: [`${name}.txt`],
    outputs: [{ path: `out/${name}`, kind: "file" }],
    env: {},
    retries: 0,
    ...more,
  };
}

/** A folder in which tasks are "done" by hand. */
class Project implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });

  /** Writes a file of long ago, so that it is remembered; later writes have later times. */
  write(path: string, text: string): void {
    const file = `${this.folder}/${path}`;
    Deno.mkdirSync(dirname(file), { recursive: true });
    Deno.writeTextFileSync(file, text);
    Deno.utimeSync(file, ++this.#clock, this.#clock);
  }

  /** One run: each task is checked and done if it must be. Answers with what was found, by name. */
  run(tasks: Task[], options: { force?: boolean } = {}): Record<string, BuildFinding> {
    const { cache } = BuildCache.load(this.folder);
    const plan = this.plan(tasks);
    const freshness = new Freshness(plan, cache, { force: options.force ?? false });
    const found: Record<string, BuildFinding> = {};
    plan.tasks.forEach(({ name, outputs: [{ path: output }] }, index) => {
      const finding = found[name] = freshness.check(index);
      if (finding.kind === "run" || finding.kind === "restore") {
        const text = `made by ${finding.kind === "run" ? finding.fingerprint : "copying"}`;
        if (finding.kind === "run") this.write(output, text);
        else Deno.copyFileSync(`${this.folder}/${finding.copies[0].from}`, `${this.folder}/${output}`);
        const content = Deno.readTextFileSync(`${this.folder}/${output}`);
        const stamp = lookAt(`${this.folder}/${output}`);
        const digest = sha256(content);
        const entry = { artifact_path: output, sha256: digest, size: stamp.size, mode: stamp.mode };
        freshness.made[index] = entry;
        cache.files.enter(output, { sha256: digest, ...stamp });
        if (finding.kind === "run") {
          cache.insert(finding.fingerprint, entry);
          freshness.noteMade(finding.fingerprint);
        }
        cache.remember(name, finding.trace);
      } else if (finding.kind === "fresh") freshness.made[index] = finding.entry;
    });
    cache.save();
    return found;
  }

  plan(tasks: Task[]): Plan {
    return makePlan(tasks, buildGraph(tasks).graph, tasks.map((task) => task.sourceFiles));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }

  #clock = 1000;
}

/** The reasons of those that must run. */
function reasons(found: Record<string, BuildFinding>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, finding]) => finding.kind === "run" ? [[name, finding.reason]] : []),
  );
}

// S0.46
Deno.test("Freshness finds new work, and finds it done the next time", () => {
  using project = new Project();
  project.write("a.txt", "a");
  const tasks = [task("a"), task("b", { sourceFiles: [], dependencies: ["a"] })];
  assertEquals(reasons(project.run(tasks)), { a: "new", b: "new" });
  const again = project.run(tasks);
  assertEquals([again.a.kind, again.b.kind], ["fresh", "fresh"]);
});

Deno.test("Freshness tells why work must be done again", () => {
  using project = new Project();
  project.write("a.txt", "a");
  const a = task("a"), b = task("b", { sourceFiles: [], dependencies: ["a"] });
  project.run([a, b]);
  project.write("a.txt", "edited");
  assertEquals(reasons(project.run([a, b])), { a: "source changed: a.txt", b: "dependency changed: a" });
  Deno.removeSync(`${project.folder}/out/b`);
  assertEquals(reasons(project.run([a, b])), { b: "artifact missing: out/b" });
  project.write("out/b", "tampered");
  assertEquals(reasons(project.run([a, b])), { b: "artifact edited: out/b" });
  assertEquals(reasons(project.run([{ ...a, env: { X: "1" } }])), { a: "environment added: X" });
  assertEquals(reasons(project.run([{ ...a, action: { kind: "content", content: "" } }])), {
    a: "command changed; environment removed: X",
  });
});

// S0.45
Deno.test("Freshness finds equal work at another task's path, and no other work there", () => {
  using project = new Project();
  project.write("a.txt", "a");
  project.write("b.txt", "a");
  const duplicate = (name: string) => task(name, { sourceFiles: ["a.txt"] });
  const found = project.run([task("a"), duplicate("duplicate"), task("b")]);
  assert(found.duplicate.kind === "restore");
  assertEquals([found.duplicate.copies[0].from, found.duplicate.entry.sha256], [
    "out/a",
    sha256(Deno.readTextFileSync(`${project.folder}/out/a`)),
  ]);
  assertEquals(reasons(found), { a: "new", b: "new" }); // b.txt is another source, whatever is in it
  const again = project.run([task("a"), duplicate("duplicate")]);
  assertEquals([again.a.kind, again.duplicate.kind], ["fresh", "fresh"]);
});

Deno.test("Freshness copies nothing from a path that holds something else by now", () => {
  using project = new Project();
  project.write("a.txt", "a");
  project.run([task("a")]);
  project.write("out/a", "tampered");
  const found = project.run([task("duplicate", { sourceFiles: ["a.txt"] })]);
  assertEquals(reasons(found), { duplicate: "new" });
});

// S0.40
Deno.test("Freshness takes no artifact for right that is not the expected one", () => {
  using project = new Project();
  project.write("a.txt", "a");
  project.run([task("a")]);
  const made = sha256(Deno.readTextFileSync(`${project.folder}/out/a`));
  assertEquals(project.run([task("a", { expected: { "out/a": made } })]).a.kind, "fresh");
  assertEquals(reasons(project.run([task("a", { expected: { "out/a": "0".repeat(64) } })])), {
    a: "artifact not the expected one",
  });
});

Deno.test("Freshness with force has all work done again, equal work once", () => {
  using project = new Project();
  project.write("a.txt", "a");
  const tasks = [task("a"), task("duplicate", { sourceFiles: ["a.txt"] })];
  project.run(tasks);
  const found = project.run(tasks, { force: true });
  assertEquals(reasons(found), { a: "forced" });
  assert(found.duplicate.kind === "fresh" || found.duplicate.kind === "restore");
});

Deno.test("Freshness says why a source cannot be read, and which one is too much to read now", async () => {
  using project = new Project();
  assertEquals(project.run([task("a")]).a, {
    kind: "unreadable",
    failure: { kind: "source", path: "a.txt", detail: "No such file or directory" },
  });
  project.write("a.txt", "x".repeat(5 * 1024 * 1024));
  const { cache } = BuildCache.load(project.folder);
  const freshness = new Freshness(project.plan([task("a")]), cache, { force: false });
  assertEquals(freshness.check(0), { kind: "tooMuch", path: "a.txt" });
  await cache.files.readSlowly("a.txt");
  assertEquals(freshness.check(0).kind, "run");
});

// K111
Deno.test("Freshness.changedInput() notices an edit of a source or a dependency's artifact, for each who saw it", () => {
  using project = new Project();
  const inputs = { sourceFiles: ["a.txt", "out/x"], dependencies: ["y"] };
  const tasks = [
    task("x", { sourceFiles: [] }),
    task("y", { sourceFiles: [], dependencies: ["x"] }),
    ...["a", "b"].map((name) => task(name, inputs)),
  ];
  for (const path of ["a.txt", "out/x", "out/y"]) {
    for (const file of ["a.txt", "out/x", "out/y"]) project.write(file, file);
    const { cache } = BuildCache.load(project.folder);
    const freshness = new Freshness(project.plan(tasks), cache, { force: false });
    for (const [index, name] of ["out/x", "out/y"].entries()) {
      const sha256 = cache.files.digest(name) as string;
      freshness.made[index] = { artifact_path: name, sha256, size: 1, mode: 0o644 };
    }
    const traces = [2, 3].map((index) => {
      const finding = freshness.check(index);
      assert(finding.kind === "run");
      return finding.trace;
    });
    for (const trace of traces) assertEquals(freshness.changedInput(trace), undefined);
    project.write(path, "edited");
    for (const trace of traces) assertEquals(freshness.changedInput(trace), path);
  }
});

// K111
Deno.test("BuildWork remembers nothing of an artifact whose source was edited while it was made, also once the edit is undone", () => {
  using project = new Project();
  const plan = project.plan([task("a")]);
  /** One build; answers with what there was to do, and whether it is forgotten. */
  const build = (edit?: string) => {
    const { cache } = BuildCache.load(project.folder);
    let noted = 0;
    const saver = { noteCompleted: () => void noted++, saveIfDue() {} };
    const work = new BuildWork(plan, cache, { force: false, saver });
    const { kind } = work.check(0);
    if (kind === "run") {
      if (edit !== undefined) project.write("a.txt", edit);
      const made = Deno.readTextFileSync(`${project.folder}/a.txt`);
      project.write("out/a", made);
      work.arrived(0, [{ path: "out/a", sha256: sha256(made), ...lookAt(`${project.folder}/out/a`) }], {
        durationMs: 0,
      });
      work.record(0);
    }
    assertEquals(noted, kind === "run" ? 1 : 0, "what is done is noted by whoever writes the cache");
    cache.save();
    return [kind, work.isForgotten(0)];
  };
  project.write("a.txt", "one");
  assertEquals(build("two"), ["run", true]);
  project.write("a.txt", "one");
  assertEquals(build(), ["run", false]);
  assertEquals(Deno.readTextFileSync(`${project.folder}/out/a`), "one");
  assertEquals(build(), ["fresh", false]);
});

// K4
Deno.test("Freshness tells of an output in place that is not what the same work has made", () => {
  using project = new Project();
  project.write("a.txt", "a");
  const tasks = [task("a")];
  project.run(tasks);
  const spoilt = (options?: { force: boolean }) => {
    const { cache } = BuildCache.load(project.folder);
    const finding = new Freshness(project.plan(tasks), cache, { force: false, ...options }).check(0);
    return finding.kind === "run" ? finding.spoilt?.["out/a"]?.isEdited ?? false : finding.kind;
  };
  assertEquals([spoilt(), spoilt({ force: true })], ["fresh", false]);
  project.write("out/a", "edited");
  assertEquals([spoilt(), spoilt({ force: true })], [true, true]);
  project.write("a.txt", "other work");
  assertEquals([spoilt(), spoilt({ force: true })], [false, false]);
});
