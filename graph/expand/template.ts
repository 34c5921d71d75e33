/**
 * Owns texts with placeholders: what stands in braces is replaced by a value, `{{` is a brace. It knows neither tasks nor
 * where values come from; what is wrong in a text it tells whoever asked.
 *
 * ```
 * "cc -c {path} -o build/{stem}.o"     pieces: "cc -c ", path, " -o build/", stem, ".o"
 * "awk '{{print $1}' {path}"           the first brace is one
 * ```
 *
 * A brace that begins no placeholder is left alone, as in `{a,b}`. A name of a file that comes to stand in a command is
 * quoted as its place there asks for, unless a shell takes it as it is, and one in a glob means itself; what the config
 * itself says is put in as it is written.
 *
 * @module
 */
import type { JsonPath } from "../failure.ts";
import { escapeGlob } from "../glob.ts";
import { hasWildcard, isExclusion, isGlob } from "../paths.ts";
import { ShellPlace, shellText } from "./shell_place.ts";

/** The values of one combination, by variable. */
export type Values = readonly string[];

/** What placeholders may be used. */
export interface Variables {
  readonly names: readonly string[];
  /** So many of them, the first, are names of files, which anybody may have chosen. */
  readonly fromFiles: number;
}

/** What is wrong in a text; `path` leads to it. */
export type Mistake =
  /** A placeholder that there is not; `isShell` where it follows a `$`. */
  | { readonly kind: "unknown"; readonly path: JsonPath; readonly name: string; readonly isShell: boolean }
  /** `{{…}}`, as other tools write either placeholders or braces. */
  | { readonly kind: "double"; readonly path: JsonPath; readonly text: string };

/** A value, ready to be made. */
export type Made = (values: Values) => unknown;

/** A placeholder in a text, and how its value is put there. */
interface Slot {
  readonly variable: number;
  readonly place?: ShellPlace["place"];
}

const MARK = /\{\{|\{([A-Za-z_][\w-]*)\}/g;

const DOUBLE = /\{\{[^{}]*\}\}/;

/** Keys whose texts a shell reads. */
const SHELL_KEYS: ReadonlySet<string> = new Set(["command", "tools"]);

/** Keys whose texts may be globs. Among those of sources a name that is there is found before it is read as one. */
const GLOB_KEYS: ReadonlySet<unknown> = new Set(["outputs", "source_files", "reads", "writes", "files_affected"]);

/** Reads the texts of one template. */
export class TemplateReader {
  readonly #variables: ReadonlyMap<string, number>;
  readonly #fromFiles: number;
  readonly #onMistake: (mistake: Mistake) => void;

  constructor({ names, fromFiles }: Variables, onMistake: (mistake: Mistake) => void) {
    this.#variables = new Map(names.map((name, index) => [name, index]));
    this.#fromFiles = fromFiles;
    this.#onMistake = onMistake;
  }

  /** What makes a value of JSON with all the texts in it; the very value is made where it holds no braces. */
  read(value: unknown, path: JsonPath): Made {
    return this.#read(value, path) ?? (() => value);
  }

  /** Undefined for what is the same for all values. */
  #read(value: unknown, path: JsonPath, isShell = false): Made | undefined {
    if (typeof value === "string") return this.#readText(value, path, isShell);
    if (Array.isArray(value)) {
      const items = value.map((item, at) => this.#read(item, [...path, at], isShell));
      if (items.every((item) => item === undefined)) return undefined;
      return (values) => value.map((item, at) => items[at] === undefined ? item : items[at](values));
    }
    if (typeof value !== "object" || value === null) return undefined;
    return this.#readObject(value as Readonly<Record<string, unknown>>, path, isShell);
  }

  #readObject(object: Readonly<Record<string, unknown>>, path: JsonPath, isShell: boolean): Made | undefined {
    const changed: [key: string, made: Made][] = [], renamed: [key: string, name: Made][] = [];
    for (const [key, item] of Object.entries(object)) {
      const own = [...path, key];
      const made = this.#read(item, own, isShell || (path.length === 2 && SHELL_KEYS.has(key)));
      if (made !== undefined) changed.push([key, made]);
      // The keys of a task are words; those within are names and paths.
      const name = path.length > 2 ? this.#readText(key, own, false) : undefined;
      if (name !== undefined) renamed.push([key, name]);
    }
    if (changed.length === 0 && renamed.length === 0) return undefined;
    if (renamed.length === 0 && !changed.some(([key]) => key === "__proto__")) {
      return (values) => {
        const copy: Record<string, unknown> = { ...object };
        for (const [key, made] of changed) copy[key] = made(values);
        return copy;
      };
    }
    const makers = new Map(changed), names = new Map(renamed);
    return (values) =>
      Object.fromEntries(
        Object.entries(object).map(([key, item]) => [
          names.get(key)?.(values) ?? key,
          makers.get(key)?.(values) ?? item,
        ]),
      );
  }

  #readText(text: string, path: JsonPath, isShell: boolean): Made | undefined {
    if (!text.includes("{")) return undefined;
    const double = DOUBLE.exec(text);
    if (double !== null) this.#onMistake({ kind: "double", path, text: double[0] });
    const pieces: (string | Slot)[] = [];
    const place = isShell ? new ShellPlace() : undefined;
    let plain = "", from = 0;
    const take = (more: string) => {
      plain += more;
      place?.feed(more);
    };
    for (const { 0: mark, 1: name, index } of text.matchAll(MARK)) {
      take(text.slice(from, index));
      from = index + mark.length;
      const variable = name === undefined ? undefined : this.#variables.get(name);
      if (variable !== undefined) {
        pieces.push(plain, { variable, place: variable < this.#fromFiles ? place?.place : undefined });
        plain = "";
        place?.feedWord();
        continue;
      }
      if (name !== undefined && double === null) {
        this.#onMistake({ kind: "unknown", path, name, isShell: text[index - 1] === "$" });
      }
      take(name === undefined ? "{" : mark);
    }
    take(text.slice(from));
    if (pieces.length === 0) return plain === text ? undefined : () => plain;
    pieces.push(plain);
    const key = path[2], mayBeGlob = GLOB_KEYS.has(key), isTaken = key === "outputs" ? isGlob : hasWildcard;
    const isOwnGlob = mayBeGlob && isGlob(pieces.filter((piece) => typeof piece === "string").join("x"));
    const beginsWithName = pieces[0] === "" && (pieces[1] as Slot).variable < this.#fromFiles;
    return (values) => {
      let made = "";
      for (const piece of pieces) {
        if (typeof piece === "string") made += piece;
        else if (piece.place !== undefined) made += shellText(values[piece.variable], piece.place);
        else if (isOwnGlob) made += this.#meantLiterally(values, piece);
        else made += values[piece.variable];
      }
      if (!mayBeGlob || isOwnGlob) return made;
      // A file's name that would be taken for a glob, or for one that is left out.
      if (!isTaken(made)) return beginsWithName && isExclusion(made) ? `./${made}` : made;
      return pieces.map((piece) => typeof piece === "string" ? piece : this.#meantLiterally(values, piece)).join("");
    };
  }

  /** A value as it stands in a glob: nothing in a file's name is a wildcard. */
  #meantLiterally(values: Values, { variable }: Slot): string {
    return variable < this.#fromFiles ? escapeGlob(values[variable]) : values[variable];
  }
}
