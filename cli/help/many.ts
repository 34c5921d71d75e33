/**
 * Owns the help of the commands for several processes: `join`, `crew`, `status`.
 *
 * @module
 */
import type { Option, OptionGroup, Page } from "./page.ts";
import * as shared from "./shared.ts";

const WHAT: OptionGroup = {
  title: "What is done",
  options: [
    shared.CONFIG_OPTION,
    shared.TASK_OPTION,
    shared.TAG_OPTION,
    {
      flag: "force",
      short: "f",
      text:
        "do again what is done, whatever the build cache and the store say: all where nobody else is at work, else what comes",
    },
    ...shared.STORE_OPTIONS,
  ],
};

const DATABASE: Option = {
  flag: "db",
  value: "PATH",
  text: "the crew's database, the same for all members (default: crew.sqlite, beside a config that was found)",
};

const WORKFLOW: Option = {
  flag: "workflow",
  value: "NAME",
  text: "which of several works in one database (default: main)",
};

const PROJECT: Option = {
  flag: "project",
  value: "NAME",
  text: "whose tasks these are, as another project's are refused (default: the file's path from the database)",
};

const SHARED_FS: Option = {
  flag: "shared-fs",
  text: "the database is on a network file system; members that come later follow",
};

const LABEL: Option = {
  flag: "label",
  short: "l",
  value: "NAME",
  isRepeated: true,
  text: "a label of this member, for tasks that require it; may be repeated",
};

const FAILURES: OptionGroup = {
  title: "What happens to failures",
  options: [
    {
      flag: "failure-policy",
      value: "POLICY",
      among: ["continue", "stop"],
      text: "continue (default), or stop taking tasks once one has failed",
    },
    {
      flag: "max-failed-retries",
      value: "N",
      text: "further attempts, by any member, after a failed one (default: 0)",
    },
    { flag: "max-killed-retries", value: "N", text: "further attempts after one whose member died (default: 1)" },
    { flag: "heartbeat-interval", value: "S", text: "seconds between two signs of life (default: 30)" },
    {
      flag: "heartbeat-timeout",
      value: "S",
      text: "seconds without one after which a member counts as dead (default: twice the interval)",
    },
    shared.GRACE_OPTION,
  ],
};

const KEEP: Option = {
  flag: "keep-statuses",
  value: "N",
  text: "lines of each task's audit trail that stay when all is done (default: 100)",
};

const VERBOSE: Option = { flag: "verbose", short: "v", text: "also show why each task runs and what it prints" };

const VARIABLES: Page["environment"] = [
  ...shared.STORE_VARIABLES,
  ["TROUPE_IDENTIFIER", "for --id"],
  ["TROUPE_FAILURE_POLICY", "for --failure-policy"],
  ["TROUPE_MAX_FAILED_RETRIES, TROUPE_MAX_KILLED_RETRIES", "for the two flags of these names"],
  ["TROUPE_HEARTBEAT_INTERVAL, TROUPE_HEARTBEAT_TIMEOUT", "for the two flags of these names"],
  ...shared.SCREEN_VARIABLES,
];

const EXITS: Page["exits"] = [
  ["0", "all tasks are completed"],
  ["1", "some are not"],
  ["2", "the input is wrong: config, task file, names, flags, database"],
  shared.BUG_EXIT,
  shared.SIGNAL_EXIT_ENTRY,
];

export const JOIN_PAGE: Page = {
  command: "join",
  group: "many",
  summary: "Work through a config or a task file together with other processes that join the same database",
  brief: "do the tasks of a config together with other processes",
  usage: ["join [FILE] [NAME…] [OPTIONS]"],
  words: [
    shared.FILE_WORD,
    ["NAME", "only this task and what it needs; a pattern such as 'web:*' means all that it matches"],
  ],
  positional: Infinity,
  about: [
    "Each task is done once, by whichever member is free. Members may come and go; what a dead one had is taken over.",
  ],
  options: [
    WHAT,
    {
      title: "Who does it",
      options: [
        DATABASE,
        WORKFLOW,
        PROJECT,
        {
          flag: "id",
          value: "NAME",
          text: "this member's name, unlike that of any other at work (default: the process id; under Slurm the job's)",
        },
        LABEL,
        {
          flag: "jobs",
          short: "j",
          value: "N",
          text: "tasks at once (default: SLURM_CPUS_PER_TASK; num_workers of the config, or 8; CPUs for a task file)",
        },
        { ...shared.VALIDATE_OPTION, text: "ask the gates first (see troupe check), and keep to their limits" },
        shared.LOCKS_OPTION,
        shared.GATES_OPTION,
        ...shared.LOAD_OPTIONS,
        SHARED_FS,
      ],
    },
    FAILURES,
    {
      title: "What is said",
      options: [
        shared.QUIET_OPTION,
        VERBOSE,
        shared.LOG_OPTION,
        shared.RUN_JSON_OPTION,
        shared.REPORT_OPTION,
        { ...shared.JUNIT_OPTION, text: "write a report of what this member does in the form of JUnit" },
        shared.EVENTS_OPTION,
        shared.HELP_OPTION,
      ],
    },
    {
      title: "What is kept",
      options: [
        {
          flag: "history",
          value: "PATH",
          text: "record what this member does in a history too, as a run (default: the crew's database knows it)",
        },
        KEEP,
      ],
    },
  ],
  files: [shared.CONFIG_FILE, shared.CREW_FILE],
  environment: [...VARIABLES, ["SLURM_*", "on a node of Slurm's, for --jobs and --id: docs/cluster.md"]],
  exits: EXITS,
  examples: [
    ["troupe join build.json --db crew.sqlite", "a member; start as many as you like"],
    ["troupe join --label gpu", 'one that may also take tasks that require "gpu"'],
  ],
};

export const CREW_PAGE: Page = {
  command: "crew",
  group: "many",
  summary: "Start several members of a crew on this machine, and wait for all of them",
  brief: "start several members of a crew on this machine",
  usage: ["crew N [FILE] [NAME…] [OPTIONS]"],
  words: [["N", "how many members"], ...JOIN_PAGE.words!],
  positional: Infinity,
  about: [
    "The lines of each member have its number before them. The first Ctrl-C asks the members to end their tasks, a " +
    "second one to do so at once, a third one kills them. When troupe crew itself is killed, its members end as by " +
    "SIGTERM.",
  ],
  options: [
    WHAT,
    {
      title: "Who does it",
      options: [
        DATABASE,
        WORKFLOW,
        PROJECT,
        { flag: "id", value: "NAME", text: "the members are called NAME-1, NAME-2, …" },
        { ...LABEL, text: "a label of all members, for tasks that require it; may be repeated" },
        {
          flag: "jobs",
          short: "j",
          value: "N",
          text:
            "tasks at once for each member (default: SLURM_CPUS_PER_TASK or the CPUs this process may use, divided by the members)",
        },
        {
          ...shared.VALIDATE_OPTION,
          text: "ask the gates once (see troupe check), and have all members together keep to their limits",
        },
        shared.LOCKS_OPTION,
        shared.GATES_OPTION,
        ...shared.LOAD_OPTIONS,
        SHARED_FS,
      ],
    },
    FAILURES,
    {
      title: "What is said",
      options: [
        shared.QUIET_OPTION,
        VERBOSE,
        {
          flag: "json",
          text: "write how the workflow and the members ended to stdout as JSON, and all lines to stderr",
        },
        shared.HELP_OPTION,
      ],
    },
    { title: "What is kept", options: [KEEP] },
  ],
  files: [shared.CONFIG_FILE, shared.CREW_FILE],
  environment: VARIABLES,
  exits: EXITS,
  examples: [["troupe crew 4", "four members for the config found here or above"]],
};

/** The flags by which a crew to look at is named. */
export const SNAPSHOT_OPTIONS: readonly Option[] = [
  {
    flag: "db",
    value: "PATH",
    text: "the database (default: crew.sqlite in this folder or, where there is none, beside the config found)",
  },
  { ...WORKFLOW, text: "the workflow in it (default: main)" },
  {
    ...SHARED_FS,
    alias: "lock",
    text: "the database is on a network file system: look at it under its file lock (alias: --lock)",
  },
];

/** The flag of those who look again and again. */
export const INTERVAL_OPTION: Option = { flag: "interval", value: "S", text: "seconds between two looks (default: 2)" };

export const STATUS_PAGE: Page = {
  command: "status",
  group: "many",
  summary: "Show how a crew is doing: progress, tasks by state, members, what runs and what failed",
  brief: "show how a crew is doing",
  usage: ["status [OPTIONS]"],
  positional: 0,
  options: [
    {
      title: "What is looked at",
      options: [
        ...SNAPSHOT_OPTIONS,
        { flag: "watch", text: "look again and again until Ctrl-C, as troupe watch does where there is no config" },
        INTERVAL_OPTION,
      ],
    },
    {
      title: "What is deleted",
      options: [
        {
          flag: "prune",
          value: "N",
          text: "delete all but the newest N lines of each task's audit trail, and say how many",
        },
      ],
    },
    shared.SHOWN,
  ],
  files: [shared.CREW_FILE],
  environment: shared.SCREEN_VARIABLES,
  exits: [
    ["0", "shown"],
    ["1", "there is no such database or workflow yet"],
    ["2", "the input is wrong"],
    shared.BUG_EXIT,
  ],
  examples: [["troupe status --json", "for scripts"], [
    "troupe status --watch --interval 10",
    "a look every ten seconds",
  ]],
};
