// `troupe init`: a config from what other tools can do here, which builds.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";
import { executed } from "./said.ts";

const init = (rig: Rig, ...args: string[]) => rig.ask(["init", ...args]);

async function built(rig: Rig): Promise<string[]> {
  const ended = await rig.ask(["build"]);
  assertEquals([ended.code, ended.stderr], [0, ""], ended.stdout);
  return executed(ended);
}

function hasMake(): boolean {
  return new Deno.Command("/bin/sh", { args: ["-c", "command -v make > /dev/null"] }).outputSync().success;
}

// S6.15
rigTest("init writes a config from tasks of deno.json; it builds, and then is up to date", async (rig) => {
  rig.write("deno.json", {
    tasks: {
      gen: { description: "Writes what is generated", command: "mkdir -p dist && echo gen > dist/gen.txt" },
      report: { command: "cat dist/gen.txt > dist/report.txt", dependencies: ["gen"] },
      serve: "deno serve main.ts",
    },
  });
  rig.write("src/a.txt", "a");
  rig.write(".gitignore", "/dist\n");
  const { code, stdout, stderr } = await init(rig);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.split("\n").slice(0, 3), [
    "Wrote build.json: 2 tasks from deno.json",
    "Left out, since they may not end: serve",
    "",
  ]);
  assertStringIncludes(stdout, "troupe build ");
  assertStringIncludes((await rig.ask(["list"])).stdout, "Writes what is generated");
  assertEquals(await built(rig), ["gen", "report"]);
  assertEquals(rig.read("dist/report.txt"), "gen\n");
  assertEquals(await built(rig), []);
  rig.write("src/a.txt", "b");
  assertEquals(await built(rig), ["gen", "report"]);
});

// S6.15
rigTest(
  "init has packages of a workspace built after those they need, and each again when one of these has changed",
  async (rig) => {
    rig.write("package.json", {
      workspaces: ["packages/*"],
      scripts: { lint: "test -f src.txt", format: "prettier --write .", all: "npm run lint && npm run build -ws" },
    });
    rig.write("src.txt", "a");
    rig.write(".gitignore", "node_modules\n/dist\n");
    for (const [name, needs] of [["ui", []], ["web", ["@x/ui"]], ["docs", []]] as const) {
      const dependencies = Object.fromEntries(needs.map((need) => [need, "*"]));
      rig.write(`packages/${name}/package.json`, { name: `@x/${name}`, dependencies, scripts: { build: "pwd" } });
    }
    assertEquals((await init(rig)).stdout.split("\n").slice(0, 3), [
      "Wrote build.json: 4 tasks from package.json (1), workspaces (3)",
      "Left out, since they change more than artifacts: format",
      "Left out, since they have others run: all",
    ]);
    assertEquals(await built(rig), ["docs:build", "lint", "ui:build", "web:build"]);
    assertEquals(await built(rig), []);
    rig.write("packages/ui/index.js", "1");
    assertEquals(await built(rig), ["lint", "ui:build", "web:build"]);
    rig.write("packages/web/index.js", "1");
    assertEquals(await built(rig), ["lint", "web:build"]);
  },
);

// S6.15
rigTest("init makes tasks of a Makefile's targets, which build one at a time", async (rig) => {
  rig.write(
    "Makefile",
    ".PHONY: all test docs clean\nall: app\napp: main.txt\n\tcp main.txt app\n" +
      "test: all\n\tgrep -q hello app\ndocs:\n\t@echo docs > manual\nclean:\n\trm -f app manual\n",
  );
  rig.write("main.txt", "hello\n");
  rig.write(".gitignore", "app\nmanual\n");
  assertEquals((await init(rig)).code, 0);
  const config = JSON.parse(rig.read("build.json"));
  assertEquals(config.tasks.map(({ name, after, shares }: Record<string, unknown>) => [name, after, shares]), [
    ["all", undefined, ["make"]],
    ["test", ["all"], ["make"]],
    ["docs", undefined, ["make"]],
  ]);
  assertEquals(await built(rig), ["all", "docs", "test"]);
  assertEquals([rig.read("app"), rig.has("manual")], ["hello\n", true]);
  assertEquals(await built(rig), []);
}, { ignore: !hasMake() });

// S6.15
rigTest("init folds five packages that are alike into templates, which are expanded to all of them", async (rig) => {
  rig.write("package.json", {});
  rig.write("pnpm-workspace.yaml", "packages:\n  # all of them\n  - \"libs/*\"\n  - '!libs/f'\nother:\n  - x\n");
  for (const name of ["a", "b", "c", "d", "e", "f"]) {
    rig.write(`libs/${name}/package.json`, { name, scripts: { build: "true" } });
  }
  assertEquals((await init(rig)).stdout.split("\n")[0], "Wrote build.json: 5 tasks from workspaces");
  assertEquals(JSON.parse(rig.read("build.json")).tasks.length, 1);
  const names = (await rig.ask(["list", "--names"])).stdout.trimEnd().split("\n");
  assertEquals(names, ["a:build", "b:build", "c:build", "d:build", "e:build"]);
});

// S6.15
rigTest("init --dry-run shows the config, and init overwrites none", async (rig) => {
  rig.write("deno.jsonc", '{ "tasks": { "a": "echo a" } } // with a comment');
  const { code, stdout } = await init(rig, "--dry-run");
  assertEquals([code, JSON.parse(stdout).tasks[0].command], [0, "deno task -q a"]);
  assertEquals(rig.files(), ["deno.jsonc"]);
  for (const name of ["build.jsonc", "build.json"]) {
    rig.write(name, "mine");
    const { code, stderr } = await init(rig);
    assertEquals([code, stderr], [2, `There is a config here: '${name}'; troupe init overwrites nothing\n`]);
    assertEquals(rig.read(name), "mine");
    rig.remove(name);
  }
  Deno.symlinkSync("nowhere", rig.path("build.json"));
  assertEquals((await init(rig)).code, 2);
  assert(!rig.has("nowhere"), "what a link leads to is somebody's, too");
});

// S6.15
rigTest("init says where there is nothing to make a config from, and what it cannot read", async (rig) => {
  const nothing = await init(rig);
  assertEquals([nothing.code, nothing.stderr], [
    2,
    "Nothing here becomes a task: there is no deno.json, package.json or Makefile\n  for a config by hand: troupe help config\n",
  ]);
  rig.write("package.json", { scripts: { dev: "vite" } });
  assertStringIncludes(
    (await init(rig)).stderr,
    "package.json has nothing of that kind\n  Left out, since they may not end: dev\n",
  );
  rig.write("package.json", "{ broken");
  const broken = await init(rig);
  assertEquals(broken.code, 2);
  assertMatch(broken.stderr, /^Cannot understand 'package\.json': /);
  assertEquals(rig.files(), ["package.json"]);
});
