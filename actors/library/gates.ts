/**
 * Owns the gates as a program asks them: tasks once, then any number of questions about groups of them by name. It opens no
 * file and looks at no machine; whoever makes it says where the load and the held locks are to be had.
 *
 * @module
 */
import { nearest } from "../../graph/suggest.ts";
import { suggestBatches } from "../../graph/gates/batches.ts";
import { type FileConflict, findFileConflicts } from "../../graph/gates/file_conflicts.ts";
import { fileTable } from "../../graph/gates/files.ts";
import type { GateReport, Verdict } from "../../graph/gates/findings.ts";
import { checkedGateTask, GateError, type GateTask } from "../../graph/gates/gate_task.ts";
import type { HeldLock } from "../../graph/gates/lock_availability.ts";
import { noOrdering } from "../../graph/gates/pairs.ts";
import type { PlaceOf } from "../../graph/gates/places.ts";
import type { HostLoad } from "../../graph/gates/resource_capacity.ts";
import { DEFAULT_SETTINGS, refuseWrong, refuseWrongLimits } from "../../graph/gates/settings.ts";
import { validate } from "../../graph/gates/validate.ts";
import { placesIn } from "../machine/places.ts";

/** Choices for {@linkcode ParallelExecutionGates}. */
export interface GatesOptions {
  /** Where relative paths of tasks start, and file locks are kept; default the current folder. */
  readonly folder?: string;
  /** Default 5. */
  readonly maxParallelTasks?: number;
  /** Default 30. */
  readonly maxContextComplexity?: number;
  /** How much of each resource there is; default without limits. */
  readonly resourceLimits?: Readonly<Record<string, number>>;
  /** Asked each time; default nothing is known of the machine. */
  readonly load?: () => HostLoad;
  /** Asked each time; default all locks are free. */
  readonly heldLocks?: () => readonly HeldLock[];
}

/** Tasks by name. */
class TaskIndex {
  readonly tasks: readonly GateTask[];
  readonly #indexes: ReadonlyMap<string, number>;

  constructor(tasks: readonly GateTask[]) {
    this.tasks = tasks.map(checkedGateTask);
    this.#indexes = new Map(tasks.map(({ name }, index) => [name, index]));
    if (this.#indexes.size < tasks.length) throw new GateError("Two tasks have the same name");
  }

  /** Indexes in declared order, each once. */
  indexesOf(names: readonly string[]): number[] {
    const indexes = new Set(names.map((name) => {
      const index = this.#indexes.get(name);
      if (index !== undefined) return index;
      const guess = nearest(name, this.#indexes.keys());
      throw new GateError(`Unknown task '${name}'${guess === undefined ? "" : `, did you mean '${guess}'?`}`);
    }));
    return [...indexes].sort((a, b) => a - b);
  }
}

/**
 * Finds out whether tasks would touch the same files.
 *
 * @example
 * ```ts
 * import { ConflictDetector } from "./mod.ts";
 *
 * const detector = new ConflictDetector([{ name: "a", reads: ["src/*"] }, { name: "b", reads: ["src/x"] }]);
 * const [canParallel] = detector.validateParallelExecution(["a", "b"]);
 * console.log(canParallel); // true
 * ```
 */
export class ConflictDetector {
  readonly #index: TaskIndex;
  readonly #folder: string | undefined;

  /**
   * Takes the tasks that there are, and the folder where their relative paths start; default the current folder.
   *
   * @throws {GateError} When a task declares what cannot be, or two have one name.
   */
  constructor(tasks: readonly GateTask[], { folder }: Pick<GatesOptions, "folder"> = {}) {
    this.#index = new TaskIndex(tasks);
    this.#folder = folder;
  }

  /**
   * Whether tasks may run at the same time as far as files go, and the conflicts between them, the worst first. Only
   * those of type `blocking` forbid it. Where there are many, the first thousand of a type are given.
   *
   * @throws {GateError} When there is no task of a name.
   */
  validateParallelExecution(
    taskIds: readonly string[],
  ): [canParallel: boolean, conflicts: readonly FileConflict[]] {
    const { tasks } = this.#index;
    const table = fileTable(tasks, this.#index.indexesOf(taskIds), placesIn(this.#folder));
    const { conflicts, counts } = findFileConflicts(tasks, table, noOrdering(tasks.length));
    return [counts.blocking === 0, conflicts];
  }
}

/**
 * Finds out whether tasks may run at the same time, by all gates, and in which batches they may.
 *
 * @example
 * ```ts
 * import { ParallelExecutionGates } from "./mod.ts";
 *
 * const gates = new ParallelExecutionGates([
 *   { name: "migrate", shares: ["database"] },
 *   { name: "seed", shares: ["database"] },
 * ]);
 * const [canParallel, report] = gates.validateParallelGroup(["migrate", "seed"]);
 * console.log(canParallel, report.recommendations);
 * ```
 */
export class ParallelExecutionGates {
  readonly #index: TaskIndex;
  readonly #options: GatesOptions;

  /**
   * Takes the tasks that there are.
   *
   * @throws {GateError} When a task declares what cannot be, two have one name, or an option cannot be.
   */
  constructor(tasks: readonly GateTask[], options: GatesOptions = {}) {
    refuseWrong({ maxParallelTasks: options.maxParallelTasks, maxContextComplexity: options.maxContextComplexity });
    refuseWrongLimits(options.resourceLimits);
    this.#index = new TaskIndex(tasks);
    this.#options = options;
  }

  /**
   * Whether tasks may be started together, and the report of all gates.
   *
   * @throws {GateError} When there is no task of a name.
   */
  validateParallelGroup(taskIds: readonly string[]): [canParallel: boolean, report: GateReport] {
    const { report } = this.ask(taskIds);
    return [report.can_parallel, report];
  }

  /**
   * What each gate found about a group or, without names, about all tasks as their dependencies order them.
   *
   * @throws {GateError} When there is no task of a name.
   *
   * @internal
   */
  ask(taskIds?: readonly string[]): Verdict {
    const { load, heldLocks, resourceLimits } = this.#options;
    const chosen = taskIds === undefined ? undefined : this.#index.indexesOf(taskIds);
    const context = {
      ...this.#limits(),
      resourceLimits,
      load: load?.(),
      heldLocks: heldLocks?.(),
      placeOf: this.#placeOf(),
    };
    return validate(this.#index.tasks, chosen, context);
  }

  /**
   * Batches to run one after another, each of tasks that may run together: no two write one file or share state, each
   * batch keeps within capacity, budget and resources, and dependencies are in earlier ones. Without names, of all tasks.
   * With `progressive` the first has 2 tasks at most, the second 3 and the others 5.
   *
   * @throws {GateError} When there is no task of a name, or tasks depend on each other in a cycle.
   */
  suggestExecutionBatches(
    allTaskIds?: readonly string[],
    options: { readonly progressive?: boolean } = {},
  ): string[][] {
    const chosen = allTaskIds === undefined ? undefined : this.#index.indexesOf(allTaskIds);
    const { resourceLimits } = this.#options;
    const limits = { ...this.#limits(), resourceLimits, placeOf: this.#placeOf() };
    return suggestBatches(this.#index.tasks, chosen, { ...limits, ...options });
  }

  /** For each question anew: files and links come and go. */
  #placeOf(): PlaceOf {
    return placesIn(this.#options.folder);
  }

  #limits(): { readonly maxParallelTasks: number; readonly maxContextComplexity: number } {
    const { maxParallelTasks, maxContextComplexity } = this.#options;
    return {
      maxParallelTasks: maxParallelTasks ?? DEFAULT_SETTINGS.maxParallelTasks,
      maxContextComplexity: maxContextComplexity ?? DEFAULT_SETTINGS.maxContextComplexity,
    };
  }
}
