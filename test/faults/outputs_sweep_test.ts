// A build of folders and several outputs, killed at every file operation: what lies there is the old or the new, never a
// mix, and a plain rerun makes the rest.
import { assert, assertEquals } from "@std/assert";
import { randomFrom, seedFor, stride } from "../random.ts";
import { type Deed, failio, suffer } from "./faults.ts";
import { assertDone, executed, Project, said, type TaskSpec } from "./rig.ts";

const library = failio();

/**
 * What is made aside and put in place; what commands write where it lies nobody can make atomic. Their own operations are
 * struck as well, so none goes on after one that failed.
 */
const TASKS = [
  {
    name: "bundle",
    source_files: ["src/*"],
    outputs: ["dist/"],
    command:
      'set -e; mkdir "$OUT/in"; cp src/* "$OUT/in"; ln -s in/a "$OUT/link"; cp src/a "$OUT/run"; chmod +x "$OUT/run"',
  },
  {
    name: "three",
    source_files: ["src/*"],
    outputs: ["one", "two", "tree"],
    command: 'set -e; cp src/a "$OUT_1"; cp src/b "$OUT_2"; mkdir "$OUT_3"; cp src/* "$OUT_3"',
  },
  { name: "lib", source_files: ["src/*"], outputs: ["lib/"], command: "mkdir lib && cp src/* lib" },
  { name: "gen", source_files: ["src/*"], outputs: ["gen/*.g"], command: "mkdir -p gen && cp src/a gen/a.g" },
  { name: "lint", dependencies: ["bundle", "three"], outputs: [], command: "test -d dist" },
] as unknown as TaskSpec[];

const WHOLE = ["dist", "one", "two", "tree"];
const ALL = [...WHOLE, "lib", "gen"];

/** One task at a time, so that operations have the same numbers in each build. */
const ALONE = ["--jobs=1"];

/** Everything at a path, as one text; undefined for nothing. */
function at(project: Project, path: string): string | undefined {
  if (!project.has(path)) return undefined;
  const absolute = project.path(path), info = Deno.lstatSync(absolute);
  if (info.isSymlink) return `-> ${Deno.readLinkSync(absolute)}`;
  if (info.isFile) return `${(info.mode! & 0o777).toString(8)} ${Deno.readTextFileSync(absolute)}`;
  const names = [...Deno.readDirSync(absolute)].map(({ name }) => name).sort();
  return names.map((name) => `${name}: ${at(project, `${path}/${name}`)}\n`).join("");
}

/** A project that was built, and then edited. */
async function edited(): Promise<{ project: Project; before: (string | undefined)[] }> {
  const project = new Project(TASKS);
  project.write("src/a", "old\n");
  project.write("src/b", "old too\n");
  assertDone(await project.build());
  const before = ALL.map((path) => at(project, path));
  project.write("src/a", "new\n");
  project.remove("src/b");
  project.write("src/b", "new too\n");
  return { project, before };
}

// S5.4, S0.37, S0.39
Deno.test({
  name: "a build of folders and several outputs that is killed at any file operation leaves the old or the new",
  ignore: library === undefined,
  fn: async () => {
    const random = randomFrom(seedFor("outputs sweep"));
    const { project: first } = await edited();
    let operations: string[], after: (string | undefined)[];
    {
      using project = first;
      const log = `${project.temp}/log`;
      const env = suffer({ library: library!, path: project.folder, at: 0, log });
      assertDone(await project.build({ args: ALONE, env }));
      operations = Deno.readTextFileSync(log).trim().split("\n");
      after = ALL.map((path) => at(project, path));
    }
    assert(operations.length > 60, operations.join("\n"));
    // Commands count their own operations.
    const last = Math.max(...operations.map((operation) => parseInt(operation)));
    const points: [Deed, number][] = [];
    for (const [deed, every] of [["KILL", 3], ["KILLAFTER", 7], ["EIO", 7]] as const) {
      const step = stride(every);
      for (let at = 1 + random.below(step); at <= last; at += step) points.push([deed, at]);
    }
    // What is put in place is so by a rename: none of them is left out.
    for (const operation of operations) {
      const [number, call, path] = operation.split(" ");
      if (call !== "rename" || !/\/(?:dist|one|two|tree|lib)$/.test(path)) continue;
      points.push(["KILL", Number(number)], ["EIO", Number(number)]);
    }
    for (const [deed, at] of points) await assertHarmless(deed, at, after);
  },
});

async function assertHarmless(deed: Deed, operation: number, after: readonly (string | undefined)[]): Promise<void> {
  const { project: made, before } = await edited();
  using project = made;
  const log = `${project.temp}/log`;
  const env = suffer({ library: library!, path: project.folder, at: operation, deed, log });
  const struck = await project.build({ args: ALONE, env });
  const line = Deno.readTextFileSync(log).split("\n").find((line) => line.startsWith(`${operation} `));
  const context = `${deed} at ${line}`;
  WHOLE.forEach((path, i) => {
    const now = at(project, path);
    // Where names cannot be exchanged there may be nothing for a moment, which the next build puts right.
    assert(now === before[i] || now === after[i], `${context}: '${path}' is ${now}\n${said(struck)}`);
  });
  const rerun = await project.build();
  assertDone(rerun, context);
  assertEquals(ALL.map((path) => at(project, path)), after, `${context}\n${said(rerun)}`);
  assertEquals(project.files().filter((name) => name.includes(".tmp.")), [], context);
  assertEquals(executed(await project.build()), 0, context);
}
