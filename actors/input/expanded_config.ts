/**
 * Owns all that the expansion of a config needs of the disk: the configs that it includes, with those that they include, and
 * the files that its templates are made for. It is loaded only for a config that is to be expanded.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import type { Diagnostic } from "../../graph/failure.ts";
import { combinationsOf } from "../../graph/expand/combinations.ts";
import {
  type ConfigFile,
  type IncludedFile,
  type IncludeWish,
  inFile,
  wishesOf,
} from "../../graph/expand/config_file.ts";
import * as say from "../../graph/expand/expand_diagnostics.ts";
import { readExpanded } from "../../graph/expand/read.ts";
import { movedPath } from "../../graph/expand/relocate.ts";
import { toldOnce } from "../../graph/expand/same_mistakes.ts";
import { type Mistake, TemplateReader } from "../../graph/expand/template.ts";
import { notAnObject } from "../../graph/diagnostics.ts";
import { unnameableSource } from "../../graph/graph_diagnostics.ts";
import { isObject, type JsonObject, labelOf } from "../../graph/input/config_object.ts";
import { parseJsonText } from "../../graph/input/json_text.ts";
import { type FoundSpan, Source } from "../../graph/input/source.ts";
import { decodeUtf8 } from "../../graph/input/utf8.ts";
import { asIncluding, isExclusion, isGlob } from "../../graph/paths.ts";
import { isFolder, isThere, readRegular } from "../machine/regular_file.ts";
import { systemDetail } from "../machine/system_error.ts";
import { Breath } from "../process/breath.ts";
import { CONFIG_NAMES } from "./config_search.ts";
import type { ReadConfig } from "./config_shape.ts";
import { chosenPlace, diagnosticsError, loadPlaces } from "./input.ts";
import { LeftBehind } from "./left_behind.ts";
import { type Expansion, SourceGlobs } from "./source_globs.ts";

/** Reads all that a config consists of, and expands it. */
export async function readExpandedConfig(
  source: Source,
  value: JsonObject,
  found: readonly Diagnostic[],
): Promise<ReadConfig> {
  const files = new ConfigFiles(source, found);
  const root = await files.gather(value);
  const left = new LeftBehind(files.home);
  const { told, warnings, sources } = files;
  const { config, diagnostics, origins, leftOut, unread } = readExpanded(root, {
    told,
    isLeftBehind: (path) => left.has(path),
  });
  return {
    config,
    diagnostics,
    shape: files.shape,
    warnings: [
      ...warnings,
      ...leftOut.map(({ task, path }) => say.leftOutLine(task, path, source.name)),
      ...unread.map(say.unreadLine),
    ],
    async explain(all, indexes) {
      const { placeFinder } = await loadPlaces();
      const finders = new Map<number, ReturnType<typeof placeFinder>>();
      const mistakes = toldOnce(all, { place: (place) => origins.place(chosenPlace(place, indexes)) });
      const more = new Map(mistakes.map(({ diagnostic, more }) => [diagnostic, more]));
      const find = (place: Diagnostic["places"][number]): FoundSpan | undefined => {
        const { file = 0 } = place;
        let finder = finders.get(file);
        if (finder === undefined) finders.set(file, finder = placeFinder(sources[file].text));
        const span = finder(place);
        return span && { ...span, source: sources[file] };
      };
      return diagnosticsError([...more.keys()], source, find, (diagnostic) => more.get(diagnostic) ?? 0);
    },
  };
}

/** A config on the way down to another one. */
interface Way {
  readonly index: number;
  /** The way from the folder of the first to its own; empty where that is the same. */
  readonly folder: string;
  /** Configs that include it, itself last: without links, and as they are shown. */
  readonly chain: readonly { readonly real: string; readonly shown: string }[];
}

/** The configs that one consists of. */
class ConfigFiles {
  /** Absolute path of the first one's folder. */
  readonly home: string;
  readonly sources: Source[];
  readonly told: Diagnostic[];
  readonly warnings: string[] = [];
  readonly #first: string;
  /** Path without links → where it is included. */
  readonly #included = new Map<string, Diagnostic["places"][number]>();
  readonly #files: string[] = [];
  readonly #globs: { readonly entries: readonly string[]; readonly files: ReadonlySet<string> }[] = [];
  readonly #folders = new Set<string>();
  readonly #breath = new Breath();

  constructor(source: Source, found: readonly Diagnostic[]) {
    this.#first = resolve(source.name);
    this.home = dirname(this.#first);
    this.sources = [source];
    this.told = inFile(0, found);
  }

  get shape(): ReadConfig["shape"] {
    return { files: this.#files, globs: this.#globs, folders: this.#folders };
  }

  /** Reads all of them, the first of which is known. */
  async gather(value: JsonObject): Promise<ConfigFile> {
    const chain = [{ real: realPath(this.#first), shown: this.sources[0].name }];
    return await this.#gather(value, { index: 0, folder: "", chain });
  }

  async #gather(value: JsonObject, way: Way): Promise<ConfigFile> {
    const { index, folder } = way;
    const { includes, forEach } = wishesOf(value);
    const matches = new Map<number, readonly string[]>();
    const globs = this.#open(way);
    for (const [task, entries] of forEach) {
      const label = labelOf((value.tasks as readonly JsonObject[])[task], task);
      const { files, unnameable } = await this.#expand(globs, { entries, name: label.name ?? `${task + 1}`, way });
      matches.set(task, files);
      for (const odd of unnameable) {
        const { message, hint } = unnameableSource(label, odd);
        this.told.push({ message, hint, places: [{ path: ["tasks", task, "for_each"], of: "value", file: index }] });
      }
    }
    const included: IncludedFile[] = [];
    for (const wish of includes) included.push(...await this.#include(wish, { globs, way }));
    return { index, folder, value, included, matches };
  }

  #open({ folder, chain }: Way): SourceGlobs {
    const home = this.#in(folder);
    const canSee = (path: string) => kindAt(`${home}/${path}`) !== undefined;
    const index = { folder: home, canSee, exists: (path: string) => kindAt(`${home}/${path}`) === "file" };
    const own = chain.flatMap(({ real, shown }) => [real, resolve(shown)]);
    return new SourceGlobs([], { index, own, breath: this.#breath });
  }

  /** Expands entries, and keeps what they came to. */
  async #expand(
    globs: SourceGlobs,
    { entries, name, way }: { readonly entries: readonly string[]; readonly name: string; readonly way: Way },
  ): Promise<Pick<Expansion, "files" | "unnameable">> {
    const task = { name, sourceFiles: entries, outputs: [], action: { kind: "concatenate" as const } };
    const found = await globs.expand({ ...task, dependencies: [], env: {}, retries: 0 });
    for (const warning of found.warnings) this.warnings.push(warning);
    for (const folder of globs.entered) this.#folders.add(folder);
    for (const [folder, detail] of globs.closed) {
      this.warnings.push(`Warning: cannot look for sources in '${folder}': ${detail}`);
    }
    const { folder } = way;
    const movedFile = (path: string) => folder === "" || path.startsWith("/") ? path : `${folder}/${path}`;
    const movedEntry = (entry: string) => {
      const moved = folder === "" ? entry : movedPath(entry, folder);
      return isExclusion(entry) ? moved : asIncluding(moved);
    };
    this.#globs.push({ entries: found.entries.map(movedEntry), files: new Set(found.files.map(movedFile)) });
    return found;
  }

  async #include(
    { path, pattern, prefix }: IncludeWish,
    { globs, way }: { readonly globs: SourceGlobs; readonly way: Way },
  ): Promise<IncludedFile[]> {
    const place = { path, of: "value", file: way.index } as const;
    const isOne = !isGlob(pattern) || kindAt(`${this.#in(way.folder)}/${pattern}`) !== undefined;
    const found = isOne ? [pattern] : (await this.#expand(globs, { entries: [pattern], name: "include", way })).files;
    if (found.length === 0) {
      this.warnings.pop();
      this.told.push(say.nothingToInclude(place, pattern));
    }
    const included: IncludedFile[] = [];
    for (const name of found) {
      const own = this.#prefixFor(name, { prefix, place });
      const file = await this.#read(name, { place, way });
      if (file !== undefined) included.push({ file, prefix: own });
    }
    return included;
  }

  #prefixFor(
    name: string,
    { prefix, place }: { readonly prefix: string | undefined; readonly place: Diagnostic["places"][number] },
  ): string {
    const one = combinationsOf([name], []);
    const [, dir, , stem] = one.at(0);
    if (prefix === undefined) return `${dir === "." ? stem : dir.slice(dir.lastIndexOf("/") + 1)}:`;
    const mistakes: Mistake[] = [];
    const path = "path" in place ? [...place.path.slice(0, -1), "prefix"] : [];
    const made = new TemplateReader(one, (mistake) => mistakes.push(mistake)).read(prefix, path);
    if (mistakes.length === 0) return made(one.at(0)) as string;
    this.told.push(...inFile(place.file!, mistakes.map((mistake) => say.mistakeInPrefix(mistake, one.names))));
    return "";
  }

  /** Undefined for what cannot be included, which is told. */
  async #read(
    name: string,
    { place, way }: { readonly place: Diagnostic["places"][number]; readonly way: Way },
  ): Promise<ConfigFile | undefined> {
    const within = way.folder === "" ? name : `${way.folder}/${name}`;
    const path = this.#in(within), real = realPath(path);
    const shown = shownIn(this.sources[0].name, within);
    const above = way.chain.findIndex((link) => link.real === real);
    if (above >= 0) {
      const paths = [...way.chain.slice(above), way.chain[above]].map(({ shown }) => shown);
      this.told.push(say.circularInclude(place, paths));
      return undefined;
    }
    const before = this.#included.get(real);
    if (before !== undefined) {
      this.told.push(say.includedTwice([before, place], shown));
      return undefined;
    }
    this.#included.set(real, place);
    // One that is not there may come.
    this.#files.push(path);
    const text = readText(path);
    if ("why" in text) {
      this.told.push(say.cannotInclude(place, shown, text.why, configIn(path)));
      return undefined;
    }
    const index = this.sources.push(new Source(shown, text.text)) - 1;
    const json = await parseJsonText(text.text);
    this.told.push(...inFile(index, "diagnostic" in json ? [json.diagnostic] : json.diagnostics));
    if ("diagnostic" in json) return undefined;
    if (!isObject(json.value)) {
      this.told.push(...inFile(index, [notAnObject([], "The build configuration", json.value)]));
      return undefined;
    }
    const folder = within.slice(0, Math.max(within.lastIndexOf("/"), 0));
    return await this.#gather(json.value, { index, folder, chain: [...way.chain, { real, shown }] });
  }

  #in(path: string): string {
    return path === "" ? this.home : this.home === "/" ? `/${path}` : `${this.home}/${path}`;
  }
}

/** How a config is shown that lies within the folder of another one. */
function shownIn(config: string, within: string): string {
  return config.slice(0, config.lastIndexOf("/") + 1) + within;
}

function readText(path: string): { readonly text: string } | { readonly why: string } {
  try {
    const text = decodeUtf8(readRegular(path));
    return typeof text === "string" ? { text } : { why: `not UTF-8 at line ${text.line}, column ${text.column}` };
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return { why: error instanceof Deno.errors.NotFound ? "there is no such file" : systemDetail(error) };
  }
}

/** The name of the config in a folder, or the one that it might have; undefined for what is no folder. */
function configIn(path: string): string | undefined {
  if (!isFolder(path)) return undefined;
  return CONFIG_NAMES.find((name) => isThere(`${path}/${name}`)) ?? CONFIG_NAMES[0];
}

function kindAt(path: string): "file" | "other" | undefined {
  try {
    return Deno.statSync(path).isFile ? "file" : "other";
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
