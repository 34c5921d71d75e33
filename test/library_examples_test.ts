// Every example in the documentation of the library, type-checked and run.
import { assert, assertEquals } from "@std/assert";
import { copySync } from "@std/fs";
import { fromFileUrl } from "@std/path";
import { TempFolder } from "./actors/temp_folder.ts";

const ROOT = fromFileUrl(new URL("..", import.meta.url));

/** Where the library's documentation stands: what mod.ts exports from. */
function documented(): string[] {
  const text = Deno.readTextFileSync(`${ROOT}/mod.ts`);
  return ["mod.ts", ...new Set([...text.matchAll(/from "\.\/([^"]+)"/g)].map(([, path]) => path))];
}

/** The `ts` blocks of a module's doc comments. */
function examplesOf(path: string): string[] {
  const text = Deno.readTextFileSync(`${ROOT}/${path}`);
  return [...text.matchAll(/^ *\/\*\*[\s\S]*?\*\//gm)].flatMap(([comment]) => {
    const lines = comment.replace(/^ *(?:\/\*\*|\*\/|\*) ?/gm, "");
    return [...lines.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);
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

Deno.test("every name of the library has an example", () => {
  const names = exported();
  assert(names.length > 100, `only ${names.length} names found`);
  const without = names.filter(({ name, path }) => {
    const code = Deno.readTextFileSync(`${ROOT}/${path}`);
    const kind = "(?:async function|class|const|function|interface|type)";
    const comment = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\nexport ${kind} ${name}\\b`);
    return !comment.exec(code)?.[1].includes("@example");
  });
  assertEquals(without, []);
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
  assert(files.length > 100, `only ${files.length} examples found`);
  const config = ["--config", `${ROOT}/deno.json`];
  await deno(["check", "--quiet", ...config, ...files], folder.path);
  // One program for all: each example is a module of its own.
  const all = folder.file("all.ts");
  Deno.writeTextFileSync(all, files.map((file) => `await import("file://${file}");\n`).join(""));
  await deno(["run", "-A", ...config, all], folder.path);
});
