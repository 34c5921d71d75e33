/**
 * Owns the pages of documentation that are made from what the program itself knows: the commands from their help, the
 * keys of a config from its schema.
 *
 *     deno task docs
 *
 * @module
 */
import type { HelpEntry, Option, Page, Topic } from "../cli/help/page.ts";
import { GROUPS } from "../cli/help/page.ts";
import { PAGES, TOPICS } from "../cli/help/pages.ts";
import schema from "../schema.json" with { type: "json" };

/** A part of a JSON schema, as far as it is told. */
interface Property {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Property[];
  readonly items?: Property;
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Property>>;
  readonly additionalProperties?: boolean | Property;
}

const DEFINITIONS: Readonly<Record<string, Property>> = schema.definitions as never;

/** Path → content of each page that is made. */
export function pages(): Map<string, string> {
  return new Map([["docs/cli.md", commands()], ["docs/config.md", config()]]);
}

function commands(): string {
  const inGroup = (group: string) => PAGES.filter((page) => page.group === group);
  return [
    "# Commands",
    "Made from the texts of `--help`; `troupe help` and `troupe COMMAND --help` have the same.",
    ...GROUPS.filter((group) => inGroup(group).length > 0).map((group) =>
      `- **${group}**: ${inGroup(group).map(({ command }) => `[${command}](#troupe-${command})`).join(", ")}`
    ),
    ...PAGES.map(commandText),
    ...TOPICS.filter(({ topic }) => topic !== "config").map(topicText),
  ].join("\n\n").replace(/(^- .*)\n\n(?=- )/gm, "$1\n") + "\n";
}

function commandText(
  { command, summary, usage, words = [], about = [], options, files, environment, exits, examples }: Page,
): string {
  return [
    `## troupe ${command}`,
    `${summary}.`,
    fenced(usage.map((line) => `troupe ${line}`)),
    ...(words.length === 0 ? [] : [table(["word", "meaning"], words)]),
    ...about,
    ...options.map((group) => `**${group.title}**\n\n${table(["flag", "meaning"], group.options.map(optionEntry))}`),
    ...(files === undefined ? [] : [`**Files**\n\n${table(["file", "meaning"], files)}`]),
    ...(environment === undefined ? [] : [`**Environment**\n\n${table(["variable", "meaning"], environment)}`]),
    `**Exit codes**\n\n${table(["code", "meaning"], exits)}`,
    ...(examples.length === 0 ? [] : [`**Examples**\n\n${table(["command", "what it does"], examples)}`]),
  ].map(escaped).join("\n\n");
}

function topicText({ topic, summary, parts }: Topic): string {
  return [
    `## ${topic[0].toUpperCase()}${topic.slice(1)}`,
    `${summary}.`,
    ...parts.map((part) => {
      if ("text" in part) return part.text;
      return "entries" in part
        ? `**${part.title}**\n\n${table(["", "meaning"], part.entries)}`
        : `**${part.title}**\n\n${fenced(part.code.split("\n"))}`;
    }),
  ].map(escaped).join("\n\n");
}

function optionEntry({ flag, short, value, text }: Option): HelpEntry {
  const names = short === undefined ? `--${flag}` : `-${short}, --${flag}`;
  return [value === undefined ? names : `${names} ${value}`, text];
}

function config(): string {
  const { task, ...others } = DEFINITIONS;
  const named = Object.entries(others).filter(([, { properties }]) => properties !== undefined);
  return [
    "# Keys of a config",
    `Made from [schema.json](../schema.json). ${schema.description}`,
    keys(schema.properties as never),
    "## A task",
    task.description ?? "",
    keys(task.properties ?? {}),
    ...named.flatMap(([name, { description, properties }]) => [
      `## ${name}`,
      ...(description === undefined ? [] : [description]),
      keys(properties ?? {}),
    ]),
  ].join("\n\n") + "\n";
}

function keys(properties: Readonly<Record<string, Property>>): string {
  const rows = Object.entries(properties).map(([key, property]) => {
    const { description, default: usual } = resolved(property);
    const text = [description ?? "", ...(usual === undefined ? [] : [`Default: \`${JSON.stringify(usual)}\`.`])];
    return `| \`${key}\` | ${cell(typeText(property))} | ${cell(text.join(" ").trim())} |`;
  });
  return ["| key | value | meaning |", "| --- | --- | --- |", ...rows].join("\n");
}

function typeText(property: Property): string {
  const { type, enum: words, const: only, anyOf, items, additionalProperties } = resolved(property);
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  if (words !== undefined) return words.map((word) => `\`${JSON.stringify(word)}\``).join(" or ");
  if (anyOf !== undefined) return anyOf.map(typeText).join(" or ");
  if (type === "array") return `list of ${items === undefined ? "anything" : typeText(items)}`;
  if (type === "object" && typeof additionalProperties === "object") {
    return `object of ${typeText(additionalProperties)}`;
  }
  return type === undefined ? "anything" : [type].flat().join(" or ");
}

/** What a reference leads to, with what is said beside it. */
function resolved(property: Property): Property {
  if (property.$ref === undefined) return property;
  const { $ref, ...own } = property;
  const steps = $ref.slice("#/".length).split("/");
  const target = steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], schema);
  return { ...resolved(target as Property), ...own };
}

function table([first, second]: readonly [string, string], entries: readonly HelpEntry[]): string {
  const rows = entries.map(([term, text]) => `| ${code(term)} | ${cell(text)} |`);
  return [`| ${first} | ${second} |`, "| --- | --- |", ...rows].join("\n");
}

function code(text: string): string {
  return text === "" ? "" : `\`${text.replaceAll("|", "\\|")}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function fenced(lines: readonly string[]): string {
  return ["```", ...lines, "```"].join("\n");
}

/** What Markdown would take for emphasis or a tag, in text that is meant as it stands; code is left. */
function escaped(text: string): string {
  return text.split(/(```[\s\S]*?```|`[^`\n]*`)/).map((part, at) =>
    at % 2 === 1 ? part : part.replace(/(?<![*|])\*(?![*|])/g, "\\*").replaceAll("<", "&lt;")
  ).join("");
}

if (import.meta.main) {
  for (const [path, content] of pages()) Deno.writeTextFileSync(new URL(`../${path}`, import.meta.url), content);
  const paths = [...pages().keys()].map((path) => new URL(`../${path}`, import.meta.url).pathname);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", ...paths] }).output();
}
