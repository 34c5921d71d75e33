/**
 * Owns the question what an import of a user's module leads to by the import map that is in force. A packed troupe has another file
 * in the place of this one (bench/pack.ts), since modules of packages are not asked by that map. It loads nothing.
 *
 * @module
 */

/**
 * The URL that a specifier leads to.
 *
 * @throws {TypeError} When the import map knows nothing of it.
 */
export function resolveImport(specifier: string): string {
  return import.meta.resolve(specifier);
}
