/**
 * Owns a model of a build: random tasks, random edits of them, and what a plain sequential build of the same tasks
 * makes. It also says which tasks had to run, from contents alone; it knows no digest, time, inode or cache file.
 *
 * A task must run unless the work it is to do (its action, its sources' and dependencies' contents) has been done
 * before and what came of it still lies at its output. Tasks of one `duplicates` group always have the same work to do, so
 * that one of them runs for all; other tasks are kept apart by their names in what they do.
 *
 * @module
 */
import { dirname } from "@std/path";
import type { Random } from "../random.ts";

/** One task as it stands in the config. */
export interface ModelTask {
  readonly name: string;
  output_artifact: string;
  dependencies: string[];
  source_files: string[];
  content?: string;
  command?: string;
  env?: Record<string, string>;
}

/** What a build should have come to. */
export interface Outcome {
  readonly completed: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  readonly skipped: ReadonlySet<string>;
  /** Groups of tasks of which `count` run; a group of one is an ordinary task. */
  readonly runs: readonly { readonly group: readonly string[]; readonly count: number }[];
  /** Artifacts of the completed tasks by path. */
  readonly artifacts: ReadonlyMap<string, string>;
}

const WAYS = [
  'cat $IN $DEPS > "$OUT"',
  'cat $IN $DEPS | wc -c > "$OUT"',
  'cat $IN $DEPS | head -c 4 > "$OUT"',
  'cat $IN $DEPS | tr a-y b-z > "$OUT"; echo "$SALT" >> "$OUT"',
  'echo "$IN/$DEPS" > "$OUT"',
];
const FAILING = 'echo begun > "$OUT"; exit 1';
const TEXTS = ["alpha\n", "bravo\n", "charlie, and no newline", ""];

export class Model {
  readonly tasks: ModelTask[] = [];
  /** Group of each task that has duplicates, by its name. */
  readonly #groups = new Map<string, ModelTask[]>();
  /** Of each group, by its first task: work that was done → what came of it. */
  readonly #done = new Map<string, Map<string, string>>();

  /** Makes tasks `t0`, `t1`, …, in which each may depend on those before it. */
  constructor(readonly random: Random, readonly write: (path: string, text: string) => void) {
    const size = 4 + random.below(9);
    for (let i = 0; i < 4; i++) write(`src/${i}`, random.pick(TEXTS));
    while (this.tasks.length < size) this.#add();
  }

  /** Changes something at random: a source, what a task does or needs, or an artifact behind everyone's back. */
  edit(read: (path: string) => string | undefined, remove: (path: string) => void): string {
    const { random } = this;
    const group = random.pick([...this.#groups.values()]);
    const [task] = group;
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2: {
        const path = `src/${random.below(4)}`;
        const text = random.chance(0.3) ? read(path) + random.pick(TEXTS) : random.pick(TEXTS);
        this.write(path, text);
        return `${path} is ${JSON.stringify(text)}`;
      }
      case 3: {
        const action = this.#action(task.name);
        for (const one of group) Object.assign(one, { command: undefined, content: undefined }, action);
        return `${task.name} does ${JSON.stringify(action)}`;
      }
      case 4: {
        const env = { SALT: `${random.below(3)}` };
        for (const one of group) one.env = env;
        return `${task.name} has ${JSON.stringify(env)}`;
      }
      case 5: {
        const dependencies = this.#dependencies(this.tasks.indexOf(task));
        for (const one of group) one.dependencies = dependencies;
        return `${task.name} needs ${dependencies}`;
      }
      default: {
        const old = read(task.output_artifact);
        if (group.length > 1 || old === undefined) return "nothing";
        const isRemoved = random.chance(0.5);
        if (isRemoved) remove(task.output_artifact);
        else this.write(task.output_artifact, old + "tampered\n");
        return `${task.output_artifact} is ${isRemoved ? "removed" : "tampered with"}`;
      }
    }
  }

  /** The tasks that building this one takes, itself and everyone's duplicates included. */
  closure(name: string): Set<string> {
    const closure = new Set([name]);
    for (const task of [...this.tasks].reverse()) {
      const group = this.#groups.get(task.name)!;
      if (!group.some((duplicate) => closure.has(duplicate.name))) continue;
      for (const other of [...group.map((duplicate) => duplicate.name), ...task.dependencies]) closure.add(other);
    }
    return closure;
  }

  /**
   * What a build of the given tasks comes to, by doing them one after the other in the folder `reference`, where the
   * sources lie too. `read` gives what lies in the real project before the build.
   */
  expect(chosen: ReadonlySet<string>, reference: string, read: (path: string) => string | undefined): Outcome {
    const completed = new Set<string>(), failed = new Set<string>(), skipped = new Set<string>();
    const artifacts = new Map<string, string>();
    const runs: { group: string[]; count: number }[] = [];
    for (const task of this.tasks) {
      if (!chosen.has(task.name)) continue;
      if (!task.dependencies.every((name) => completed.has(name))) {
        skipped.add(task.name);
        continue;
      }
      const group = this.#groups.get(task.name)!;
      const work = this.#work(task, reference, artifacts);
      const done = this.#done.get(group[0].name)!;
      const made = execute(task, reference, this.#depsOf(task));
      const isHit = made !== undefined && done.get(work) === made && read(task.output_artifact) === made;
      if (group[0] === task && !isHit) {
        runs.push({ group: group.map(({ name }) => name), count: made === undefined ? group.length : 1 });
      }
      if (made === undefined) {
        failed.add(task.name);
        continue;
      }
      completed.add(task.name);
      artifacts.set(task.output_artifact, made);
      for (const [other, result] of done) if (result !== made) done.delete(other);
      done.set(work, made);
    }
    return { completed, failed, skipped, runs, artifacts };
  }

  #add(): void {
    const { random, tasks } = this;
    const first = tasks.length;
    const name = `t${first}`;
    const source_files = [0, 1, 2, 3].filter(() => random.chance(0.3)).map((i) => `src/${i}`);
    const action = this.#action(name);
    const dependencies = this.#dependencies(first);
    // Joining what others made is the one thing that two tasks could happen to do alike without being duplicates.
    if (Object.keys(action).length === 0) {
      this.write(`src/own/${name}`, `${name}\n`);
      source_files.unshift(`src/own/${name}`);
    }
    const count = action.command !== undefined && random.chance(0.2) ? 2 + random.below(3) : 1;
    const group: ModelTask[] = Array.from({ length: count }, (_, i) => ({
      name: `t${first + i}`,
      output_artifact: `out/${random.pick(["", "deep/", "deep/er/"])}t${first + i}`,
      dependencies,
      source_files,
      ...action,
    }));
    for (const task of group) this.#groups.set(task.name, group);
    this.#done.set(name, new Map());
    tasks.push(...group);
  }

  #action(name: string): { command?: string; content?: string } {
    const { random } = this;
    const isTwin = (this.#groups.get(name)?.length ?? 1) > 1;
    const isKnown = this.#groups.has(name);
    const own = this.#groups.get(name)?.[0].source_files.some((path) => path.startsWith("src/own/")) ?? true;
    const kind = isTwin ? 9 : random.below(10);
    if (kind === 0) return { content: `${name} ${random.pick(TEXTS)}` };
    if (kind <= 2 && own) return {};
    const way = isKnown && random.chance(0.15) ? FAILING : random.pick(WAYS);
    return { command: `${way}; : for ${name}`.replace("exit 1; :", "exit 1 # ") };
  }

  #dependencies(before: number): string[] {
    const { random } = this;
    const names = this.tasks.slice(0, before).map(({ name }) => name);
    return random.shuffled(names.filter(() => random.chance(Math.min(0.5, 2 / (before + 1)))));
  }

  #depsOf(task: ModelTask): string[] {
    return task.dependencies.map((name) => this.tasks.find((other) => other.name === name)!.output_artifact);
  }

  #work(task: ModelTask, reference: string, artifacts: ReadonlyMap<string, string>): string {
    const { command, content, env, source_files } = task;
    const deps = this.#depsOf(task);
    return JSON.stringify([
      command === undefined ? ["text", content] : ["command", command, deps],
      env ?? {},
      source_files.map((path) => [path, Deno.readTextFileSync(`${reference}/${path}`)]),
      deps.map((path) => artifacts.get(path)),
    ]);
  }
}

/** Does one task plainly, and answers with its artifact, or undefined when it fails. */
function execute(task: ModelTask, folder: string, deps: readonly string[]): string | undefined {
  const { name, output_artifact, source_files, command, content, env } = task;
  const out = `${folder}/${output_artifact}`;
  const read = (path: string) => Deno.readTextFileSync(`${folder}/${path}`);
  Deno.mkdirSync(dirname(out), { recursive: true });
  if (command === undefined) {
    Deno.writeTextFileSync(out, content ?? (source_files.length > 0 ? source_files : deps).map(read).join(""));
  } else {
    const { success } = new Deno.Command("/bin/sh", {
      args: ["-c", command],
      cwd: folder,
      env: { ...env, OUT: out, IN: source_files.join(" "), DEPS: deps.join(" "), TASK: name },
      stdin: "null",
    }).outputSync();
    if (!success) return undefined;
  }
  return read(output_artifact);
}
