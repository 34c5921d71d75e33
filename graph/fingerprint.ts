/**
 * Owns the fingerprint: the record of everything that could change a task's artifact, its digest, and the walk that
 * says in words how two such records differ.
 * It reads no file: digests are given to it.
 *
 * Not in the record: the output path, so that equal work can be shared, and the dependencies' own fingerprints, so
 * that an edit which leaves an artifact unchanged stops there.
 *
 * @module
 */
import { asksForName } from "./command_text.ts";
import { sha256 } from "./digest.ts";
import { type DiscoveredPaths, fullFingerprint } from "./discovered.ts";
import type { Task } from "./task.ts";
import { listed } from "./text.ts";

/** Raised when the record's form changes, so that old fingerprints match nothing. */
const FORM = 1;

const NOTHING: readonly string[] = [];

/** What begins the part of an action that says what outputs it has. */
const OUTPUTS = "outputs ";

/** Before the name of a check where the paths of artifacts stand; no path holds a no-break space so near its beginning. */
const CHECK = "check\u00a0";

/** What stands for a check among the artifacts of dependencies. */
export function checkMark(name: string): string {
  return CHECK + name;
}

/** Whether that is what a name among artifacts is. */
export function isCheckMark(artifact: string): boolean {
  return artifact.startsWith(CHECK);
}

/** The name of the check that a mark stands for, and anything else as it is. */
export function checkName(artifact: string): string {
  return isCheckMark(artifact) ? artifact.slice(CHECK.length) : artifact;
}

/** Digits of a digest that a trace keeps: enough to know a version of a file again. */
const KEPT = 16;

/**
 * What one task's artifact depends on beside its declaration, at the moment its turn comes. Digests are 64 hex digits, with
 * a mark before them where the file may be executed.
 */
export interface Inputs {
  /** Source paths in order; in the record because commands see them in `IN`. */
  readonly sources: readonly string[];
  readonly sourceDigests: readonly string[];
  /** Artifacts of the dependencies in order; in the record because commands see them in `DEPS`. */
  readonly artifacts: readonly string[];
  readonly artifactDigests: readonly string[];
  /** Variables of troupe's own environment that the command's text names, with digests of their values. */
  readonly inheritedEnv?: Readonly<Record<string, string>>;
  /** The permission bits of the only file that is copied as it is. */
  readonly mode?: number;
  /** For a module's function: its own files, which follow the sources and have digests there, and what else it imports. */
  readonly module?: { readonly files: number; readonly externals: readonly string[] };
  /** The commands that say which tools are used, with digests of what they say, alternating; absent where there are none. */
  readonly tools?: readonly string[];
}

/** What was discovered of a task's inputs when it was last done. */
export interface Discovery {
  /** The fingerprint of all that was known before. */
  readonly declared: string;
  readonly files: DiscoveredPaths;
  /** Cut to their first digits. */
  readonly digests: readonly string[];
}

/** The parts of a trace that few tasks have. */
export interface Further<Discovered = Discovery> {
  /** As in {@linkcode Inputs}, digests cut to their first digits. */
  readonly tools?: readonly string[];
  readonly discovery?: Discovered;
}

/**
 * The record of a task's last completion, with its fingerprint: equal records need not be hashed again, and different
 * ones say why the task runs. Digests are cut to their first digits. A tuple, since the build cache holds one a task.
 */
export type Trace = TraceWith<Discovery>;

/** A trace that tells of what was discovered in a form of its own. */
export type TraceWith<Discovered> = readonly [
  fingerprint: string,
  action: readonly string[],
  /** Names and digests of values, alternating, sorted by name: a value may be a secret, and is only ever compared. */
  env: readonly string[],
  sources: readonly string[],
  sourceDigests: readonly string[],
  artifacts: readonly string[],
  artifactDigests: readonly string[],
  further?: Further<Discovered>,
];

/**
 * The trace of a task with these inputs; its first part is the digest that names the work: equal digests mean equal
 * artifacts. `last` is an earlier trace of the task, which saves the hashing when nothing differs.
 *
 * Of a task with a dependency file this is what is declared; {@linkcode withDiscovered} makes of it what names the work,
 * and `last` is the trace of all of it.
 */
export function trace(task: Task, inputs: Inputs, last?: Trace): Trace {
  const action = withOutputs(actionRecord(task, inputs), task);
  const env = envRecord(inputs.inheritedEnv === undefined ? task.env : { ...inputs.inheritedEnv, ...task.env });
  if (
    last !== undefined && same(action, last[1]) && same(env, last[2]) && same(inputs.sources, last[3]) &&
    sameDigests(inputs.sourceDigests, last[4]) && same(inputs.artifacts, last[5]) &&
    sameDigests(inputs.artifactDigests, last[6]) && hasSameFurther(task, inputs, last[7])
  ) return last;
  const { sources, sourceDigests, artifacts, artifactDigests, tools } = inputs;
  const isSeen = task.action.kind === "command" || task.action.kind === "module";
  const seen = isSeen ? artifacts.filter((artifact) => !isCheckMark(artifact)) : [];
  const record: unknown[] = [FORM, action, env, sources, sourceDigests, seen, artifactDigests];
  if (tools !== undefined) record.push({ tools });
  if (task.depfile !== undefined) record.push("depfile");
  const fingerprint = sha256(JSON.stringify(record));
  const declared = [fingerprint, action, env, sources, cut(sourceDigests), artifacts, cut(artifactDigests)] as const;
  return tools === undefined ? declared : [...declared, { tools: tools.map(cutTool) }];
}

/** The fingerprint of what a task declares: that of the trace where nothing is discovered. */
export function declaredFingerprint(trace: Trace): string {
  return trace[7]?.discovery?.declared ?? trace[0];
}

/** The trace of a task that reads, beside what it declares, these files; their digests are whole. */
export function withDiscovered(declared: Trace, files: DiscoveredPaths, digests: readonly string[]): Trace {
  const name = declaredFingerprint(declared);
  const discovery = { declared: name, files, digests: cut(digests) };
  const [_, ...rest] = withFurther(declared, { ...declared[7], discovery });
  return [fullFingerprint(name, files, digests), ...rest];
}

/** The trace with other parts that few tasks have. */
export function withFurther<Discovered>(
  [fingerprint, action, env, sources, sourceDigests, artifacts, artifactDigests]: TraceWith<unknown>,
  further: Further<Discovered>,
): TraceWith<Discovered> {
  return [fingerprint, action, env, sources, sourceDigests, artifacts, artifactDigests, further];
}

/** The trace of a shell task, which has no inputs but its command and its variables. */
export function shellTrace(command: string, env: Readonly<Record<string, string>>): Trace {
  const action = ["command", command], variables = envRecord(env);
  return [sha256(JSON.stringify([FORM, action, variables])), action, variables, NOTHING, NOTHING, NOTHING, NOTHING];
}

/**
 * The differences between two traces, most telling first, e.g. `source changed: src/a.c`; empty when there are none.
 * `nameOf` gives the task that makes an artifact.
 */
export function differences(before: Trace, after: Trace, nameOf: (artifact: string) => string): string[] {
  const found: string[] = [];
  const [was, is] = [before[1], after[1]].map((action) => action.filter((part) => !isOutputsPart(part)));
  if (!same(was, is)) found.push(actionChange(was, is));
  else if (!same(before[1], after[1])) found.push("outputs changed");
  compare("environment", alternating(before[2]), alternating(after[2]), found);
  compare("tool", alternating(before[7]?.tools ?? NOTHING), alternating(after[7]?.tools ?? NOTHING), found);
  compare("source", paired(before[3], before[4]), paired(after[3], after[4]), found);
  const old = before[7]?.discovery, now = after[7]?.discovery;
  if (old === undefined && now !== undefined) found.push("dependency file added");
  else if (old !== undefined && now === undefined) found.push("dependency file removed");
  else if (old !== undefined && now !== undefined) {
    compare("input", paired(old.files, old.digests), paired(now.files, now.digests), found);
  }
  compare("dependency", ...byTask(before, after, nameOf), found);
  if (found.length === 0 && !same(before[3], after[3])) found.push("order of sources changed");
  if (found.length === 0 && !same(before[5], after[5])) found.push("order of dependencies changed");
  return found;
}

/** What dependencies have made, on both sides: digests by task, of several artifacts all with their paths. */
function byTask(before: Trace, after: Trace, nameOf: (artifact: string) => string): [Digests, Digests] {
  const sides = [before, after].map(([, , , , , artifacts, digests]) => {
    const tasks = new Map<string, string>();
    artifacts.forEach((artifact, at) => {
      const name = nameOf(artifact), known = tasks.get(name);
      tasks.set(name, known === undefined ? digests[at] : `${known} ${artifact} ${digests[at]}`);
    });
    return tasks;
  });
  return [sides[0], sides[1]];
}

/** Whether a part of an action says what outputs it has. */
export function isOutputsPart(part: string): boolean {
  return part.startsWith(OUTPUTS);
}

/** How many outputs of which kinds are to be made; of one file, which most tasks make, nothing needs to be said. */
function withOutputs(action: readonly string[], { outputs }: Task): readonly string[] {
  if (outputs.length === 1 && (outputs[0].kind === "file" || outputs[0].kind === "path")) return action;
  return [...action, OUTPUTS + JSON.stringify(outputs.map(({ path, kind }) => kind === "glob" ? [kind, path] : kind))];
}

function actionChange([before, text, , folder]: readonly string[], [after, now, , there]: readonly string[]): string {
  if (after === "concatenate" && before === after) return "mode changed";
  if (after === "module") return "call changed";
  return before === after && text === now && folder !== there ? "cwd changed" : "command changed";
}

function actionRecord(task: Task, { sources, module, mode }: Inputs): readonly string[] {
  const { action } = task;
  switch (action.kind) {
    case "command": {
      const name = asksForName(action.command) ? task.name : "";
      if (action.cwd !== undefined) return [action.kind, action.command, name, action.cwd];
      return name === "" ? [action.kind, action.command] : [action.kind, action.command, name];
    }
    case "content":
      return [action.kind, action.content];
    case "concatenate":
      return mode === undefined ? [action.kind] : [action.kind, mode.toString(8)];
    case "module": {
      // A function sees its task's name, the names of its dependencies, and which of the files are its sources.
      const { files, externals } = module ?? { files: 0, externals: [] };
      const declared = [action.module, action.export, action.args, action.permissions ?? null];
      const seen = [task.name, task.dependencies, sources.length - files];
      return [action.kind, JSON.stringify([declared, seen]), ...externals];
    }
  }
}

function envRecord(env: Readonly<Record<string, string>>): readonly string[] {
  const names = Object.keys(env);
  return names.length === 0 ? NOTHING : names.sort().flatMap((name) => [name, sha256(env[name]).slice(0, KEPT)]);
}

function cut(digests: readonly string[]): string[] {
  return digests.map((digest) => digest.slice(0, KEPT));
}

/** Of a list in which commands and digests alternate. */
function cutTool(item: string, at: number): string {
  return at % 2 === 0 ? item : item.slice(0, KEPT);
}

function hasSameFurther(task: Task, { tools = NOTHING }: Inputs, further: Further | undefined): boolean {
  if ((task.depfile !== undefined) !== (further?.discovery !== undefined)) return false;
  const known = further?.tools ?? NOTHING;
  return tools.length === known.length && tools.every((item, at) => cutTool(item, at) === known[at]);
}

function same(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameDigests(whole: readonly string[], kept: readonly string[]): boolean {
  if (whole.length !== kept.length) return false;
  for (let i = 0; i < whole.length; i++) if (!whole[i].startsWith(kept[i])) return false;
  return true;
}

function alternating(list: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i < list.length; i += 2) map.set(list[i], list[i + 1]);
  return map;
}

function paired(keys: readonly string[], values: readonly string[]): Map<string, string> {
  return new Map(keys.map((key, i) => [key, values[i]]));
}

type Digests = ReadonlyMap<string, string>;

function compare(
  what: string,
  before: Digests,
  after: Digests,
  found: string[],
): void {
  const changed: string[] = [], added: string[] = [], removed: string[] = [];
  for (const [key, value] of after) {
    const old = before.get(key);
    if (old === undefined) added.push(key);
    else if (old !== value) changed.push(key);
  }
  for (const key of before.keys()) if (!after.has(key)) removed.push(key);
  if (changed.length > 0) found.push(`${what} changed: ${few(changed)}`);
  if (added.length > 0) found.push(`${what} added: ${few(added)}`);
  if (removed.length > 0) found.push(`${what} removed: ${few(removed)}`);
}

function few(names: readonly string[]): string {
  return listed(names, 3, (name) => name);
}
