/**
 * Owns the question whether a command needs a shell: one program with plain arguments, with stdout perhaps sent to a
 * file, can be started as it is, which saves the start of a shell (half of what a short command costs).
 * It runs nothing, and says no whenever a shell might see anything else in the text than what it sees.
 *
 * @module
 */

/** A command as a program is started: argument vector and, where stdout is sent to a file, that file's path. */
export interface SimpleCommand {
  readonly argv: readonly string[];
  readonly stdout?: string;
}

/** Characters that mean themselves to every shell, in any place of a word. */
const PLAIN = /^[A-Za-z0-9_./:@%+,=-]+$/;

/** What a shell may do itself or read as grammar, in dash, bash and POSIX: never started as programs. */
const SHELL_WORDS = new Set(
  (". : [ alias bg bind break builtin caller case cd chdir command compgen complete compopt continue coproc declare " +
    "dirs disown do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash " +
    "help history if in jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return " +
    "select set shift shopt source suspend test then time times trap true type typeset ulimit umask unalias unset " +
    "until wait while").split(" "),
);

/** The next piece of a word: plain text, '…', "…" with plain text and variables inside, or a variable. */
const PIECE =
  /[A-Za-z0-9_./:@%+,=-]+|'[^'\0]*'|"(?:[^"$`\\\0]|\$[A-Z][A-Z0-9_]*(?!\w)|\$\{[A-Z][A-Z0-9_]*\})*"|\$[A-Z][A-Z0-9_]*(?!\w)|\$\{[A-Z][A-Z0-9_]*\}/y;
const VARIABLE = /\$\{?([A-Z][A-Z0-9_]*)\}?/g;
const BLANKS = /[ \t]+/y;

/**
 * The command without its shell, or undefined when it takes one. `variables` are those whose values are known to be
 * what the shell would see; a command that uses any other takes a shell.
 */
export function simpleCommand(text: string, variables: Readonly<Record<string, string>>): SimpleCommand | undefined {
  const words: string[] = [];
  let stdout: string | undefined;
  let at = skip(BLANKS, text, 0);
  while (at < text.length) {
    const isRedirection = text[at] === ">";
    if (isRedirection) at = skip(BLANKS, text, at + 1);
    const word = readWord(text, at, variables);
    if (word === undefined) return undefined;
    if (isRedirection) {
      if (stdout !== undefined || word.parts.length !== 1) return undefined;
      stdout = word.parts[0];
    } else {
      words.push(...word.parts);
    }
    at = skip(BLANKS, text, word.end);
    // Between two words there are blanks; `2>` is a redirection, not the word 2.
    if (at === word.end && at < text.length && (text[at] !== ">" || /^\d+$/.test(word.parts.at(-1) ?? ""))) {
      return undefined;
    }
  }
  const program = words[0];
  if (program === undefined || !PLAIN.test(program) || program.includes("=") || SHELL_WORDS.has(program)) {
    return undefined;
  }
  return { argv: words, stdout };
}

/** One word and where it ends. An unquoted variable is split at blanks, as a shell splits it. */
function readWord(
  text: string,
  start: number,
  variables: Readonly<Record<string, string>>,
): { parts: string[]; end: number } | undefined {
  let word = "";
  let at = start;
  while (at < text.length) {
    PIECE.lastIndex = at;
    const piece = PIECE.exec(text)?.[0];
    if (piece === undefined) break;
    const value = valueOf(piece, variables);
    if (value === undefined) return undefined;
    if (piece.startsWith("$") && !PLAIN.test(value)) {
      // Split it only where it is a word of its own, and only if nothing in it could be a pattern.
      const parts = value.split(/[ \t\n]+/).filter((part) => part !== "");
      const isAlone = at === start && isWordEnd(text, at + piece.length);
      return isAlone && parts.every((part) => PLAIN.test(part)) ? { parts, end: at + piece.length } : undefined;
    }
    word += value;
    at += piece.length;
  }
  return at === start ? undefined : { parts: [word], end: at };
}

function valueOf(piece: string, variables: Readonly<Record<string, string>>): string | undefined {
  if (piece.startsWith("'")) return piece.slice(1, -1);
  const quoted = piece.startsWith('"') ? piece.slice(1, -1) : piece;
  let isKnown = true;
  const value = quoted.replace(VARIABLE, (_, name: string) => {
    if (Object.hasOwn(variables, name)) return variables[name];
    isKnown = false;
    return "";
  });
  return isKnown ? value : undefined;
}

function isWordEnd(text: string, at: number): boolean {
  return at >= text.length || text[at] === " " || text[at] === "\t" || text[at] === ">";
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
