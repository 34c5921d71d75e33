/**
 * Owns the registration of one pass through a member's items: tasks are taken from their source and entered in the
 * database, as many as are wanted and no more. It gives nothing out.
 *
 * @module
 */
import type { CrewTask } from "./crew_task.ts";
import type { Member } from "./member.ts";
import type { CrewSettings } from "./options.ts";
import type { Claim } from "./store/claims.ts";
import type { CrewStore } from "./store/store.ts";
import { type Items, TaskSource } from "./task_source.ts";

/** What is registered of one member's items. */
export class Registrar {
  readonly source: TaskSource;
  /** Rows of the tasks that others have registered and this one's items have not given so far, by id. */
  readonly unknown = new Map<string, number>();
  readonly #store: CrewStore;
  readonly #settings: CrewSettings;
  readonly #member: () => Member | undefined;
  #taking: Promise<void> | undefined;
  /** What the items threw, until the loop is told. */
  #spoilt: { readonly error: unknown } | undefined;

  /** `member` is asked for whoever is to be told that there is nothing more to register. */
  constructor(
    items: Items,
    { store, settings, member }: {
      readonly store: CrewStore;
      readonly settings: CrewSettings;
      readonly member: () => Member | undefined;
    },
  ) {
    this.source = new TaskSource(items);
    this.#store = store;
    this.#settings = settings;
    this.#member = member;
  }

  /** Whether there is nothing to take, and no error of the items to tell of. */
  get isDone(): boolean {
    return this.source.isDone && this.#spoilt === undefined;
  }

  /** Takes all that there is by now. */
  async takeAll(): Promise<void> {
    while (!this.source.isDone) await this.#take();
  }

  /** A task that another member has registered may lie further on in this one's items: where that one's had it. */
  async find({ id, place }: Claim): Promise<CrewTask | undefined> {
    const { source } = this;
    while (source.task(id) === undefined && !source.isDone && source.taken <= place) await this.#take();
    return source.task(id);
  }

  /** Resolves when there is another item, or others have brought some work to the member. */
  async takeOrWait(member: Member): Promise<void> {
    if (this.#spoilt !== undefined) return await this.#take();
    const waiting = new AbortController();
    try {
      await Promise.race([this.#taken(), member.change(waiting.signal)]);
    } finally {
      waiting.abort();
    }
  }

  /** Takes some more items. Asked again before there are any, it is the same taking; an error waits for who asks. */
  async #take(): Promise<void> {
    if (this.#spoilt === undefined) await this.#taken();
    const spoilt = this.#spoilt;
    this.#spoilt = undefined; // a generator that threw has ended: the next loop works through what came before
    if (spoilt !== undefined) throw spoilt.error;
  }

  #taken(): Promise<void> {
    if (this.#taking === undefined) {
      const taking = this.#takeNow().finally(() => {
        if (this.#taking === taking) this.#taking = undefined;
      });
      this.#taking = taking;
    }
    return this.#taking;
  }

  /** Never rejects: it may be that nobody asks any more when it settles. */
  async #takeNow(): Promise<void> {
    const { source } = this;
    try {
      const entries = await source.more();
      await this.#store.register(entries, this.#settings.enableFingerprints ? "invalidates" : "only recorded");
      for (const { id } of entries) this.unknown.delete(id);
      if (source.total !== null) await this.#store.setTotal(source.total);
      if (source.isDone) await this.#member()?.noteRegistered();
    } catch (error) {
      this.#spoilt = { error };
    }
  }
}
