/**
 * Owns the manifest: what one attempt at a task was made of, as it is kept in a history, and how two of them differ.
 * It reads no file; a manifest is made of a trace, so values of variables are digests in it.
 *
 * @module
 */
import { isOutputsPart, type Trace } from "./fingerprint.ts";

/** What an attempt was made of. Digests are cut to their first digits. */
export interface Manifest {
  /** What is done: its kind, and the command, content or call. */
  readonly action: readonly string[];
  /** Variables: name → digest of the value. */
  readonly env: Readonly<Record<string, string>>;
  /** Source files, files of modules, and what was discovered: path → digest. */
  readonly sources: Readonly<Record<string, string>>;
  /** Artifacts of dependencies: path → digest. */
  readonly artifacts: Readonly<Record<string, string>>;
  /** Commands that tell of tools: text → digest of what they say. There is none in what earlier versions kept. */
  readonly tools?: Readonly<Record<string, string>>;
}

/** A manifest, told as what is otherwise than in another; null for what is not there any more. */
export interface ManifestChange {
  readonly action?: readonly string[];
  readonly env?: Readonly<Record<string, string | null>>;
  readonly sources?: Readonly<Record<string, string | null>>;
  readonly artifacts?: Readonly<Record<string, string | null>>;
  readonly tools?: Readonly<Record<string, string | null>>;
}

const PARTS = ["env", "tools", "sources", "artifacts"] as const;

const NOTHING: readonly string[] = [];

/** One input in which two manifests differ, as `why --json` shows it. */
export interface InputDifference {
  /** What kind of input it is; `command` for whatever is done. */
  readonly what: "command" | "environment" | "tool" | "source" | "dependency";
  /** Its path, the name of the variable, or the text that tells of a tool; empty for the command. */
  readonly name: string;
  /** Digest, or the text of the command; null where it was not there. */
  readonly before: string | null;
  /** The same afterwards. */
  readonly after: string | null;
}

/** The fingerprint as histories keep it: enough digits to know the same work again. */
export function shortFingerprint(fingerprint: string): string {
  return fingerprint.slice(0, 16);
}

/** The manifest of a trace, as JSON. It is written for every attempt, hence no object is made of it. */
export function manifestText(trace: Trace): string {
  const [, action, env, sources, sourceDigests, artifacts, artifactDigests, { tools = NOTHING, discovery } = {}] =
    trace;
  const all = discovery === undefined ? sources : [...sources, ...discovery.files];
  const digests = discovery === undefined ? sourceDigests : [...sourceDigests, ...discovery.digests];
  return `{"action":${JSON.stringify(action)},"env":${pairsText(env, env, 2)},` +
    `"sources":${pairsText(all, digests)},"artifacts":${pairsText(artifacts, artifactDigests)}` +
    (tools.length === 0 ? "}" : `,"tools":${pairsText(tools, tools, 2)}}`);
}

/** What makes the manifest of a trace of that of another one, as JSON. */
export function changeText(before: Trace, after: Trace): string {
  const parts = areSame(before[1], after[1]) ? [] : [`"action":${JSON.stringify(after[1])}`];
  for (const part of PARTS) {
    if (listsOf(before, part).every((list, at) => areSame(list, listsOf(after, part)[at]))) continue;
    const changed = changes(partOf(before, part), partOf(after, part));
    if (changed.length > 0) parts.push(`"${part}":${objectText(changed)}`);
  }
  return `{${parts.join(",")}}`;
}

/** What makes `after` of `before`. */
export function manifestChange(before: Manifest, after: Manifest): ManifestChange {
  const change: { -readonly [Part in keyof ManifestChange]: ManifestChange[Part] } = {};
  if (JSON.stringify(before.action) !== JSON.stringify(after.action)) change.action = after.action;
  for (const part of PARTS) {
    const changed = changes(new Map(Object.entries(before[part] ?? {})), new Map(Object.entries(after[part] ?? {})));
    if (changed.length > 0) change[part] = Object.fromEntries(changed);
  }
  return change;
}

/** The manifest with a change made to it. */
export function changedManifest(before: Manifest, change: ManifestChange): Manifest {
  const part = (name: (typeof PARTS)[number]) => {
    const entries = new Map<string, string | null>([
      ...Object.entries(before[name] ?? {}),
      ...Object.entries(change[name] ?? {}),
    ]);
    return Object.fromEntries([...entries].filter((entry): entry is [string, string] => entry[1] !== null));
  };
  return {
    action: change.action ?? before.action,
    env: part("env"),
    sources: part("sources"),
    artifacts: part("artifacts"),
    ...(before.tools === undefined && change.tools === undefined ? {} : { tools: part("tools") }),
  };
}

/** All inputs in which two manifests differ, most telling first. */
export function manifestDifferences(before: Manifest, after: Manifest): InputDifference[] {
  const change = manifestChange(before, after);
  const words = { env: "environment", tools: "tool", sources: "source", artifacts: "dependency" } as const;
  return [
    ...(change.action === undefined
      ? []
      : [{ what: "command" as const, name: "", before: actionText(before.action), after: actionText(after.action) }]),
    ...PARTS.flatMap((part) =>
      Object.entries(change[part] ?? {}).map(([name, after]): InputDifference => ({
        what: words[part],
        name,
        before: Object.hasOwn(before[part] ?? {}, name) ? before[part]![name] : null,
        after,
      }))
    ),
  ];
}

function actionText([kind, ...rest]: readonly string[]): string {
  // The third is the folder of a command that has its own.
  if (kind === "command" && rest.length > 2) return `cd ${rest[2]}\n${rest[0]}`;
  if (kind !== "command" && kind !== "content") return [kind, ...rest].join(" ");
  // Of what else is said of a command only its outputs are to be seen nowhere else.
  return [rest[0] ?? "", ...rest.slice(1).filter(isOutputsPart)].join("\n");
}

function partOf(trace: Trace, part: typeof PARTS[number]): Map<string, string> {
  const all = new Map<string, string>();
  const lists = listsOf(trace, part);
  if (lists.length === 1) { for (let at = 0; at < lists[0].length; at += 2) all.set(lists[0][at], lists[0][at + 1]); }
  for (let list = 1; list < lists.length; list += 2) {
    const names = lists[list - 1], digests = lists[list];
    for (let at = 0; at < names.length; at++) all.set(names[at], digests[at]);
  }
  return all;
}

/** Where a trace has what a part is made of: lists of names and of digests in turn, or one in which they alternate. */
function listsOf(trace: Trace, part: typeof PARTS[number]): readonly (readonly string[])[] {
  const [, , env, sources, sourceDigests, artifacts, artifactDigests, further] = trace;
  switch (part) {
    case "env":
      return [env];
    case "tools":
      return [further?.tools ?? NOTHING];
    case "sources": {
      const { files = NOTHING, digests = NOTHING } = further?.discovery ?? {};
      return [sources, sourceDigests, files, digests];
    }
    case "artifacts":
      return [artifacts, artifactDigests];
  }
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** What is new or otherwise, in order, and what is not there any more with null. */
function changes(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): [string, string | null][] {
  const changed: [string, string | null][] = [];
  for (const [name, digest] of after) if (before.get(name) !== digest) changed.push([name, digest]);
  for (const name of before.keys()) if (!after.has(name)) changed.push([name, null]);
  return changed;
}

/** Of names and digests that alternate in one list, or stand in two. */
function pairsText(names: readonly string[], digests: readonly string[], step: 1 | 2 = 1): string {
  let text = "";
  for (let at = 0; at < names.length; at += step) text += memberText(text, names[at], digests[at + step - 1]);
  return `{${text}}`;
}

function objectText(entries: Iterable<readonly [string, string | null]>): string {
  let text = "";
  for (const [name, digest] of entries) text += memberText(text, name, digest);
  return `{${text}}`;
}

function memberText(before: string, name: string, digest: string | null): string {
  return `${before === "" ? "" : ","}${JSON.stringify(name)}:${JSON.stringify(digest)}`;
}
