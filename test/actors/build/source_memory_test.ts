// Sources from one build to the next: what is looked for anew, what is not, and that both come to what a first build finds.
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { expandSources } from "../../../actors/build/sources.ts";
import { SourceMemory } from "../../../actors/build/source_memory.ts";
import { FileIndex } from "../../../actors/storage/file_index.ts";
import type { Task } from "../../../graph/task.ts";
import { TempFolder } from "../temp_folder.ts";

/** Tasks over a temp folder, expanded with what is known from the time before. */
class Project implements Disposable {
  readonly temp = new TempFolder();
  readonly untold = new Set<string>();
  readonly tasks: readonly Task[];
  readonly #index: FileIndex;
  readonly #memory = new SourceMemory((folder) => !this.untold.has(folder));
  readonly #own = [this.temp.file("taskrun.db")];

  constructor(sources: readonly string[][], files: readonly string[]) {
    this.tasks = sources.map((sourceFiles, i): Task => ({
      name: `t${i}`,
      action: { kind: "concatenate" },
      dependencies: [],
      sourceFiles,
      outputs: [{ path: `out/${i}`, kind: "file" }],
      env: {},
      retries: 0,
    }));
    for (const file of files) this.write(file);
    this.#index = this.#newIndex();
    this.#index.keep(() => true);
  }

  write(path: string): void {
    this.temp.folder(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    Deno.writeTextFileSync(this.temp.file(path), path);
  }

  /** Expands after changes to these paths. */
  async expand(changed: readonly string[] = [], lost: readonly string[] = []) {
    this.#index.rest();
    this.#index.renew(changed);
    this.#memory.renew(changed.map((path) => this.temp.file(path)), lost.map((path) => this.temp.file(path)));
    const sources = await expandSources(this.tasks, { index: this.#index, own: this.#own, memory: this.#memory });
    const fresh = await expandSources(this.tasks, { index: this.#newIndex(), own: this.#own });
    assertEquals({ ...sources, folders: null }, { ...fresh, folders: null });
    assertEquals([...sources.folders].sort(), [...fresh.folders].sort());
    return sources;
  }

  #newIndex(): FileIndex {
    return new FileIndex(this.temp.path, Object.create(null));
  }

  [Symbol.dispose](): void {
    this.temp[Symbol.dispose]();
  }
}

// S6.14
Deno.test("SourceMemory gives the very answer again when no source has come or gone", async () => {
  using project = new Project([["src/**/*.c", "top"], ["src/a/*.c"], ["top"]], ["src/a/1.c", "src/b/2.c", "top"]);
  const first = await project.expand();
  assertStrictEquals(await project.expand(), first);
  project.write("src/a/1.c");
  project.write("src/.1.c.swp");
  project.write("other/x.c");
  assertStrictEquals(await project.expand(["src/a/1.c", "top", "src/.1.c.swp", "other/x.c", "src/4913"]), first);
});

// S6.14
Deno.test("SourceMemory looks again for what changes may have brought or taken", async () => {
  using project = new Project([["src/**/*.c", "top"], ["src/a/*.c"]], ["src/a/1.c", "src/b/2.c", "top"]);
  const { temp } = project;
  let last = await project.expand();
  const steps: Record<string, () => readonly string[]> = {
    "a new file": () => {
      project.write("src/a/3.c");
      return ["src/a/3.c"];
    },
    "a file removed": () => {
      Deno.removeSync(temp.file("src/b/2.c"));
      return ["src/b/2.c"];
    },
    "a folder renamed": () => {
      Deno.renameSync(temp.file("src/a"), temp.file("src/z"));
      return ["src/a", "src/z"];
    },
    "a new folder with a file": () => {
      project.write("src/a/deep/4.c");
      return ["src/a", "src/a/deep", "src/a/deep/4.c"];
    },
    "a file that is a folder now": () => {
      Deno.removeSync(temp.file("src/a/deep/4.c"));
      project.write("src/a/deep/4.c/5.c");
      return ["src/a/deep/4.c"];
    },
    "a named source gone": () => {
      Deno.removeSync(temp.file("top"));
      return ["top"];
    },
    "a named source back, as a link": () => {
      Deno.symlinkSync("src/z/1.c", temp.file("top"));
      return ["top"];
    },
    "a file whose name is a pattern of the config": () => {
      project.write("src/a/*.c");
      return ["src/a/*.c"];
    },
  };
  for (const [what, step] of Object.entries(steps)) {
    const next = await project.expand(step());
    assert(next !== last, what);
    last = next;
  }
});

// S6.14
Deno.test("SourceMemory looks anew where nobody tells, or no longer does, and behind links", async () => {
  using project = new Project([["src/**/*.c"], ["lib/*.c"], ["far/*.c"]], ["src/a/1.c", "lib/2.c", "real/3.c"]);
  Deno.symlinkSync("real", project.temp.file("far"));
  project.untold.add(project.temp.file("lib")).add(project.temp.file("far"));
  const first = await project.expand();
  assertStrictEquals(await project.expand(), first);
  for (const path of ["lib/4.c", "real/5.c", "src/a/6.c"]) project.write(path);
  const { files } = await project.expand([], ["src/a"]);
  assertEquals(files, [["src/a/1.c", "src/a/6.c"], ["lib/2.c", "lib/4.c"], ["far/3.c", "far/5.c"]]);
  // a link that leads elsewhere by now
  Deno.removeSync(project.temp.file("far"));
  Deno.symlinkSync("lib", project.temp.file("far"));
  assertEquals((await project.expand()).files[2], ["far/2.c", "far/4.c"]);
});
