import { assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { buildGraph, findCycles } from "../../../graph/graph.ts";
import { configText } from "../../../graph/init/config_text.ts";
import { draftOf } from "../../../graph/init/draft.ts";
import type { DraftTask } from "../../../graph/init/draft_task.ts";
import { parseBuildConfig } from "../../../graph/input/build_config.ts";
import type { FoundProject, Script, WorkspaceMember } from "../../../graph/init/project.ts";

function script(name: string, more: Partial<Script> = {}): Script {
  return { name, text: `do ${name}`, command: `npm run ${name}`, ...more };
}

/** How many tasks a template stands for; one for any other. */
function expandedCount({ matrix = {} }: Pick<DraftTask, "matrix">): number {
  return Object.values(matrix).reduce((product, values) => product * values.length, 1);
}

function member(folder: string, names: string[], needs: string[] = []): WorkspaceMember {
  return { folder, name: `@x/${folder.split("/").at(-1)}`, needs, scripts: names.map((name) => script(name)) };
}

function project(parts: Partial<FoundProject>): FoundProject {
  return { files: [], members: [], ignored: "", folders: [], ...parts };
}

// S6.15
Deno.test("draftOf() makes a check of each script, tests after the build, names that two files have told apart", () => {
  const draft = draftOf(project({
    files: [
      { file: "deno.json", prefix: "deno", scripts: [script("all", { needs: ["gen"] }), script("gen"), script("dev")] },
      { file: "package.json", prefix: "npm", scripts: [script("build"), script("test"), script("gen")] },
    ],
  }));
  assertEquals(draft.tasks, [
    { name: "all", dependencies: ["gen"], source_files: ["**"], command: "npm run all", outputs: [] },
    { name: "gen", source_files: ["**"], command: "npm run gen", outputs: [] },
    { name: "build", source_files: ["**"], command: "npm run build", outputs: [] },
    { name: "test", after: ["build"], source_files: ["**"], command: "npm run test", outputs: [] },
    { name: "npm:gen", source_files: ["**"], command: "npm run gen", outputs: [] },
  ]);
  assertEquals([draft.count, draft.from], [5, [{ file: "deno.json", count: 2 }, { file: "package.json", count: 3 }]]);
  assertEquals([...draft.leftOut], [["they may not end", ["dev"]]]);
});

// S6.15
Deno.test("draftOf() has a group's members waited for in its place, and targets of make one at a time", () => {
  const scripts = [
    script("a"),
    script("group", { needs: ["a", "dev"], isGroup: true }),
    script("dev"),
    script("b", { needs: ["group"] }),
  ];
  const files = [{ file: "Makefile", prefix: "make", scripts, isExclusive: true, doesNeeds: true }];
  assertEquals(draftOf(project({ files })).tasks.map(({ name, after, shares }) => [name, after, shares]), [
    ["a", undefined, ["make"]],
    ["b", ["a"], ["make"]],
  ]);
});

// S6.15
Deno.test("draftOf() takes out of the sources what git ignores and scripts may make, and no more", () => {
  const ignored = "# made\nnode_modules\ndist/\n/build\n*.log\n*.o\n.env\nsecrets\ncache/\n!keep\nsome where\n";
  const files = [{ file: "Makefile", prefix: "make", scripts: [script("a", { text: "cc main.o" })] }];
  const [{ source_files }] = draftOf(project({ files, ignored, folders: ["cache"] })).tasks;
  assertEquals(source_files, ["**", "!**/dist/**", "!build/**", "!**/*.o", "!**/.env/**", "!**/cache/**"]);
});

// S6.15
Deno.test("draftOf() has packages of a workspace wait for the builds they need, or read what those are made of", () => {
  const { tasks } = draftOf(project({
    members: [
      member("apps/web", ["build", "test"], ["@x/ui", "react"]),
      member("packages/ui", ["lint"], ["@x/core"]),
      member("packages/core", ["build"], ["@x/web"]), // a circle
    ],
  }));
  assertEquals(tasks.map(({ name, dependencies, after }) => [name, dependencies, after]), [
    ["web:build", ["core:build"], undefined],
    ["web:test", ["core:build"], ["web:build"]],
    ["ui:lint", ["core:build"], undefined],
    ["core:build", undefined, undefined],
  ]);
  assertEquals(tasks[0].source_files, ["apps/web/**", "packages/ui/**", "*.json"]);
  assertEquals(tasks[2].cwd, "packages/ui");
});

// S6.15
Deno.test("draftOf() writes five tasks that are alike as one template, and fewer as they are", () => {
  const folders = ["a", "b", "c", "d", "e"];
  const members = folders.map((folder) => member(`packages/${folder}`, ["build", "test"]));
  const draft = draftOf(project({ members }));
  assertEquals(draft.count, 10);
  assertEquals(draft.tasks, [
    {
      name: "{package}:build",
      matrix: { package: folders },
      source_files: ["packages/{package}/**", "*.json"],
      cwd: "packages/{package}",
      command: "npm run build",
      outputs: [],
    },
    {
      name: "{package}:test",
      matrix: { package: folders },
      after: ["{package}:build"],
      source_files: ["packages/{package}/**", "*.json"],
      cwd: "packages/{package}",
      command: "npm run test",
      outputs: [],
    },
  ]);
  assertEquals(draftOf(project({ members: members.slice(1) })).tasks.length, 8);
  const named = folders.map((folder) => ({
    ...member(`packages/${folder}`, []),
    scripts: [script("x", { command: `run ${folder}` })],
  }));
  assertNotEquals(
    draftOf(project({ members: named })).tasks.length,
    1,
    "what names its package is not like the others",
  );
});

/** Names as people give them, and as nobody does; often the same ones, so that they meet. */
const NAMES = fc.oneof(
  fc.constantFrom("build", "test", "a"),
  fc.constantFrom("lint", "b", "{x}", "it's", "a b", "#tag", "x:*", "dev", "café", ""),
  fc.string({ maxLength: 8, unit: "binary" }),
);

const SCRIPT = fc.record({
  text: fc.string({ unit: "binary" }),
  needs: fc.array(NAMES, { maxLength: 3 }),
  isGroup: fc.constantFrom(false, false, true),
});

const SCRIPTS = fc.dictionary(NAMES, SCRIPT, { maxKeys: 6 }).map((scripts) =>
  Object.entries(scripts).map(([name, more]) => script(name, { ...more, command: `run '${more.text}' {}` }))
);

// S6.15
Deno.test("whatever there is, the text for it is a config without a mistake", async () => {
  const files = fc.array(
    fc.record({
      file: fc.constantFrom("deno.json", "Makefile"),
      prefix: fc.constantFrom("deno", "make"),
      scripts: SCRIPTS,
      isExclusive: fc.boolean(),
      doesNeeds: fc.boolean(),
    }),
    { maxLength: 2 },
  );
  const folders = fc.uniqueArray(fc.constantFrom("p/a", "p/b", "p/c", "p/d", "p/e", "p/f", "q/a", "odd {x}"));
  const members = folders.chain((folders) =>
    fc.tuple(...folders.map((folder) =>
      fc.record({
        folder: fc.constant(folder),
        name: fc.constant(folder),
        needs: fc.array(fc.constantFrom(...folders), { maxLength: 3 }),
        scripts: fc.oneof(SCRIPTS, fc.constant([script("build"), script("test")])),
      })
    ))
  );
  await fc.assert(
    fc.asyncProperty(files, members, fc.string(), async (files, members, ignored) => {
      const { tasks, count } = draftOf(project({ files, members, ignored }));
      if (tasks.length === 0) return;
      const { config, diagnostics } = await parseBuildConfig(configText(tasks));
      assertEquals(diagnostics, []);
      assertEquals([config!.tasks.length, tasks.reduce((sum, task) => sum + expandedCount(task), 0)], [
        tasks.length,
        count,
      ]);
      const { graph, diagnostics: unknown } = buildGraph(config!.tasks);
      assertEquals([unknown, findCycles(graph)], [[], []]);
    }),
    { numRuns: 500 },
  );
});
