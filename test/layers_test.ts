// The map of the source, and the test that keeps it true: which part may import which.
//
// An import, be it static, dynamic or of types only, goes downwards or stays within its layer, and never in a circle. So
// each layer can be read, tested and changed knowing only what stands below it.
import { assert, assertEquals } from "@std/assert";
import { walkSync } from "@std/fs";
import { fromFileUrl, join, normalize, relative } from "@std/path";
import { buildGraph, cycleMistakes, findCycles } from "../graph/graph.ts";
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

/** From the bottom up. */
const LAYERS: readonly Layer[] = [
  // WHAT is to be done. Text in, values out: build_config turns a config into tasks or mistakes (their words are in
  // mistakes and failure, their excerpts in source), graph and its neighbours order and check them, schedule decides what
  // happens next, fingerprint what a task's artifact depends on, report what is said about it. No I/O, no clock, no
  // randomness and no state of its own, so the packages it may use are few.
  {
    name: "graph",
    holds: "graph/",
    sees: [],
    packages: ["@std/jsonc", "es-module-lexer/js", "jsonc-parser", "node:crypto"],
  },

  // WHO does it. Threads, processes, files, locks, databases: system builds the parts of one run, scheduler owns its
  // state and carries out what graph/schedule decided, worker does one task at a time in a thread of its own.
  { name: "actors", holds: "actors/", sees: ["graph"] },

  // The library: what `import … from "troupe"` gives. It knows nothing of the command line.
  { name: "mod", holds: ["mod.ts"], sees: ["graph", "actors"] },

  // One file a command: what the user typed in, a run of actors/ out.
  { name: "cli", holds: "cli/", sees: ["graph", "actors"] },

  // The program: the command table, exit codes and the only Deno.exit.
  { name: "main", holds: ["main.ts"], sees: ["graph", "actors", "cli"] },

  // A door of a few lines: `deno run -A build.ts config.json` is `troupe build config.json`.
  { name: "build", holds: ["build.ts"], sees: ["main"] },

  // Whole tiny projects that tests and benchmarks build; what code they hold makes more of the kind, or uses the library.
  { name: "fixtures", holds: "fixtures/", sees: ["mod"] },

  // Proof and measure: these see everything, and nothing sees them.
  { name: "test", holds: "test/", sees: ["graph", "actors", "mod", "cli", "main", "build", "fixtures"] },
  { name: "bench", holds: "bench/", sees: ["graph", "actors", "mod", "cli", "main", "fixtures", "test"] },
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
  return LAYERS.find(({ holds }) => typeof holds === "string" ? path.startsWith(holds) : holds.includes(path));
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
      'export * from "./waves.ts";',
      'import "./paths.ts";',
      'const { parse } = await import("jsonc-parser");',
      '// import "./source.ts";',
      ' * import("./source.ts")',
    ].join("\n"),
  );
  assertEquals(
    seen.map((arrow) => arrow.to).sort(),
    ["graph/graph.ts", "graph/paths.ts", "graph/task.ts", "graph/waves.ts", "jsonc-parser"],
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

Deno.test("no imports go in a circle, types included", () => {
  const files = new Map([...SOURCES.keys()].map((path) => [path, new Set<string>()]));
  for (const { from, to, isPackage } of ARROWS) if (!isPackage) files.get(from)!.add(to);
  const tasks = tasksOf(Object.fromEntries([...files].map(([path, imports]) => [path, [...imports]])));
  const cycles = cycleMistakes(tasks, findCycles(buildGraph(tasks).graph));
  assertEquals(cycles.map((mistake) => mistake.message), []);
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

Deno.test("nothing but its dynamic importer pays for jsonc-parser", () => {
  const importers = ARROWS.filter(({ to }) => to === "graph/config_places.ts").map(({ from }) => from);
  for (const path of importers.filter((from) => !from.startsWith("test/"))) {
    assert(!/from\s*["'][^"']*config_places\.ts["']/.test(SOURCES.get(path)!), `${path} imports it statically`);
  }
});
