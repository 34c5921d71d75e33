/**
 * Owns the project that tests of packages have built: a command, and functions of modules in a thread and in a process, with an
 * import map between them. It starts nothing itself.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { ProjectFolder } from "../project_folder.ts";
import type { Rig } from "../rig.ts";

/** A function that answers with what it imports, and what a thread that it starts says. */
const MODULE = `import { word } from "#words/word.ts";
export default async function ({ task }: { task: string }) {
  const thread = new Worker("data:text/javascript,postMessage(typeof Deno.exit)", { type: "module" });
  const said = await new Promise((resolve) => thread.onmessage = ({ data }) => resolve(data));
  thread.terminate();
  return [task, word, said].join(" ");
}
`;

/** The command of the README's section on installing that begins so. */
export function installLine(start: string): string {
  const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
  const block = /^## Install\n[^]*?^```sh\n([^]*?)^```/m.exec(readme)![1];
  const lines = block.trim().split("\n").map((line) => line.replace(/\s+#.*/, ""));
  assertEquals(lines.length, 5, "each line is tried by a test");
  return lines.find((line) => line.startsWith(start))!;
}

/** Writes it. */
export function writeSamples(project: ProjectFolder): void {
  const module = { module: "./gen.ts", dependencies: ["shout"] };
  project.write("build.json", {
    tasks: [
      {
        name: "shout",
        source_files: ["in.txt"],
        output_artifact: "out/shout",
        command: 'tr a-z A-Z < in.txt > "$OUT"',
      },
      { name: "thread", output_artifact: "out/thread", ...module },
      { name: "process", output_artifact: "out/process", ...module, isolate: "process" },
    ],
  });
  project.write("deno.json", { imports: { "#words/": "./words/" }, tasks: { all: "troupe build --force" } });
  project.write("in.txt", "hello\n");
  project.write("gen.ts", MODULE);
  project.write("words/word.ts", 'export const word = "mapped";\n');
}

/** All artifacts are what they are to be; they are removed, so that the next who builds has to make them. */
export function takeSamples(project: ProjectFolder): void {
  const contents = ["shout", "thread", "process"].map((name) => project.read(`out/${name}`));
  assertEquals(contents, ["HELLO\n", "thread mapped function", "process mapped function"]);
  project.remove("out");
}

/** One of several things that are asked of one package; when it fails, everything that was said in the rig is printed. */
export function steps(rig: Rig, test: Deno.TestContext): (name: string, body: () => Promise<void>) => Promise<void> {
  return async (name, body) => {
    if (!await test.step(name, body)) console.error(rig.log());
  };
}
