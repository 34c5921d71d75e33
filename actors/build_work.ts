/**
 * Owns what a build knows of its tasks while it runs: what each was found to need, and the digests of the artifacts made.
 * It answers the scheduler from the build cache and enters in it what was done; it starts nothing.
 *
 * @module
 */
import type { Plan } from "../graph/plan.ts";
import { type BuildFinding, Freshness, type FreshnessOptions } from "./freshness.ts";
import type { Task } from "../graph/task.ts";
import type { BuildCache } from "./build_cache.ts";
import type { Published, RunTask } from "./messages.ts";
import { systemDetail } from "./system_error.ts";
import type { Transaction } from "./transaction.ts";
import type { Finding, Work } from "./work.ts";

/** Choices for {@linkcode BuildWork}. */
export interface BuildWorkOptions extends FreshnessOptions {
  /** Keeps artifacts as they are before their tasks start. */
  readonly transaction?: Pick<Transaction, "save">;
  /** Whether a permit is wanted before an artifact is put in place. */
  readonly asksPermit?: boolean;
}

/** The work of one build. */
export class BuildWork implements Work {
  readonly #transaction: BuildWorkOptions["transaction"];
  readonly #asksPermit: boolean;
  readonly #plan: Plan;
  readonly #cache: BuildCache;
  readonly #freshness: Freshness;
  readonly #findings: (BuildFinding | undefined)[];

  constructor(plan: Plan, cache: BuildCache, options: BuildWorkOptions) {
    this.#transaction = options.transaction;
    this.#asksPermit = options.asksPermit ?? false;
    this.#plan = plan;
    this.#cache = cache;
    this.#freshness = new Freshness(plan, cache, options);
    this.#findings = new Array(plan.size);
  }

  /** Digest of a completed task's artifact. */
  digest(task: number): string | undefined {
    return this.#freshness.artifacts[task];
  }

  check(task: number): Finding {
    const finding = this.#freshness.check(task);
    this.#findings[task] = finding;
    if (finding.kind === "tooMuch") return { kind: "later", until: this.#cache.files.readSlowly(finding.path) };
    if (finding.kind === "fresh") {
      this.#freshness.artifacts[task] = finding.sha256;
      this.#cache.remember(this.#plan.tasks[task].name, finding.trace);
    }
    if (finding.kind === "run" || finding.kind === "restore") return this.#keep(task, finding) ?? finding;
    return finding;
  }

  /** What stands in the way of the task, if it is to be done in a transaction. */
  #keep(task: number, { kind }: { readonly kind: "run" | "restore" }): Finding | undefined {
    const declared = this.#plan.tasks[task];
    try {
      const until = this.#transaction?.save(declared.output, { isRewritten: kind === "run" && mayRewrite(declared) });
      return until && { kind: "later", until };
    } catch (error) {
      const detail = systemDetail(error);
      return {
        kind: "unreadable",
        failure: { kind: "io", doing: "checkpoint artifact", path: declared.output, detail },
      };
    }
  }

  message(task: number, restore: boolean): RunTask {
    const plan = this.#plan;
    const { name, action, output, env, timeoutMs, expectedSha256, dependencies: names } = plan.tasks[task];
    const finding = this.#findings[task];
    const { dependencyStart, dependencies } = plan.graph;
    const dependencyArtifacts: string[] = [];
    for (let i = dependencyStart[task]; i < dependencyStart[task + 1]; i++) {
      dependencyArtifacts.push(plan.tasks[dependencies[i]].output);
    }
    const work = restore && finding?.kind === "restore"
      ? { kind: "restore" as const, from: finding.from, sha256: finding.sha256 }
      : action;
    const sources = plan.sources[task];
    return {
      kind: "run",
      task,
      name,
      work,
      output,
      sources,
      dependencyArtifacts,
      env,
      timeoutMs,
      expectedSha256,
      ...(this.#asksPermit ? { asksPermit: true } : {}),
      ...(work.kind === "module" ? { call: { dependencies: names, modules: this.#freshness.moduleFiles(task) } } : {}),
    };
  }

  arrived(task: number, published: Published): void {
    this.#freshness.artifacts[task] = published.sha256;
    this.#cache.files.enter(this.#plan.tasks[task].output, published);
  }

  unrestorable(task: number): void {
    const finding = this.#findings[task];
    if (finding?.kind === "restore") this.#cache.drop(finding.fingerprint);
  }

  /** A result whose sources changed while it was made is used, but not remembered: nobody knows which it saw. */
  record(task: number): void {
    const finding = this.#findings[task];
    if (finding?.kind !== "run" && finding?.kind !== "restore") throw new Error(`Bug: task ${task} was never checked`);
    this.#findings[task] = undefined;
    const { output, name } = this.#plan.tasks[task];
    if (finding.kind === "run") {
      if (!this.#freshness.sourcesUnchanged(task)) return;
      const sha256 = this.#freshness.artifacts[task]!;
      const size = this.#cache.files.size(output);
      this.#cache.insert(finding.fingerprint, { artifact_path: output, sha256, size });
      this.#freshness.noteMade(finding.fingerprint);
    }
    this.#cache.remember(name, finding.trace);
  }
}

/** Whether the task may write its artifact where it lies; troupe itself writes beside it and renames. */
function mayRewrite({ action, declared }: Task): boolean {
  if (action.kind !== "module") return action.kind === "command";
  return action.permissions !== undefined || declared?.writes !== undefined;
}
