/**
 * Owns the loading of modules that most starts do without. Deno reads every module that an `import()` names outright before
 * a program starts, and those are half of troupe; one that is named here is read when it is asked for.
 *
 * `deno compile` does not see them either: its task in deno.json includes their folders. Like the threads that troupe starts they are read with the
 * program's own permissions.
 *
 * @module
 */

/**
 * Imports a module by its path from the one whose `import.meta.url` is given.
 *
 * @throws {Deno.errors.NotCapable} When the right to read it is missing.
 */
export async function later<Module>(path: string, from: string): Promise<Module> {
  try {
    return await import(new URL(path, from).href);
  } catch (error) {
    // Deno has a type of its own for this everywhere but here.
    const isRight = error instanceof TypeError && /^Requires \w+ access/.test(error.message);
    throw isRight ? new Deno.errors.NotCapable(error.message) : error;
  }
}
