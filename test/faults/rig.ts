/**
 * Owns what the fault tests have in common: a folder to build in, the real command line in a process of its own, what
 * it said and how it ended, and the questions every test asks of the folder afterwards.
 * It knows no fault; those are in faults.ts and in the tests.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path";
import { doorOfFile, openDoors } from "../asked.ts";
import { ProjectFolder } from "../project_folder.ts";
import { type Ended, Running } from "../running.ts";

export { type Ended, Running };

const REPOSITORY = dirname(dirname(dirname(fromFileUrl(import.meta.url))));

openDoors();

/** The command line of a build, without the config. */
export const BUILD = [Deno.execPath(), "run", "-A", `${REPOSITORY}/build.ts`];

/** Where the tests run in a CI, what they look at is no log of it. */
export const NO_CI = { GITHUB_ACTIONS: "", GITLAB_CI: "" };

/** A build that takes longer hangs. */
export const HANG_MS = 90_000;

/** One task of a config. */
export interface TaskSpec {
  readonly name: string;
  readonly output: string;
  readonly dependencies?: readonly string[];
  readonly source_files?: readonly string[];
  readonly command?: string;
  readonly content?: string;
  readonly timeout?: number;
  readonly retries?: number;
}

/** Choices for one start. */
export interface StartOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What starts the build: `["setpriv", "--reuid=65534", …]`, or a shell that sets limits; see {@linkcode limited}. */
  readonly through?: readonly string[];
}

/** A folder to work in, and one for temporary files, removed when it goes out of scope. */
export class FaultFolder extends ProjectFolder implements Disposable {
  /** The run's own temp folder, so that what is left there is seen. */
  readonly temp: string;
  /** Where commands are typed, so that what they record by default is not the history of this repository. */
  readonly home: string;
  readonly #made: string;

  constructor(folder?: string) {
    const made = Deno.makeTempDirSync({ prefix: "faults-" });
    super(folder ?? `${made}/project`);
    this.#made = made;
    this.temp = `${made}/tmp`;
    this.home = `${made}/home`;
    for (const inner of [this.temp, this.home]) Deno.mkdirSync(inner);
    Deno.mkdirSync(this.folder, { recursive: true });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#made, { recursive: true });
  }
}

/** A folder with a config. */
export class Project extends FaultFolder {
  constructor(tasks: readonly TaskSpec[] = [], folder?: string) {
    super(folder);
    if (tasks.length > 0) this.configure(tasks);
  }

  configure(tasks: readonly TaskSpec[]): void {
    this.write("build.json", JSON.stringify({ num_workers: 2, tasks }));
  }

  start(options: StartOptions = {}): Running {
    const argv = [...(options.through ?? []), ...BUILD, this.path("build.json"), ...(options.args ?? [])];
    return start(argv, { TMPDIR: this.temp, ...options.env }, this.home);
  }

  /** Builds to the end: in a process of its own where that is to suffer anything, else by the one that answers all tests. */
  build(options: StartOptions = {}): Promise<Ended> {
    const { args = [], env, through } = options;
    const door = env === undefined && through === undefined ? doorOfFile() : undefined;
    if (door === undefined || door.isBusy) return this.start(options).ended;
    return door.ask({ args: ["build", this.path("build.json"), ...args], cwd: this.home, env: { TMPDIR: this.temp } });
  }

  temporaries(): string[] {
    return this.files().filter((name) => /\.tmp\.\d+\.\d+$/.test(name));
  }
}

/** Starts a program, in the environment of the tests with a few more variables. */
export function start(argv: readonly string[], env: Readonly<Record<string, string>> = {}, cwd?: string): Running {
  const child = new Deno.Command(argv[0], {
    args: argv.slice(1),
    cwd,
    env: { ...NO_CI, NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return new Running(child, argv.join(" "));
}

/** The longest pause between two looks: asking takes the processor that is waited for. */
const MOST_PAUSE_MS = 25;

/** Waits until a condition holds, for what nobody tells. */
export async function until(holds: () => boolean, what: string, limitMs = HANG_MS): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (let pauseMs = 2; !holds(); pauseMs = Math.min(MOST_PAUSE_MS, pauseMs * 1.2)) {
    assert(performance.now() < deadline, `not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** A shell that sets a limit or a mask first and then becomes the build. */
export function limited(settings: string): string[] {
  return ["/bin/sh", "-c", `${settings}\nexec "$@"`, "sh"];
}

/** Everything a build said, for the message of an assertion. */
export function said({ code, signal, stdout, stderr }: Ended): string {
  return `exit ${code} ${signal ?? ""}\n--- stdout\n${stdout}--- stderr\n${stderr}`;
}

/** A build that ended well. */
export function assertDone(ended: Ended, context = ""): void {
  assertEquals(ended.code, 0, `${context}\n${said(ended)}`);
}

/** No bug was reported, no signal came, and whatever failed was told. */
export function assertOrderly(ended: Ended, context = ""): void {
  assert(ended.code === 0 || ended.code === 1, `${context}\n${said(ended)}`);
  assert(!/bug|\n\s+at /i.test(ended.stderr + ended.stdout), `${context}\n${said(ended)}`);
  if (ended.code === 1) assert(/\(error: .+\)|^Cannot .+/m.test(ended.stdout + ended.stderr), said(ended));
}

/** How many tasks a build executed. */
export function executed(ended: Ended): number {
  return ended.stdout.match(/: Completed task /g)?.length ?? 0;
}

/**
 * Artifacts are as expected, no temporary file is left, the cache parses, and a further build has nothing to do: the first of
 * `within` such builds that does nothing, if the others are needed for that.
 */
export async function assertSettled(
  project: Project,
  expected: ReadonlyMap<string, string>,
  context: string,
  { within = 1 }: { readonly within?: number } = {},
): Promise<void> {
  for (const [name, content] of expected) {
    assertEquals(project.has(name), true, `${context}: '${name}' is missing`);
    if (project.read(name) !== content) assertEquals(project.read(name).slice(0, 200), content.slice(0, 200), context);
    assertEquals(project.read(name).length, content.length, `${context}: '${name}'`);
  }
  assertEquals(project.temporaries(), [], context);
  JSON.parse(project.read(".build_cache.json"));
  const again = await project.build();
  assertDone(again, context);
  if (within > 1 && executed(again) > 0) return await assertSettled(project, expected, context, { within: within - 1 });
  assertEquals([executed(again), again.stderr], [0, ""], `${context}\n${said(again)}`);
}

/** Reads all outputs, for comparison with a later build. */
export function artifacts(project: Project, tasks: readonly TaskSpec[]): Map<string, string> {
  return new Map(tasks.map(({ output }) => [output, project.read(output)]));
}

/** Whether a process is there and not just its entry; also of another's child. */
export function lives(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/^[ZX]$/.test(stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3));
  } catch {
    return false;
  }
}
