/**
 * Owns the question which local files a module is made of: its own and those it imports, directly or not.
 * It reads their text and runs none of them.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";
import { importsOf } from "../../graph/module_imports.ts";
import { resolveImport } from "../machine/import_map.ts";
import { readRegularText } from "../machine/regular_file.ts";

/** Paths of all local files of a module, its own first; none if it is not local. What cannot be read is left out of account. */
export function ownModules(module: URL): string[] {
  if (module.protocol !== "file:") return [];
  const paths = new Set([decoded(module.pathname)]);
  // A set grows while it is walked.
  for (const path of paths) {
    for (const specifier of importsIn(path)) {
      const file = importedFile(specifier, path);
      if (file !== undefined) paths.add(file);
    }
  }
  return [...paths];
}

/** What a file imports, as it is written there; nothing when it cannot be read, as whoever imports it is told. */
export function importsIn(path: string): string[] {
  // JSON, text and bytes import nothing.
  if (!/\.[cm]?[jt]sx?$/.test(path)) return [];
  try {
    return importsOf(readRegularText(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return [];
  }
}

/**
 * The path of a file that is imported, or undefined when it is no local one. A relative specifier leads from the importer's
 * path, whether that is absolute or starts anywhere; any other to an absolute path.
 */
export function importedFile(specifier: string, importer: string): string | undefined {
  if (/^\.{1,2}\//.test(specifier)) return join(dirname(importer), decoded(specifier));
  const url = specifier.startsWith("/") ? `file://${specifier}` : resolvedImport(specifier);
  return url.startsWith("file:") ? decoded(new URL(url).pathname) : undefined;
}

/** By the import map that is in force; itself where that knows nothing. */
export function resolvedImport(specifier: string): string {
  try {
    return resolveImport(specifier);
  } catch {
    return specifier;
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path.replace(/[?#].*$/, ""));
  } catch {
    return path;
  }
}
