// The pages of documentation that are made from the program's own words.
import { assert, assertEquals } from "@std/assert";
import { existsSync, walkSync } from "@std/fs";
import { dirname, fromFileUrl, normalize } from "@std/path";
import { pages } from "../docs/generate.ts";
import { PAGES } from "../cli/help/pages.ts";
import schema from "../schema.json" with { type: "json" };

const ROOT = fromFileUrl(new URL("..", import.meta.url));

Deno.test("the generated pages are as deno task docs makes them", async () => {
  for (const [path, content] of pages()) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["fmt", "--ext", "md", "-"],
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(content));
    await writer.close();
    const formatted = new TextDecoder().decode((await child.output()).stdout);
    assertEquals(Deno.readTextFileSync(`${ROOT}/${path}`), formatted, `${path}: run deno task docs`);
  }
});

Deno.test("every flag of every command, and every key of a config, is in the generated pages", () => {
  const commands = Deno.readTextFileSync(`${ROOT}/docs/cli.md`),
    config = Deno.readTextFileSync(`${ROOT}/docs/config.md`);
  for (const { command, options } of PAGES) {
    const start = commands.indexOf(`\n## troupe ${command}\n`);
    assert(start >= 0, command);
    const text = commands.slice(start, commands.indexOf("\n## ", start + 1));
    for (const { flag } of options.flatMap((group) => group.options)) {
      assert(text.includes(`--${flag}`), `${command} ${flag}`);
    }
  }
  for (const key of [...Object.keys(schema.properties), ...Object.keys(schema.definitions.task.properties)]) {
    assert(config.includes(`\`${key}\``), key);
  }
});

/** How a title is linked to. */
function anchorOf(title: string): string {
  return title.toLowerCase().replace(/[^\p{L}\p{N}\- ]/gu, "").replaceAll(" ", "-");
}

Deno.test("every link in the documentation leads to a file, and to a title in it", () => {
  const pages = [
    "README.md",
    "CHANGELOG.md",
    ...[...Deno.readDirSync(`${ROOT}/docs`)].map(({ name }) => `docs/${name}`),
  ]
    .filter((path) => path.endsWith(".md"));
  const prose = (path: string) => Deno.readTextFileSync(`${ROOT}/${path}`).replace(/^```[\s\S]*?^```/gm, "");
  let links = 0;
  for (const page of pages) {
    for (const [, target] of prose(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      links++;
      const [path, anchor] = target.split("#");
      const file = path === "" ? page : normalize(`${dirname(page)}/${path}`);
      assert(existsSync(`${ROOT}/${file}`), `${page}: ${target}`);
      if (anchor === undefined) continue;
      const titles = [...prose(file).matchAll(/^#+ (.*)$/gm)].map(([, title]) => anchorOf(title));
      assert(titles.includes(anchor), `${page}: ${target}`);
    }
  }
  assert(links > 30, `${links} links`);
});

Deno.test("the first page stays short", () => {
  const lines = Deno.readTextFileSync(`${ROOT}/README.md`).split("\n").length;
  assert(lines <= 151, `${lines} lines`);
});

Deno.test("what the page on troubles quotes is what troupe says", () => {
  const sources = ["actors", "cli", "graph"].flatMap((folder) =>
    [...walkSync(`${ROOT}/${folder}`, { exts: [".ts"], includeDirs: false })].map(({ path }) =>
      Deno.readTextFileSync(path)
    )
  );
  const quoted = [...Deno.readTextFileSync(`${ROOT}/docs/troubleshooting.md`).matchAll(/^\| `([^`]+)`/gm)].map((
    [, text],
  ) => text);
  assert(quoted.length > 15, `${quoted.length} messages`);
  for (const message of quoted) {
    // Names, numbers and what is left out differ from case to case.
    const parts = message.split(/'[^']*'|#?\b\d+\b|\bN\b|…|\bgpu\b/).map((part) =>
      part.replace(/^[\s:,;().]+|[\s:,;().]+$/g, "")
    );
    const longest = parts.reduce((a, b) => a.length >= b.length ? a : b);
    assert(longest.length > 4 && sources.some((text) => text.includes(longest)), `${message}: ${longest}`);
  }
});
