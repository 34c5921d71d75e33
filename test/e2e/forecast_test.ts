// fixtures/forecast, a data pipeline in five templates, built as a reader would build it.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { copySync } from "@std/fs";
import { fromFileUrl } from "@std/path";
import { type Rig, rigTest } from "../rig.ts";

const FIXTURE = fromFileUrl(new URL("../../fixtures/forecast", import.meta.url));
const REGIONS = ["east", "north", "south", "west"];

function project(rig: Rig): void {
  for (const name of ["build.json", "data", "tools"]) copySync(`${FIXTURE}/${name}`, rig.path(name));
}

async function executed(rig: Rig, ...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await rig.ask(["build", "--no-history", ...args]);
  assertEquals([code, stderr], [0, ""], stdout);
  return [...stdout.matchAll(/Started task '(.*?)'/g)].map(([, name]) => name).sort();
}

function made(rig: Rig): Record<string, string> {
  return Object.fromEntries(rig.files("build").map((path) => [path, rig.read(path)]));
}

// S5.1, S5.2, S5.5, S5.12, S5.13
rigTest("any file of the pipeline that is deleted or edited is back with the next build", async (rig) => {
  project(rig);
  assertEquals((await executed(rig, "--no-store")).length, 4 + 4 + 12 + 1);
  const all = made(rig);
  assertEquals(Object.keys(all).length, 8 + 12 + 1);
  assertStringIncludes(all["build/report.txt"], "north          line    8.3\n");
  for (const path of Object.keys(all)) {
    if (path.length % 2 === 0) rig.remove(path);
    else rig.write(path, "spoilt");
    // Without a store its task does it again, and nobody else has to.
    const [, region, name] = /^build\/(.*)\/(.*)\.(?:csv|txt)$/.exec(path) ?? [];
    const task = region === undefined
      ? "report"
      : /^(train|test)$/.test(name)
      ? `split:${region}`
      : `try:${region}:${name}`;
    assertEquals(await executed(rig, "--no-store"), [task], path);
    assertEquals(made(rig), all);
  }
  // With one nothing is done again once it has been done.
  await executed(rig, "--force");
  rig.remove("build");
  assertEquals(await executed(rig), []);
  assertEquals(made(rig), all);
});

// S5.2, S5.12, S5.13
rigTest("an edit reaches what it changes in the pipeline, and a region more is built alone", async (rig) => {
  project(rig);
  await executed(rig);
  const last = rig.read("data/north.csv").replace(/\n40,.*\n$/, "\n40,77\n");
  rig.write("data/north.csv", last);
  assertEquals(await executed(rig), [
    ...["check:north", "report", "split:north", "try:north:last", "try:north:line", "try:north:mean"],
  ]);
  rig.write("tools/mean.awk", rig.read("tools/mean.awk").replace("mean %6.1f", "mean %6.2f"));
  assertEquals(await executed(rig), ["report", ...REGIONS.map((region) => `try:${region}:mean`)]);
  rig.write("data/sea.csv", last);
  rig.write("build.json", rig.read("build.json").replaceAll('"west"]', '"west", "sea"]'));
  assertEquals(await executed(rig), [
    ...["check:sea", "report", "split:sea", "try:sea:last", "try:sea:line", "try:sea:mean"],
  ]);
  assertStringIncludes(rig.read("build/report.txt"), "sea            line ");
  rig.write("data/sea.csv", `${last}fifty,1\n`);
  const { code, stdout } = await rig.ask(["build", "--no-history"]);
  assertEquals(code, 1);
  assertStringIncludes(stdout, "Failed task 'check:sea'");
  assert(!stdout.includes("Started task 'split:sea'"));
});
