/**
 * Owns the question how a name is put into the text of a command so that a shell reads it as it is: what quotes stand
 * around the place. It knows as much of a shell's grammar as that takes; here-documents are not known to it.
 *
 * @module
 */

/** Characters that mean themselves to every shell. */
const PLAIN = /^[\w./:@%+,=-]+$/;

/** What stands around a place: nothing, quotes of either kind, or a comment. */
type Around = "plain" | "double" | "single" | "comment";

/** How a text is to be put in its place. */
export function shellText(text: string, place: Around): string {
  if (PLAIN.test(text)) return text;
  switch (place) {
    case "plain":
      return `'${text.replaceAll("'", "'\\''")}'`;
    case "single":
      return text.replaceAll("'", "'\\''");
    case "double":
      return text.replace(/[\\$"`]/g, "\\$&");
    case "comment":
      return text.replaceAll("\n", " ");
  }
}

/** Reads a command from its beginning, and knows where it is. */
export class ShellPlace {
  /** What is open, the innermost last; `(` and a backquote are read like what stands alone. */
  readonly #open: ("(" | "`" | Exclude<Around, "plain">)[] = [];
  #isEscaped = false;
  /** What stood last, or nothing where a word begins. */
  #last = "";

  /** What stands around the place that has been reached. */
  get place(): Around {
    const top = this.#open.at(-1);
    return top === undefined || top === "(" || top === "`" ? "plain" : top;
  }

  /** A value comes here, of which nothing is open at its end. */
  feedWord(): void {
    this.#isEscaped = false;
    this.#last = "x";
  }

  feed(text: string): void {
    for (const character of text) {
      this.#take(character);
      this.#last = character;
    }
  }

  #take(character: string): void {
    const place = this.place, top = this.#open.at(-1);
    if (place === "single" || place === "comment") {
      if (character === (place === "single" ? "'" : "\n")) this.#open.pop();
      return;
    }
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === "\\") this.#isEscaped = true;
    else if (character === '"') {
      if (place === "double") this.#open.pop();
      else this.#open.push("double");
    } else if (character === "`") {
      if (top === "`") this.#open.pop();
      else this.#open.push("`");
    } else if (character === "(") {
      if (place === "plain" || this.#last === "$") this.#open.push("(");
    } else if (place === "double") return;
    else if (character === ")") {
      if (top === "(") this.#open.pop();
    } else if (character === "'") this.#open.push("single");
    else if (character === "#" && /^[\s;&|(]?$/.test(this.#last)) this.#open.push("comment");
  }
}
