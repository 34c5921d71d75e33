// The fixtures, built as a reader would build them.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { copySync } from "@std/fs";
import { fromFileUrl } from "@std/path";
import { generateMonorepo } from "../../fixtures/monorepo/generate.ts";
import { type Ended, type Rig, rigTest } from "../rig.ts";
import { executed, hits, reportOf } from "./said.ts";

const FIXTURES = fromFileUrl(new URL("../../fixtures", import.meta.url));

/** Copies a fixture's sources, without what builds have left in it. */
function copyFixture(rig: Rig, name: string): void {
  for (const entry of Deno.readDirSync(`${FIXTURES}/${name}`)) {
    if (["build", "dist", "_site", ".troupe"].includes(entry.name) || entry.name.startsWith(".build_cache")) continue;
    copySync(`${FIXTURES}/${name}/${entry.name}`, rig.path(entry.name));
  }
}

/** Builds with two workers, whatever the fixture says. */
function build(rig: Rig, ...args: string[]): Promise<Ended> {
  return rig.build(["--jobs", "2", ...args]);
}

function hasProgram(name: string): boolean {
  return new Deno.Command("/bin/sh", { args: ["-c", `command -v ${name}`], stdout: "null" }).outputSync().success;
}

// S0.65
rigTest("fixtures/alias builds: `output` for the artifact, and no command", async (rig) => {
  copyFixture(rig, "alias");
  assertEquals((await build(rig)).code, 0);
  assertEquals(rig.read("build/letter.txt"), rig.read("expected.txt"));
  assertEquals(executed(await build(rig)), []);
});

const hasCompiler = hasProgram("cc");
if (!hasCompiler) console.log("fixtures/c_app is skipped: there is no cc");

rigTest(
  "fixtures/c_app builds a program that says what it should, and builds again only what an edit needs",
  async (rig) => {
    copyFixture(rig, "c_app");
    assertEquals((await build(rig)).code, 0);
    const program = await rig.spawn(rig.path("build/app"), []).ended;
    assertEquals({ code: program.code, stdout: program.stdout }, { code: 0, stdout: rig.read("expected.txt") });
    assertEquals(executed(await build(rig)), []);

    // A comment: the object comes out as it was, and nobody else has to know.
    rig.write("src/db.c", `${rig.read("src/db.c")}// nothing\n`);
    const cutOff = await build(rig);
    assertEquals(executed(cutOff), ["compile_db"]);
    assertEquals(hits(cutOff).length, 4);

    rig.write("src/db.c", `${rig.read("src/db.c")}int one_more_symbol = 1;\n`);
    assertEquals(executed(await build(rig)), ["compile_api", "compile_db", "link_app"]);
  },
  { ignore: !hasCompiler },
);

rigTest(
  "fixtures/c_app stops at a syntax error: the compiler's words are shown, the program is not linked",
  async (rig) => {
    copyFixture(rig, "c_app");
    rig.write("src/db.c", `${rig.read("src/db.c")}int 1;\n`);
    const { code, stdout } = await build(rig);
    assertEquals(code, 1);
    assertStringIncludes(stdout, "src/db.c:");
    assertStringIncludes(stdout, "2 succeeded, 1 failed, 2 skipped");
    assert(!rig.has("build/app") && !rig.has("build/db.o"));
  },
  { ignore: !hasCompiler },
);

rigTest("fixtures/site builds, and an edit travels only as far as it changes something", async (rig) => {
  copyFixture(rig, "site");
  const first = await build(rig);
  assertEquals(first.code, 0);
  const page = rig.read("_site/index.html");
  assertStringIncludes(rig.read("_site/sitemap.xml"), "https://example.org/deep-water/");
  assertEquals(executed(await build(rig)), []);

  // A sentence of one page: the headings stay, so the navigation comes out the same and stops there.
  rig.write("pages/life.md", `${rig.read("pages/life.md")}\nOne more sentence.\n`);
  const edited = await build(rig);
  assertEquals(edited.code, 0);
  assert(executed(edited).includes("page_life") && executed(edited).includes("navigation"));
  assert(!executed(edited).includes("page_formation") && !executed(edited).includes("index"));
  assertStringIncludes(rig.read("_site/life.html"), "One more sentence.");
  assertEquals(rig.read("_site/index.html"), page);
});

// S0.8: 80 tasks, 200 dependencies
rigTest("fixtures/monorepo builds whole, then nothing, then what one edit needs", async (rig) => {
  generateMonorepo(rig.folder, { tasks: 80, dependencies: 200 });
  const report = reportOf(await build(rig, "--json"));
  assertEquals([report.total_tasks, report.completed, report.failed, report.skipped], [80, 80, 0, 0]);
  const again = await build(rig);
  assertEquals([executed(again).length, hits(again).length], [0, 80]);

  const { tasks } = JSON.parse(rig.read("build.json")) as {
    tasks: { name: string; dependencies: string[]; source_files: string[] }[];
  };
  const source = tasks.at(-4)!.source_files[0];
  rig.write(source, `${rig.read(source)}one more line\n`);
  const needed = new Set(tasks.filter((task) => task.source_files.includes(source)).map((task) => task.name));
  for (const { name, dependencies } of tasks) if (dependencies.some((other) => needed.has(other))) needed.add(name);
  const edited = executed(await build(rig));
  assert(edited.length > 0 && edited.every((name) => needed.has(name)));
});

// S4.19
rigTest("fixtures/codegen builds by functions of modules, and an edit reaches what it changes", async (rig) => {
  copyFixture(rig, "codegen");
  const first = reportOf(await build(rig, "--json"));
  assertEquals([first.total_tasks, first.completed], [13, 13]);
  assertEquals(
    rig.read("build/validated.txt"),
    "Address 1 valid, 2 invalid\nCustomer 2 valid, 3 invalid\nOrder 1 valid, 2 invalid\nProduct 2 valid, 3 invalid\n",
  );
  assertStringIncludes(rig.read("build/models/order.ts"), "products: Product[];");
  const validators = ["address", "customer", "order", "product"].map((name) => rig.path(`build/validators/${name}.ts`));
  assertEquals((await rig.start([], { deno: ["check", "--quiet", ...validators] }).ended).code, 0);
  assertEquals(executed(await build(rig)), []);

  // A blank in a contract: it says what it said, and nobody else has to know.
  rig.write("contracts/order.json", `${rig.read("contracts/order.json")}\n`);
  assertEquals(executed(await build(rig)), ["parse_order"]);

  // How models are written: of all tasks, only those that write models, and what reads what they wrote.
  rig.write("model.ts", rig.read("model.ts").replace("export interface", "\nexport interface"));
  const models = ["model_address", "model_customer", "model_order", "model_product"];
  assertEquals(executed(await build(rig)), ["final_validation", ...models]);

  rig.write("contracts/order.json", rig.read("contracts/order.json").replace('"minimum": 0', '"minimum": 5000'));
  const { code, stdout } = await build(rig);
  assertEquals(code, 1);
  assertStringIncludes(stdout, "Failed task 'final_validation'");
  assertStringIncludes(stdout, "(error: Module failed: A valid Order is refused: Order.total_cents is wrong)");
});

// S5.1, S5.2
rigTest(
  "fixtures/workspace: a renamed export turns the checks of others red, and only folders are made",
  async (rig) => {
    copyFixture(rig, "workspace");
    assertEquals((await build(rig)).code, 0);
    assertEquals(rig.read("build/order.txt"), "<b>tea and milk</b> 3.45 EUR\n");
    assertEquals(rig.files("dist").length, 7);
    assertEquals(executed(await build(rig)), []);

    rig.write("format/mod.ts", rig.read("format/mod.ts").replace("function shown", "function amount"));
    const renamed = await build(rig);
    const { stdout } = renamed;
    assertEquals(renamed.code, 1);
    const failed = [...stdout.matchAll(/Failed task '(.+)' after/g)].map(([, name]) => name).sort();
    assertEquals(failed, ["cli:check", "format:check", "ui:check"]);
    assert(!executed(renamed).includes("ui:test"), "what needs it is not done");

    rig.write("format/mod.ts", rig.read("format/mod.ts").replace("function amount", "function shown"));
    assertEquals(executed(await build(rig)), [], "all of it has passed so before");
  },
);
