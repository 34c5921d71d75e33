// Every example in the documentation of the library, type-checked and run.
import { assert, assertEquals } from "@std/assert";
import { copySync } from "@std/fs";
import { fromFileUrl } from "@std/path";
import { TempFolder } from "./actors/temp_folder.ts";

const ROOT = fromFileUrl(new URL("..", import.meta.url));

/** Where the library's documentation stands: what mod.ts exports from. */
function documented(): string[] {
  const text = Deno.readTextFileSync(`${ROOT}/mod.ts`);
  return [...new Set(["mod.ts", ...[...text.matchAll(/from "\.\/([^"]+)"/g)].map(([, path]) => path)])];
}

/** The `ts` blocks of a module's doc comments. */
function examplesOf(path: string): string[] {
  const text = Deno.readTextFileSync(`${ROOT}/${path}`);
  return [...text.matchAll(/^ *\/\*\*[\s\S]*?\*\//gm)].flatMap(([comment]) => {
    const lines = comment.replace(/^ *(?:\/\*\*|\*\/|\*) ?/gm, "");
    return [...lines.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);
  });
}

/** The programs on the pages for readers. */
function programsOnPages(): { page: string; code: string }[] {
  return ["crew", "ci", "library", "functions"].flatMap((page) => {
    const [, code] = /^```ts\n([\s\S]*?)^```/m.exec(Deno.readTextFileSync(`${ROOT}/docs/${page}.md`)) ?? [];
    assert(code !== undefined, `no program on docs/${page}.md`);
    return [{ page, code }];
  });
}

/** The names that mod.ts exports from other modules, as these call them. */
function exported(): { name: string; path: string }[] {
  const text = Deno.readTextFileSync(`${ROOT}/mod.ts`);
  return [...text.matchAll(/^export (?:type )?\{([^}]+)\} from "\.\/([^"]+)"/gm)].flatMap(([, list, path]) =>
    list.split(",").map((item) => item.trim().replace(/^type /, "").replace(/ as .*/s, "")).filter((name) =>
      name !== ""
    )
      .map((name) => ({ name, path }))
  );
}

/** The comment on an exported name, may be none; undefined for what is of another kind than these. */
function commentOn(name: string, path: string, kinds: readonly string[]): string | undefined {
  const code = Deno.readTextFileSync(`${ROOT}/${path}`);
  const before = `/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\n`;
  const found = new RegExp(`(?:${before})?export (?:${kinds.join("|")}) ${name}\\b`).exec(code);
  return found === null ? undefined : found[1] ?? "";
}

// A plain type is shown at work where something is called with it.
Deno.test("all that a program calls has an example", () => {
  const called = exported().flatMap(({ name, path }) => {
    const comment = commentOn(name, path, ["async function", "class", "function"]);
    return comment === undefined ? [] : [{ name, comment }];
  });
  assert(called.length > 30, `only ${called.length} functions and classes found`);
  assertEquals(called.filter(({ comment }) => !comment.includes("@example")).map(({ name }) => name), []);
});

Deno.test("deno doc finds nothing undocumented in the library", async () => {
  await deno(["doc", "--lint", "--quiet", `${ROOT}/mod.ts`], ROOT);
});

async function deno(args: readonly string[], cwd: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    stdout: "null",
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
}

Deno.test("the examples of the library work", async () => {
  using folder = new TempFolder();
  // Those that build build a copy.
  const fixtures = folder.folder("fixtures");
  for (const name of ["site", "tasks"]) copySync(`${ROOT}/fixtures/${name}`, `${fixtures}/${name}`);
  const files = documented().flatMap((path) =>
    examplesOf(path).map((code, index) => {
      assert(
        code.includes('from "./mod.ts"'),
        `example ${index + 1} in ${path} does not show where its names come from`,
      );
      const file = folder.file(`${path.replaceAll("/", "_")}_${index + 1}.ts`);
      Deno.writeTextFileSync(file, code.replaceAll('"./mod.ts"', `"file://${ROOT}mod.ts"`));
      return file;
    })
  );
  assert(files.length > 30, `only ${files.length} examples found`);
  const onPages = programsOnPages().map(({ page, code }) => {
    const file = folder.file(`${page}.ts`);
    Deno.writeTextFileSync(file, code.replace(/"(?:\.\/|\.\.\/troupe\/)mod\.ts"|"troupe"/, `"file://${ROOT}mod.ts"`));
    return file;
  });
  Deno.writeTextFileSync(folder.file("build.json"), '{"tasks": [{"name": "a", "output": "a.txt", "content": "a"}]}');
  Deno.writeTextFileSync(folder.file("tests.txt"), "unit: true\n");
  // What the other pages need is not here: those are named, so that their types are checked, and not loaded.
  const condition = (file: string) =>
    onPages.includes(file) && !/(?:crew|ci)\.ts$/.test(file) ? "if (Deno.args.length > 0) " : "";
  const imports = [...files, ...onPages].map((file) => `${condition(file)}await import("file://${file}");\n`);
  // One program for all: each example is a module of its own.
  const all = folder.file("all.ts");
  Deno.writeTextFileSync(all, imports.join(""));
  // Apart from the run, since Deno would check again with each module that is loaded later.
  const config = ["--quiet", "--config", `${ROOT}/deno.json`];
  await deno(["check", ...config, all], folder.path);
  await deno(["run", "-A", "--no-check", ...config, all], folder.path);
});
