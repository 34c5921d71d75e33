/**
 * Owns the store of one build from outside: nothing of it is loaded or opened before a task is found that is not up to date,
 * and it is closed and now and then looked after when the build is over.
 * It knows neither tasks nor fingerprints.
 *
 * @module
 */
import { later } from "../machine/later.ts";
import type { StoreChoice, StorePlace, StoreSettings } from "../store/place.ts";
import type { Store, StoreOptions } from "../store/store.ts";

/** A store that is opened when it is first wanted. */
export class LateStore implements Disposable {
  readonly #place: () => Promise<StorePlace>;
  readonly #tell: (sentence: string) => void;
  #opening: Promise<void> | undefined;
  #isTried = false;
  #store: Store | undefined;

  /** `tell` is given what goes wrong with it, once. */
  constructor(place: () => Promise<StorePlace>, tell: (sentence: string) => void) {
    this.#place = place;
    this.#tell = tell;
  }

  /** There once it is open, and can be used. */
  get store(): Store | undefined {
    return this.#store;
  }

  /** Whether it was opened, be it in vain. */
  get isTried(): boolean {
    return this.#isTried;
  }

  /** Opens it; never rejects. */
  open(): Promise<void> {
    return this.#opening ??= this.#open();
  }

  /** Opens it for who only looks: one that is not there is not made. */
  async openToLook(): Promise<void> {
    const { isStore } = await later<typeof import("../store/tidy.ts")>("../store/tidy.ts", import.meta.url);
    if (isStore(await this.#place())) await this.#open({ onlyLooks: true });
    this.#isTried = true;
  }

  /** Tells what has gone wrong since. */
  tellTrouble(): void {
    if (this.#store !== undefined) this.#tellTroubleOf(this.#store);
  }

  #tellTroubleOf(store: Store): void {
    const sentence = store.takeTrouble();
    if (sentence !== undefined) this.#tell(sentence);
  }

  /** Ends the use of it; again it does nothing. Answers with what looks after it, if it is time to. */
  close(): (() => Promise<void>) | undefined {
    const store = this.#store;
    this.#store = undefined;
    if (store === undefined) return undefined;
    const isDue = store.close();
    this.#tellTroubleOf(store);
    return isDue ? () => tidy(store.place) : undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #open(options: StoreOptions = {}): Promise<void> {
    try {
      const { Store } = await later<typeof import("../store/store.ts")>("../store/store.ts", import.meta.url);
      const store = await Store.open(await this.#place(), options);
      if (typeof store === "string") this.#tell(store);
      else this.#store = store;
    } finally {
      this.#isTried = true;
    }
  }
}

/** The store of a config's folder; undefined for none. Wrong variables are told of at once, whether it is opened or not. */
export async function lateStore(
  folder: string,
  { choice, settings, tell }: {
    readonly choice: StoreChoice;
    readonly settings: StoreSettings;
    readonly tell: (sentence: string) => void;
  },
): Promise<LateStore | undefined> {
  if (choice.store === false) return undefined;
  const place = async () => {
    const { storePlace } = await later<typeof import("../store/place.ts")>("../store/place.ts", import.meta.url);
    return storePlace(folder, choice, settings)!;
  };
  const isLimited = VARIABLES.some((variable) =>
    Deno.permissions.querySync({ name: "env", variable }).state === "granted" && Deno.env.has(variable)
  );
  const known = isLimited ? await place() : undefined;
  return new LateStore(known === undefined ? place : () => Promise.resolve(known), tell);
}

const VARIABLES = ["TROUPE_STORE_LIMIT", "TROUPE_STORE_DAYS"];

async function tidy(place: StorePlace): Promise<void> {
  const { collect } = await later<typeof import("../store/tidy.ts")>("../store/tidy.ts", import.meta.url);
  try {
    collect(place);
  } catch {
    // The next build will, or `troupe store gc` says why it cannot be done.
  }
}
