// Every example in the documentation of the library, type-checked and run.
import { assert, assertEquals } from "@std/assert";
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

async function deno(args: readonly string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    stdout: "null",
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
}

Deno.test("the examples of the library work", async () => {
  using folder = new TempFolder();
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
  await deno(["check", "--quiet", ...config, ...files]);
  // One program for all: each example is a module of its own.
  const all = folder.file("all.ts");
  Deno.writeTextFileSync(all, files.map((file) => `await import("file://${file}");\n`).join(""));
  await deno(["run", "-A", ...config, all]);
});
