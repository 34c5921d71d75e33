/**
 * Owns what becomes of what other tools can do: the tasks of a config, each a check that has one of them do it when the
 * files here have changed. It reads and writes nothing.
 *
 * @module
 */
import { escapeGlob } from "../glob.ts";
import { withoutCycles } from "./cycles.ts";
import type { DraftTask } from "./draft_task.ts";
import type { FoundProject, Script, ScriptFile, WorkspaceMember } from "./project.ts";
import { isTest, type LeftOutReason, leftOutReason } from "./scripts.ts";
import { folded } from "./templates.ts";

/** What was made of it all. */
export interface Draft {
  readonly tasks: readonly DraftTask[];
  /** How many tasks there are, however many stand in one template. */
  readonly count: number;
  /** Files, with how many tasks came of each. */
  readonly from: readonly { readonly file: string; readonly count: number }[];
  /** What became no task, by why. */
  readonly leftOut: ReadonlyMap<LeftOutReason, readonly string[]>;
}

/** Folders of things that are made, by the names that tools give them. */
const MADE = /^(dist|build|out|lib|target|coverage|_site|public|site|tmp|obj|bin|\.[\w-]+)$/;

/** The tasks for a project. */
export function draftOf({ files, members, ignored, folders }: FoundProject): Draft {
  const leftOut = new Map<LeftOutReason, string[]>();
  const texts = [
    ...[...files, ...members].flatMap(({ scripts }) => scripts.map(({ text }) => text)),
    ...files.flatMap(({ text }) => text ?? []),
  ];
  const excluded = exclusions(ignored, { folders, texts });
  const taken = new Set<string>();
  const from = [];
  const tasks: DraftTask[] = [];
  for (const file of files) {
    const made = tasksOfFile(file, { taken, leftOut, excluded, hasMembers: members.length > 0 });
    if (made.length > 0) from.push({ file: file.file, count: made.length });
    tasks.push(...made);
  }
  const ofMembers = tasksOfMembers(members, { taken, leftOut, excluded });
  if (ofMembers.length > 0) from.push({ file: "workspaces", count: ofMembers.length });
  const written = [...withoutCycles(tasks), ...folded(withoutCycles(ofMembers))];
  return { tasks: written, count: tasks.length + ofMembers.length, from, leftOut };
}

interface Making {
  /** Names that tasks have. */
  readonly taken: Set<string>;
  readonly leftOut: Map<LeftOutReason, string[]>;
  /** What no source is, as entries that take out. */
  readonly excluded: readonly string[];
  /** Whether packages of a workspace have tasks of their own. */
  readonly hasMembers?: boolean;
}

function tasksOfFile(
  { scripts, prefix, isExclusive = false, doesNeeds = false }: ScriptFile,
  { taken, leftOut, excluded, hasMembers }: Making,
): DraftTask[] {
  const kept = keptOf(scripts, leftOut, { hasMembers });
  const names = new Map(kept.map(({ name }) => [name, freeName(name, prefix, taken)]));
  return kept.map((script) => {
    const needs = needsOf(script.name, scripts).map((name) => names.get(name)).filter((name) => name !== undefined);
    const built = isTest(script.name) ? names.get("build") : undefined;
    const after = [
      ...new Set([...(doesNeeds ? needs : []), ...(built === undefined || needs.includes(built) ? [] : [built])]),
    ];
    return {
      name: names.get(script.name)!,
      ...(script.description === undefined ? {} : { description: script.description }),
      ...(needs.length > 0 && !doesNeeds ? { dependencies: needs } : {}),
      ...(after.length > 0 ? { after } : {}),
      source_files: ["**", ...excluded],
      command: script.command,
      outputs: [],
      ...(isExclusive && kept.length > 1 ? { shares: [prefix] } : {}),
    };
  });
}

function tasksOfMembers(members: readonly WorkspaceMember[], { taken, leftOut, excluded }: Making): DraftTask[] {
  const titles = titlesOf(members);
  const kept = members.map(({ scripts }, at) => keptOf(scripts, leftOut, { title: `${titles[at]}:` }));
  const names = kept.map((scripts, at) =>
    new Map(scripts.map(({ name }) => [name, freeName(`${titles[at]}:${name}`, "workspace", taken)]))
  );
  const needed = neededMembers(members);
  return members.flatMap(({ folder }, at) =>
    kept[at].map((script): DraftTask => {
      const { builds, others } = inputsOf(at, needed, (member) => names[member].get("build"));
      const built = isTest(script.name) ? names[at].get("build") : undefined;
      const folders = [folder, ...others.map((other) => members[other].folder)];
      return {
        name: names[at].get(script.name)!,
        ...(builds.length > 0 ? { dependencies: builds } : {}),
        ...(built === undefined ? {} : { after: [built] }),
        source_files: [...folders.map((each) => `${escapeGlob(each)}/**`), "*.json", ...excluded],
        cwd: folder,
        command: script.command,
        outputs: [],
      };
    })
  );
}

/** What becomes a task; the others are noted. */
function keptOf(
  scripts: readonly Script[],
  leftOut: Map<LeftOutReason, string[]>,
  { title = "", hasMembers = false }: { readonly title?: string; readonly hasMembers?: boolean },
): Script[] {
  return scripts.filter((script) => {
    const reason = leftOutReason(script, { hasMembers });
    if (reason === undefined) return true;
    leftOut.set(reason, [...leftOut.get(reason) ?? [], `${title}${script.name}`]);
    return false;
  });
}

/** What is done before a script, groups by what is in them; what became no task is none of it. */
function needsOf(name: string, scripts: readonly Script[]): string[] {
  const byName = new Map(scripts.map((script) => [script.name, script]));
  const found = new Set<string>(), seen = new Set([name]);
  const add = (needs: readonly string[]) => {
    for (const need of needs) {
      const script = byName.get(need);
      if (script === undefined || seen.has(need)) continue;
      seen.add(need);
      if (leftOutReason(script) === undefined) found.add(need);
      else add(script.needs ?? []);
    }
  };
  add(byName.get(name)?.needs ?? []);
  return [...found];
}

function freeName(name: string, prefix: string, taken: Set<string>): string {
  let free = name;
  for (let at = 1; taken.has(free); at++) free = at === 1 ? `${prefix}:${name}` : `${prefix}${at}:${name}`;
  taken.add(free);
  return free;
}

/** What a package is called here: its folder's name or, where two have the same, its folder. */
function titlesOf(members: readonly WorkspaceMember[]): string[] {
  const short = members.map(({ folder }) => folder.slice(folder.lastIndexOf("/") + 1));
  return members.map(({ folder }, at) => short.filter((each) => each === short[at]).length > 1 ? folder : short[at]);
}

/** By package the packages it needs, without those that would close a cycle. */
function neededMembers(members: readonly WorkspaceMember[]): number[][] {
  const indexes = new Map(members.flatMap(({ name }, at) => name === undefined ? [] : [[name, at] as const]));
  const needed: number[][] = members.map(() => []);
  const leadsTo = (from: number, to: number, seen = new Set<number>()): boolean =>
    from === to || !seen.has(from) && (seen.add(from), needed[from].some((next) => leadsTo(next, to, seen)));
  for (const [at, { needs }] of members.entries()) {
    for (const need of new Set(needs)) {
      const other = indexes.get(need);
      if (other !== undefined && !leadsTo(other, at)) needed[at].push(other);
    }
  }
  return needed;
}

/** What tells a package's task that another one has changed: that one's build, or else its files and what it needs in turn. */
function inputsOf(
  member: number,
  needed: readonly (readonly number[])[],
  buildOf: (member: number) => string | undefined,
): { readonly builds: string[]; readonly others: number[] } {
  const builds: string[] = [], others: number[] = [], seen = new Set([member]);
  const visit = (from: number) => {
    for (const other of needed[from]) {
      if (seen.has(other)) continue;
      seen.add(other);
      const build = buildOf(other);
      if (build !== undefined) builds.push(build);
      else {
        others.push(other);
        visit(other);
      }
    }
  };
  visit(member);
  return { builds, others };
}

/**
 * What git is told to leave out and scripts may make: a task whose own doings were among its sources would not be up to
 * date after it. What is neither called as such things are, nor there, nor named by a script, would only make this longer.
 */
function exclusions(
  ignored: string,
  { folders, texts }: { readonly folders: readonly string[]; readonly texts: readonly string[] },
): string[] {
  const found = new Set<string>();
  for (const line of ignored.split(/\r?\n/)) {
    const [, start, path, end] = /^(\*\*\/|\/)?((?:\*\.)?[\w.@-]+(?:\/[\w.@-]+)*)(\/\*{0,2})?\s*$/.exec(line) ?? [];
    if (path === undefined || path === "node_modules" || path === ".git") continue;
    const name = path.slice(path.lastIndexOf("/") + 1), told = path.replace(/^\*/, "");
    const isFolder = end !== undefined || folders.includes(path) || MADE.test(name);
    if (!MADE.test(name) && !folders.includes(path) && !texts.some((text) => text.includes(told))) continue;
    const from = start === "/" || path.includes("/") ? `!${path}` : `!**/${path}`;
    if (!isFolder) found.add(from);
    if (isFolder || !path.includes(".")) found.add(`${from}/**`);
  }
  return [...found];
}
