// The map of the source, and the test that keeps it true: which part may import which.
//
// An import, be it static, dynamic or of types only, goes downwards or stays within its layer, and never in a cycle. So
// each layer can be read, tested and changed knowing only what stands below it.
import { assert, assertEquals } from "@std/assert";
import { walkSync } from "@std/fs";
import { fromFileUrl, join, normalize, relative } from "@std/path";
import { buildGraph, cycleDiagnostics, findCycles } from "../graph/graph.ts";
import { tasksOf } from "./graph/shapes.ts";

interface Layer {
  readonly name: string;
  /** A folder with everything in it, or files of the root. */
  readonly holds: string | readonly string[];
  /** The layers it may import beside itself. */
  readonly sees: readonly string[];
  /** The packages it may import, where that is limited. */
  readonly packages?: readonly string[];
}

const ROOMS_BELOW_COMMANDS = [
  ...["machine", "process", "storage", "store", "locks", "engine", "input", "terminal", "history", "library", "run"],
  "build",
  ...["build/transaction", "crew", "crew/store", "join", "watch", "page"],
];

/** Rooms of graph/, of which all of actors/ may see any. */
const PURE = ["", "/input", "/expand", "/schedule", "/gates", "/report", "/crew", "/library", "/picture", "/init"].map((
  room,
) => `graph${room}`);

/** A room of actors/, and the rooms below it that it may see. */
function room(name: string, below: readonly string[]): Layer {
  return {
    name: `actors/${name}`,
    holds: `actors/${name}/`,
    sees: [...PURE, ...below.map((seen) => `actors/${seen}`)],
  };
}

/** The rooms of graph/ and of actors/, from the bottom up. */
const ROOMS: readonly Layer[] = [
  // WHAT is to be done. Values in, values out: no I/O, no clock, no randomness and no state of its own, so the packages
  // it may use are few. At its root are tasks, their graph, fingerprints, globs and the words of diagnostics.
  {
    name: "graph",
    holds: "graph/",
    sees: [],
    packages: ["@std/text/levenshtein-distance", "es-module-lexer/js", "node:crypto"],
  },
  // Text in; tasks, or every diagnostic with its place, out.
  { name: "graph/input", holds: "graph/input/", sees: ["graph"], packages: ["@std/jsonc", "jsonc-parser"] },
  // A config with templates in, one without out.
  { name: "graph/expand", holds: "graph/expand/", sees: ["graph", "graph/input"], packages: [] },
  // What happens next in a run: one pure function of what it was and what happened.
  { name: "graph/schedule", holds: "graph/schedule/", sees: ["graph"], packages: [] },
  // May these run together?
  { name: "graph/gates", holds: "graph/gates/", sees: ["graph", "graph/input"], packages: [] },
  // What is said of runs: lines, reports, events.
  { name: "graph/report", holds: "graph/report/", sees: ["graph", "graph/schedule"], packages: [] },
  // What other tools can do, as tasks of a new config.
  { name: "graph/init", holds: "graph/init/", sees: ["graph", "graph/report"], packages: [] },
  // What is drawn of graphs and of runs: trees, diagrams, charts, trace events.
  { name: "graph/picture", holds: "graph/picture/", sees: ["graph", "graph/report"], packages: [] },
  // The rules and the words of crews, and of the schedulers for a program's own functions.
  { name: "graph/crew", holds: "graph/crew/", sees: ["graph"], packages: [] },
  { name: "graph/library", holds: "graph/library/", sees: ["graph", "graph/schedule"], packages: [] },

  // WHO does it. What the system says of this machine and of this process; it knows no task.
  room("machine", []),
  // The quick answer to a build that has nothing to do; it loads next to nothing.
  room("door", []),
  // One command from its start to the end of its group, and this process's own signals; never an artifact.
  room("process", ["machine"]),
  // Functions of modules in threads with few rights; never a build, a config or a file's digest.
  room("sandbox", ["machine", "process"]),
  // What outlives the process: files put in place atomically, what is known of files, SQLite; never a run.
  room("storage", ["machine"]),
  // Every way of keeping other processes out by files.
  // What tasks have made, by what made it; it runs nothing and restores nothing.
  room("store", ["machine", "process", "storage"]),
  // A cache on the network, from which and to which records and blobs go; it knows no task.
  room("remote", ["machine", "storage", "store"]),
  room("locks", ["machine", "storage"]),
  // All that runs in a worker's thread, and the words it is spoken to in; it keeps nothing between tasks.
  room("worker", ["machine", "process", "sandbox", "storage"]),
  // The one scheduler: mailbox, status table, pool of workers; it knows no build and no database.
  room("engine", ["machine", "process", "sandbox", "storage", "locks", "worker"]),
  // From a path that the user typed to checked tasks, or to every diagnostic; it starts nothing.
  room("input", ["machine", "process", "sandbox", "storage"]),
  // All that is written to a terminal, or told to readers of a run's events.
  room("terminal", ["machine", "process", "storage", "worker", "engine"]),
  // Runs in SQLite: recording and questions.
  room("history", ["machine", "process", "storage", "engine", "terminal"]),
  // Schedulers and gates for a program's own functions; they know no config and no command line.
  room("library", ["machine", "sandbox", "locks", "engine"]),
  // One run of anything, and runs of shell tasks.
  room("run", ["machine", "process", "locks", "worker", "engine", "input", "terminal", "history"]),
  // What only a build knows: freshness, cache, sources; artifacts all of which come, or none.
  room("build/transaction", ["machine", "storage"]),
  room("build", [
    "door",
    ...[
      "machine",
      "process",
      "sandbox",
      "storage",
      "store",
      "remote",
      "locks",
      "worker",
      "engine",
      "input",
      "terminal",
    ],
    ...["history", "run"],
    "build/transaction",
  ]),
  // A crew as a program uses it, and the only place with the crew's SQL.
  room("crew/store", ["machine", "process", "storage", "locks", "history"]),
  room("crew", ["machine", "storage", "crew/store"]),
  // A build or a task file worked through by a crew.
  room("join", [
    ...["machine", "process", "storage", "locks", "worker", "engine", "input", "terminal", "history", "run", "build"],
    ...["crew/store", "crew"],
  ]),
  // What changes on disk, for those who build again and again.
  room("watch", ["machine", "process", "storage", "input", "build"]),
  // A page of HTML: its own files, where boxes lie on it, and the server of a live one; never a history.
  room("page", ["machine"]),
  // One file a command, typed or called.
  room("commands", ROOMS_BELOW_COMMANDS),
];

/** From the bottom up. */
const LAYERS: readonly Layer[] = [
  ...ROOMS,

  // The library: what `import … from "troupe"` gives. It knows nothing of the command line.
  { name: "mod", holds: ["mod.ts"], sees: [...ROOMS.map(({ name }) => name)] },

  // One file a command: what the user typed in, a run of actors/ out. program.ts has the table of them, and the exit codes.
  { name: "cli", holds: "cli/", sees: [...ROOMS.map(({ name }) => name)] },

  // The door of the program: `--version`, and the only Deno.exit.
  { name: "main", holds: ["main.ts"], sees: [...ROOMS.map(({ name }) => name), "cli"] },

  // A door of a few lines: `deno run -A build.ts config.json` is `troupe build config.json`.
  { name: "build", holds: ["build.ts"], sees: ["main"] },

  // Whole tiny projects that tests and benchmarks build; what code they hold makes more of the kind, or uses the library.
  { name: "fixtures", holds: "fixtures/", sees: ["mod"] },

  // Pages for readers, some of them made from what the command line says of itself.
  { name: "docs", holds: "docs/", sees: [...ROOMS.map(({ name }) => name), "cli"] },

  // Proof and measure: these see everything, and nothing sees them.
  {
    name: "test",
    holds: "test/",
    sees: [...ROOMS.map(({ name }) => name), "mod", "cli", "main", "build", "fixtures", "docs"],
  },
  {
    name: "bench",
    holds: "bench/",
    sees: [...ROOMS.map(({ name }) => name), "mod", "cli", "main", "fixtures", "test"],
  },
];

/** Declarations only: every file has them, none imports them. */
const OUTSIDE = ["types/"];

const ROOT = fromFileUrl(new URL("..", import.meta.url));

/** One import: from a file to a file of the repository, or to a package. */
interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly isPackage: boolean;
}

const SOURCES = readSources();
const ARROWS = [...SOURCES].flatMap(([path, text]) => arrowsOf(path, text));

function readSources(): Map<string, string> {
  const skip = [/\/\.git\//, /\/node_modules\//, /\/fixtures\/[^/]+\/(build|_site)\//];
  const sources = new Map<string, string>();
  for (const { path } of walkSync(ROOT, { exts: [".ts"], includeDirs: false, skip })) {
    sources.set(relative(ROOT, path), Deno.readTextFileSync(path));
  }
  return sources;
}

function arrowsOf(from: string, text: string): Arrow[] {
  const code = text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, "");
  const patterns = [
    /^\s*(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"']+)["']/gm,
    /^\s*import\s*["']([^"']+)["']/gm,
    /\bimport\s*\(\s*["']([^"']+)["']/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)]).flatMap(([, specifier]): Arrow[] => {
    if (!specifier.startsWith(".")) return [{ from, to: specifier, isPackage: true }];
    const to = normalize(join(from, "..", specifier));
    // Not ours: data (deno.json), and modules that tests write for the program under test.
    return SOURCES.has(to) ? [{ from, to, isPackage: false }] : [];
  });
}

function layerOf(path: string): Layer | undefined {
  const holders = LAYERS.filter(({ holds }) =>
    typeof holds === "string" ? path.startsWith(holds) : holds.includes(path)
  );
  return holders.sort((a, b) => b.holds.length - a.holds.length)[0];
}

Deno.test("every source file lies in a layer", () => {
  const strays = [...SOURCES.keys()].filter((path) =>
    !layerOf(path) && !OUTSIDE.some((folder) => path.startsWith(folder))
  );
  assertEquals(strays, []);
});

Deno.test("the reader of imports sees static, dynamic and type-only ones", () => {
  const seen = arrowsOf(
    "graph/x.ts",
    [
      'import type { Task } from "./task.ts";',
      "import {\n  a,\n  b,\n} from '../graph/graph.ts';",
      'export * from "./schedule/waves.ts";',
      'import "./paths.ts";',
      'const { parse } = await import("jsonc-parser");',
      '// import "./source.ts";',
      ' * import("./source.ts")',
    ].join("\n"),
  );
  assertEquals(
    seen.map((arrow) => arrow.to).sort(),
    ["graph/graph.ts", "graph/paths.ts", "graph/schedule/waves.ts", "graph/task.ts", "jsonc-parser"],
  );
  assert(ARROWS.length > 100, `only ${ARROWS.length} imports found`);
});

Deno.test("no import points up", () => {
  const upwards = ARROWS.filter(({ from, to, isPackage }) => {
    const layer = layerOf(from);
    const target = isPackage ? undefined : layerOf(to);
    return layer && target && target !== layer && !layer.sees.includes(target.name);
  });
  assertEquals(upwards.map(({ from, to }) => `${from} imports ${to}`), []);
});

Deno.test("the list of layers itself goes from the bottom up", () => {
  const below = new Set<string>();
  for (const { name, sees } of LAYERS) {
    for (const seen of sees) assert(below.has(seen), `'${name}' may see '${seen}', which does not stand below it`);
    below.add(name);
  }
});

Deno.test("no imports go in a cycle, types included", () => {
  const files = new Map([...SOURCES.keys()].map((path) => [path, new Set<string>()]));
  for (const { from, to, isPackage } of ARROWS) if (!isPackage) files.get(from)!.add(to);
  const tasks = tasksOf(Object.fromEntries([...files].map(([path, imports]) => [path, [...imports]])));
  const cycles = cycleDiagnostics(tasks, findCycles(buildGraph(tasks).graph));
  assertEquals(cycles.map((diagnostic) => diagnostic.message), []);
});

Deno.test("no layer imports a package it should not need", () => {
  const strange = ARROWS.filter(({ from, to, isPackage }) => {
    const packages = layerOf(from)?.packages;
    return isPackage && packages && !packages.includes(to);
  });
  assertEquals(strange.map(({ from, to }) => `${from} imports ${to}`), []);
});

Deno.test("graph/ reads no file, clock or dice", () => {
  const impure =
    /\b(?:Deno\s*\.|Date\s*\.\s*now|new\s+Date\b|performance\s*\.|Math\s*\.\s*random|setTimeout|fetch\s*\()/;
  const found = [...SOURCES].filter(([path, text]) =>
    path.startsWith("graph/") && impure.test(text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, ""))
  );
  assertEquals(found.map(([path]) => path), []);
});

// S6.9, S8.5
Deno.test("no statement numbers its values, of which Deno 2.4 binds none twice", () => {
  const numbered = /[(,=]\s*\?\d/;
  assert(numbered.test("values (?1, ?2)"));
  assertEquals([...SOURCES].filter(([path, text]) => path.startsWith("actors/") && numbered.test(text)), []);
});

Deno.test("nothing but its dynamic importer pays for jsonc-parser", () => {
  const importers = ARROWS.filter(({ to }) => to === "graph/input/config_places.ts").map(({ from }) => from);
  for (const path of importers.filter((from) => !from.startsWith("test/"))) {
    assert(!/from\s*["'][^"']*config_places\.ts["']/.test(SOURCES.get(path)!), `${path} imports it statically`);
  }
});

Deno.test("nothing is read before the program starts that its door does not need", async () => {
  const args = ["info", "--json", "main.ts"];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  const { modules, roots } = JSON.parse(new TextDecoder().decode(stdout)) as {
    roots: string[];
    modules: { specifier: string; dependencies?: { code?: { specifier: string } }[] }[];
  };
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const read = new Set(roots);
  for (const specifier of read) {
    for (const { code } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (code?.specifier) read.add(code.specifier);
    }
  }
  assert(read.size > 3 && read.size < 12, [...read].join("\n"));
});
