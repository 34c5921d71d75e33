/**
 * Owns the manifests in a history: what each work was made of, most of them told as what is otherwise than in the one
 * before, since an edit changes one of many inputs. It begins no transaction; the caller does.
 *
 * @module
 */
import {
  changedManifest,
  changeText,
  type Manifest,
  type ManifestChange,
  manifestText,
  shortFingerprint,
} from "../../graph/manifest.ts";
import type { Database } from "../storage/database.ts";
import { isRecord, isRecordOfTexts, isTexts, storedJson } from "../storage/stored_json.ts";
import type { MadeOf } from "../engine/work.ts";

/** A manifest is told by so many changes at most, since all of them are read to know it. */
const MOST_DEPTH = 32;

const INSERT = "insert or ignore into manifests (fingerprint, base, depth, content) values (?, null, 0, ?)";
/** Where the base is not there, or is told by too many already, the depth is null, and so the row is ignored too. */
const INSERT_CHANGE = `insert or ignore into manifests (fingerprint, base, depth, content) values (?, ?,
  (select depth + 1 from manifests where fingerprint = ? and depth < ${MOST_DEPTH}), ?)`;
const READ = "select base, content from manifests where fingerprint = ?";

/** Deletes manifests that no attempt was made of, nor a manifest that one is told by. */
export const DELETE_UNUSED = `with recursive used (fingerprint) as (
  select fingerprint from attempts where fingerprint is not null
  union select base from manifests join used using (fingerprint) where base is not null)
  delete from manifests where fingerprint not in (select fingerprint from used)`;

/** Enters those that are not there. */
export function writeManifests(database: Database, all: Iterable<MadeOf>): void {
  for (const { trace, before } of all) {
    const fingerprint = shortFingerprint(trace[0]);
    if (before !== undefined && before[0] !== trace[0]) {
      const base = shortFingerprint(before[0]);
      if (database.run(INSERT_CHANGE, fingerprint, base, base, changeText(before, trace)).changes > 0) continue;
    }
    database.run(INSERT, fingerprint, manifestText(trace));
  }
}

/** The manifest of a work; undefined when it is not kept, or not all of what it is told by. */
export function readManifest(database: Database, fingerprint: string): Manifest | undefined {
  const changes: ManifestChange[] = [];
  for (let at: string | null = fingerprint; changes.length <= MOST_DEPTH;) {
    const row: { base: string | null; content: string } | undefined = database.get(READ, at);
    if (row === undefined) return undefined;
    const where = { path: database.path, column: "manifests.content" };
    if (row.base === null) return changes.reduceRight(changedManifest, storedJson(row.content, isManifest, where));
    changes.push(storedJson(row.content, isManifestChange, where));
    at = row.base;
  }
  return undefined;
}

function isManifest(value: unknown): value is Manifest {
  return isRecord(value) && isTexts(value.action) &&
    [value.env, value.sources, value.artifacts, value.tools ?? {}].every(isRecordOfTexts);
}

/** What is not there any more is null. */
function isManifestChange(value: unknown): value is ManifestChange {
  if (!isRecord(value) || (value.action !== undefined && !isTexts(value.action))) return false;
  const parts = [value.env, value.sources, value.artifacts, value.tools].filter((part) => part !== undefined);
  return parts.every((part) =>
    isRecord(part) && Object.values(part).every((item) => item === null || typeof item === "string")
  );
}
