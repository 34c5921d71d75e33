/**
 * Owns what a module's thread is shown of the environment: what is declared for the task, what the module sets itself, and only
 * then the process's, as far as permissions go. Nothing that it sets is anybody else's.
 *
 * @module
 */

/** What is there before the process's own environment. */
export interface ShownEnvironment {
  /** Declared for what runs now; undefined when nothing does. */
  readonly env: () => Readonly<Record<string, string>> | undefined;
  /** Found by who asks for it by name. */
  readonly told: () => Readonly<Record<string, string>> | undefined;
}

// deno-lint-ignore no-explicit-any
type Open = Record<string, any>;

/** What a module sets is the thread's own, and only until its call ends; what it reads is what is declared, then the process's. */
export function shutEnvironment(deno: Open, node: Open, { env: declared, told }: ShownEnvironment): void {
  const real = Deno.env, { get, has, toObject } = real;
  const isGiven = (name: string) => [declared(), told()].some((env) => env !== undefined && Object.hasOwn(env, name));
  let own: Map<string, string | undefined> = new Map(), of: unknown;
  const mine = () => {
    const env = declared();
    if (of !== env) [own, of] = [new Map(), env];
    return own;
  };
  const read = (name: string) =>
    mine().has(name) ? own.get(name) : declared()?.[name] ?? told()?.[name] ?? get.call(real, name);
  const change = (name: string, value: string | undefined) => {
    // Says which right is missing.
    if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") get.call(real, name);
    mine().set(name, value);
  };
  const all = () => {
    const env = declared();
    const seen: Record<string, string> = { ...(env === undefined ? toObject.call(real) : env) };
    for (const [name, value] of mine()) {
      if (value === undefined) delete seen[name];
      else seen[name] = value;
    }
    return seen;
  };
  const exists = (name: string) =>
    mine().has(name) ? own.get(name) !== undefined : isGiven(name) || has.call(real, name);
  deno.env = Object.assign(Object.create(null), {
    get: read,
    has: exists,
    toObject: all,
    set: (name: string, value: string) => change(name, `${value}`),
    delete: (name: string) => change(name, undefined),
  });
  const shown = new Proxy({}, {
    get: (_, name) => typeof name === "string" ? read(name) : undefined,
    has: (_, name) => typeof name === "string" && exists(name),
    set: (_, name, value) => (change(String(name), `${value}`), true),
    deleteProperty: (_, name) => (change(String(name), undefined), true),
    ownKeys: () => Object.keys(all()),
    getOwnPropertyDescriptor: (_, name) => {
      const value = all()[String(name)];
      return value === undefined ? undefined : { value, configurable: true, enumerable: true, writable: true };
    },
  });
  Object.defineProperty(node, "env", { value: shown, configurable: true, enumerable: true, writable: true });
  shutPermissions(isGiven);
}

/** What may be read is so by every word for it. */
function shutPermissions(isGiven: (name: string) => boolean): void {
  const { permissions } = Deno, { query, querySync } = permissions;
  const stands = (what: Deno.PermissionDescriptor) =>
    what.name === "env" && what.variable !== undefined && isGiven(what.variable);
  const granted = () =>
    Object.assign(new EventTarget(), { name: "env", state: "granted" as const, partial: false, onchange: null });
  permissions.query = (what) => stands(what) ? Promise.resolve(granted()) : query.call(permissions, what);
  permissions.querySync = (what) => stands(what) ? granted() : querySync.call(permissions, what);
}
