/**
 * Owns the package for npm: `deno task pack` makes `dist/troupe-VERSION.tgz`, for those who have Node and no Deno. In it are the
 * modules of troupe bundled, split where threads and `import()` begin, with their types and a program that becomes the Deno that npm
 * installed (pack/bin.sh). It publishes nothing.
 *
 * A package's files are JavaScript and lie side by side, so a few things are another in a copy of the sources before they are
 * bundled: `later()` becomes the `import()` that a bundler sees, and a few files say what holds in a package.
 *
 * @module
 */
import { walkSync } from "@std/fs";
import { dirname, fromFileUrl, join, relative } from "@std/path";
import { ENTRIES } from "../actors/machine/entry_modules.ts";
import { type Assets, readAssets } from "../actors/page/assets.ts";
import { type PackedFile, tarball } from "./pack/tarball.ts";
import { minify } from "terser";
import config from "../deno.json" with { type: "json" };

const ROOT = fromFileUrl(new URL("..", import.meta.url));

const PRODUCT = ["main.ts", "mod.ts", "actors", "cli", "graph", "types", "schema.json", "deno.lock"];

const TEXTS = ["LICENSE", "README.md", "schema.json"];

/** What a sandbox begins with, bundled apart from the rest: it may read nothing else. */
const SANDBOX = ["sandbox_thread", "sandbox_nested", "sandbox_process"];

/** What a package asks of another one that is many times its size, or never asks. */
const STAND_INS: Readonly<Record<string, string>> = {
  lodash: "export default { forEach: (all, act) => all.forEach(act), isDate: (value) => value instanceof Date };\n",
  "make-dir": "export default undefined;\n",
};

/** What a bundler does alone is a little less. */
const SMALL = { module: true, ecma: 2020, compress: { passes: 2, ecma: 2020 }, format: { ecma: 2020 } } as const;

/** What is asked for at once or not at all: in a part each, the parts that several have in common would be very many. */
const TOGETHER = /^(?:cli\/(?!program|build)|actors\/(?:commands|crew|join|page|watch)\/)/;

const LATER = /\blater(?:<typeof import\("([^"]+)"\)>)?\(\s*"([^"]+)",\s*import\.meta\.url,?\s*\)/g;

/** What a declaration says of the file that it was made from, and programs that use it; both are told on pages. */
const HEADERS = /\/\*\*(?:(?!\*\/)[^])*?@module(?:(?!\*\/)[^])*\*\/\s*/g;
const EXAMPLES = /\n *\* @example(?:(?!\n *\* @|\n *\*\/|\*\/)[^])*/g;

/** The page's own files, for no reader. */
async function smallAssets(folder: string): Promise<Assets> {
  const { markup, style, script } = await readAssets();
  const path = join(folder, "page.js");
  await Deno.writeTextFile(path, script);
  await run(Deno.execPath(), ["bundle", "--quiet", "--minify", "--platform=browser", `--output=${path}.min`, path]);
  return {
    markup,
    style: style.replace(/\/\*[^]*?\*\/|^ +/gm, "").replace(/\n+/g, "\n"),
    script: await Deno.readTextFile(`${path}.min`),
  };
}

/** Path → text of what takes the place of files in actors/; a sandbox reads the files that are named. */
async function replacements(folder: string, sandboxFiles: readonly string[]): Promise<Record<string, string>> {
  return {
    "machine/entry_modules.ts": `
      export type Entry = string;
      const at = (file: string): URL => new URL("./" + file, import.meta.url);
      export const entryModule = (entry: Entry): URL => at(entry + ".js");
      export const sandboxFiles = (): string[] =>
        ${JSON.stringify(sandboxFiles)}.map((file) => decodeURIComponent(at(file).pathname));
    `,
    // Text is no package's, and so is asked by the import map. Named in a variable it is none that is bundled.
    "machine/import_map.ts": `
      const url = "data:text/javascript,export const resolve = (specifier) => import.meta.resolve(specifier)";
      const { resolve } = await import(url);
      export const resolveImport: (specifier: string) => string = resolve;
    `,
    "page/assets.ts": `
      const assets = ${JSON.stringify(await smallAssets(folder))};
      export const readAssets = () => Promise.resolve(assets);
    `,
  };
}

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
    await bundleAll(sources, made);
    await addTypes(work, made);
    await addLicenses(sources, made);
    for (const name of TEXTS) await Deno.copyFile(join(ROOT, name), join(made, name));
    await Deno.writeTextFile(join(made, "package.json"), JSON.stringify(PACKAGE, null, 2) + "\n");
    await addProgram(made);
    const path = join(folder, `troupe-${config.version}.tgz`);
    const paths = [...walkSync(made, { includeDirs: false })].map((entry) => relative(made, entry.path)).sort();
    const files = paths.map((path): PackedFile => {
      return { path, content: Deno.readFileSync(join(made, path)), isProgram: path === PACKAGE.bin.troupe };
    });
    await Deno.writeFile(path, await tarball(files));
    return path;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function copySources(to: string): Promise<void> {
  await run("cp", ["-R", ...PRODUCT.map((name) => join(ROOT, name)), to]);
  const { imports, version } = config;
  await Deno.writeTextFile(join(to, "deno.json"), JSON.stringify({ version, imports }));
  const together: string[] = [];
  for (const { path } of walkSync(to, { exts: [".ts"], includeDirs: false })) {
    const text = await Deno.readTextFile(path);
    const seen = text.replace(LATER, (_, type, name) => {
      if ((type ?? name) !== name) throw new Error(`${path}: later() is asked for ${name} and says that it is ${type}`);
      return `import("${name}")`;
    }).replace(/(?<!typeof )\bimport\("(\.[^"]+\.ts)"\)/g, (all, name) => {
      const target = relative(to, join(dirname(path), name));
      if (!TOGETHER.test(target)) return all;
      if (!together.includes(target)) together.push(target);
      const part = `_${together.indexOf(target)}`;
      return `import("${relative(dirname(path), to) || "."}/together.ts").then(({ ${part} }) => ${part})`;
    });
    if (seen !== text) await Deno.writeTextFile(path, seen);
  }
  const parts = together.map((target, at) => `export * as _${at} from "./${target}";\n`);
  await Deno.writeTextFile(join(to, "together.ts"), parts.join(""));
  for (const [entry, path] of Object.entries(ENTRIES)) {
    if (entry === "main") continue;
    await Deno.writeTextFile(join(to, `${entry}.ts`), `export * from "./${join("actors/machine", path)}";\n`);
  }
  const become = await Deno.readTextFile(new URL("./pack/become.ts", import.meta.url));
  await Deno.writeTextFile(join(to, "become.ts"), become.replaceAll('"../../', '"./'));
}

async function bundleAll(from: string, to: string): Promise<void> {
  const names = new Map<string, string>();
  await bundle(SANDBOX, { from, to, names });
  const sandboxFiles = [...Deno.readDirSync(to)].map(({ name }) => name);
  for (const [path, text] of Object.entries(await replacements(from, sandboxFiles))) {
    await Deno.writeTextFile(join(from, "actors", path), text);
  }
  const others = Object.keys(ENTRIES).filter((entry) => !SANDBOX.includes(entry));
  await bundle(["mod", "become", ...others], { from, to, names });
  for (const [name, text] of Object.entries(STAND_INS)) await Deno.writeTextFile(join(to, `${name}.js`), text);
}

/** Bundles what the entries begin, and gives the parts they have in common the shortest names there are. */
async function bundle(
  entries: readonly string[],
  { from, to, names }: { readonly from: string; readonly to: string; readonly names: Map<string, string> },
): Promise<void> {
  const made = await Deno.makeTempDir({ dir: dirname(to) });
  const options = ["--quiet", "--minify", "--code-splitting", "--packages=bundle", `--outdir=${made}`];
  for (const name of Object.keys(STAND_INS)) options.push(`--external=${name}`);
  await run(Deno.execPath(), ["bundle", ...options, ...entries.map((entry) => `${entry}.ts`)], from);
  const files = [...Deno.readDirSync(made)].map(({ name }) => name).sort();
  for (const file of files) {
    const entry = file.replace(/\.js$/, "");
    if (!entries.includes(entry)) names.set(file, `${names.size.toString(36)}.js`);
  }
  for (const file of files) {
    const text = (await Deno.readTextFile(join(made, file)))
      .replace(/"\.\/([\w.-]+-[A-Z0-9]{8}\.js)"/g, (_, name) => `"./${names.get(name)}"`)
      .replace(/\bfrom"([\w-]+)"/g, (all, name) => name in STAND_INS ? `from"./${name}.js"` : all)
      // Deno reads whatever is named outright before a program starts.
      .replace(/\bimport\(("\.\/[\w.-]+")\)/g, "import(new URL($1,import.meta.url).href)");
    const { code } = await minify(text, SMALL);
    await Deno.writeTextFile(join(to, names.get(file) ?? file), code!);
  }
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
    await Deno.writeTextFile(to, text.replace(HEADERS, "").replace(EXAMPLES, ""));
    for (const [, name] of text.matchAll(/\bfrom "(\.[^"]+)\.js"/g)) {
      wanted.add(join(dirname(path), `${name}.d.ts`));
    }
  }
}

/** What others allow, as far as the package holds what is theirs. */
async function addLicenses(from: string, made: string): Promise<void> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", "main.ts"], cwd: from })
    .output();
  const { modules, npmPackages } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { npmPackage?: string }[];
    npmPackages: Record<string, { name: string; version: string; localPath: string; dependencies: string[] }>;
  };
  const held = new Set(modules.flatMap(({ npmPackage }) => npmPackage ?? []));
  const parts: string[] = [];
  for (const id of held) {
    const { name, version, localPath, dependencies } = npmPackages[id];
    if (name in STAND_INS) continue;
    for (const dependency of dependencies) held.add(dependency);
    const file = [...Deno.readDirSync(localPath)].find((entry) => /^licen[cs]e/i.test(entry.name));
    const text = file === undefined
      ? `License: ${JSON.parse(await Deno.readTextFile(join(localPath, "package.json"))).license}\n`
      : await Deno.readTextFile(join(localPath, file.name));
    parts.push(`${name} ${version}\n\n${text}`);
  }
  await Deno.writeTextFile(join(made, "LICENSES-OF-OTHERS"), parts.sort().join("\n"));
}

async function addProgram(made: string): Promise<void> {
  const path = join(made, PACKAGE.bin.troupe);
  const shell = await Deno.readTextFile(new URL("./pack/bin.sh", import.meta.url));
  await Deno.writeTextFile(path, `${shell}import "./become.js";\n`);
}

async function run(program: string, args: readonly string[], cwd = ROOT): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args], cwd, stdout: "null" }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")}\n${new TextDecoder().decode(stderr)}`);
}

if (import.meta.main) console.log(await pack(Deno.args[0] ?? join(ROOT, "dist")));
