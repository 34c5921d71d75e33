// Where declared paths are on this machine: links, folders, and names that look like globs.
import { assert, assertEquals } from "@std/assert";
import { placesIn } from "../../../actors/machine/places.ts";
import { FileLockManager } from "../../../actors/locks/locks.ts";
import { meet } from "../../../graph/gates/places.ts";
import { ConflictDetector, ParallelExecutionGates, predictContention } from "../../../mod.ts";
import { TempFolder } from "../temp_folder.ts";

// K50, K57
Deno.test("one file by several names is one file to gates, forecasts and locks", async () => {
  using place = new TempFolder();
  const { path: root } = place;
  place.folder("real/d");
  Deno.writeTextFileSync(place.file("real/f"), "");
  Deno.writeTextFileSync(place.file("real/a[1].txt"), "");
  Deno.symlinkSync("real", place.file("link"));
  Deno.symlinkSync("f", place.file("real/g"));
  Deno.symlinkSync("/nowhere/to/be/found", place.file("real/dangling"));
  Deno.symlinkSync("loop", place.file("real/loop"));
  const together: [string, string][] = [
    [".", "f"],
    ["..", "f"],
    ["/", "f"],
    ["f", `${root}/real/f`],
    ["f", `${root}/link/f`],
    ["f", "../link/f"],
    ["f", "g"],
    ["new", "../link/new"],
    ["d/x", "../link/d"],
    ["dangling", "../link/dangling"],
    ["loop", "../link/loop"],
  ];
  const apart: [string, string][] = [["f", "d"], ["f", "../f"], ["a[1].txt", "a1.txt"], ["new", "../link/new2"]];
  const globs: [string, string][] = [["*", "../link/f"], ["d", "*/x"], ["../link/*.txt", "a[1].txt"], ["../r*/f", "."]];
  // As it is called, and through a link
  for (const folder of [`${root}/real`, `${root}/link`]) {
    const placeOf = placesIn(folder);
    const answer = async (a: string, b: string, isGlob: boolean) => {
      const tasks = [{ name: "a", writes: [a] }, { name: "b", writes: [b] }];
      const locks = new FileLockManager(folder);
      const modes = [a, b].map((path) => ({ path, mode: "exclusive" as const, isGlob: isGlob && /[*]/.test(path) }));
      using _held = await locks.acquireAll([modes[0]]);
      using both = await locks.acquireAll([modes[1]], { timeoutMs: 0 }).catch(() => undefined);
      return [
        meet(placeOf(a), placeOf(b)),
        !new ConflictDetector(tasks, { folder }).validateParallelExecution(["a", "b"])[0],
        new ParallelExecutionGates(tasks, { folder }).suggestExecutionBatches().length === 2,
        predictContention(tasks.map(({ name, writes }) => ({ task: name, writes })), { folder }).length > 0,
        both === undefined,
      ];
    };
    for (const [a, b] of [...together, ...globs]) {
      const isGlob = globs.some((pair) => pair[0] === a && pair[1] === b);
      assertEquals(await answer(a, b, isGlob), new Array(5).fill(true), `${a} and ${b} in ${folder}`);
      assertEquals(await answer(b, a, isGlob), new Array(5).fill(true), `${b} and ${a} in ${folder}`);
    }
    for (const [a, b] of apart) assertEquals(await answer(a, b, false), new Array(5).fill(false), `${a} and ${b}`);
  }
});

// K50, K57
Deno.test("what is above a folder that is a link is what is above the real one", () => {
  using place = new TempFolder();
  place.folder("real/d");
  place.folder("other");
  Deno.symlinkSync("../real/d", place.file("other/deep"));
  const placeOf = placesIn(place.file("other/deep"));
  assert(meet(placeOf("../f"), placeOf(place.file("real/f"))));
  assert(!meet(placeOf("../f"), placeOf(place.file("other/f"))));
});

// K50
Deno.test("paths of a program start where it is, and without the right to read they go by their text", async () => {
  const here = Deno.cwd();
  const tasks = [{ name: "a", writes: ["f"] }, { name: "b", writes: [`${here}/f`] }];
  assertEquals(new ConflictDetector(tasks).validateParallelExecution(["a", "b"])[0], false);
  const program = `
    import { ConflictDetector } from "${new URL("../../../mod.ts", import.meta.url)}";
    const ask = (a, b) => new ConflictDetector([{ name: "a", writes: [a] }, { name: "b", writes: [b] }])
      .validateParallelExecution(["a", "b"])[0];
    console.log(ask("f", "."), ask("f", ".."), ask("f", "/"), ask("f", "/elsewhere/f"));`;
  using place = new TempFolder();
  Deno.writeTextFileSync(place.file("program.ts"), program);
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--config", config, place.file("program.ts")],
    env: { NO_COLOR: "1" },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  assertEquals(new TextDecoder().decode(stdout), "false false false true\n");
});
