/**
 * Owns what one member knows of the tasks in the database: which its input has, which it has otherwise than they are
 * registered, and so what it wants to be given. It asks the database nothing.
 *
 * @module
 */
import type { Claim, OtherTask, Wishes } from "../crew/store/claims.ts";
import type { CrewWork } from "./crew_work.ts";

/** Once it was given so many tasks that its input does not have, it asks for its own by name: that costs as much each time. */
const MOST_UNKNOWN = 50;

/** The tasks of one member's input. */
export class KnownTasks {
  readonly #names: readonly string[];
  readonly #work: CrewWork;
  readonly #indexes: ReadonlyMap<string, number>;
  /** Rows of tasks in the database that this member's input does not have. */
  readonly #unknown: number[] = [];
  /** Rows of tasks that are being looked at again. */
  readonly #aside = new Set<number>();
  #outdated: string | undefined;

  constructor(names: readonly string[], work: CrewWork) {
    this.#names = names;
    this.#work = work;
    this.#indexes = new Map(names.map((name, index) => [name, index]));
  }

  /** The first task that others know otherwise, also after it was looked at again. */
  get outdated(): string | undefined {
    return this.#outdated;
  }

  /** Whether anything is being looked at again. */
  get isLooking(): boolean {
    return this.#aside.size > 0;
  }

  /** Names of all it wants to be given, where these are few among many; undefined where it may be asked for any. */
  get only(): readonly string[] | undefined {
    return this.#unknown.length < MOST_UNKNOWN ? undefined : this.#names;
  }

  /** What it does not want, and how it knows the rest. */
  get wishes(): Required<Omit<Wishes, "limit">> {
    return {
      except: [...this.#unknown, ...this.#aside],
      knownAs: (id, registered) => {
        const task = this.#indexes.get(id);
        const own = task === undefined ? undefined : this.#work.fingerprint?.(task);
        return own === undefined || own === registered ? registered : undefined;
      },
    };
  }

  /** The index of a task that it was given; undefined for one that it does not know, and does not want again. */
  indexOf({ id, task }: Claim): number | undefined {
    const index = this.#indexes.get(id);
    if (index === undefined) this.#unknown.push(task);
    return index;
  }

  /** Looks again at one that is registered otherwise than it knows it: its sources may have changed since it joined. */
  async lookAgain({ id, task, fingerprint }: OtherTask): Promise<boolean> {
    this.#aside.add(task);
    return await this.#work.isNow?.(this.#indexes.get(id)!, fingerprint) ?? false;
  }

  /** A task was looked at again: it is known now as it is registered, or not. */
  looked({ id, task }: OtherTask, isKnown: boolean): void {
    this.#aside.delete(task);
    if (!isKnown) this.#outdated ??= id;
  }
}
