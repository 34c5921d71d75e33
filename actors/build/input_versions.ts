/**
 * Owns the versions of files that tasks were found to read, each under a number: many tasks read the same headers, so a
 * trace on the disk holds numbers, and the paths and digests stand there once.
 *
 * A number is never given to anything else, so that lines of a journal mean the same whatever was written since.
 *
 * @module
 */
import type { Discovery } from "../../graph/fingerprint.ts";

/** What a trace on the disk holds of its discovery. */
export interface StoredDiscovery {
  readonly declared: string;
  /** Numbers of versions, in order. */
  readonly inputs: readonly number[];
}

/** Path and digest, of which the first digits are kept. */
type Version = readonly [path: string, digest: string];

/** The versions that one build cache knows. */
export class InputVersions {
  /** By number; the parsed JSON object, without a prototype. */
  readonly #versions: Record<string, Version>;
  /** Made when the first is looked for. */
  #numbers: Map<string, number> | undefined;
  #next = 0;
  /** All below are in the journal, or in the cache's file. */
  #written = 0;

  constructor(versions: Record<string, Version>) {
    this.#versions = versions;
    for (const number in versions) this.#next = Math.max(this.#next, Number(number) + 1);
    this.#written = this.#next;
  }

  /** As the cache's file holds them; undefined when there are none. */
  get all(): Readonly<Record<string, Version>> | undefined {
    return this.#next === 0 ? undefined : this.#versions;
  }

  /** Takes in a line of the journal. */
  recall(number: string, version: unknown): void {
    if (!/^\d{1,15}$/.test(number) || !isVersion(version)) return;
    this.#versions[number] = version;
    this.#next = Math.max(this.#next, Number(number) + 1);
    this.#numbers = undefined;
  }

  /** What is not in the journal yet, and is from now on; or all that is not in the cache's file. */
  *unwritten(): Generator<readonly [number: string, version: Version]> {
    for (; this.#written < this.#next; this.#written++) {
      const version = this.#versions[this.#written];
      if (version !== undefined) yield [String(this.#written), version];
    }
  }

  /** The cache's file has all of them. */
  settle(): void {
    this.#written = this.#next;
  }

  stored({ declared, files, digests }: Discovery): StoredDiscovery {
    return { declared, inputs: files.map((path, at) => this.#number(path, digests[at])) };
  }

  /** Undefined when it names versions that nobody knows, or is damaged. */
  resolved({ declared, inputs }: StoredDiscovery): Discovery | undefined {
    if (typeof declared !== "string" || !Array.isArray(inputs)) return undefined;
    const files: string[] = new Array(inputs.length), digests: string[] = new Array(inputs.length);
    for (let at = 0; at < inputs.length; at++) {
      const version = this.#versions[inputs[at]];
      if (!isVersion(version)) return undefined;
      [files[at], digests[at]] = version;
    }
    return { declared, files, digests };
  }

  /** Drops all that none of these discoveries names. */
  prune(used: Iterable<StoredDiscovery>): void {
    if (this.#next === 0) return;
    const kept = new Uint8Array(this.#next);
    for (const { inputs } of used) for (const number of inputs) kept[number] = 1;
    for (const number in this.#versions) if (kept[Number(number)] === 0) delete this.#versions[number];
    this.#numbers = undefined;
  }

  #number(path: string, digest: string): number {
    this.#numbers ??= new Map(
      Object.entries(this.#versions).filter(([, version]) => isVersion(version))
        .map(([number, [path, digest]]) => [`${digest} ${path}`, Number(number)]),
    );
    const key = `${digest} ${path}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      this.#numbers.set(key, number = this.#next++);
      this.#versions[number] = [path, digest];
    }
    return number;
  }
}

function isVersion(value: unknown): value is Version {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && typeof value[1] === "string";
}
