/**
 * Owns the names of troupe's own files: what it keeps beside a config, writes before a rename, and makes where nobody says
 * otherwise. No task makes them, and no glob means them: they change with every run. It looks at no file.
 *
 * @module
 */

/** Beside a config: the build cache and its locks, the locks of files, the journal of a transaction. */
const BESIDE = [
  ".build_cache.json",
  ".build_cache.json.door",
  ".build_cache.jsonl",
  ".build_cache.lock",
  ".troupe",
  ".troupe-transaction",
];

/** Temporary names, wherever the file is that they are to become. */
const TEMPORARY = /\.tmp\.\d+\.\d+(?:\/|$)/;

/** What SQLite keeps beside a database, and troupe to guard it. */
const BESIDE_DATABASE = ["-wal", "-shm", "-journal", ".lock"];

const OWN = [
  /(?:^|\/)\.build_cache\.(?:jsonl?|lock)(?:\.|$)/,
  /(?:^|\/)\.troupe(?:-transaction)?\//,
  /(?:^|\/)\.troupe-probe-[^/]*$/,
  /(?:^|\/)(?:taskrun\.db|crew\.sqlite)(?:-wal|-shm|-journal|\.lock)?$/,
  TEMPORARY,
];

/** Whether an output, in normal form, would lie where troupe keeps files itself. */
export function isKeptBeside(output: string): boolean {
  return BESIDE.includes(output.split("/", 1)[0]);
}

/** Whether a path, or a folder it lies in, looks like a temporary file. */
export function isTemporary(path: string): boolean {
  return TEMPORARY.test(path);
}

/** Whether a file is one of troupe's own by its name, in this folder or below. */
export function isOwnFile(path: string): boolean {
  return OWN.some((rule) => rule.test(path));
}

/** Paths that a run itself uses: files, with what goes with them, and folders, which end with a slash, with all in them. */
export class OwnFiles {
  readonly #files: ReadonlySet<string>;
  readonly #folders: readonly string[];

  constructor(paths: Iterable<string>) {
    const all = [...paths];
    this.#files = withCompanions(all.filter((path) => !path.endsWith("/")));
    this.#folders = all.filter((path) => path.endsWith("/"));
  }

  has(path: string): boolean {
    return this.#files.has(path) || this.#folders.some((folder) => path.startsWith(folder));
  }
}

/** The files that go with some that a run is given: databases with what lies beside them, for one. */
export function withCompanions(files: Iterable<string>): Set<string> {
  const all = new Set<string>();
  for (const file of files) {
    all.add(file);
    for (const suffix of BESIDE_DATABASE) all.add(file + suffix);
  }
  return all;
}
