// Every example on a page for readers that can be run is run, and what it shows is what comes of it. For programs that use
// the library see examples_test.ts.
import { assert, assertEquals } from "@std/assert";
import { copySync, walkSync } from "@std/fs";
import { parse } from "@std/jsonc";
import { fromFileUrl } from "@std/path";
import { parseBuildConfig } from "../graph/input/build_config.ts";
import { parseTaskFile } from "../graph/input/task_file.ts";
import { TempFolder } from "./actors/temp_folder.ts";

const ROOT = fromFileUrl(new URL("..", import.meta.url));

/** A block of code on a page. */
interface Block {
  readonly page: string;
  /** What it is written in; empty for what a terminal shows. */
  readonly language: string;
  readonly text: string;
}

const PAGES = ["README.md", ...[...walkSync(`${ROOT}docs`, { exts: [".md"] })].map(({ name }) => `docs/${name}`)];
const BLOCKS: readonly Block[] = PAGES.flatMap((page) =>
  [...Deno.readTextFileSync(ROOT + page).matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language, text]) => ({
    page,
    language,
    text,
  }))
);

/** The first block of a page that a text is in. */
function block(page: string, part: string): string {
  const found = BLOCKS.find((block) => block.page === page && block.text.includes(part));
  assert(found !== undefined, `no example on ${page} has ${part}`);
  return found.text;
}

/** What a program says, without colour; it must end well. */
async function said(args: readonly string[], cwd: string, codes: readonly number[] = [0]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...args],
    cwd,
    env: { NO_COLOR: "1", GITHUB_ACTIONS: "", GITLAB_CI: "" },
  });
  const { code, stdout, stderr } = await command.output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert(codes.includes(code), `${args.join(" ")}: exit ${code}\n${error}`);
  return out;
}

/** Lines in an order of their own, without what differs from one run to the next. */
function lines(text: string): string[] {
  return text.trimEnd().split("\n").map((line) => line.replace(/\d+\.\d+s/, "#s").replace(/^Worker \d+/, "Worker #"))
    .sort();
}

Deno.test("the configs on the pages can be built", async () => {
  const configs = BLOCKS.filter(({ language }) => language === "jsonc").map(({ page, text }) => ({
    page,
    text,
    value: parse(text) as Record<string, unknown>,
  })).filter(({ value }) => "name" in value || Array.isArray(value.tasks));
  assert(configs.length >= 4, `only ${configs.length} found`);
  for (const { page, text, value } of configs) {
    const needed = (value.dependencies ?? []) as string[];
    const others = needed.map((name) => ({ name, output: `${name}.txt`, content: "" }));
    const whole = "name" in value ? JSON.stringify({ tasks: [value, ...others] }) : text;
    assertEquals((await parseBuildConfig(whole)).diagnostics, [], page);
  }
});

Deno.test("the first page's build says what is shown there", async () => {
  using folder = new TempFolder();
  Deno.writeTextFileSync(folder.file("build.json"), block("README.md", '"source_files"'));
  folder.folder("data");
  Deno.writeTextFileSync(folder.file("data/a.csv"), "1\n");
  const shown = block("README.md", "$ troupe build").replace(/^\$.*\n/, "");
  assertEquals(lines(await said([`${ROOT}main.ts`, "build"], folder.path)), lines(shown));
});

Deno.test("the task files on the pages have no mistakes, and the fixture's run ends as it is shown", async () => {
  const { diagnostics, tasks } = parseTaskFile(block("docs/tasks.md", "[after:fetch]"));
  assertEquals([diagnostics, tasks?.length], [[], 4]);
  using folder = new TempFolder();
  Deno.copyFileSync(`${ROOT}fixtures/tasks/pipeline.txt`, folder.file("pipeline.txt"));
  const ended = lines(await said([`${ROOT}main.ts`, "run", "pipeline.txt"], folder.path));
  const shown = lines(block("docs/tasks.md", "Run completed")).filter((line) => line !== "…" && line !== "");
  for (const line of shown.map(plain)) assert(ended.map(plain).includes(line), `${line} is not in ${ended.join("\n")}`);
});

/** Tasks that run at once end in any order, and their lines are cut to one width. */
function plain(line: string): string {
  return line.replace(/^\[\d\/(\d)\]/, "[#/$1]").replace(/\.{3,}/, "…");
}

Deno.test("the fixture's graph is drawn as it is shown", async () => {
  using folder = new TempFolder();
  for (const { name } of Deno.readDirSync(`${ROOT}fixtures/site`)) {
    if (!/^[._]/.test(name)) copySync(`${ROOT}fixtures/site/${name}`, folder.file(name));
  }
  await said([`${ROOT}main.ts`, "build"], folder.path);
  // What is critical hangs on how long each took.
  const steady = (text: string) =>
    text.replace(/ ◆|\d+\.\d+s/g, "").split("\n").filter((line) => !line.startsWith("◆"));
  const shown = block("docs/pictures.md", "$ troupe graph index").replace(/^\$.*\n/, "");
  assertEquals(steady(await said([`${ROOT}main.ts`, "graph", "index"], folder.path)), steady(shown));
});

Deno.test("the gates say of the config on their page what is shown there", async () => {
  using folder = new TempFolder();
  Deno.writeTextFileSync(folder.file("build.json"), block("docs/gates.md", '"shares"'));
  const console = block("docs/gates.md", "$ troupe check");
  for (const part of console.split(/^\$ /m).slice(1)) {
    const [command, ...rest] = part.trimEnd().split("\n");
    const args = [`${ROOT}main.ts`, ...command.split(" ").slice(1)];
    // How much room there is, is this machine's.
    const steady = (text: string) => text.split("\n").filter((line) => !/^$|^Capacity|^ {2}Wait until/.test(line));
    assertEquals(steady(await said(args, folder.path, [0, 1])), steady(rest.join("\n")), command);
  }
});

Deno.test("the function on the page about functions makes its page", async () => {
  using folder = new TempFolder();
  const task = parse(block("docs/functions.md", '"module"')) as { module: string; output_artifact: string };
  for (const inner of ["tasks", "src"]) folder.folder(inner);
  const program = block("docs/functions.md", "export async function page").replace(/import type .*\n/, "")
    .replace(/: ModuleTask<.*?>(?=\))/, ": any");
  Deno.writeTextFileSync(folder.file(task.module), program);
  Deno.writeTextFileSync(folder.file("src/page.md"), "one ");
  const tasks = [{ name: "title", output: "title.txt", content: "two" }, task];
  Deno.writeTextFileSync(folder.file("build.json"), JSON.stringify({ tasks }));
  await said([`${ROOT}main.ts`, "build"], folder.path);
  assertEquals(Deno.readTextFileSync(folder.file(task.output_artifact)), "<h1>Numbers</h1>one two");
});
