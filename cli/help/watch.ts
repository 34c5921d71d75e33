/**
 * Owns the help of `troupe watch`.
 *
 * @module
 */
import { INTERVAL_OPTION, SNAPSHOT_OPTIONS } from "./many.ts";
import type { OptionGroup, Page } from "./page.ts";
import * as shared from "./shared.ts";

/** What a crew is watched by; each of these says that one is. */
export const CREW_GROUP: OptionGroup = {
  title: "A crew instead (see troupe status)",
  options: [...SNAPSHOT_OPTIONS, INTERVAL_OPTION, { flag: "json", text: "as JSON, an object a line" }],
};

export const WATCH_PAGE: Page = {
  command: "watch",
  group: "do",
  summary: "Build, and build again what edits ask for, until Ctrl-C; or watch a crew",
  brief: "build, and build again what edits ask for",
  usage: ["watch [CONFIG] [NAME…] [OPTIONS]", "watch --db PATH [OPTIONS]"],
  words: [
    shared.CONFIG_WORD,
    ["NAME", "only this task and what it needs; a pattern such as 'web:*' means all that it matches"],
  ],
  positional: Infinity,
  about: [
    "Watched are the sources, the files that globs find or would find, the modules with all they import, and the " +
    "config itself; not what tasks make, nor what troupe keeps. What changes while a build goes on ends those running " +
    "tasks that read it, and they begin anew; all others go on. Between builds the lock is free, and others may build.",
    "On a terminal: Enter builds again, f builds only what failed, q quits.",
    "Where there is no config but a crew's database, and with --db, the crew is watched. On a terminal that look is " +
    "redrawn in place; elsewhere the looks follow each other, with a line and the time between them. While there is no " +
    "such database or workflow, it waits for one.",
  ],
  options: [
    {
      title: "What is built",
      options: [shared.CONFIG_OPTION, shared.TASK_OPTION, shared.TAG_OPTION, ...shared.STORE_OPTIONS],
    },
    {
      title: "When it is built",
      options: [
        {
          flag: "debounce",
          value: "MS",
          text:
            "milliseconds without a change before anything is built, from 0 to 60000 (default: 30); up to half a second " +
            "more where hundreds of files change, and until git is done",
        },
        {
          flag: "poll",
          text: "look for changes every second instead of being told of them, as on network file systems",
        },
      ],
    },
    {
      title: "How it is built",
      options: [
        shared.JOBS_OPTION,
        shared.FAIL_FAST_OPTION,
        ...shared.RESTRAINT_OPTIONS,
      ],
    },
    {
      title: "What is said",
      options: [
        shared.QUIET_OPTION,
        shared.VERBOSE_OPTION,
        shared.LOG_OPTION,
        shared.HELP_OPTION,
      ],
    },
    { title: "What is recorded", options: [{ flag: "no-history", text: "do not record the builds" }] },
    CREW_GROUP,
  ],
  files: [shared.CONFIG_FILE, shared.HISTORY_FILE, shared.CREW_FILE],
  environment: [...shared.STORE_VARIABLES, ...shared.SCREEN_VARIABLES, ...shared.GATE_VARIABLES],
  exits: [
    ["0", "ended by q or by the reader of its output; for a crew also by Ctrl-C"],
    ["1", "its output could not be written"],
    ["2", "the input is wrong from the start; later that is told, and waits for an edit"],
    shared.BUG_EXIT,
    shared.SIGNAL_EXIT_ENTRY,
  ],
  examples: [
    ["troupe watch", "all tasks of the config found here or above"],
    ["troupe watch web:bundle", "this one and what it needs"],
    ["troupe watch --db crew.sqlite --interval 10", "a crew, a look every ten seconds"],
  ],
};
