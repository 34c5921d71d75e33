/**
 * Owns the help of the commands that draw: `graph`, `trace`, `report`, `ui`.
 *
 * @module
 */
import type { Option, Page } from "./page.ts";
import * as shared from "./shared.ts";

const RUN_WORD = ["RUN", "its number, or 'last' (default)"] as const;

const OUTPUT_OPTION: Option = {
  flag: "output",
  short: "o",
  value: "FILE",
  mayBeDash: true,
  text: "the file to write; - for stdout",
};

export const GRAPH_PAGE: Page = {
  command: "graph",
  group: "see",
  summary: "Draw who needs whom: a tree with how each task stands, or a diagram",
  brief: "draw who needs whom",
  usage: ["graph [FILE] [NAME…] [OPTIONS]", "graph path A B"],
  words: [
    shared.FILE_WORD,
    ["NAME", "this task and all it needs; a pattern such as 'web:*' means all that it matches"],
    ["path A B", "only the shortest way between two tasks"],
  ],
  positional: Infinity,
  about: [
    "Who is needed by nobody stands at the left, below it what it needs. ◆ marks the critical path: the longest chain by " +
    "how long its tasks usually take. More tasks than can be read are folded into boxes by what their names begin with, " +
    "such as api:*. Nothing is run.",
  ],
  options: [
    {
      title: "Which tasks",
      options: [
        { flag: "needs", text: "the tasks named, and all they need (default)" },
        { flag: "needed-by", text: "the tasks named, and all that needs them" },
        shared.CONFIG_OPTION,
        shared.TASK_OPTION,
        shared.TAG_OPTION,
      ],
    },
    {
      title: "What is shown",
      options: [
        {
          flag: "format",
          value: "FORM",
          among: ["tree", "dot", "mermaid", "json", "html"],
          text: "tree (default), dot (Graphviz), mermaid, json, or html (one page that needs nothing else)",
        },
        { flag: "all", text: "every task, however many there are" },
        { ...OUTPUT_OPTION, text: "write it to a file; - for stdout" },
        shared.HELP_OPTION,
      ],
    },
    {
      title: "Where from",
      options: [{
        ...shared.HISTORY_OPTION,
        text: "the history (default: taskrun.db beside the config found, or in this folder)",
      }],
    },
  ],
  files: [shared.CONFIG_FILE, [".build_cache.json", "what was built, beside the config"], shared.HISTORY_FILE],
  environment: shared.SCREEN_VARIABLES,
  exits: shared.SHOW_EXITS,
  examples: [
    ["troupe graph web:bundle", "all that it needs"],
    ["troupe graph api:types --needed-by", "all that an edit of it may ask for"],
    ["troupe graph path web:bundle gen", "why the one needs the other"],
    ["troupe graph --format mermaid -o graph.mmd", "for a page on GitHub"],
  ],
};

export const TRACE_PAGE: Page = {
  command: "trace",
  group: "see",
  summary: "Show what each worker did in a recorded run, and when",
  usage: ["trace [RUN] [OPTIONS]"],
  words: [RUN_WORD],
  positional: 1,
  about: [
    "A row is a worker, time goes from left to right, and a bar is an attempt at a task: [name], or where there is no room " +
    "for a name how busy the worker was (░▒▓█). ━ marks the critical path: tasks each of which waited for the one before. " +
    "Below stand the time that tasks waited for a worker, the ten slowest attempts, and that path.",
  ],
  options: [
    {
      title: "What is shown",
      options: [
        {
          ...OUTPUT_OPTION,
          text: "instead, write Chrome's trace events to a file, for ui.perfetto.dev or chrome://tracing; - for stdout",
        },
        shared.HELP_OPTION,
      ],
    },
    { title: "Where from", options: [shared.HISTORY_OPTION] },
  ],
  files: [shared.HISTORY_FILE],
  environment: shared.SCREEN_VARIABLES,
  exits: shared.SHOW_EXITS,
  examples: [["troupe trace", "the last run"], ["troupe trace 42 -o trace.json", "another one, for Perfetto"]],
};

/** What the page shows, of both commands. */
const PAGE_ABOUT =
  "It shows the graph, what each worker did and when, all tasks as a table, and the last runs; of each task why it ran, " +
  "its inputs, its last twenty results, and what it printed. It needs no network, and follows the reader's choice of dark " +
  "or light. Keys: / filters, 1 to 4 show the views, n and p go through what failed, Esc closes.";

export const REPORT_PAGE: Page = {
  command: "report",
  group: "see",
  summary: "Write a recorded run as one page of HTML that needs nothing beside it",
  brief: "write a recorded run as a page of HTML",
  usage: ["report [RUN] -o FILE [OPTIONS]"],
  words: [RUN_WORD],
  positional: 1,
  about: [PAGE_ABOUT],
  options: [
    {
      title: "What is written",
      options: [OUTPUT_OPTION, shared.HELP_OPTION],
    },
    { title: "Where from", options: [shared.HISTORY_OPTION] },
  ],
  files: [shared.HISTORY_FILE],
  exits: shared.SHOW_EXITS,
  examples: [
    ["troupe report -o report.html", "the last run, to look at or to keep in CI"],
    ["troupe report 42 -o run42.html", "another one"],
  ],
};

export const UI_PAGE: Page = {
  command: "ui",
  group: "see",
  summary: "Serve the page of troupe report to this machine, live while builds run",
  brief: "the same page, live while builds run",
  usage: ["ui [OPTIONS]"],
  positional: 0,
  about: [
    "It prints an address on 127.0.0.1 with a random token, and ends with Ctrl-C. Whatever is recorded in the history is " +
    "seen as it happens, by whichever process: troupe build, watch, run, join. When a new run begins the page goes on to it.",
    PAGE_ABOUT,
  ],
  options: [
    {
      title: "How it is served",
      options: [
        { flag: "port", value: "N", text: "the port (default: any that is free)" },
        { flag: "open", text: "have the system open the address in a browser" },
        shared.HELP_OPTION,
      ],
    },
    { title: "Where from", options: [shared.HISTORY_OPTION] },
  ],
  files: [shared.HISTORY_FILE],
  exits: [
    ["0", "this help was shown"],
    ["1", "the address could not be printed"],
    ["2", "the input is wrong, or the port is taken"],
    shared.BUG_EXIT,
    shared.SIGNAL_EXIT_ENTRY,
  ],
  examples: [["troupe ui", "then build in another terminal"], [
    "troupe ui --open --port 8080",
    "in a browser, at once",
  ]],
};
