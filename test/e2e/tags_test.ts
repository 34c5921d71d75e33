// S5.12: what a task is for, and words by which tasks are asked for together.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";

function project(rig: Rig): void {
  rig.write("build.json", {
    tasks: [
      { name: "lib", output: "lib", content: "l", description: "The library" },
      { name: "test:a", output: "a", dependencies: ["lib"], tags: ["ci", "fast"] },
      { name: "test:b", output: "b", content: "b", tags: ["ci"], description: "Long\nand slow" },
      { name: "docs", output: "docs", content: "d", tags: ["pages"] },
      { name: "#odd", output: "odd", content: "o" },
    ],
  });
}

async function names(rig: Rig, args: readonly string[]): Promise<string[]> {
  const { stdout } = await rig.ask(["build", "-n", ...args]);
  return [...stdout.matchAll(/Task '(.*?)'/g)].map(([, name]) => name).sort();
}

// S5.12
rigTest("tags choose tasks, as flags and as words", async (rig) => {
  project(rig);
  assertEquals(await names(rig, ["--tag", "ci"]), ["lib", "test:a", "test:b"]);
  assertEquals(await names(rig, ["#fast", "docs"]), ["docs", "lib", "test:a"]);
  assertEquals(await names(rig, ["--tag", "fast", "--tag", "pages"]), ["docs", "lib", "test:a"]);
  // A task of that very name is meant by it.
  assertEquals(await names(rig, ["#odd"]), ["#odd"]);
  const { code, stderr } = await rig.ask(["build", "--tag", "page"]);
  assertEquals([code, stderr], [2, "No task has the tag 'page', did you mean 'pages'?\n"]);
  assertStringIncludes((await rig.ask(["check", "#ci"])).stdout, "test:a, test:b may");
  assertEquals((await rig.ask(["build", "--tag", "ci"])).code, 0);
  assertEquals([rig.has("b"), rig.has("docs")], [true, false]);
});

// S5.12
rigTest("list shows tags with what tasks are for", async (rig) => {
  project(rig);
  const { stdout } = await rig.ask(["list", "--tag", "ci"]);
  assertStringIncludes(stdout, "#ci #fast\n");
  assertStringIncludes(stdout, "Long #ci\n");
  assertEquals((await rig.ask(["list", "--tags"])).stdout, "ci\nfast\npages\n");
  assertEquals((await rig.ask(["list", "--tags", "test:b"])).stdout, "ci\n");
  const { tasks } = JSON.parse((await rig.ask(["list", "--json", "--tag", "fast"])).stdout);
  assertEquals(tasks.map(({ name, tags }: { name: string; tags: string[] }) => [name, tags]), [["test:a", [
    "ci",
    "fast",
  ]]]);
});
