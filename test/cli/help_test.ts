// The help of all commands as data and as text.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { KEPT_STATUSES } from "../../actors/crew/store/prune.ts";
import { GROUPS, type Page, specOf } from "../../cli/help/page.ts";
import { PAGES, TOPICS } from "../../cli/help/pages.ts";
import { overviewLines, pageLines, topicLines } from "../../cli/help/text.ts";
import { parseFlags } from "../../cli/options.ts";
import { COMMAND_NAMES } from "../../cli/program.ts";
import schema from "../../schema.json" with { type: "json" };

function text(page: Page, columns = 100): string {
  return pageLines(page, columns).map((line) => line.text).join("\n");
}

// S6.3
Deno.test("every command has a page of help, in one of the groups", () => {
  assertEquals(PAGES.map(({ command }) => command).sort(), [...COMMAND_NAMES].sort());
  for (const { group, summary, command } of PAGES) {
    assert(GROUPS.includes(group), command);
    assert(/^[A-Z].*[^.]$/.test(summary), command);
  }
});

// S6.3
Deno.test("a page has synopsis, options by group, files, environment, exit codes and examples", () => {
  for (const page of PAGES) {
    const shown = text(page);
    assertStringIncludes(shown, `\nUsage: troupe ${page.command}`);
    for (const { title, options } of page.options) {
      assertStringIncludes(shown, `\n${title}:\n`);
      for (const { flag } of options) assertStringIncludes(shown, ` --${flag}`);
    }
    assertEquals(shown.includes("\nFiles:\n"), page.files !== undefined);
    assertEquals(shown.includes("\nEnvironment:\n"), page.environment !== undefined);
    assertStringIncludes(shown, "\nExit codes:\n  0 ");
    assert(/\nExamples:\n {2}(?:eval "\$\()?troupe /.test(shown), page.command);
    assert(page.exits.some(([code]) => code === "2") && page.exits.some(([code]) => code === "70"), page.command);
  }
});

// S6.3
Deno.test("the flags of a page are those that its command knows, and its examples use no others", () => {
  for (const page of PAGES) {
    const all = page.options.flatMap(({ options }) => options);
    const words = all.flatMap(({ flag, short, alias }) => [flag, short, alias].filter((word) => word !== undefined));
    assertEquals(new Set(words).size, words.length, page.command);
    assert(all.some(({ flag, short }) => flag === "help" && short === "h"), page.command);
    for (const [line] of page.examples) {
      const [, ...args] = line.replace(/ [>|] .*/, "").replace(/^eval "\$\((.*)\)"$/, "$1").split(" ").map((word) =>
        word.replaceAll("'", "")
      );
      const own = args[0] === page.command ? args.slice(1) : args;
      parseFlags(page.command, own, specOf(page));
    }
  }
});

// S6.3
Deno.test("help fits into narrow and wide windows, but for words that do not", () => {
  for (const columns of [40, 80, 100]) {
    for (const page of PAGES) {
      const [, , ...lines] = pageLines(page, columns).filter((line) => !line.text.includes(" troupe "));
      for (const line of lines) assert(line.text.length <= Math.max(columns, 60), `${page.command}: ${line.text}`);
    }
  }
});

// S6.3
Deno.test("the overview lists all commands by group, and says how a task of a command's name is reached", () => {
  const shown = overviewLines({ pages: PAGES, topics: TOPICS, head: "troupe" }, 100).map((line) => line.text).join(
    "\n",
  );
  for (const group of ["Do", "See", "Many", "Check", "Set up"]) assertStringIncludes(shown, `\n${group}:\n`);
  for (const command of COMMAND_NAMES) assert(new RegExp(`^  ${command} +[a-z]`, "m").test(shown), command);
  for (const topic of ["config", "ci", "exit-codes"]) assertStringIncludes(shown, `help ${topic}`);
  assertStringIncludes(shown, "troupe build NAME reaches the task");
  const narrow = overviewLines({ pages: PAGES, topics: TOPICS, head: "troupe" }, 80).map((line) => line.text);
  const from = narrow.indexOf("Do:");
  assert(
    narrow.slice(from).every((line) => line.length <= 80 && !line.startsWith("    ")),
    "each command has one line",
  );
});

// S6.3
Deno.test("the page about configs has every key of the schema", () => {
  const topic = TOPICS.find((each) => each.topic === "config")!;
  const shown = topicLines(topic, 100).map((line) => line.text).join("\n");
  for (const key of Object.keys(schema.definitions.task.properties)) {
    assert(new RegExp(`^  ${key} +\\S`, "m").test(shown), key);
  }
  for (const key of Object.keys(schema.properties).filter((key) => key !== "tasks")) assertStringIncludes(shown, key);
});

// S6.3
Deno.test("numbers in the help are those in force", () => {
  for (const page of PAGES.filter(({ command }) => command === "join" || command === "crew")) {
    assertStringIncludes(text(page, 500), `stay when all is done (default: ${KEPT_STATUSES})`);
  }
});
