/**
 * Owns the package for npm: `deno task pack` makes `dist/troupe-VERSION.tgz`, for those who have Node and no Deno. In it are the
 * modules of troupe bundled, split where threads and `import()` begin, with their types and a program that becomes the Deno that npm
 * installed (pack/bin.sh). It publishes nothing.
 *
 * A package's files are JavaScript and lie side by side, so a few things are another in a copy of the sources before they are
 * bundled: `later()` becomes the `import()` that a bundler sees, and two files of actors/machine/ say what holds in a package.
 *
 * @module
 */
import { walkSync } from "@std/fs";
import { dirname, fromFileUrl, join } from "@std/path";
import { ENTRIES } from "../actors/machine/entry_modules.ts";
import config from "../deno.json" with { type: "json" };

const ROOT = fromFileUrl(new URL("..", import.meta.url));

const PRODUCT = ["main.ts", "mod.ts", "actors", "cli", "graph", "types", "schema.json", "deno.lock"];

const TEXTS = ["LICENSE", "README.md", "CHANGELOG.md", "schema.json"];

/** Each a whole in one file: a sandbox may read nothing but these. */
const ALONE = ["sandbox_thread", "sandbox_nested", "sandbox_process"];

const LATER = /\blater<typeof import\("([^"]+)"\)>\(\s*"([^"]+)",\s*import\.meta\.url,?\s*\)/g;

/** What takes the place of files in actors/machine/. */
const REPLACED = {
  "entry_modules.ts": `
    export type Entry = string;
    export const entryModule = (entry: Entry): URL => new URL("./" + entry + ".js", import.meta.url);
    export const sandboxFiles = (): string[] =>
      ["sandbox_thread", "sandbox_nested"].map((entry) => decodeURIComponent(entryModule(entry).pathname));
  `,
  // Text is no package's, and so is asked by the import map. Named in a variable it is none that is bundled.
  "import_map.ts": `
    const url = "data:text/javascript,export const resolve = (specifier) => import.meta.resolve(specifier)";
    const { resolve } = await import(url);
    export const resolveImport: (specifier: string) => string = resolve;
  `,
};

const PACKAGE = {
  name: "troupe",
  version: config.version,
  description: "A build runtime and task runner in the actor model",
  license: config.license,
  type: "module",
  bin: { troupe: "troupe.js" },
  exports: { ".": { types: "./types/mod.d.ts", default: "./mod.js" }, "./schema.json": "./schema.json" },
  dependencies: { deno: "^2.4.0" },
};

/** Makes the package in a folder, and answers with its path. */
export async function pack(folder: string): Promise<string> {
  const work = await Deno.makeTempDir({ prefix: "troupe-pack-" });
  try {
    const sources = join(work, "sources"), made = join(work, "package");
    for (const path of [sources, made, folder]) await Deno.mkdir(path, { recursive: true });
    await copySources(sources);
    await bundle(sources, made);
    await addTypes(work, made);
    await run("cp", ["-R", join(ROOT, "actors/page/browser"), made]);
    for (const name of TEXTS) await Deno.copyFile(join(ROOT, name), join(made, name));
    await Deno.writeTextFile(join(made, "package.json"), JSON.stringify(PACKAGE, null, 2) + "\n");
    await addProgram(made);
    const path = join(folder, `troupe-${config.version}.tgz`);
    await run("tar", ["-cf", join(work, "package.tar"), "-C", work, "package"]);
    await run("gzip", ["-9", join(work, "package.tar")]);
    await Deno.copyFile(join(work, "package.tar.gz"), path);
    return path;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function copySources(to: string): Promise<void> {
  await run("cp", ["-R", ...PRODUCT.map((name) => join(ROOT, name)), to]);
  const { imports, version } = config;
  await Deno.writeTextFile(join(to, "deno.json"), JSON.stringify({ version, imports }));
  for (const { path } of walkSync(to, { exts: [".ts"], includeDirs: false })) {
    const text = await Deno.readTextFile(path);
    const seen = text.replace(LATER, (_, type, name) => {
      if (type !== name) throw new Error(`${path}: later() is asked for ${name} and says that it is ${type}`);
      return `import("${name}")`;
    });
    if (seen !== text) await Deno.writeTextFile(path, seen);
  }
  for (const [entry, path] of Object.entries(ENTRIES)) {
    if (entry === "main") continue;
    await Deno.writeTextFile(join(to, `${entry}.ts`), `export * from "./${join("actors/machine", path)}";\n`);
  }
  const become = await Deno.readTextFile(new URL("./pack/become.ts", import.meta.url));
  await Deno.writeTextFile(join(to, "become.ts"), become.replaceAll('"../../', '"./'));
  for (const [name, text] of Object.entries(REPLACED)) {
    await Deno.writeTextFile(join(to, "actors/machine", name), text);
  }
}

async function bundle(from: string, to: string): Promise<void> {
  const options = ["bundle", "--quiet", "--minify", "--packages=bundle", `--outdir=${to}`];
  const files = (entries: readonly string[]) => entries.map((entry) => `${entry}.ts`);
  const together = Object.keys(ENTRIES).filter((entry) => !ALONE.includes(entry));
  await run(Deno.execPath(), [...options, "--code-splitting", ...files(["mod", "become", ...together])], from);
  for (const entry of ALONE) await run(Deno.execPath(), [...options, ...files([entry])], from);
}

/** Declarations of all that is public, as `deno pack` makes them. */
async function addTypes(work: string, made: string): Promise<void> {
  const tar = join(work, "deno.tgz"), from = join(work, "deno");
  await run(Deno.execPath(), ["pack", "--quiet", "--allow-dirty", "--no-source-maps", "--output", tar], ROOT);
  await Deno.mkdir(from);
  await run("tar", ["-xzf", tar, "-C", from]);
  const wanted = new Set([join(from, "package/mod.d.ts")]);
  // A set grows while it is walked.
  for (const path of wanted) {
    const text = await Deno.readTextFile(path);
    const to = join(made, "types", path.slice(join(from, "package").length));
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.writeTextFile(to, text);
    for (const [, name] of text.matchAll(/\bfrom "(\.[^"]+)\.js"/g)) {
      wanted.add(join(dirname(path), `${name}.d.ts`));
    }
  }
}

async function addProgram(made: string): Promise<void> {
  const path = join(made, "troupe.js");
  const shell = await Deno.readTextFile(new URL("./pack/bin.sh", import.meta.url));
  await Deno.writeTextFile(path, `${shell}import "./become.js";\n`);
  await Deno.chmod(path, 0o755);
}

async function run(program: string, args: readonly string[], cwd = ROOT): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args], cwd, stdout: "null" }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")}\n${new TextDecoder().decode(stderr)}`);
}

if (import.meta.main) console.log(await pack(Deno.args[0] ?? join(ROOT, "dist")));
