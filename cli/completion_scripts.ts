/**
 * Owns the scripts that complete troupe's command lines in bash, zsh and fish: commands and flags as the help has them, and
 * names and tags of tasks as `troupe list` tells them when they are asked for.
 *
 * Names are anybody's text, so nothing of them is ever expanded by a shell: bash is given them quoted, the others quote
 * them themselves.
 *
 * @module
 */
import type { Option, Page } from "./help/page.ts";

/** The shells that there is a script for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of them. */
export type Shell = (typeof SHELLS)[number];

/** The script for a shell; `topics` are what `troupe help` knows beside commands. */
export function completionScript(shell: Shell, pages: readonly Page[], topics: readonly string[]): string {
  switch (shell) {
    case "bash":
      return bashScript(pages, topics);
    case "zsh":
      return zshScript(pages, topics);
    case "fish":
      return fishScript(pages, topics);
  }
}

/** What may stand as a value. */
type Kind = "file" | "name" | "tag" | "nothing" | readonly string[];

function kindOf({ flag, value, among }: Option): Kind {
  if (among !== undefined) return among;
  if (value === "FILE" || value === "PATH" || value === "DIR") return "file";
  return flag === "task" ? "name" : flag === "tag" ? "tag" : "nothing";
}

/** What the words of a command may be: names of tasks, fixed words, or nothing that is known. */
function wordsOf(
  { command, words = [] }: Page,
  all: { readonly commands: readonly string[]; readonly topics: readonly string[] },
): {
  readonly takesNames: boolean;
  readonly fixed: readonly string[];
} {
  const fixed = command === "help"
    ? [...all.commands, ...all.topics]
    : command === "completions"
    ? SHELLS
    : words.some(([term]) => term === "RUN")
    ? ["last"]
    : [];
  return { takesNames: words.some(([term]) => term === "NAME" || term === "TASK"), fixed };
}

function optionsOf(page: Page): Option[] {
  return page.options.flatMap(({ options }) => options);
}

function spellings({ flag, short }: Option): string[] {
  return short === undefined ? [`--${flag}`] : [`-${short}`, `--${flag}`];
}

function bashScript(pages: readonly Page[], topics: readonly string[]): string {
  const commands = pages.map(({ command }) => command);
  const all = { commands, topics };
  const values = pages.flatMap((page) =>
    optionsOf(page).filter(({ value }) => value !== undefined).map((option) => {
      const pattern = spellings(option).map((word) => `${page.command}:${word}`).join("|");
      return `    ${pattern}) ${bashAct(kindOf(option), "return")} ;;`;
    })
  );
  const flags = pages.map((page) => `    ${page.command}) ${bashPrint(optionsOf(page).flatMap(spellings))} ;;`);
  const words = pages.map((page) => {
    const { takesNames, fixed } = wordsOf(page, all);
    const act = takesNames ? "_troupe_offer < <(_troupe_words); compopt -o default 2>/dev/null" : bashAct(fixed);
    return `    ${page.command}) ${act} ;;`;
  });
  return `# Completion of troupe for bash: eval "$(troupe completions bash)"
_troupe_names() {
  troupe list --names 2>/dev/null
}
_troupe_tags() {
  troupe list --tags 2>/dev/null
}
# Names, and tags where a word begins as these do
_troupe_words() {
  _troupe_names
  [[ $cur == '#'* ]] && _troupe_tags | sed 's/^/#/'
}
_troupe_flags() {
  case $1 in
${flags.join("\n")}
  esac
}
# Takes lines that begin with the current word; what stands before its last colon bash has already
_troupe_offer() {
  local word prefix=
  [[ $COMP_WORDBREAKS == *:* && $cur == *:* ]] && prefix=\${cur%"\${cur##*:}"}
  while IFS= read -r word; do
    [[ -n $word && $word == "$cur"* ]] && COMPREPLY+=("$(printf %q "\${word#"$prefix"}")")
  done
}
_troupe() {
  local line=\${COMP_LINE:0:COMP_POINT}
  local cur=\${line##*[[:space:]]}
  local -a words=()
  read -ra words <<< "\${line%"$cur"}"
  [[ $cur == '\\#'* ]] && cur=\${cur#?}
  local command=\${words[1]:-} previous=\${words[\${#words[@]}-1]:-}
  COMPREPLY=()
  case $command in
    '')
      if [[ $cur == -* ]]; then
        _troupe_offer < <(printf '%s\\n' --help --version; _troupe_flags build)
      else
        _troupe_offer < <(printf '%s\\n' ${commands.join(" ")}; _troupe_words)
        compopt -o default 2>/dev/null
      fi
      return ;;
    ${commands.join("|")}) ;;
    *) command=build ;;
  esac
  case $command:$previous in
${values.join("\n")}
  esac
  if [[ $cur == -* ]]; then
    _troupe_offer < <(_troupe_flags "$command")
    return
  fi
  case $command in
${words.join("\n")}
  esac
}
complete -F _troupe troupe
`;
}

/** What is done where something of a kind may stand. */
function bashAct(kind: Kind, ...after: string[]): string {
  const act = kind === "file"
    ? ["compopt -o default 2>/dev/null"]
    : kind === "name" || kind === "tag"
    ? [`_troupe_offer < <(_troupe_${kind}s)`]
    : kind === "nothing" || kind.length === 0
    ? []
    : [`_troupe_offer < <(${bashPrint(kind)})`];
  return [...act, ...after].join("; ") || ":";
}

function bashPrint(words: readonly string[]): string {
  return `printf '%s\\n' ${words.join(" ")}`;
}

function zshScript(pages: readonly Page[], topics: readonly string[]): string {
  const commands = pages.map(({ command }) => command);
  const all = { commands, topics };
  const described = pages.map(({ command, summary }) =>
    `    ${single(`${command.replaceAll(":", "\\:")}:${summary}`)}`
  );
  const cases = pages.map((page) => {
    const { takesNames, fixed } = wordsOf(page, all);
    const rest = takesNames ? ["'*: :_troupe_words'"] : fixed.length > 0 ? [single(`1: :(${fixed.join(" ")})`)] : [];
    const specs = [...optionsOf(page).map(zshSpec), ...rest];
    return `    ${page.command})\n      _arguments -s : \\\n        ${specs.join(" \\\n        ")} ;;`;
  });
  return `#compdef troupe
# Completion of troupe for zsh: eval "$(troupe completions zsh)", after compinit; or as a file _troupe in $fpath
_troupe_names() {
  local -a names
  names=(\${(f)"$(troupe list --names 2>/dev/null)"})
  (( $#names )) && compadd -a names
}
_troupe_tags() {
  local -a tags
  tags=(\${(f)"$(troupe list --tags 2>/dev/null)"})
  (( $#tags )) && compadd -a tags
}
_troupe_words() {
  local -a tags
  _troupe_names
  [[ $PREFIX == (|'\\')'#'* ]] && tags=(\${(f)"$(troupe list --tags 2>/dev/null)"})
  (( $#tags )) && compadd -- \${tags/#/\#}
  _files
}
_troupe() {
  local curcontext=$curcontext command=build
  local -a commands
  commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )) && [[ $PREFIX != -* ]]; then
    _describe -t commands command commands
    _troupe_words
    return
  fi
  if (( \${#commands[(r)$words[2]:*]} )); then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
${cases.join("\n")}
  esac
}
if [[ \${funcstack[1]:-} == _troupe ]]; then _troupe "$@"; else compdef _troupe troupe; fi
`;
}

function zshSpec(option: Option): string {
  const { value, text, isRepeated = false } = option;
  const words = spellings(option);
  const help = `[${text.replace(/[[\]\\:]/g, "\\$&")}]`;
  const kind = kindOf(option);
  const action = kind === "file"
    ? "_files"
    : kind === "name" || kind === "tag"
    ? `_troupe_${kind}s`
    : kind === "nothing"
    ? " "
    : `(${kind.join(" ")})`;
  const rest = single(`${help}${value === undefined ? "" : `:${value}:${action}`}`);
  // zsh leaves braces around a single word as they are
  if (isRepeated) return words.length === 1 ? `'*'${words[0]}${rest}` : `'*'{${words.join(",")}}${rest}`;
  return words.length === 1 ? `${words[0]}${rest}` : `'(${words.join(" ")})'{${words.join(",")}}${rest}`;
}

function fishScript(pages: readonly Page[], topics: readonly string[]): string {
  const commands = pages.map(({ command }) => command);
  const all = { commands, topics };
  const lines = pages.flatMap((page) => {
    const { takesNames, fixed } = wordsOf(page, all);
    // A name in the place of a command is a build
    const others = commands.filter((command) => command !== "build").join(" ");
    const here = page.command === "build"
      ? fish(`not __fish_seen_subcommand_from ${others}`)
      : fish(`__fish_seen_subcommand_from ${page.command}`);
    return [
      `complete -c troupe -n __fish_use_subcommand -a ${page.command} -d ${fish(page.summary)}`,
      // Behind a colon fish would offer files as of a list of paths
      ...(takesNames
        ? [
          `complete -c troupe -n ${here} -a '(__troupe_names)'`,
          `complete -c troupe -n ${here} -n 'string match -q "*#*" -- (commandline -ct)' -a '"#"(__troupe_tags)'`,
          `complete -c troupe -n ${here} -n 'not string match -q "*:*" (commandline -ct)' -F`,
        ]
        : []),
      ...fixed.map((word) => `complete -c troupe -n ${here} -a ${word}`),
      ...optionsOf(page).map((option) => `complete -c troupe -n ${here} ${fishOption(option)}`),
    ];
  });
  return `# Completion of troupe for fish: troupe completions fish | source
function __troupe_names
    troupe list --names 2>/dev/null
end
function __troupe_tags
    troupe list --tags 2>/dev/null
end
complete -c troupe -f
${lines.join("\n")}
`;
}

function fishOption(option: Option): string {
  const { flag, short, value, text } = option;
  const kind = kindOf(option);
  const takes = value === undefined
    ? ""
    : kind === "file"
    ? " -r -F"
    : kind === "name" || kind === "tag"
    ? ` -x -a '(__troupe_${kind}s)'`
    : kind === "nothing"
    ? " -x"
    : ` -x -a ${fish(kind.join(" "))}`;
  return `${short === undefined ? "" : `-s ${short} `}-l ${flag}${takes} -d ${fish(text)}`;
}

/** A word of bash and zsh. */
function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fish(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
