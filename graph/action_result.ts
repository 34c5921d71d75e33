/**
 * Owns the form in which a remote cache keeps a record: an ActionResult of Bazel's remote execution API as JSON, with what
 * that has no place for under `troupe`. With a secret it is signed.
 * It sends and fetches nothing, and trusts nothing: what is not in this form is no record.
 *
 * @module
 */
import { fromBase64 } from "./base64.ts";
import { hmacSha256, isDigest } from "./digest.ts";
import type { StoredArtifact, StoredText, StoreRecord } from "./store_record.ts";

/** Raised when the part under `troupe` changes; another form is no record. */
const FORM = 1;

/** The size as text, as JSON has numbers of 64 bits. */
interface Digest {
  readonly hash: string;
  readonly sizeBytes: string;
}

/** One file, folder or link, by its path. */
interface OutputNode {
  readonly path: string;
  readonly digest?: Digest;
  readonly treeDigest?: Digest;
  readonly target?: string;
  readonly isExecutable?: boolean;
  readonly nodeProperties?: { readonly unixMode?: number };
}

/** The text of a record under a key. */
export function actionResult(key: string, record: StoreRecord, secret?: string): string {
  const { outputs, stdout, stderr, durationMs, lists } = record;
  const of = (kind: StoredArtifact["kind"]) => outputs.filter((output) => output.kind === kind);
  const result = {
    outputFiles: of("file").map(({ path, sha256, size, mode = 0 }) => ({
      path,
      digest: digestOf(sha256, size),
      isExecutable: (mode & 0o100) !== 0,
      nodeProperties: { unixMode: mode },
    })),
    outputDirectories: of("folder").map(({ path, sha256, size }) => ({ path, treeDigest: digestOf(sha256, size) })),
    outputSymlinks: of("link").map(({ path, link, mode = 0 }) => ({
      path,
      target: link,
      nodeProperties: { unixMode: mode },
    })),
    exitCode: 0,
    ...textFields("stdout", stdout),
    ...textFields("stderr", stderr),
    troupe: {
      form: FORM,
      durationMs,
      order: outputs.map(({ path }) => path),
      links: of("link").map(({ sha256, size }) => digestOf(sha256, size)),
      ...(lists === undefined ? {} : { lists: lists.map(({ sha256, size }) => digestOf(sha256, size)) }),
      gaps: { stdout: gapOf(stdout), stderr: gapOf(stderr) },
    },
  };
  if (secret === undefined) return JSON.stringify(result);
  const { troupe, ...rest } = result;
  return JSON.stringify({ ...rest, troupe: { ...troupe, hmac: signature(key, result, secret) } });
}

/** The record in a text; with a secret only if it was signed by it for this key. */
export function parseActionResult(key: string, text: string, secret?: string): StoreRecord | "damaged" | "unsigned" {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "damaged";
  }
  try {
    const { troupe: { hmac, ...troupe }, ...rest } = value as { troupe: { hmac?: string } };
    if (secret !== undefined && !areEqual(hmac, signature(key, { ...rest, troupe }, secret))) return "unsigned";
    return recordIn({ ...rest, troupe } as never) ?? "damaged";
  } catch {
    return "damaged";
  }
}

/** Over the key and all that the record says; keys of objects are in the order in which they were written. */
function signature(key: string, result: unknown, secret: string): string {
  return hmacSha256(secret, `${key}\n${JSON.stringify(result)}`);
}

/** In a time that does not tell where they differ. */
function areEqual(one: unknown, other: string): boolean {
  if (typeof one !== "string" || one.length !== other.length) return false;
  let difference = 0;
  for (let at = 0; at < other.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return difference === 0;
}

interface ParsedResult {
  readonly outputFiles?: readonly OutputNode[];
  readonly outputDirectories?: readonly OutputNode[];
  readonly outputSymlinks?: readonly OutputNode[];
  readonly exitCode?: number;
  readonly stdoutRaw?: string;
  readonly stdoutDigest?: Digest;
  readonly stderrRaw?: string;
  readonly stderrDigest?: Digest;
  readonly troupe: {
    readonly form: number;
    readonly durationMs: number;
    readonly order: readonly string[];
    readonly links: readonly Digest[];
    readonly lists?: readonly Digest[];
    readonly gaps: { readonly stdout: Gap; readonly stderr: Gap };
  };
}

type Gap = { readonly dropped: number; readonly gapAt?: number } | null;

/** Undefined, or an error, for what is none. */
function recordIn(result: ParsedResult): StoreRecord | undefined {
  const { outputFiles = [], outputDirectories = [], outputSymlinks = [], exitCode = 0, troupe } = result;
  if (troupe.form !== FORM || exitCode !== 0 || !Number.isFinite(troupe.durationMs)) return undefined;
  const found = new Map<string, StoredArtifact>();
  for (const { path, digest, nodeProperties } of outputFiles) {
    found.set(path, { path, kind: "file", ...contentOf(digest), mode: modeOf(nodeProperties) });
  }
  for (const { path, treeDigest } of outputDirectories) {
    found.set(path, { path, kind: "folder", ...contentOf(treeDigest) });
  }
  for (const [at, { path, target, nodeProperties }] of outputSymlinks.entries()) {
    if (typeof target !== "string" || target === "" || target.includes("\0")) return undefined;
    const content = contentOf(troupe.links[at]);
    found.set(path, { path, kind: "link", ...content, mode: modeOf(nodeProperties), link: target });
  }
  const outputs = troupe.order.map((path) => found.get(path)!);
  if (outputs.length !== found.size || !outputs.every((one) => one !== undefined && isInside(one.path))) {
    return undefined;
  }
  const stdout = textOf(result.stdoutRaw, result.stdoutDigest, troupe.gaps.stdout);
  const stderr = textOf(result.stderrRaw, result.stderrDigest, troupe.gaps.stderr);
  return {
    outputs,
    ...(stdout && { stdout }),
    ...(stderr && { stderr }),
    durationMs: troupe.durationMs,
    ...(troupe.lists === undefined ? {} : { lists: troupe.lists.map(contentOf) }),
  };
}

/** A path that leads out of the config's folder is nobody's output. */
function isInside(path: unknown): boolean {
  return typeof path === "string" && !path.includes("\0") &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function digestOf(hash: string, size: number): Digest {
  return { hash, sizeBytes: String(size) };
}

function contentOf(digest: Digest | undefined): { readonly sha256: string; readonly size: number } {
  const { hash, sizeBytes } = digest!, size = Number(sizeBytes);
  if (!isDigest(hash) || !Number.isSafeInteger(size) || size < 0) throw new TypeError("no digest");
  return { sha256: hash, size };
}

function modeOf(properties: OutputNode["nodeProperties"]): number {
  const mode = properties?.unixMode;
  if (!Number.isInteger(mode) || mode! < 0 || mode! > 0o7777) throw new TypeError("no mode");
  return mode!;
}

function textFields(name: "stdout" | "stderr", text: StoredText | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  return text.base64 === undefined
    ? { [`${name}Digest`]: digestOf(text.sha256!, text.size) }
    : { [`${name}Raw`]: text.base64 };
}

function gapOf(text: StoredText | undefined): Gap {
  return text?.dropped === undefined ? null : { dropped: text.dropped, gapAt: text.gapAt };
}

function textOf(raw: string | undefined, digest: Digest | undefined, gap: Gap): StoredText | undefined {
  const { dropped, gapAt } = gap ?? {};
  const rest = dropped === undefined ? {} : { dropped, gapAt };
  if (raw !== undefined) return { base64: raw, size: fromBase64(raw).length, ...rest };
  return digest === undefined ? undefined : { ...contentOf(digest), ...rest };
}
