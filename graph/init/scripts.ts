/**
 * Owns the reading of what scripts are for by their names and texts: whether one ends, whether it changes what people
 * wrote, whether it only has others run. A guess is wrong at times; what is left out is told, and what is not is seen by
 * who reads the config.
 *
 * @module
 */
import { shellWord } from "../report/typed_commands.ts";
import type { Script } from "./project.ts";

/** Why a script becomes no task. */
export type LeftOutReason =
  | "they may not end"
  | "they change more than artifacts"
  | "they have others run"
  | "a config has no such names and commands";

/** Characters that no text of a config may have. */
const UNUSABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

const ENDLESS =
  /^(dev|develop|start|serve|server|run|watch|preview|storybook|repl|console|shell|up|exec|debug)([:\-_.].*)?$/;
const ENDLESS_END = /[:\-_.](dev|watch|serve|start)$/;
const ENDLESS_TEXT =
  /(^|\s)(--watch(?!=false)|nodemon|live-server|http-server|webpack-dev-server|next dev|vite( dev| serve)?$)/;

const CHANGING =
  /^(fmt|format|prettier|fix|clean|distclean|mostlyclean|deploy|publish|release|version|bump|tag|install|uninstall|upgrade|update|migrate|seed|reset|eject|prepare|prepack|postpack|(pre|post)(install|publish.*|version)|prepublish.*|dependencies|preinstall|lint[:\-_]?fix|push|bench(mark)?|help)([:\-_.].*)?$/;
const CHANGING_END = /[:\-_.](fix|write|update|deploy|publish|clean)$/;
const CHANGING_TEXT =
  /(^|\s)(--fix|--write|--update-snapshots?|npm publish|git (push|commit|tag)|deno fmt(?!.*--check))(\s|$)/;

/** What only looks, whatever it looks at. */
const CHECKING = /(^|[:\-_.])(check|verify|dry-run)$/;

const RUNNERS = /^(?:(?:npm|pnpm|yarn|bun|deno task)(?: run)?(?: -s| --silent| -q)?|run-[sp]|npm-run-all\S*) /;

/** Has all packages of a workspace do something. */
const EVERYWHERE =
  /^(turbo|lerna|nx|wsrun|rush)\s|\s(--workspaces|-ws|--recursive|-r|--filter\S*)(\s|$)|workspaces foreach/;

/**
 * The reason to leave a script out; undefined for one that becomes a task. `hasMembers`: it stands at the root of a
 * workspace, whose packages have tasks of their own.
 */
export function leftOutReason(
  { name, text, command, isGroup = false }: Script,
  { hasMembers = false }: { readonly hasMembers?: boolean } = {},
): LeftOutReason | undefined {
  if (name === "" || UNUSABLE.test(name) || command.includes("\0")) return "a config has no such names and commands";
  if (isGroup || isOnlyCalls(text) || (hasMembers && EVERYWHERE.test(text))) return "they have others run";
  if (ENDLESS.test(name) || ENDLESS_END.test(name) || ENDLESS_TEXT.test(text)) return "they may not end";
  if (CHANGING_TEXT.test(text)) return "they change more than artifacts";
  if (CHECKING.test(name)) return undefined;
  if (CHANGING.test(name) || CHANGING_END.test(name)) return "they change more than artifacts";
}

/** Whether all parts of a command have a runner of scripts run another one. */
function isOnlyCalls(text: string): boolean {
  const parts = text.split(/&&|;|&/).map((part) => part.trim()).filter((part) => part !== "");
  return parts.length > 0 && parts.every((part) => RUNNERS.test(part) && /^[\w:.\s@*{}/-]+$/.test(part));
}

/** Whether a script tries what `build` has made. */
export function isTest(name: string): boolean {
  return /^(test|tests|e2e|integration|smoke)([:\-_.].*)?$/.test(name);
}

/** Scripts of a `package.json`; npm itself runs `prebuild` before `build`. */
export function npmScripts(scripts: Readonly<Record<string, unknown>>, runner: string): Script[] {
  const texts = Object.entries(scripts).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  const names = new Set(texts.map(([name]) => name));
  const isHook = (name: string) => /^(pre|post)./.test(name) && names.has(name.replace(/^(pre|post)/, ""));
  return texts.filter(([name]) => !isHook(name)).map(([name, text]) => ({
    name,
    text,
    command: `${runner} run ${shellWord(name)}`,
  }));
}

/** Tasks of a `deno.json`. One that has dependencies runs without them here, as they are tasks of their own. */
export function denoScripts(tasks: Readonly<Record<string, unknown>>): Script[] {
  return Object.entries(tasks).flatMap(([name, task]): Script[] => {
    if (typeof task === "string") return [{ name, text: task, command: `deno task -q ${shellWord(name)}` }];
    if (typeof task !== "object" || task === null) return [];
    const { command = "", description, dependencies } = task as Record<string, unknown>;
    const needs = Array.isArray(dependencies) ? dependencies.filter((each) => typeof each === "string") : [];
    if (typeof command !== "string") return [];
    const alone = `deno task -q --eval ${shellWord(command)}`;
    return [{
      name,
      text: command,
      command: needs.length > 0 ? alone : `deno task -q ${shellWord(name)}`,
      ...(typeof description === "string" ? { description } : {}),
      ...(needs.length > 0 ? { needs } : {}),
      ...(command === "" ? { isGroup: true } : {}),
    }];
  });
}
