/**
 * Owns the question which files a module is made of: its own and those it imports, directly or not, from local files.
 * It reads their text and runs none of them.
 *
 * @module
 */
import { importsOf } from "../../graph/module_imports.ts";

/** Paths of all local files of a module, its own first; none if it is not local. What cannot be read is left out. */
export function ownModules(module: URL): string[] {
  const found = new Set([module.href]);
  const paths: string[] = [];
  // A set grows while it is walked.
  for (const href of found) {
    const url = new URL(href);
    if (url.protocol !== "file:") continue;
    const path = decodeURIComponent(url.pathname);
    paths.push(path);
    // JSON, text and bytes import nothing.
    const text = /\.[cm]?[jt]sx?$/.test(path) ? textOf(path) : "";
    for (const specifier of importsOf(text)) found.add(resolved(specifier, href));
  }
  return paths;
}

/** By the import map that is in force, unless it is relative. */
function resolved(specifier: string, importer: string): string {
  if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, importer).href;
  try {
    return import.meta.resolve(specifier);
  } catch {
    // Whoever imports it is told.
    return "data:,";
  }
}

/** Whoever imports a file that cannot be read is told why. */
function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return "";
  }
}
