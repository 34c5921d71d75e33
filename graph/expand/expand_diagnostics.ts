/**
 * Owns the sentences of what is wrong in what a config leaves to be expanded: templates, defaults and includes. It decides
 * nothing: whoever calls has found it.
 *
 * @module
 */
import { didYouMean, key, labelOf, nameOf, type TaskLabel, value } from "../diagnostics.ts";
import type { Diagnostic, JsonPath, Place } from "../failure.ts";
import { nearest } from "../suggest.ts";
import { counted, escapeControls, quote, shortened } from "../text.ts";
import type { Mistake } from "./template.ts";

/** A mistake in a text of a template; `names` are the placeholders that there are. */
export function mistakeInText(task: TaskLabel, mistake: Mistake, names: readonly string[]): Diagnostic {
  return mistakeIn(`${quote(fieldName(mistake.path.slice(2)))} of ${labelOf(task)}`, mistake, names);
}

/** A mistake in the prefix for the names of included tasks. */
export function mistakeInPrefix(mistake: Mistake, names: readonly string[]): Diagnostic {
  return mistakeIn(quote(fieldName(mistake.path)), mistake, names);
}

function mistakeIn(field: string, mistake: Mistake, names: readonly string[]): Diagnostic {
  if (mistake.kind === "double") {
    const becomes = mistake.text.slice(1);
    return {
      message: `${quote(mistake.text)} in ${field} would become ${quote(becomes)}`,
      places: [value(mistake.path)],
      hint:
        "a placeholder stands in single braces; a '{' is written '{{', and a '}' as it is, with a blank before another",
    };
  }
  const { name, isShell } = mistake;
  const meant = didYouMean(bracedName(nearest(name, names)));
  const brace = isShell ? `to leave it to the shell write '\${{${name}}'` : `a brace is written '{{'`;
  return {
    message: `Unknown placeholder '{${name}}' in ${field}`,
    places: [value(mistake.path)],
    hint: meant ?? `there is ${names.map(bracedName).join(", ")}; ${brace}`,
  };
}

function bracedName(name: string | undefined): string | undefined {
  return name === undefined ? undefined : `{${name}}`;
}

/** A field as a sentence names it, from the path to it: `env.A`, `source_files[0]`. */
function fieldName(keys: JsonPath): string {
  return keys.map((part, at) => typeof part === "number" ? `[${part}]` : at === 0 ? part : `.${part}`).join("");
}

/** A template whose tasks would all have one name. */
export function sameName(task: TaskLabel, count: number, names: readonly string[]): Diagnostic {
  return {
    message: `${counted(count, "task")} would have the same name ${nameOf(task)}`,
    places: [value(["tasks", task.index, "name"])],
    hint: `put what they are made for into it: ${names.map(bracedName).join(", ")}`,
  };
}

/** More combinations than anybody can mean. */
export function tooManyCombinations(task: TaskLabel, count: number, most: number): Diagnostic {
  return {
    message: `${upper(labelOf(task))} stands for ${count} tasks, more than ${most}`,
    places: [key(["tasks", task.index, "matrix"])],
  };
}

/** A name of the matrix that the files of a `for_each` have. */
export function takenName(task: TaskLabel, name: string): Diagnostic {
  return {
    message: `'matrix.${name}' of ${labelOf(task)} has the name of a placeholder for files`,
    places: [key(["tasks", task.index, "matrix", name])],
    hint: "choose another name",
  };
}

/** A list of the matrix with one value twice. */
export function repeatedValue(task: TaskLabel, name: string, [text, at]: readonly [string, number]): Diagnostic {
  return {
    message: `'matrix.${name}' of ${labelOf(task)} has ${quote(text)} twice`,
    places: [value(["tasks", task.index, "matrix", name, at])],
  };
}

/** A config that is to be included is not there, or cannot be read; `why` says so. `config`: one in it, if it is a folder. */
export function cannotInclude(place: Place, path: string, why: string, config?: string): Diagnostic {
  const hint = config === undefined ? undefined : `it is a folder: write ${JSON.stringify(`${path}/${config}`)}`;
  return { message: `Cannot include ${quote(path)}: ${why}`, places: [place], hint };
}

/** An include without a match. */
export function nothingToInclude(place: Place, pattern: string): Diagnostic {
  return { message: `Nothing to include: ${quote(pattern)} matches no file`, places: [place] };
}

/** Configs that include each other; the paths in order, the first again at the end. */
export function circularInclude(place: Place, paths: readonly string[]): Diagnostic {
  return { message: `Circular include detected: ${shortened(paths).join(" → ")}`, places: [place] };
}

/** One config that is included by two ways: its tasks would make the same twice. */
export function includedTwice(places: readonly [Place, Place], path: string): Diagnostic {
  return {
    message: `Build configuration ${quote(path)} is included twice`,
    places,
    hint: "what it makes can be made once only",
  };
}

/** A template whose tasks read nothing of the files that they are made for. */
export function unreadLine(task: string): string {
  return `Warning: task ${quote(task)} is made for files that it does not read: no edit of them makes it run; ` +
    'add "source_files": ["{path}"]';
}

/** A file that a template leaves out since it is no source. */
export function leftOutLine(task: string, path: string, config: string): string {
  return `Warning: 'for_each' of task ${quote(task)} leaves out ${quote(path)}: no task of '${
    escapeControls(config)
  }' makes it any more`;
}

function upper(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
