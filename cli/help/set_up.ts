/**
 * Owns the help of the commands that one needs once: `init`, `schema`, `completions`, `help`.
 *
 * @module
 */
import type { Page } from "./page.ts";
import { BUG_EXIT, HELP_OPTION, SHOW_EXITS } from "./shared.ts";

export const INIT_PAGE: Page = {
  command: "init",
  group: "set up",
  summary:
    "Write a config from what is here: tasks of deno.json, scripts of package.json and its workspaces, Makefile targets",
  brief: "write a config from what is here",
  usage: ["init [OPTIONS]"],
  positional: 0,
  about: [
    "Each becomes a task of its own name that has the other tool do it, when a file in its source_files has changed since " +
    "it last passed. What may not end, what changes files that people write, and what only runs others is left out, by its " +
    "name and its text, and told of. Nothing is asked, run or overwritten.",
  ],
  options: [{
    title: "What is written",
    options: [{ flag: "dry-run", short: "n", text: "show the config; write nothing" }, HELP_OPTION],
  }],
  files: [
    ["build.json", "the config that is written"],
    ["deno.json, package.json, Makefile", "what it is made from; deno.jsonc and pnpm-workspace.yaml too"],
    [".gitignore", "which folders are no sources"],
  ],
  exits: [
    ["0", "written"],
    ["1", "the output could not be written"],
    ["2", "there is a config already, or nothing to make one from"],
    BUG_EXIT,
  ],
  examples: [["troupe init --dry-run", "see it first"], ["troupe init", "then troupe build has all of it done"]],
};

export const SCHEMA_PAGE: Page = {
  command: "schema",
  group: "set up",
  summary: "Print the JSON Schema of configs, for editors, or of events",
  brief: "print the JSON Schema of configs, or of events",
  usage: ["schema [OF] [OPTIONS]"],
  words: [["OF", "config (default), or events: one line of --events"]],
  positional: 1,
  options: [{ title: "What is shown", options: [HELP_OPTION] }],
  exits: SHOW_EXITS,
  examples: [
    ["troupe schema > schema.json", 'and "$schema": "./schema.json" in the config'],
    ["troupe schema events", "for a program that reads them"],
  ],
};

export const COMPLETIONS_PAGE: Page = {
  command: "completions",
  group: "set up",
  summary: "Print a script by which a shell completes commands, flags, and names and tags of tasks",
  brief: "print a script for a shell's completions",
  usage: ["completions bash|zsh|fish"],
  words: [["bash|zsh|fish", "the shell"]],
  positional: 1,
  about: ["Names and tags are those of the config found here or above when they are asked for."],
  options: [{ title: "What is shown", options: [HELP_OPTION] }],
  exits: SHOW_EXITS,
  examples: [
    ['eval "$(troupe completions bash)"', "in ~/.bashrc"],
    ['eval "$(troupe completions zsh)"', "in ~/.zshrc, after compinit"],
    ["troupe completions fish | source", "in ~/.config/fish/config.fish"],
  ],
};

export const HELP_PAGE: Page = {
  command: "help",
  group: "set up",
  summary: "Show the help of a command, or about config, ci, events or exit-codes",
  brief: "show the help of a command, or about something else",
  usage: ["help [COMMAND|TOPIC]"],
  words: [
    ["COMMAND", "the same as troupe COMMAND --help; without one, the list of commands"],
    [
      "TOPIC",
      "config: what a config and a task file may say; ci: how to use it there; events: the lines of --events; " +
      "exit-codes: what they mean",
    ],
  ],
  positional: 1,
  options: [{ title: "What is shown", options: [HELP_OPTION] }],
  exits: SHOW_EXITS,
  examples: [["troupe help build", "the help of troupe build"], ["troupe help config", "the keys of a config"]],
};
