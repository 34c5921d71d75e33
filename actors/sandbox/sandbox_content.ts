/**
 * Owns what a module's function may return: which values are the content of a file and which can be copied to another thread.
 * What would silently become something else, such as `{}`, is refused with what to return instead. It keeps nothing.
 *
 * @module
 */

/** Bytes and text are content as they are, and so is what they can be read from; any other value is stored as JSON. */
export async function contentOf(value: unknown): Promise<Uint8Array | string | undefined> {
  if (value === undefined || value === null) return undefined;
  const content = await bytesOf(value);
  return content ?? jsonOf(value);
}

/** The contents of several files, by path: what was written, and what an object that was returned has. */
export async function contentsOf(
  value: unknown,
  written: ReadonlyMap<string, Uint8Array | string>,
): Promise<[path: string, content: Uint8Array | string][]> {
  const contents = new Map(written);
  if (value !== undefined && value !== null) {
    if (typeof value !== "object" || !isPlain(value)) {
      const what = withArticle(typeof value === "object" ? nameOf(value) : typeof value);
      throw new TypeError(`it returned ${what}, and makes several files: return an object with their contents by path`);
    }
    for (const [path, held] of Object.entries(value)) {
      const content = await contentOf(held);
      if (content !== undefined) contents.set(path, content);
    }
  }
  return [...contents];
}

async function bytesOf(value: unknown): Promise<Uint8Array | string | undefined> {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof Blob) return new Uint8Array(await value.arrayBuffer());
  if (value instanceof Response) return await bodyOf(value);
  if (typeof value === "object" && Symbol.asyncIterator in value!) return await gather(value as AsyncIterable<unknown>);
  return undefined;
}

/** What a server says instead of what was asked for is no artifact. */
async function bodyOf(response: Response): Promise<Uint8Array> {
  if (!response.ok) {
    const { status, statusText, url } = response;
    const said = statusText === "" ? `${status}` : `${status} ${statusText}`;
    throw new TypeError(`it returned a Response with status ${said}${url === "" ? "" : ` from ${url}`}`);
  }
  if (response.bodyUsed) {
    throw new TypeError("it returned a Response whose body was read already: return what was read");
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** A stream of the Web's or of Node's, or what an async generator yields. */
async function gather(parts: AsyncIterable<unknown>): Promise<Uint8Array> {
  const gathered: Uint8Array<ArrayBuffer>[] = [];
  const encoder = new TextEncoder();
  for await (const part of parts) {
    if (typeof part === "string") gathered.push(encoder.encode(part));
    else if (part instanceof ArrayBuffer) gathered.push(new Uint8Array(part));
    else if (ArrayBuffer.isView(part)) {
      gathered.push(new Uint8Array(part.buffer, part.byteOffset, part.byteLength).slice());
    } else throw new TypeError(`it returned a stream of ${plural(part)}, which are neither bytes nor text`);
  }
  return new Uint8Array(await new Blob(gathered).arrayBuffer());
}

function jsonOf(value: unknown): string {
  const paths = new Map<unknown, string>();
  const json: string | undefined = JSON.stringify(value, function (this: unknown, key: string, held: unknown) {
    const parent = paths.get(this);
    const path = parent === undefined ? "" : pathTo(parent, key, this);
    // `this[key]` would be what it is before its own toJSON.
    const odd = oddity(held, Array.isArray(this));
    if (odd !== undefined) throw new TypeError(refusal(odd, path));
    if (typeof held === "object" && held !== null) paths.set(held, path);
    return held;
  }, 2);
  if (json === undefined) {
    throw new TypeError("it returned an object whose toJSON() gives undefined");
  }
  return json + "\n";
}

function refusal({ what, instead }: Oddity, path: string): string {
  const where = path === ""
    ? `it returned ${what}, which is no content of a file`
    : `it returned ${what} at ${path}, which JSON does not hold`;
  return `${where}: ${instead}`;
}

function pathTo(parent: string, key: string, holder: unknown): string {
  if (Array.isArray(holder)) return `${parent}[${key}]`;
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${parent}[${JSON.stringify(key)}]`;
  return parent === "" ? key : `${parent}.${key}`;
}

/** A value that is not what JSON would make of it, and what to return instead. */
interface Oddity {
  readonly what: string;
  readonly instead: string;
}

/** Undefined for what JSON holds as it is. A property that is undefined is none. */
function oddity(value: unknown, isInList: boolean): Oddity | undefined {
  switch (typeof value) {
    case "function":
      return { what: "a function", instead: "return what it returns" };
    case "symbol":
      return { what: "a symbol", instead: "return its description" };
    case "bigint":
      return { what: "a bigint", instead: "return it as text" };
    case "undefined":
      return isInList ? { what: "undefined", instead: "return null" } : undefined;
    case "number":
      return Number.isFinite(value) ? undefined : { what: `${value}`, instead: "return null, or text" };
    case "object":
      return value === null || Array.isArray(value) || isPlain(value) ? undefined : oddObject(value);
    default:
      return undefined;
  }
}

function oddObject(value: object): Oddity | undefined {
  if (value instanceof Number || value instanceof String || value instanceof Boolean) return undefined;
  if (value instanceof Map) return { what: "a Map", instead: "return Object.fromEntries(map) or [...map]" };
  if (value instanceof Set) return { what: "a Set", instead: "return [...set]" };
  if (value instanceof Promise) return { what: "a Promise", instead: "await it" };
  if (value instanceof Error) return { what: withArticle(nameOf(value)), instead: "throw it, or return its message" };
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return { what: withArticle(nameOf(value)), instead: "return it by itself, or as text" };
  }
  if (value instanceof Response || value instanceof Blob || Symbol.asyncIterator in value) {
    return { what: withArticle(nameOf(value)), instead: "return it by itself, or what is read from it" };
  }
  if (Symbol.iterator in value) return { what: withArticle(nameOf(value)), instead: "return a list: [...it]" };
  return { what: withArticle(nameOf(value)), instead: "return a plain object, or give it a toJSON()" };
}

/** Also one of another realm, and a module's namespace. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf"));
}

function nameOf(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "class instance";
}

/** What begins with u is mostly said as "you": a Uint8Array, a URL. */
function withArticle(name: string): string {
  return `${/^[aeio]/i.test(name) ? "an" : "a"} ${name}`;
}

function plural(value: unknown): string {
  return typeof value === "object" && value !== null ? `${nameOf(value)}s` : `${typeof value}s`;
}

/** What keeps its content hidden would arrive in another thread as `{}`; it is refused, wherever it stands in the value. */
export function checkCopyable(value: unknown): void {
  const seen = new Set<unknown>();
  const look = (part: unknown, path: string): void => {
    if (typeof part !== "object" || part === null || seen.has(part)) return;
    seen.add(part);
    if (part instanceof Map) {
      for (const [key, held] of part) [key, held].forEach((each) => look(each, `${path}.get(${String(key)})`));
    } else if (part instanceof Set) { for (const held of part) look(held, `${path}[…]`); }
    else if (Array.isArray(part)) part.forEach((held, at) => look(held, `${path}[${at}]`));
    else if (isPlain(part)) { for (const [key, held] of Object.entries(part)) look(held, pathTo(path, key, part)); }
    else if (isHidden(part)) {
      const where = path === "" ? "" : ` at ${path}`;
      throw new TypeError(
        `it returned ${withArticle(nameOf(part))}${where}, which cannot be copied to another thread: return plain data`,
      );
    }
  };
  look(value, "");
}

/** Nothing of it would arrive. What cannot be sent at all says so by itself. */
function isHidden(value: object): boolean {
  if (Object.keys(value).length > 0) return false;
  try {
    return Object.getPrototypeOf(structuredClone(value)) === Object.prototype;
  } catch {
    return false;
  }
}
