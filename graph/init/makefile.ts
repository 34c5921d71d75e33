/**
 * Owns the finding of targets in the text of a Makefile: those that a person would ask for by name. It runs no make, and
 * so knows nothing of what variables and included files come to.
 *
 * @module
 */
import { shellWord } from "../report/typed_commands.ts";
import type { Script } from "./project.ts";

interface Rule {
  readonly needs: string[];
  recipe: string;
}

/** A target that is asked for by its name, and is no path, pattern or setting. */
const NAME = /^[A-Za-z0-9_][\w.:+-]*$/;

/** The targets, as scripts: those that are declared `.PHONY` or, where none is, all whose names are no files'. */
export function makeScripts(text: string): Script[] {
  const rules = new Map<string, Rule>();
  const phony = new Set<string>();
  let open: Rule[] = [];
  for (const line of text.replace(/\\\r?\n/g, " ").split(/\r?\n/)) {
    if (line.startsWith("\t")) {
      for (const rule of open) rule.recipe += `${line.trim()}\n`;
      continue;
    }
    const head = /^([^\s#:=][^#:=]*?)\s*::?(?![:=])\s*([^#;]*)(?:;(.*))?/.exec(line);
    if (head === null) {
      if (/^\S/.test(line) && !line.startsWith("#")) open = [];
      continue;
    }
    const [, left, right, inline = ""] = head;
    if (/[^=!<>]=|^=/.test(right)) continue; // a variable of the target
    const needs = right.replace(/\|/g, " ").split(/\s+/).filter((word) => word !== "");
    const names = left.split(/\s+/);
    if (names.includes(".PHONY")) {
      for (const name of needs) phony.add(name);
      open = [];
      continue;
    }
    open = names.map((name) => {
      const rule = rules.get(name) ?? { needs: [], recipe: "" };
      rules.set(name, rule);
      rule.needs.push(...needs);
      if (inline.trim() !== "") rule.recipe += `${inline.trim()}\n`;
      return rule;
    });
  }
  const isAsked = (name: string) =>
    NAME.test(name) && (phony.size > 0 ? phony.has(name) || name === "all" : !name.includes("."));
  const asked = new Map([...rules].filter(([name]) => isAsked(name)));
  return [...asked].map(([name, { needs, recipe }]) => {
    const own = needs.filter((need) => asked.has(need) && need !== name);
    return {
      name,
      text: recipe.trim(),
      command: `make ${shellWord(name)}`,
      ...(own.length > 0 ? { needs: own } : {}),
      ...(recipe === "" && needs.length > 0 && own.length === needs.length ? { isGroup: true } : {}),
    };
  });
}
