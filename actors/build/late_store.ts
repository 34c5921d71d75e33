/**
 * Owns the store of one build from outside: nothing of it is loaded or opened before a task is found that is not up to date,
 * and it is closed and now and then looked after when the build is over.
 * It knows neither tasks nor fingerprints.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";
import type { Remote } from "../remote/remote.ts";
import type { RemoteChoice, RemoteConfig, RemoteSettings } from "../remote/settings.ts";
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
  readonly #remoteSettings: RemoteSettings | undefined;
  #remote: Remote | undefined;

  /** `tell` is given what goes wrong with it, once. */
  constructor(
    { place, remote, tell }: {
      readonly place: () => Promise<StorePlace>;
      /** A cache that is asked for what the store does not have; default none is. */
      readonly remote?: RemoteSettings;
      readonly tell: (sentence: string) => void;
    },
  ) {
    this.#place = place;
    this.#remoteSettings = remote;
    this.#tell = tell;
  }

  /** There once the store is open, if there is one. */
  get remote(): Remote | undefined {
    return this.#remote;
  }

  /** Ends the use of the remote cache, once what is being sent is there or so much time has passed; the last line. */
  async closeRemote(patienceMs: number): Promise<string | undefined> {
    const remote = this.#remote;
    this.#remote = undefined;
    return await remote?.close(patienceMs);
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
      if (typeof store === "string") return this.#tell(store);
      this.#store = store;
      if (this.#remoteSettings === undefined || options.onlyLooks) return;
      const { Remote } = await later<typeof import("../remote/remote.ts")>("../remote/remote.ts", import.meta.url);
      this.#remote = new Remote(this.#remoteSettings, store);
    } finally {
      this.#isTried = true;
    }
  }
}

/**
 * The store of a config's folder; undefined for none. Wrong variables are told of at once, whether it is opened or not.
 *
 * @throws {InputError} For these.
 */
export async function lateStore(
  folder: string,
  { choice, settings, tell }: {
    readonly choice: StoreChoice & RemoteChoice;
    readonly settings: StoreSettings & RemoteConfig;
    readonly tell: (sentence: string) => void;
  },
): Promise<LateStore | undefined> {
  if (choice.store === false) return undefined;
  const remote = await remoteOf(choice, settings);
  const place = async () => {
    const { storePlace } = await later<typeof import("../store/place.ts")>("../store/place.ts", import.meta.url);
    return storePlace(folder, choice, settings)!;
  };
  const known = VARIABLES.some(isSet) ? await place() : undefined;
  return new LateStore({ place: known === undefined ? place : () => Promise.resolve(known), remote, tell });
}

/** The folder of a store that is not the config's own, as a path that ends with a slash; none where the config lies in it. */
export function toldStore(folder: string, { store = inEnvironment("TROUPE_STORE") }: StoreChoice): string[] {
  if (store === false || store === undefined) return [];
  const path = `${resolve(store)}/`.replace("//", "/");
  return `${folder}/`.startsWith(path) ? [] : [path];
}

async function remoteOf(choice: RemoteChoice, settings: RemoteConfig): Promise<RemoteSettings | undefined> {
  const isAsked = choice.remote !== undefined || settings.remoteUrl !== undefined || isSet("TROUPE_REMOTE");
  if (!isAsked || choice.remote === false) return undefined;
  const { remoteSettings } = await later<typeof import("../remote/settings.ts")>(
    "../remote/settings.ts",
    import.meta.url,
  );
  return remoteSettings(
    choice,
    settings,
    inEnvironment,
  );
}

function inEnvironment(variable: string): string | undefined {
  return isSet(variable) ? Deno.env.get(variable) || undefined : undefined;
}

function isSet(variable: string): boolean {
  return Deno.permissions.querySync({ name: "env", variable }).state === "granted" && Deno.env.has(variable);
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
