/**
 * Owns how functions of the C library are opened and called. It knows none of them.
 *
 * Deno compiles a bridge for a function that is opened with its signature, which takes 0.3 ms, and some more for the first one
 * in a thread; a call by it costs 0.4 µs instead of 2.2. So a function is opened by its address alone, for as long as it is
 * not called very often.
 *
 * @module
 */

/** What functions take and give, by their names. */
export type Signatures = Readonly<Record<string, Deno.ForeignFunction>>;

/** The functions, by their names. */
export type Functions<All extends Signatures> = Deno.DynamicLibrary<All>["symbols"];

/** What the library is called where there is glibc, and where there is musl. */
const NAMES = ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`];

/** Some functions of the C library. */
export class CLibrary<All extends Signatures> implements Disposable {
  readonly #name: string;
  readonly #signatures: All;
  readonly #opened: { close(): void }[] = [];
  readonly functions: Functions<All>;

  /** @throws What Deno throws where the library, one of the functions, or the right to call it is missing. */
  constructor(name: string, signatures: All) {
    this.#name = name;
    this.#signatures = signatures;
    this.functions = this.#byAddress();
  }

  /** From now on calls cost a fifth: worth it for thousands of them. */
  compile(): void {
    const library = Deno.dlopen(this.#name, this.#signatures);
    this.#opened.push(library);
    Object.assign(this.functions, library.symbols);
  }

  /** Closes it: nothing of it may be called any more. */
  [Symbol.dispose](): void {
    for (const library of this.#opened.splice(0)) library.close();
  }

  #byAddress(): Functions<All> {
    const declared: Record<string, Deno.ForeignFunction | Deno.ForeignStatic<"pointer">> = {};
    for (const [key, signature] of Object.entries(this.#signatures)) {
      // One that waits in a native thread gets no bridge.
      declared[key] = signature.nonblocking ? signature : { name: signature.name ?? key, type: "pointer" };
    }
    const library = Deno.dlopen(this.#name, declared);
    this.#opened.push(library);
    const functions: Record<string, unknown> = { ...library.symbols };
    for (const [key, signature] of Object.entries(this.#signatures)) {
      if (!signature.nonblocking) functions[key] = calling(functions[key] as Address, signature);
    }
    return functions as Functions<All>;
  }
}

/** Opens functions of the C library of Linux; undefined elsewhere, or where one is missing or may not be called. Never asks. */
export function openCLibrary<All extends Signatures>(signatures: All): CLibrary<All> | undefined {
  if (Deno.build.os !== "linux") return undefined;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  for (const name of NAMES) {
    try {
      return new CLibrary(name, signatures);
    } catch {
      // not this C library, or one too old
    }
  }
  return undefined;
}

type Address = Deno.PointerObject<Deno.ForeignFunction>;

function calling(address: Address, signature: Deno.ForeignFunction): (...args: unknown[]) => unknown {
  let pointer: { call(...args: unknown[]): unknown } | undefined;
  return (...args) => {
    pointer ??= new Deno.UnsafeFnPointer(address, signature) as NonNullable<typeof pointer>;
    return pointer.call(...args);
  };
}
