/**
 * Owns what commands get of troupe's own environment, and what of it is part of what names their work: the variables
 * that a command's text names, since it does something else when they change. What a command reads without naming it
 * is not known here.
 * It starts nothing.
 *
 * @module
 */
import { variablesNamed } from "../../graph/command_text.ts";
import { sha256 } from "../../graph/digest.ts";
import { BUILD_VARIABLE } from "./build_chain.ts";

/** Variables that a shell sets itself, so none of them is inherited. */
const OWN_TO_SHELLS: ReadonlySet<string> = new Set([
  "_",
  "IFS",
  "LINENO",
  "OPTIND",
  "PPID",
  "RANDOM",
  "SECONDS",
  "SHLVL",
]);

/** Digits of a value's digest that are kept: a value may be a secret, and is only ever compared. */
const KEPT = 16;

/** The environment that commands run in a folder inherit, without what each is told itself. */
export function inheritedEnvironment(folder: string): Record<string, string> {
  const { OUT: _out, IN: _in, DEPS: _deps, TASK: _task, DEPFILE: _depfile, ...inherited } = Deno.env.toObject();
  // A shell would set it, and a program may believe it.
  if (inherited.PWD !== undefined) inherited.PWD = folder;
  return inherited;
}

/** Answers for the commands of one folder. */
export class NamedVariables {
  readonly #folder: string;
  /** Name → digest of its value. */
  readonly #digests = new Map<string, string>();
  #inherited: Record<string, string> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The inherited variables that a command names, with digests of their values; undefined when there are none. */
  of(command: string): Record<string, string> | undefined {
    let found: Record<string, string> | undefined;
    for (const name of variablesNamed(command)) {
      if (OWN_TO_SHELLS.has(name) || name === BUILD_VARIABLE) continue;
      this.#inherited ??= mayReadAll() ? inheritedEnvironment(this.#folder) : {};
      if (!Object.hasOwn(this.#inherited, name)) continue;
      found ??= {};
      found[name] = this.#digest(name, this.#inherited[name]);
    }
    return found;
  }

  #digest(name: string, value: string): string {
    let digest = this.#digests.get(name);
    if (digest === undefined) this.#digests.set(name, digest = `inherited ${sha256(value).slice(0, KEPT)}`);
    return digest;
  }
}

/** Without the right there is nothing that commands could inherit; and nobody is asked. */
function mayReadAll(): boolean {
  return Deno.permissions.querySync({ name: "env" }).state === "granted";
}
