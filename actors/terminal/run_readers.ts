/**
 * Owns the readers of one command's runs: which there are, that none replaces a file that the run needs, and that all are
 * told the same.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";
import { isOwnFile, withCompanions } from "../../graph/own_files.ts";
import { realPlace } from "../machine/real_place.ts";
import { isOtherThanFile, NOT_REGULAR } from "../machine/regular_file.ts";
import type { Outcomes } from "../engine/outcomes.ts";
import type { RunEvent } from "../engine/run_event.ts";
import type { RunBegun, RunOver, RunReader } from "./run_reader.ts";
import { later } from "../machine/later.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { quote } from "../../graph/text.ts";

/** What is written of a run beside its lines. */
export interface ReaderChoices {
  /** Where its events go: a path, or `-` for stdout. */
  readonly events?: string;
  /** Path of a report in the form of JUnit. */
  readonly junit?: string;
  /** Path of the page that GitHub shows for a job. */
  readonly summary?: string;
}

/** A file that a run is to write, and the word for it. */
export interface WrittenFile {
  readonly path: string;
  readonly what: string;
}

/** Files that are written of a run, for whoever checks that nothing is lost by it. */
export function writtenFiles(
  { report, events, junit }: ReaderChoices & { readonly report?: string } = {},
): WrittenFile[] {
  const files = [
    { path: report, what: "report" },
    { path: events === "-" ? undefined : events, what: "events" },
    { path: junit, what: "JUnit report" },
  ];
  return files.flatMap(({ path, what }) => path === undefined ? [] : [{ path, what }]);
}

/** What a run needs beside what it is told to write. */
export interface Needed {
  /** The databases that it is recorded in, or shared by. */
  readonly databases: readonly string[];
  /** The words for what a path is, if the run needs it. */
  readonly needed: (path: string) => string | undefined;
}

/**
 * Refuses to write a file in the place of one that the run needs.
 *
 * @throws {InputError} Naming it.
 */
export function refuseReplacing({ path: named, what }: WrittenFile, { databases, needed }: Needed): void {
  const path = resolve(named);
  if (isOtherThanFile(path)) throw new InputError(`Cannot write ${what} ${quote(named)}: ${NOT_REGULAR}`);
  const kept = withCompanions(databases.flatMap((database) => [resolve(database), realPlace(resolve(database))]));
  const needsAt = (path: string) =>
    needed(path) ?? (kept.has(path) || isOwnFile(path) ? "what troupe itself keeps there" : undefined);
  // By a link on the way it may be the same file.
  const needs = needsAt(path) ?? needsAt(realPlace(path));
  if (needs === undefined) return;
  throw new InputError(`The ${what} ${quote(named)} would replace ${needs}: name another file`);
}

/** What is asked for; undefined when nothing is. */
async function openReaders(
  { events, junit, summary }: ReaderChoices,
  onFault: (sentence: string) => void,
): Promise<RunReaders | undefined> {
  const readers: RunReader[] = [];
  if (events !== undefined) readers.push(await openEvents(events, onFault));
  if (junit !== undefined) {
    readers.push(
      new (await later<typeof import("./junit_report.ts")>("./junit_report.ts", import.meta.url)).JunitReport(
        junit,
        onFault,
      ),
    );
  }
  if (summary !== undefined) {
    readers.push(
      new (await later<typeof import("./github_summary.ts")>("./github_summary.ts", import.meta.url)).GithubSummary(
        summary,
        onFault,
      ),
    );
  }
  return readers.length === 0 ? undefined : new RunReaders(readers);
}

async function openEvents(path: string, onFault: (sentence: string) => void): Promise<RunReader> {
  const { EventStream } = await later<typeof import("./event_stream.ts")>("./event_stream.ts", import.meta.url);
  const { FileLines, StdoutLines } = await later<typeof import("./line_sinks.ts")>("./line_sinks.ts", import.meta.url);
  const { default: config } = await import("../../deno.json", { with: { type: "json" } });
  const sink = path === "-" ? new StdoutLines() : new FileLines(path, onFault);
  return new EventStream(sink, { troupe: config.version, deno: Deno.version.deno });
}

/**
 * Does runs that are read, and sees all of it written: in their end with whether it was. `work` opens the readers once
 * nothing can be lost by it.
 *
 * @throws {InputError} When something cannot be written.
 */
export async function withReaders<End extends object>(
  choices: ReaderChoices | undefined,
  onFault: (sentence: string) => void,
  work: (open: OpenReaders) => Promise<End>,
): Promise<End & { readonly isWritten: boolean }> {
  let opening: Promise<RunReaders | undefined> | undefined;
  const open = () => opening ??= openReaders(choices ?? {}, onFault);
  let isWritten = true;
  let end: End;
  try {
    end = await work(open);
  } catch (error) {
    (await opening?.catch(() => undefined))?.brokenOff(error);
    throw error;
  } finally {
    isWritten = await (await opening?.catch(() => undefined))?.close() ?? true;
  }
  return { ...end, isWritten };
}

/** Opens the readers, once; undefined when there are none. */
export type OpenReaders = () => Promise<RunReaders | undefined>;

/** Several readers as one. */
export class RunReaders {
  readonly #readers: readonly RunReader[];
  #going: { readonly outcomes: Outcomes; readonly sinceMs: number } | undefined;

  constructor(readers: readonly RunReader[]) {
    this.#readers = readers;
  }

  /** The outcomes are told of each event before the readers are. */
  begun(run: RunBegun, outcomes: Outcomes): void {
    this.#going = { outcomes, sinceMs: performance.now() };
    for (const reader of this.#readers) reader.begun?.(run);
  }

  note(event: RunEvent): void {
    for (const reader of this.#readers) reader.note(event);
  }

  warned(sentence: string): void {
    if (this.#going === undefined) return;
    for (const reader of this.#readers) reader.warned?.(sentence);
  }

  /** The run lasted from its begin until now unless told. */
  ended(
    end: Pick<RunOver, "signal" | "savedAs" | "rolledBack" | "error"> & Partial<Pick<RunOver, "durationMs">>,
  ): void {
    if (this.#going === undefined) return;
    const { outcomes: { counts, ends, cached, warned }, sinceMs } = this.#going;
    this.#going = undefined;
    const durationMs = end.durationMs ?? performance.now() - sinceMs;
    const run: RunOver = { ...end, counts, outcomes: ends, cached, warned, durationMs };
    for (const reader of this.#readers) reader.ended(run);
  }

  /** The run that goes on cannot go on. */
  brokenOff(error: unknown): void {
    this.ended({ error: error instanceof Error ? error.message : String(error) });
  }

  /** Answers whether all was written. */
  async close(): Promise<boolean> {
    const closed = await Promise.all(this.#readers.map((reader) => reader.close()));
    return closed.every((isWhole) => isWhole);
  }
}
