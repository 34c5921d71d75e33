// What the system tells of changes in folders, and what one finds who looks by oneself: the same.
import { assert, assertEquals } from "@std/assert";
import type { FolderEvents, FolderWatch } from "../../../actors/watch/folder_watch.ts";
import { openInotify } from "../../../actors/watch/inotify.ts";
import { PollingWatch } from "../../../actors/watch/polling_watch.ts";
import { TreeWatch } from "../../../actors/watch/tree_watch.ts";
import { TempFolder } from "../temp_folder.ts";

/** Folders that are watched, and what was told of them. */
class Told implements FolderEvents, Disposable {
  readonly temp = new TempFolder();
  readonly paths = new Set<string>();
  readonly failures: string[] = [];
  readonly left: string[] = [];
  /** Folders that hold nothing. */
  readonly unwanted = new Set(["node_modules", "gone"]);
  lapses = 0;
  readonly #waiting = new Set<() => void>();
  readonly #watch: FolderWatch;

  constructor(open: (events: Told) => FolderWatch) {
    this.#watch = open(this);
  }

  changed(path: string): void {
    this.paths.add(path.slice(this.temp.path.length + 1));
    this.#wake();
  }

  unwatched(folder: string): void {
    this.left.push(folder.slice(this.temp.path.length + 1));
  }

  lapsed(): void {
    this.lapses++;
    this.#wake();
  }

  failed(why: string): void {
    this.failures.push(why);
  }

  mayHold(folder: string): boolean {
    return !this.unwanted.has(folder.slice(folder.lastIndexOf("/") + 1));
  }

  watches(folder: string): boolean {
    return this.#watch.tells(this.path(folder));
  }

  catchUp(): void {
    this.#watch.catchUp();
  }

  startOver(): void {
    this.#watch.startOver();
  }

  follow(...folders: string[]): void {
    this.#watch.follow(new Set(folders.map((folder) => folder === "" ? this.temp.path : this.path(folder))));
  }

  path(name: string): string {
    return `${this.temp.path}/${name}`;
  }

  write(path: string, text = "x"): void {
    Deno.writeTextFileSync(this.path(path), text);
  }

  /** Does something, and waits until all of these are told of. */
  async tells(paths: readonly string[], act: () => void): Promise<void> {
    this.paths.clear();
    act();
    while (!paths.every((path) => this.paths.has(path))) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    this.temp[Symbol.dispose]();
  }
}

const KINDS: readonly [string, (events: Told) => FolderWatch][] = [
  ["inotify", (events) => openInotify(events)!],
  ["polling", (events) => new PollingWatch(events, 1)],
  ["Deno.watchFs", (events) => new TreeWatch(events, events.temp.path)],
];

for (const [kind, open] of KINDS) {
  /** One is told of whole trees. */
  const isExact = kind !== "Deno.watchFs";
  const ignore = kind === "inotify" && Deno.build.os !== "linux";

  // S6.14
  Deno.test({
    name: `${kind} tells of files that come, are written to, renamed and removed, in the folders that are followed`,
    ignore,
    async fn() {
      using told = new Told(open);
      Deno.mkdirSync(told.path("src/deep"), { recursive: true });
      told.write("src/old");
      told.follow("", "src");
      await told.tells(["src/new"], () => told.write("src/new"));
      await told.tells(["src/new"], () => told.write("src/new", "more"));
      // as editors save
      told.write("src/new~", "changed");
      await told.tells(["src/new"], () => Deno.renameSync(told.path("src/new~"), told.path("src/new")));
      await told.tells(["src/old", "src/moved"], () => Deno.renameSync(told.path("src/old"), told.path("src/moved")));
      await told.tells(["src/moved"], () => Deno.removeSync(told.path("src/moved")));
      await told.tells(["src/new"], () => Deno.chmodSync(told.path("src/new"), 0o755));
      told.write("src/deep/unseen");
      await told.tells(["top"], () => told.write("top"));
      assert(!isExact || ![...told.paths].some((path) => path.startsWith("src/deep/")));
      // one that has just come is watched, though whoever asks does not know of it
      await told.tells(["src/come"], () => Deno.mkdirSync(told.path("src/come")));
      told.follow("", "src");
      await told.tells(["src/come/file"], () => told.write("src/come/file"));
      told.unwanted.add("src");
      told.follow("");
      await told.tells(["top2"], () => {
        told.write("src/no-longer");
        told.write("top2");
      });
      assert(!isExact || !told.paths.has("src/no-longer"));
    },
  });

  // S6.14
  Deno.test({
    name: `${kind} follows folders that come, with all that is in them, and those that come back`,
    ignore,
    async fn() {
      using told = new Told(open);
      told.follow("", "src");
      for (let round = 0; round < 3; round++) {
        await told.tells(["src/a/b/file"], () => {
          Deno.mkdirSync(told.path("src/a/b"), { recursive: true });
          told.write("src/a/b/file");
        });
        await told.tells(["src/a/b/other"], () => told.write("src/a/b/other"));
        await told.tells(["src"], () => Deno.removeSync(told.path("src"), { recursive: true }));
      }
      Deno.mkdirSync(told.path("else/in"), { recursive: true });
      told.write("else/in/file");
      await told.tells(["src/in/file"], () => Deno.renameSync(told.path("else"), told.path("src")));
      await told.tells(["src/in/new"], () => told.write("src/in/new"));
      // what has moved away is not followed where it goes
      await told.tells(["src"], () => Deno.renameSync(told.path("src"), told.path("gone")));
      Deno.mkdirSync(told.path("src/node_modules"), { recursive: true });
      await told.tells(["src/last"], () => {
        told.write("gone/in/unseen");
        told.write("src/node_modules/unseen");
        told.write("src/last");
      });
      assert(!isExact || ![...told.paths].some((path) => path.endsWith("unseen")), [...told.paths].join());
      assertEquals([told.failures, told.lapses], [[], 0]);
    },
  });

  // S6.14
  Deno.test({
    name: `${kind} follows a folder by each name it has, and a link that leads elsewhere by then`,
    ignore: ignore || !isExact,
    async fn() {
      using told = new Told(open);
      for (const name of ["one", "two"]) Deno.mkdirSync(told.path(name));
      Deno.symlinkSync("one", told.path("link"));
      told.follow("", "one", "link");
      await told.tells(["one/file", "link/file"], () => told.write("one/file"));
      Deno.symlinkSync("two", told.path("new"));
      told.write("two/before");
      await told.tells(["link/before"], () => Deno.renameSync(told.path("new"), told.path("link")));
      await told.tells(["link/file"], () => told.write("two/file"));
      told.unwanted.add("link");
      told.follow("one");
      await told.tells(["one/last"], () => told.write("one/last"));
      assert(!told.paths.has("link/last"));
    },
  });
}

// S6.14
Deno.test({
  name: "inotify says when changes were lost",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using told = new Told((events) => openInotify(events)!);
    const most = Number(Deno.readTextFileSync("/proc/sys/fs/inotify/max_queued_events"));
    told.write("a");
    told.write("b");
    told.follow("");
    // nobody reads while this thread is busy
    for (let i = 0; i <= most; i++) Deno.utimeSync(told.path(i % 2 === 0 ? "a" : "b"), i, i);
    await told.until(() => told.lapses > 0);
    await told.tells(["c"], () => told.write("c"));
  },
});

// S6.14
Deno.test({
  name: "inotify says when the system has no watches left, and goes on with those it has",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const module = new URL("../../../actors/watch/inotify.ts", import.meta.url);
    using temp = new TempFolder();
    for (const name of ["a", "b", "c"]) Deno.mkdirSync(`${temp.path}/${name}`);
    const program = `
      import { openInotify } from ${JSON.stringify(module.href)};
      const events = { changed() {}, lapsed() {}, mayHold: () => true, failed: (why) => console.log(why) };
      const watch = openInotify(events);
      watch.follow(new Set(["a", "b", "c", "missing"].map((name) => ${JSON.stringify(temp.path)} + "/" + name)));
      watch[Symbol.dispose]();
    `;
    Deno.writeTextFileSync(`${temp.path}/program.ts`, program);
    const limit = "echo 2 > /proc/sys/user/max_inotify_watches 2> /dev/null || { echo no limits here; exit 0; }";
    const { stdout } = await new Deno.Command("unshare", {
      args: ["-Ur", "sh", "-c", `${limit}; exec "$0" run -A program.ts`, Deno.execPath()],
      cwd: temp.path,
    }).output().catch(() => ({ stdout: new TextEncoder().encode("no limits here\n") }));
    const said = new TextDecoder().decode(stdout);
    if (said === "no limits here\n" || said === "") {
      return console.log("what lacks watches is not tested: no user namespaces");
    }
    assertEquals(said, "the system has no inotify watches left\n");
  },
});

// S6.14
Deno.test({
  name: "inotify tells at once of what has happened in a folder that it watches, if it is asked",
  ignore: Deno.build.os !== "linux",
  fn() {
    using told = new Told(KINDS[0][1]);
    Deno.mkdirSync(told.path("src/deep"), { recursive: true });
    assertEquals([told.watches("src"), told.watches("src/deep"), told.watches("none")], [true, true, false]);
    told.write("src/a");
    told.write("src/deep/b");
    told.catchUp();
    assertEquals([...told.paths].sort(), ["src/a", "src/deep/b"]);
    Deno.renameSync(told.path("src/deep"), told.path("src/away"));
    told.catchUp();
    assertEquals(told.left, ["src/deep"]);
    // another one of that name is watched anew
    Deno.mkdirSync(told.path("src/deep"));
    told.catchUp();
    told.paths.clear();
    told.write("src/deep/c");
    told.catchUp();
    assertEquals([...told.paths], ["src/deep/c"]);
  },
});

// S6.14
Deno.test({
  name: "inotify goes by the names of folders once it is to start over, and tells that nothing was told meanwhile",
  ignore: Deno.build.os !== "linux",
  fn() {
    using told = new Told(KINDS[0][1]);
    Deno.mkdirSync(told.path("above/src"), { recursive: true });
    assertEquals(told.watches("above/src"), true);
    // nobody watches the folder above
    Deno.renameSync(told.path("above"), told.path("old"));
    Deno.mkdirSync(told.path("above/src"), { recursive: true });
    told.write("above/src/a");
    told.catchUp();
    assertEquals([[...told.paths], told.left], [[], []]);
    told.startOver();
    told.write("above/src/b");
    told.catchUp();
    assertEquals([[...told.paths], told.left], [["above/src/b"], ["above/src"]]);
  },
});

// S6.14
Deno.test("Polling and Deno.watchFs, which tell late or not of everything, tell of no folder without a gap", () => {
  for (const [, open] of KINDS.slice(1)) {
    using told = new Told(open);
    assertEquals(told.watches("."), false);
  }
});
