/**
 * Owns the command `troupe graph`: its flags, and what of the graph goes where. What it draws is actors/commands/graph.ts's,
 * the pictures graph/picture's.
 *
 * @module
 */
import { graphFor, type GraphReport, pathFor } from "../actors/commands/graph.ts";
import { besideConfig } from "../actors/input/config_search.ts";
import { dotText, mermaidText } from "../graph/picture/diagrams.ts";
import { drawingOf, drawnTask } from "../graph/picture/drawing.ts";
import { treeLines } from "../graph/picture/tree.ts";
import { later } from "../actors/machine/later.ts";
import { terminalSize } from "../actors/terminal/screen_stream.ts";
import { InputError } from "../graph/input/input_error.ts";
import { nearest } from "../graph/suggest.ts";
import { DEFAULT_HISTORY } from "../graph/report/typed_commands.ts";
import { quote } from "../graph/text.ts";
import { specOf } from "./help/page.ts";
import { GRAPH_PAGE } from "./help/pictures.ts";
import { type Flags, parseFlags } from "./options.ts";
import { targetOrMissing, withTarget } from "./target.ts";
import { createReporter, detectScreen, paintFor } from "./terminal.ts";
import { writeOut } from "./written.ts";

/** More tasks than these nobody reads as a tree; folded they are to be few. A diagram shows fewer. */
const MOST_LINES = 200, FOLDED_LINES = 60, MOST_BOXES = 120;

const FORMS = ["tree", "dot", "mermaid", "json", "html"] as const;

/** Runs the command and answers with the exit code. */
export async function graphCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("graph", args, specOf(GRAPH_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(GRAPH_PAGE);
  const form = formOf(flags);
  const { ends, rest } = questionOf(flags);
  const target = targetOrMissing("graph", rest, "both");
  const { file, tasks, home } = target;
  const screen = detectScreen("stdout");
  const reporter = await createReporter(screen);
  const db = flags.values.get("db") ?? (home === "" ? besideConfig(DEFAULT_HISTORY) : `${home}${DEFAULT_HISTORY}`);
  const choice = { tasks, needs: flags.on.has("needs") || undefined, neededBy: flags.on.has("needed-by"), db };
  const report = await withTarget(
    target,
    async () =>
      ends === undefined ? await graphFor(reporter, file, choice) : await pathFor(reporter, file, { ends, db }),
  );
  if (report === undefined) {
    const [from, to] = ends!;
    return await reporter.result(`Neither of ${quote(from)} and ${quote(to)} needs the other`) ? 0 : 1;
  }
  const isAll = flags.on.has("all");
  const named = flags.values.get("output");
  const output = named === "-" ? undefined : named;
  if (form === "tree" && output === undefined) {
    const paint = await paintFor(screen);
    const lines = treeLines(
      drawn(report, isAll || report.tasks.length <= MOST_LINES ? Infinity : FOLDED_LINES),
      screen.isLive ? terminalSize().columns : undefined,
    );
    const text = lines.map((line) => line.map(({ text, tone }) => paint?.(text, tone) ?? text).join("").trimEnd());
    return await reporter.result(text.join("\n")) ? 0 : 1;
  }
  // In some logs lines may have to be written otherwise; JSON stays the same value.
  if (form === "json" && output === undefined) return await reporter.json(report) ? 0 : 1;
  const text = await textOf(form, report, isAll);
  if (output === undefined) return await reporter.result(text.trimEnd()) ? 0 : 1;
  writeOut(output, text, { what: "graph", database: db, input: file });
  return 0;
}

async function textOf(form: typeof FORMS[number], report: GraphReport, isAll: boolean): Promise<string> {
  switch (form) {
    case "tree": {
      const lines = treeLines(
        drawn(report, isAll || report.tasks.length <= MOST_LINES ? Infinity : FOLDED_LINES),
        undefined,
      );
      return lines.map((line) => line.map(({ text }) => text).join("").trimEnd()).join("\n") + "\n";
    }
    case "dot":
      return dotText(drawn(report, isAll ? Infinity : MOST_BOXES)) + "\n";
    case "mermaid":
      return mermaidText(drawn(report, isAll ? Infinity : MOST_BOXES)) + "\n";
    case "json":
      return JSON.stringify(report, null, 2) + "\n";
    case "html":
      return await (await later<typeof import("../actors/commands/report.ts")>(
        "../actors/commands/report.ts",
        import.meta.url,
      )).graphPage(report);
  }
}

function drawn(report: GraphReport, most: number) {
  return drawingOf(report.tasks.map(drawnTask), most);
}

function formOf(flags: Flags): typeof FORMS[number] {
  const word = flags.values.get("format") ?? "tree";
  const form = FORMS.find((each) => each === word);
  if (form !== undefined) return form;
  const guess = nearest(word, [...FORMS]);
  const hint = guess === undefined ? "" : `, did you mean ${quote(guess)}?`;
  throw new InputError(`--format must be tree, dot, mermaid, json or html, not ${quote(word)}${hint}`);
}

/** `path A B` names two tasks; a task that is called path is named by `--task`. */
function questionOf(flags: Flags): { readonly ends?: readonly [string, string]; readonly rest: Flags } {
  const at = flags.positional.indexOf("path");
  if (at < 0) return { rest: flags };
  const words = flags.positional.slice(at + 1);
  if (words.length !== 2) throw new InputError("graph path needs the names of two tasks: troupe graph path A B");
  return { ends: [words[0], words[1]], rest: { ...flags, positional: flags.positional.slice(0, at) } };
}
