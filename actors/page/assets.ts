/**
 * Owns the page's own files, its markup, its style and its script, as the one text they become. The script stands in modules
 * that know each other by `import`; a page must need no file beside itself, so they are put one after another, each behind
 * those that it imports, and get from these what they import.
 *
 * @module
 */
import { ownText } from "../machine/own_text.ts";

/** Each behind those that it imports. */
export const SCRIPTS = [
  "elements",
  "words",
  "model",
  "layers",
  "detail",
  "graph",
  "timeline",
  "table",
  "runs",
  "live",
  "main",
] as const;

/** What a page is made of. */
export interface Assets {
  readonly markup: string;
  readonly style: string;
  readonly script: string;
}

/**
 * Reads them.
 *
 * @throws {Deno.errors.NotCapable} When the right to read them is missing.
 */
export async function readAssets(): Promise<Assets> {
  const [markup, style, ...modules] = await Promise.all(
    ["page.html", "style.css", ...SCRIPTS.map((name) => `${name}.js`)].map(read),
  );
  return { markup, style, script: joined(SCRIPTS.map((name, at) => [name, modules[at]])) };
}

/** They lie in a folder beside this module, wherever that is. */
function read(name: string): Promise<string> {
  return ownText(new URL(`./browser/${name}`, import.meta.url));
}

/** One script of modules, each in a scope of its own: what it exports is the value of that. */
export function joined(modules: readonly (readonly [name: string, text: string])[]): string {
  const parts = modules.map(([name, text]) => {
    const exported = [...text.matchAll(/^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm)].map(([, word]) =>
      word
    );
    // What is said of the code is for those who read it here.
    const body = text.replace(/^ *\/\*\*[\s\S]*?\*\/\n|^ *\/\/.*\n/gm, "")
      .replace(/^import (\{[^}]*\}) from "\.\/(\w+)\.js";$/gm, "const $1 = modules.$2;")
      .replace(/^export (?=(?:async )?(?:function|const|let|class)\b)/gm, "");
    return `modules.${name} = (() => {\n${body}return { ${exported.join(", ")} };\n})();\n`;
  });
  return `"use strict";\n(() => {\nconst modules = {};\n${parts.join("")}})();\n`;
}
