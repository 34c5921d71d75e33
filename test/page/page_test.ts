// The page of `troupe report` and `troupe ui`, in a real Chromium.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname, toFileUrl } from "@std/path";
import type { Page } from "puppeteer-core";
import { buildGraph } from "../../graph/graph.ts";
import { PAGE_LOOKS, PAGE_VERSION, type PageData } from "../../graph/picture/page_data.ts";
import { layoutOf } from "../../actors/page/layout.ts";
import { pageOf } from "../../actors/page/page.ts";
import { type Rig, rigTest } from "../rig.ts";
import { findChromium, type OpenPage, TestBrowser } from "./browser.ts";

const ignore = findChromium() === undefined;
if (ignore) console.log("no Chromium here: the tests of the page are left out (apt-get install chromium)");

/** As much of a browser's own words as is used here; Deno has no types of them. */
interface Shown {
  readonly innerText: string;
  readonly hidden: boolean;
  readonly textContent: string | null;
  readonly scrollWidth: number;
}
declare const document: { querySelector(selector: string): Shown | null; readonly documentElement: Shown };
declare const innerWidth: number;

/** A name and an output that would like to be more than text. */
const EVIL = `</script><script>alert(1)</script><img src=x onerror=alert(2)>`;
const TURNED = "evil\u202egnp.exe";

/** What an element shows, without what lies between words. */
async function textOf(page: Page, selector: string): Promise<string> {
  return await page.$eval(selector, (element) => (element as unknown as Shown).innerText.replace(/\s+/g, " ").trim());
}

/** Waits until an element shows something. */
async function shows({ page }: OpenPage, selector: string, text: string): Promise<void> {
  await page.waitForFunction(
    (selector, text) => document.querySelector(selector)?.textContent?.includes(text),
    {},
    selector,
    text,
  );
}

/** `long` is one more line that one of its tasks prints. */
function project(rig: Rig, long = ""): void {
  const task = (name: string, dependencies: string[], command: string, output: string) => ({
    name,
    dependencies,
    command,
    source_files: ["src.txt"],
    output: `out/${output}`,
  });
  rig.write("src.txt", "one");
  rig.write(
    "evil.txt",
    `${EVIL}\n\u001b[31mred\u001b[0m\n\u05d0\u05d1\u05d2 \u202eabc\n${long}\nlast words\n`,
  );
  rig.write("build.json", {
    num_workers: 2,
    tasks: [
      task("gen", [], 'echo generated; cp src.txt "$OUT"', "gen"),
      task("lint", ["gen"], "cat evil.txt; echo 'src.txt:3:4 broken' >&2; exit 7", "lint"),
      task(`bundle ${EVIL}`, ["lint"], ': > "$OUT"', "bundle"),
      task(TURNED, ["gen"], ': > "$OUT"', "turned"),
    ],
  });
}

// S6.13
rigTest("a report shows the failed task with its log, the graph, the timeline, all tasks and runs", async (rig) => {
  project(rig);
  await rig.build();
  rig.write("src.txt", "two");
  await rig.build();
  assertEquals((await rig.ask(["report", "-o", "report.html"])).code, 0);
  await using browser = await TestBrowser.start();
  const open = await browser.open(toFileUrl(rig.path("report.html")).href);
  const { page } = open;
  await shows(open, "#detail pre.stderr", "src.txt:3:4 broken");
  const detail = await textOf(page, "#detail");
  assertMatch(detail, /^lint ✕ ✗ failed/);
  for (
    const part of ["exit code 7", "why failed last", "last 2 ✗✗", "needs ✓ gen", "what changed since run #1"]
  ) {
    assert(detail.includes(part), `${part}: ${detail}`);
  }
  assertMatch(await textOf(page, "#title"), /^Run #2$/);
  assertMatch(await textOf(page, "#states"), /✗ 1 failed ✓ 2 passed – 1 not run/);
  assertEquals(await page.$$eval(".box", (boxes) => boxes.map((box) => box.getAttribute("aria-label"))), [
    "gen, passed",
    "lint, failed",
    `bundle ${EVIL}, not run`,
    `${TURNED}, passed`,
  ]);

  await page.keyboard.press("2");
  await page.waitForSelector(".timeline .bar");
  assertEquals((await page.$$(".timeline .bar")).length, 3);
  await page.keyboard.press("3");
  await shows(open, "#view .count", "4 tasks");
  await page.keyboard.press("/");
  await page.keyboard.type("GEN");
  await shows(open, "#view .count", "1 of 4 tasks");
  await page.keyboard.press("Escape");
  await page.click("#states .s-s");
  await shows(open, "#view .count", "1 of 4 tasks");
  await page.click("#states .s-s");
  await page.click(".table .head .c-name button");
  await shows(open, ".table .rows .row", "bundle");
  await page.keyboard.press("4");
  await page.waitForSelector(".plot .bar");
  assertEquals((await page.$$(".plot .bar")).length, 2);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  assertEquals(await page.$eval("#detail", (panel) => (panel as unknown as Shown).hidden), true);
  await page.keyboard.press("n");
  await shows(open, "#detail h2", "lint");

  // By keys alone: along an arrow, and into a task.
  await page.keyboard.press("1");
  await page.waitForSelector(".box");
  await page.evaluate(`document.querySelector(".box").focus()`);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await shows(open, "#detail h2", "lint");
  assertEquals(open.complaints, []);
}, { ignore });

// S6.13
rigTest("what tasks are called and print stays text, however it is written", async (rig) => {
  project(rig, "x".repeat(1_000_000));
  await rig.build();
  await rig.ask(["report", "-o", "report.html"]);
  await using browser = await TestBrowser.start();
  const open = await browser.open(toFileUrl(rig.path("report.html")).href, { width: 360, height: 740, scheme: "dark" });
  const { page } = open;
  await page.click("#tab-tasks");
  await (await page.waitForSelector('.row[data-task="1"]'))!.click();
  await shows(open, "#detail pre.stdout", "last words");
  const log = await page.$eval("#detail pre.stdout", (pre) => pre.textContent!);
  assert(log.startsWith(`${EVIL}\nred\n\u05d0\u05d1\u05d2 \\u202eabc\nxxx`), log.slice(0, 200));
  assert(log.length < 80_000, `${log.length} characters`);
  assertMatch(await textOf(page, "#detail"), /bytes are not shown: troupe show 1/);
  assertMatch(await textOf(page, "#view"), /evil\\u202egnp\.exe/);
  assertEquals(await page.$$eval("img, #view script, #detail script", (found) => found.length), 0);
  assertEquals(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "wider than 360");
  // Were there a hole all the same, the browser would not run what comes through it.
  const isRun = await page.evaluate(`
    const script = document.createElement("script");
    script.textContent = "window.isRun = true";
    document.body.append(script);
    window.isRun === true`);
  assertEquals(isRun, false);
  assertEquals(open.complaints.filter((line) => !line.includes("Content Security Policy")), []);
}, { ignore });

// S6.13
rigTest("a live page follows builds of other processes, one after another", async (rig) => {
  const slow = rig.hold("slow");
  rig.write("src.txt", "one");
  rig.write("build.json", {
    tasks: [
      { name: "slow", source_files: ["src.txt"], output: "slow.txt", command: slow.command },
      { name: "after", dependencies: ["slow"], output: "after.txt", command: "echo seen; exit 3" },
    ],
  });
  const main = ["run", "--no-code-cache", "-A", `${dirname(rig.program)}/main.ts`];
  const ui = rig.start(["ui"], { deno: main });
  const [url] = await ui.says(/http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{48}\//);
  await using browser = await TestBrowser.start();
  const open = await browser.open(url);
  await shows(open, "#title", "No run yet");
  const first = rig.start();
  await slow.started();
  await shows(open, "#title", "Run #1");
  await shows(open, "#states .s-r", "1 running");
  await open.page.keyboard.press("2");
  await shows(open, ".timeline .row", "running");
  slow.release();
  assertEquals((await first.ended).code, 1);
  await shows(open, "#states .s-f", "1 failed");
  await open.page.keyboard.press("n");
  await shows(open, "#detail pre.stdout", "seen");

  rig.write("src.txt", "two");
  const second = rig.start();
  await slow.started();
  await shows(open, "#title", "Run #2");
  slow.release();
  await second.ended;
  await shows(open, "#states .s-p", "1 passed");
  await open.page.click("#tab-runs");
  await open.page.click(".runs tbody tr:last-child button");
  await shows(open, "#title", "Run #1");
  assertEquals(open.complaints, []);
  ui.kill("SIGINT");
  assertEquals((await ui.ended).code, 130);
}, { ignore });

// S6.13
Deno.test("ten thousand tasks are one page of less than 5 MB that opens", { ignore }, async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const { html } = await pageOf(await tenThousand());
    assert(html.length < 5_000_000, `${html.length} characters`);
    Deno.writeTextFileSync(`${folder}/many.html`, html);
    await using browser = await TestBrowser.start();
    const open = await browser.open(toFileUrl(`${folder}/many.html`).href);
    const { page } = open;
    await shows(open, "#detail h2", "web:test:777");
    assert((await page.$$(".box")).length <= 120);
    await page.keyboard.press("3");
    await shows(open, "#view .count", "10000 tasks");
    assert((await page.$$(".table .row")).length < 100);
    await page.keyboard.press("2");
    assert((await page.$$(".timeline .bar")).length < 12_000);
    assertEquals(open.complaints, []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

/** A run of ten thousand tasks, as long names, reasons and pasts make it large. */
async function tenThousand(): Promise<PageData> {
  const areas = ["utils", "api", "web", "ui", "docs"], kinds = ["gen", "lint", "check", "test"];
  const tasks = Array.from({ length: 10_000 }, (_, i) => ({
    name: `${areas[Math.floor(i / 3) % 5]}:${kinds[i % 4]}:${i}`,
    dependencies: [] as string[],
  }));
  tasks.forEach((task, i) => [1, 7, 40].forEach((back) => i >= back && task.dependencies.push(tasks[i - back].name)));
  tasks[777].name = "web:test:777";
  const { graph } = buildGraph(tasks);
  const names = tasks.map(({ name }) => name);
  return {
    version: PAGE_VERSION,
    mode: "report",
    title: "Run #1",
    looks: PAGE_LOOKS,
    names,
    needs: names.map((_, task) => [
      ...graph.dependencies.subarray(graph.dependencyStart[task], graph.dependencyStart[task + 1]),
    ]),
    layout: await layoutOf(names, graph),
    usual: names.map((_, i) => i),
    past: names.map(() => "ppppppppppfpppppppps"),
    flaky: {},
    points: [],
    details: {},
    run: { id: 1, what: "build", source: "/p/build.json", started: 0, tookMs: 100_000, state: "finished" },
    states: names.map((_, i) => i === 777 ? "f" : "p").join(""),
    rows: names.map((
      _,
      i,
    ) => [i, [10 * i, 80, 1, 1, `worker ${i % 8}`, `source changed: packages/area/src/file_${i}.ts`, ""]]),
    bars: names.map((_, i) => [i, i % 8, 10 * i, 80, "p"]),
    workers: Array.from({ length: 8 }, (_, i) => `worker ${i + 1}`),
    critical: [],
  };
}
