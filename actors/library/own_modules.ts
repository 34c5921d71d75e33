/**
 * Owns the question which files a module is made of: its own and those it imports, directly or not, from local files.
 * It reads their text and neither compiles nor runs it, so an import that is only in a string is followed too.
 *
 * @module
 */
/** Specifiers of static imports and exports, and of dynamic imports of what is written out. */
const IMPORTS = [
  /(?:^|[;}\s])(?:import|export)\b[^"'`;()]*?\bfrom\s*["']([^"']+)["']/g,
  /(?:^|[;}\s])import\s*["']([^"']+)["']/g,
  /\bimport\s*\(\s*["']([^"']+)["']/g,
];

/** Paths of all local files of a module, its own first; none if it is not local. What cannot be read is left out. */
export function ownModules(module: URL): string[] {
  const found = new Set([module.href]);
  const paths: string[] = [];
  for (const href of found) {
    const url = new URL(href);
    if (url.protocol !== "file:") continue;
    const path = decodeURIComponent(url.pathname);
    paths.push(path);
    for (const specifier of specifiersIn(textOf(path))) {
      if (/^(?:\.{0,2}\/|file:)/.test(specifier)) found.add(new URL(specifier, url).href);
    }
  }
  return paths;
}

function specifiersIn(text: string): string[] {
  return IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)]).map(([, specifier]) => specifier);
}

/** Whoever imports it is told why it cannot be read. */
function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return "";
  }
}
