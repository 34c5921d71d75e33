// What a watch gathers, and what it hands on as one change.
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { GitLock } from "../../../actors/watch/git_lock.ts";
import { type Gathered, Watcher } from "../../../actors/watch/watcher.ts";
import { InputMap } from "../../../graph/input_map.ts";
import { TempFolder } from "../temp_folder.ts";

/** A watch over `src/*` of a folder, and what it has handed on. */
class Watched implements Disposable {
  readonly temp = new TempFolder();
  readonly warnings: string[] = [];
  /** What was told at once of what is known. */
  readonly invalid: string[] = [];
  readonly map = new InputMap({
    folder: this.temp.path,
    config: this.temp.file("build.json"),
    files: [["src/a", "src/b", "top"]],
    tasks: [{
      sourceFiles: ["src/*", "top"],
      outputs: [{ path: "src/out", kind: "file" }],
      action: { kind: "concatenate" },
    }],
  });
  readonly watcher: Watcher;
  #next = Promise.withResolvers<Gathered>();

  /** With a folder in it from the start. */
  constructor(folder = ".") {
    this.temp.folder(folder);
    this.watcher = new Watcher({
      quietMs: 1,
      isPolling: false,
      home: this.temp.path,
      onChange: (gathered) => this.#next.resolve(gathered),
      onWarning: (sentence) => this.warnings.push(sentence),
      known: {
        invalidate: (path) => this.invalid.push(path.slice(this.temp.path.length + 1)),
        lose: (folder) => this.invalid.push(`${folder.slice(this.temp.path.length + 1)}/`),
        forget: () => this.invalid.push("all"),
      },
    });
  }

  /** Does something, and waits for what is handed on. */
  async gathers(act: () => void): Promise<string[]> {
    this.#next = Promise.withResolvers();
    act();
    const { changes, isPartial } = await this.#next.promise;
    const paths = changes.map(({ path, isThere }) => `${isThere ? "" : "no "}${path.slice(this.temp.path.length + 1)}`);
    return [...paths.sort(), ...isPartial ? ["…"] : []];
  }

  follow(sinceMs?: number): void {
    this.watcher.follow(this.map, new Set([this.temp.file("src")]), sinceMs);
  }

  [Symbol.dispose](): void {
    this.watcher[Symbol.dispose]();
    this.temp[Symbol.dispose]();
  }
}

// S6.14
Deno.test("Watcher hands on what anybody reads, and what a folder that is gone has taken along", async () => {
  using watched = new Watched();
  watched.temp.folder("src");
  Deno.writeTextFileSync(watched.temp.file("top"), "");
  watched.follow();
  const write = (...names: string[]) => {
    for (const name of names) Deno.writeTextFileSync(watched.temp.file(name), "");
  };
  assertEquals(await watched.gathers(() => write("src/out", "other", "src/a", "src/b", "src/a")), ["src/a", "src/b"]);
  const remove = () => Deno.removeSync(watched.temp.file("src"), { recursive: true });
  assertEquals(await watched.gathers(remove), ["no src", "no src/a", "no src/b"]);
  assertEquals(watched.warnings, []);
});

// S6.14
Deno.test("Watcher tells of what has come into a folder just before it was watched", async () => {
  using watched = new Watched();
  watched.temp.folder("src");
  for (const name of ["src/c", "src/out"]) Deno.writeTextFileSync(watched.temp.file(name), "");
  const { ctime } = Deno.statSync(watched.temp.file("src/c"));
  assertEquals(await watched.gathers(() => watched.follow(ctime!.getTime())), ["src/c"]);
});

// S6.14
Deno.test("Watcher waits while git is at work, in a further working tree too, but for no lock that was left behind", async () => {
  for (const isFurther of [false, true]) {
    using temp = new TempFolder();
    const git = temp.folder(isFurther ? "elsewhere/.git/worktrees/x" : "in/.git");
    temp.folder("in/project");
    if (isFurther) Deno.writeTextFileSync(temp.file("in/.git"), "gitdir: ../elsewhere/.git/worktrees/x\n");
    const lock = new GitLock(temp.file("in/project"));
    assertEquals(lock.isHeld, false);
    Deno.writeTextFileSync(`${git}/index.lock`, "");
    assertEquals(lock.isHeld, true);
    Deno.utimeSync(`${git}/index.lock`, 1, 1);
    assertEquals(lock.isHeld, false);
  }
  using watched = new Watched(".git");
  watched.temp.folder("src");
  watched.follow();
  const lock = watched.temp.file(".git/index.lock");
  Deno.writeTextFileSync(lock, "");
  const gathered = watched.gathers(() => Deno.writeTextFileSync(watched.temp.file("src/a"), ""));
  await delay(50); // it would be handed on by now
  Deno.writeTextFileSync(watched.temp.file("src/b"), "");
  Deno.removeSync(lock);
  // The thread is kept until it is time to look at the lock again, so that is done before anything that the system tells is heard.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  assertEquals(await gathered, ["src/a", "src/b"]);
});

// S6.14
Deno.test("Watcher looks by itself when it is no longer told, says so, and takes all for changed", async () => {
  using watched = new Watched();
  watched.temp.folder("src");
  watched.follow();
  assertEquals(await watched.gathers(() => watched.watcher.failed("there is no more")), ["…"]);
  assertEquals(watched.warnings, ["Cannot be told of changes: there is no more; looking for them every second"]);
  assertEquals(await watched.gathers(() => Deno.writeTextFileSync(watched.temp.file("src/a"), "")), ["src/a"]);
});
