/**
 * Owns the modules of a package: a copy of the sources in which a few things are another, bundled. A package's files are JavaScript and
 * lie side by side: `later()` becomes the `import()` that a bundler sees, and a few files say what holds in a package.
 *
 * @module
 */
import { walkSync } from "@std/fs";
import { dirname, fromFileUrl, join, relative } from "@std/path";
import { minify } from "terser";
import { ENTRIES } from "../../actors/machine/entry_modules.ts";
import { type Assets, readAssets } from "../../actors/page/assets.ts";
import config from "../../deno.json" with { type: "json" };

/** Where the sources lie. */
export const ROOT = fromFileUrl(new URL("../..", import.meta.url));

const PRODUCT = ["main.ts", "mod.ts", "actors", "cli", "graph", "types", "schema.json", "deno.lock"];

/** What the threads of a sandbox begin with. */
const SANDBOX = ["sandbox_thread.js", "sandbox_nested.js"];

/** Stands for the files that these are made of, until those are known. */
const SANDBOX_FILES = "what a sandbox is made of";

/** What the package asks of another one that is many times its size, or never asks. */
export const STAND_INS: Readonly<Record<string, string>> = {
  lodash: "export default { forEach: (all, act) => all.forEach(act), isDate: (value) => value instanceof Date };\n",
  "make-dir": "export default undefined;\n",
};

/** What a bundler does alone is a little less. */
const SMALL = {
  module: true,
  ecma: 2020,
  compress: { passes: 4, ecma: 2022, keep_fargs: false },
  format: { ecma: 2020 },
} as const;

/** What is asked for together or not at all. In a part each, the parts that several have in common would be very many. */
const TOGETHER: Readonly<Record<string, RegExp>> = {
  doing:
    /^(?:cli\/(?:crew|join|status|watch|report|ui|run|retry|clean|since|store)|actors\/(?:crew|join|page|watch)\/|actors\/commands\/(?:report|ui|watch))/,
  seeing:
    /^(?:cli\/(?!program|build)|actors\/(?:commands\/|terminal\/panel|input\/foreign_builds|crew\/monitor|store\/tidy))/,
  telling:
    /^(?:actors\/terminal\/(?:junit_report|github_summary|ci_output|line_sinks|event_stream|run_watch)|graph\/report\/)/,
  guarding:
    /^actors\/(?:machine\/(?:load_monitor|cpu_meter|suspension)|locks\/task_locks|build\/transaction\/|remote\/)/,
  finding:
    /^(?:actors\/(?:build\/(?:module_graph|discovered_inputs|tool_outputs|working_folders)|input\/(?:source_globs|glob_outputs|literal_parts|expanded_config))|graph\/(?:input|gates)\/)/,
  recording: /^actors\/history\/(?:attach|run_recorder)\./,
  storing: /^actors\/store\/(?:place|store)\./,
  showing: /^actors\/(?:run\/live_state|terminal\/live_)/,
  working: /^actors\/worker\/(?:dependency_file|module_attempt|several_outputs)\./,
  sandboxing: /^actors\/sandbox\/(?:guards|thread_needs)\./,
};

const LATER = /\blater(?:<typeof import\("([^"]+)"\)>)?\(\s*"([^"]+)",\s*import\.meta\.url,?\s*\)/g;

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

/** Path → text of what takes the place of files in actors/. */
async function replacements(folder: string): Promise<Record<string, string>> {
  return {
    "machine/entry_modules.ts": `
      export type Entry = string;
      const at = (file: string): URL => new URL("./" + file, import.meta.url);
      export const entryModule = (entry: Entry): URL => at(entry + ".js");
      export const sandboxFiles = (): string[] =>
        [${JSON.stringify(SANDBOX_FILES)}].map((file) => decodeURIComponent(at(file).pathname));
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

/** Makes the copy. */
export async function copySources(to: string): Promise<void> {
  await run("cp", ["-R", ...PRODUCT.map((name) => join(ROOT, name)), to]);
  const { imports, version } = config;
  await Deno.writeTextFile(join(to, "deno.json"), JSON.stringify({ version, imports }));
  const together: Record<string, string[]> = {};
  for (const { path } of walkSync(to, { exts: [".ts"], includeDirs: false })) {
    const text = await Deno.readTextFile(path);
    const seen = text.replace(LATER, (_, type, name) => {
      if ((type ?? name) !== name) throw new Error(`${path}: later() is asked for ${name} and says that it is ${type}`);
      return `import("${name}")`;
    }).replace(/(?<!typeof )\bimport\("(\.[^"]+\.ts)"\)/g, (all, name) => {
      const target = relative(to, join(dirname(path), name));
      const group = Object.keys(TOGETHER).find((name) => TOGETHER[name].test(target));
      if (group === undefined) return all;
      const targets = together[group] ??= [];
      if (!targets.includes(target)) targets.push(target);
      const part = `_${targets.indexOf(target)}`;
      return `import("${relative(dirname(path), to) || "."}/${group}.ts").then(({ ${part} }) => ${part})`;
    });
    if (seen !== text) await Deno.writeTextFile(path, seen);
  }
  for (const [group, targets] of Object.entries(together)) {
    const parts = targets.map((target, at) => `export * as _${at} from "./${target}";\n`);
    await Deno.writeTextFile(join(to, `${group}.ts`), parts.join(""));
  }
  for (const [entry, path] of Object.entries(ENTRIES)) {
    if (entry === "main") continue;
    await Deno.writeTextFile(join(to, `${entry}.ts`), `export * from "./${join("actors/machine", path)}";\n`);
  }
  const become = await Deno.readTextFile(new URL("./become.ts", import.meta.url));
  await Deno.writeTextFile(join(to, "become.ts"), become.replaceAll('"../../', '"./'));
  for (const [path, text] of Object.entries(await replacements(to))) {
    await Deno.writeTextFile(join(to, "actors", path), text);
  }
}

/** Bundles the copy, and gives the parts that several entries have in common the shortest names there are. */
export async function bundle(from: string, to: string): Promise<void> {
  const made = `${from}/bundled`, entries = ["mod", "become", ...Object.keys(ENTRIES)];
  const options = ["--quiet", "--minify", "--code-splitting", "--packages=bundle", `--outdir=${made}`];
  for (const name of Object.keys(STAND_INS)) options.push(`--external=${name}`);
  await run(Deno.execPath(), ["bundle", ...options, ...entries.map((entry) => `${entry}.ts`)], from);
  const files = [...Deno.readDirSync(made)].map(({ name }) => name).sort();
  const parts = files.filter((file) => !entries.includes(file.replace(/\.js$/, "")));
  const nameOf = (file: string) => parts.includes(file) ? `${parts.indexOf(file).toString(36)}.js` : file;
  const texts = new Map(Object.entries(STAND_INS).map(([name, text]) => [`${name}.js`, text]));
  for (const file of files) {
    const text = (await Deno.readTextFile(join(made, file)))
      .replace(/"\.\/([\w.-]+\.js)"/g, (_, name) => `"./${nameOf(name)}"`)
      .replace(/\bfrom"([\w-]+)"/g, (all, name) => name in STAND_INS ? `from"./${name}.js"` : all)
      // Deno reads whatever is named outright before a program starts.
      .replace(/\bimport\(("\.\/[\w.-]+")\)/g, "import(new URL($1,import.meta.url).href)");
    texts.set(nameOf(file), (await minify(text, SMALL)).code!);
  }
  const sandbox = JSON.stringify(madeOf(SANDBOX, texts)).slice(1, -1);
  for (const [file, text] of texts) {
    await Deno.writeTextFile(join(to, file), text.replace(JSON.stringify(SANDBOX_FILES), () => sandbox));
  }
}

/** The files and all that they import, which the bundler has split so that each is asked for by all who import it. */
function madeOf(files: readonly string[], texts: ReadonlyMap<string, string>): string[] {
  const all = new Set(files);
  // A set grows while it is walked.
  for (const file of all) {
    for (const [, name] of texts.get(file)!.matchAll(/\b(?:from|import)"\.\/([\w.-]+)"/g)) all.add(name);
  }
  return [...all];
}

/** Runs a program to its end. */
export async function run(program: string, args: readonly string[], cwd = ROOT): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args], cwd, stdout: "null" }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")}\n${new TextDecoder().decode(stderr)}`);
}
