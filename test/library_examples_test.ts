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

Deno.test("every name of the scheduler library has an example", () => {
  const text = Deno.readTextFileSync(`${ROOT}/mod.ts`);
  const exports = [...text.matchAll(/export (?:type )?\{([^}]+)\} from "\.\/([^"]+\/library\/[^"]+)"/g)];
  const names = exports.flatMap(([, list, path]) => list.match(/\b[A-Za-z]+\b/g)!.map((name) => ({ name, path })))
    .filter(({ name }) => name !== "type");
  assert(names.length > 20, `only ${names.length} names found`);
  const without = names.filter(({ name, path }) => {
    const code = Deno.readTextFileSync(`${ROOT}/${path}`);
    const comment = new RegExp(
      `/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\nexport (?:class|interface|type|function) ${name}\\b`,
    );
    return !comment.exec(code)?.[1].includes("@example");
  });
  assertEquals(without, []);
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
  copySync(`${ROOT}/fixtures/site`, `${folder.folder("fixtures")}/site`);
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
  assert(files.length > 15, `only ${files.length} examples found`);
  const config = ["--config", `${ROOT}/deno.json`];
  await deno(["check", "--quiet", ...config, ...files], folder.path);
  // One program for all: each example is a module of its own.
  const all = folder.file("all.ts");
  Deno.writeTextFileSync(all, files.map((file) => `await import("file://${file}");\n`).join(""));
  await deno(["run", "-A", ...config, all], folder.path);
});
