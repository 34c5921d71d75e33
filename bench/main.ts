/**
 * Owns the benchmark program: its arguments, the order of the workloads, and what goes where. Results go to stdout,
 * everything else to stderr.
 * It measures nothing itself, and no figure makes it fail: a figure is judged by people, beside the machine it comes from.
 *
 *     deno task bench [NAME… | --quick] [--runs N] [--json | --markdown]
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { existsSync } from "@std/fs";
import { BUILD_WORKLOADS } from "./build_workloads.ts";
import { COLD_WORKLOADS } from "./cold_workloads.ts";
import type { Turns } from "./contest.ts";
import { CREW_WORKLOADS } from "./crew.ts";
import { JOIN_WORKLOADS } from "./join.ts";
import { LIBRARY_WORKLOADS } from "./library.ts";
import { DAILY_WORKLOADS } from "./daily.ts";
import { HEADER_WORKLOADS } from "./headers.ts";
import { describeMachine, machineText } from "./machine.ts";
import { LOOP_WORKLOADS } from "./loop.ts";
import { MAKESPAN_WORKLOADS } from "./makespan.ts";
import { MODULE_WORKLOADS } from "./modules.ts";
import { RECORDING_WORKLOADS } from "./recording.ts";
import { Space } from "./space.ts";
import { conclude, markdownTable, type Result, textTable } from "./table.ts";
import { STORE_WORKLOADS } from "./store.ts";
import { TASK_WORKLOADS } from "./tasks.ts";
import { WATCH_WORKLOADS } from "./watch.ts";
import type { Bench, Workload } from "./workload.ts";

const WORKLOADS: readonly Workload[] = [
  ...COLD_WORKLOADS,
  ...LOOP_WORKLOADS,
  ...BUILD_WORKLOADS,
  ...HEADER_WORKLOADS,
  ...MAKESPAN_WORKLOADS,
  ...TASK_WORKLOADS,
  ...STORE_WORKLOADS,
  ...RECORDING_WORKLOADS,
  ...LIBRARY_WORKLOADS,
  ...MODULE_WORKLOADS,
  ...CREW_WORKLOADS,
  ...JOIN_WORKLOADS,
  ...DAILY_WORKLOADS,
  ...WATCH_WORKLOADS,
];

/** Two minutes on two cores. */
const QUICK = ["full", "again", "edit", "version", "chain", "commands", "modules"];
const QUICK_TURNS = 3;

const HELP = `Measure troupe, beside ninja and make where they are installed.

Usage: deno task bench [NAME…] [OPTIONS]

  NAME        workloads to measure (default: all): ${WORKLOADS.map(({ name }) => name).join(", ")}

Options:
  --quick     what tells most, three turns each: ${QUICK.join(", ")}
  --runs N    turns each contender takes (default: 5, or 3 where these take long)
  --json      write the results, with every turn, as JSON
  --markdown  write the table as Markdown
  -h, --help  show this help

Amounts are medians, with the least in parentheses; ratios likewise. Verdicts go by the medians.`;

const DEFAULT_TURNS: Turns = { most: 5, patienceMs: 15_000 };
/** Above this somebody else is using the machine. */
const QUIET_LOAD = 0.5;

/** What the user asked for. */
interface Choices {
  readonly workloads: readonly Workload[];
  readonly turns: Turns;
  readonly form: "text" | "markdown" | "json";
}

/** Answers with the choices or, if they make no sense, with a sentence. */
function readChoices(args: readonly string[]): Choices | string {
  const unknown: string[] = [];
  const flags = parseArgs(args, {
    boolean: ["json", "markdown", "quick", "help"],
    string: ["runs", "_"],
    alias: { h: "help" },
    unknown: (arg, key) => key === undefined || unknown.push(arg) === 0,
  });
  if (flags.help) return HELP;
  if (unknown.length > 0) return `Unknown option '${unknown[0]}'; see --help`;
  const names = flags._.map(String);
  const missing = names.find((name) => WORKLOADS.every((workload) => workload.name !== name));
  if (missing !== undefined) return `Unknown workload '${missing}'; see --help`;
  if (flags.quick && names.length > 0) return "Cannot use names with --quick";
  const wanted = flags.quick ? QUICK : names;
  const runs = flags.runs ?? (flags.quick ? QUICK_TURNS : undefined);
  const turns = runs === undefined ? DEFAULT_TURNS : { most: Number(runs), patienceMs: Infinity };
  if (!Number.isSafeInteger(turns.most) || turns.most < 1) return `Cannot use '${runs}' as number of runs`;
  return {
    workloads: wanted.length === 0 ? WORKLOADS : WORKLOADS.filter(({ name }) => wanted.includes(name)),
    turns,
    form: flags.json ? "json" : flags.markdown ? "markdown" : "text",
  };
}

/** Others that use Deno meanwhile change its caches; packages are in none. */
async function useOwnDenoDir(space: Space): Promise<void> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(stdout)) as { readonly denoDir: string };
  const own = space.folder("deno");
  for (const name of ["npm", "registries"]) {
    if (existsSync(`${denoDir}/${name}`)) Deno.symlinkSync(`${denoDir}/${name}`, `${own}/${name}`);
  }
  Deno.env.set("DENO_DIR", own);
}

async function main(args: readonly string[]): Promise<number> {
  const choices = readChoices(args);
  if (typeof choices === "string") {
    if (choices !== HELP) console.error(choices);
    else console.log(choices);
    return choices === HELP ? 0 : 2;
  }
  using space = new Space();
  Deno.addSignalListener("SIGINT", () => {
    space[Symbol.dispose]();
    Deno.exit(130);
  });
  await useOwnDenoDir(space);
  const machine = await describeMachine(space.root);
  console.error(machineText(machine));
  if (machine.load > QUIET_LOAD) {
    console.error(`The machine is busy (load ${machine.load.toFixed(2)}): amounts will be too high; trust the ratios`);
  }
  const bench: Bench = {
    space,
    turns: choices.turns,
    cpus: machine.cpus,
    peers: new Map(Object.entries(machine.peers)),
  };
  const results: Result[] = [];
  for (const { name, run } of choices.workloads) {
    const begun = performance.now();
    results.push(...(await run(bench)).map(conclude));
    console.error(`${name}: measured in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  }
  if (choices.form === "json") console.log(JSON.stringify({ machine, results }, null, 2));
  else if (choices.form === "markdown") console.log(`${machineText(machine)}\n\n${markdownTable(results)}`);
  else console.log(`\n${textTable(results)}`);
  return 0;
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);
