/**
 * Owns the package for npm: `deno task pack` makes `dist/troupe-VERSION.tgz`, for those who have Node and no Deno. In it are the
 * modules of troupe bundled, split where threads and `import()` begin, with their types and a program that becomes the Deno that npm
 * installed (pack/bin.sh). It publishes nothing.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { walkSync } from "@std/fs";
import { dirname, extname, join, relative } from "@std/path";
import { type Compression, type PackedFile, tarball } from "./pack/tarball.ts";
import { bundle, copySources, ROOT, run, STAND_INS } from "./pack/bundle.ts";
import config from "../deno.json" with { type: "json" };

const TEXTS = ["LICENSE", "README.md"];

/** What a declaration says of the file that it was made from, and programs that use it; both are told on pages. */
const HEADERS = /\/\*\*(?:(?!\*\/)[^])*?@module(?:(?!\*\/)[^])*\*\/\s*/g;
const EXAMPLES = /\n *\* @example(?:(?!\n *\* @|\n *\*\/|\*\/)[^])*/g;

const PACKAGE = {
  name: "troupe",
  version: config.version,
  description: "A build runtime and task runner in the actor model",
  license: config.license,
  type: "module",
  bin: { troupe: "troupe.js" },
  exports: { ".": { types: "./types/mod.d.ts", default: "./mod.js" } },
  dependencies: { deno: "^2.4.0" },
};

/** Makes the package in a folder, and answers with its path. */
export async function pack(folder: string, compression?: Compression): Promise<string> {
  const work = await Deno.makeTempDir({ prefix: "troupe-pack-" });
  try {
    const sources = join(work, "sources"), made = join(work, "package");
    for (const path of [sources, made, folder]) await Deno.mkdir(path, { recursive: true });
    await copySources(sources);
    await bundle(sources, made);
    await addTypes(work, made);
    await addLicenses(sources, made);
    for (const name of TEXTS) await Deno.copyFile(join(ROOT, name), join(made, name));
    await Deno.writeTextFile(join(made, "package.json"), JSON.stringify(PACKAGE, null, 2) + "\n");
    await addProgram(made);
    const path = join(folder, `troupe-${config.version}.tgz`);
    const paths = [...walkSync(made, { includeDirs: false })].map((entry) => relative(made, entry.path));
    const files = paths.map((path): PackedFile => {
      return { path, content: Deno.readFileSync(join(made, path)), isProgram: path === PACKAGE.bin.troupe };
    });
    await Deno.writeFile(path, await tarball(files.sort(byLikeness), compression));
    return path;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Files that are alike stand together, as the compressor sees only some of them at a time: those of a kind and a folder, by size. */
function byLikeness(a: PackedFile, b: PackedFile): number {
  return compare(extname(a.path), extname(b.path)) || compare(dirname(a.path), dirname(b.path)) ||
    a.content.length - b.content.length || compare(a.path, b.path);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
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

if (import.meta.main) {
  const { _: [folder], quick } = parseArgs(Deno.args, { string: ["_"], boolean: ["quick"] });
  console.log(await pack(folder ?? join(ROOT, "dist"), { isQuick: quick }));
}
