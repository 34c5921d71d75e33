/**
 * Owns the finding of what other tools can do in the current folder, for `troupe init`: what stands in their files, and
 * what a workspace has for packages. It runs nothing and writes nothing.
 *
 * @module
 */
import { Glob } from "../../graph/glob.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { makeScripts } from "../../graph/init/makefile.ts";
import type { FoundProject, ScriptFile, WorkspaceMember } from "../../graph/init/project.ts";
import { denoScripts, npmScripts } from "../../graph/init/scripts.ts";
import { quote } from "../../graph/text.ts";
import { isFile, readRegularText } from "../machine/regular_file.ts";
import { systemDetail } from "../machine/system_error.ts";

/** As make looks for them. */
const MAKEFILES = ["GNUmakefile", "makefile", "Makefile"];

/** By which file a package manager is known. */
const LOCK_FILES = [["pnpm-lock.yaml", "pnpm"], ["yarn.lock", "yarn"], ["bun.lock", "bun"], [
  "bun.lockb",
  "bun",
]] as const;

/** Packages lie no deeper. */
const DEEPEST = 6;

/**
 * Looks.
 *
 * @throws {InputError} When a file that is there cannot be read or understood.
 */
export async function findProject(): Promise<FoundProject> {
  const files: ScriptFile[] = [];
  const deno = ["deno.json", "deno.jsonc"].find(isFile);
  if (deno !== undefined) {
    const { tasks } = await readJson(deno);
    files.push({ file: deno, prefix: "deno", scripts: denoScripts(objectOf(tasks)) });
  }
  let members: WorkspaceMember[] = [];
  if (isFile("package.json")) {
    const root = await readJson("package.json");
    const runner = runnerOf(root);
    files.push({ file: "package.json", prefix: runner, scripts: npmScripts(objectOf(root.scripts), runner) });
    members = await membersOf(workspacesOf(root), runner);
  }
  const makefile = MAKEFILES.find(isFile);
  if (makefile !== undefined) {
    const text = readText(makefile);
    // Each make looks at all that is made here
    files.push({
      file: makefile,
      prefix: "make",
      scripts: makeScripts(text),
      text,
      isExclusive: true,
      doesNeeds: true,
    });
  }
  const folders = entriesHere().filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  return { files, members, ignored: isFile(".gitignore") ? readText(".gitignore") : "", folders };
}

function entriesHere(): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(".")];
  } catch (error) {
    throw new InputError(`Cannot look into this folder: ${systemDetail(error)}`);
  }
}

function runnerOf({ packageManager }: Record<string, unknown>): string {
  const [, named] = /^(npm|pnpm|yarn|bun)@/.exec(typeof packageManager === "string" ? packageManager : "") ?? [];
  return named ?? LOCK_FILES.find(([file]) => isFile(file))?.[1] ?? "npm";
}

/** The globs that name the packages of a workspace. */
function workspacesOf({ workspaces }: Record<string, unknown>): string[] {
  const globs = Array.isArray(workspaces) ? workspaces : objectOf(workspaces).packages;
  if (Array.isArray(globs)) return globs.filter((glob) => typeof glob === "string");
  if (!isFile("pnpm-workspace.yaml")) return [];
  const [, list = ""] = /^packages:[^\S\n]*\n((?:[ \t]*(?:-.*|#.*)?\n?)*)/m.exec(readText("pnpm-workspace.yaml")) ?? [];
  return [...list.matchAll(/^\s*-\s*(['"]?)([^'"#\n]+?)\1\s*(?:#.*)?$/gm)].map(([, , glob]) => glob);
}

async function membersOf(globs: readonly string[], runner: string): Promise<WorkspaceMember[]> {
  if (globs.length === 0) return [];
  const plain = (glob: string) => glob.replace(/^\.\//, "").replace(/\/+$/, "");
  const wanted = globs.filter((glob) => !glob.startsWith("!")).map((glob) => new Glob(plain(glob)));
  const unwanted = globs.filter((glob) => glob.startsWith("!")).map((glob) => new Glob(plain(glob.slice(1))));
  const matches = (some: readonly Glob[], folder: string) => some.some((glob) => glob.matches(folder));
  const folders = foldersWithPackages("", DEEPEST).filter((each) => matches(wanted, each) && !matches(unwanted, each));
  return await Promise.all(folders.map(async (folder) => {
    const { name, scripts, ...rest } = await readJson(`${folder}/package.json`);
    const needs = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]
      .flatMap((key) => Object.keys(objectOf(rest[key])));
    return {
      folder,
      ...(typeof name === "string" ? { name } : {}),
      needs,
      scripts: npmScripts(objectOf(scripts), runner),
    };
  }));
}

/** Folders that hold a `package.json`, sorted; no link is followed. */
function foldersWithPackages(folder: string, depth: number): string[] {
  if (depth === 0) return [];
  const inside = [...Deno.readDirSync(folder === "" ? "." : folder)]
    .filter(({ name, isDirectory }) => isDirectory && !name.startsWith(".") && name !== "node_modules")
    .filter(({ name }) => !/[\p{Cc}\p{Zl}\p{Zp}\ufffd]/u.test(name)) // which no path of a config may have
    .map(({ name }) => folder === "" ? name : `${folder}/${name}`).sort();
  return inside.flatMap((each) => [
    ...(isFile(`${each}/package.json`) ? [each] : []),
    ...foldersWithPackages(each, depth - 1),
  ]);
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  const { parse } = await import("@std/jsonc");
  try {
    return objectOf(parse(readText(path)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(`Cannot understand ${quote(path)}: ${error.message}`);
  }
}

function readText(path: string): string {
  try {
    return readRegularText(path);
  } catch (error) {
    throw new InputError(`Cannot read ${quote(path)}: ${systemDetail(error)}`);
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {};
}
