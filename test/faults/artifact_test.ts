import { assert, assertEquals } from "@std/assert";
import { dirname } from "@std/path";
import { canTrace } from "./faults.ts";
import { filled, poll } from "./poller.ts";
import { assertDone, Project, said, type TaskSpec } from "./rig.ts";
import type { Order } from "./writer.ts";

// S0.37, S0.38
Deno.test("three writers of one path: it holds one writer's whole content at any time, never a mix", async () => {
  using project = new Project();
  const path = project.path("shared");
  const { stop } = await poll([path]);
  const write = async (writer: number) => {
    const thread = new Worker(new URL("./writer.ts", import.meta.url), { type: "module" });
    const answer = new Promise<MessageEvent>((resolve) => thread.onmessage = resolve);
    thread.postMessage({ path, writer, times: 200 } satisfies Order);
    const { data } = await answer;
    thread.terminate();
    return data;
  };
  assertEquals(await Promise.all([write(1), write(2), write(3)]), [[], [], []]);
  const { reads, partial } = await stop();
  assertEquals(partial, []);
  assert(reads > 20, `${reads} reads`);
  assert([1, 2, 3].some((writer) => project.read("shared") === filled(`writer ${writer}`, 199)));
  assertEquals(project.files(), ["shared"]);
});

const TASKS: readonly TaskSpec[] = [
  { name: "content", output: "out/content.txt", content: "content" },
  { name: "copy", output: "out/deep/copy.txt", source_files: ["src.txt"] },
  { name: "command", output: "out/command.txt", command: 'echo done > "$OUT"' },
  { name: "duplicate", output: "out/duplicate.txt", content: "content", dependencies: ["command"] },
];

// S0.34, S0.35, S0.36
Deno.test({
  name: "each artifact's temporary file has the exact name and is synced before its rename, the folder after it",
  ignore: !canTrace(),
  fn: async () => {
    using project = new Project(TASKS);
    project.write("src.txt", "source");
    const log = `${project.temp}/trace`;
    const calls = "fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat";
    const running = project.start({ through: ["strace", "-f", "-y", "-s", "4096", "-o", log, "-e", `trace=${calls}`] });
    const ended = await running.ended;
    assertDone(ended);
    const lines = Deno.readTextFileSync(log).split("\n");
    for (const { output } of TASKS) {
      const path = Deno.realPathSync(project.path(output));
      const folder = path.slice(0, path.lastIndexOf("/"));
      const renames = lines.filter((line) => line.includes("rename") && line.includes(`"${path}"`));
      assertEquals(renames.length, 1, lines.join("\n"));
      const temporary = /"([^"]+)"/.exec(renames[0])![1];
      const [, pid, worker] = /\.tmp\.(\d+)\.(\d+)$/.exec(temporary)!;
      assertEquals(temporary, `${path}.tmp.${pid}.${worker}`);
      assert(worker === "1" || worker === "2", temporary);
      const at = lines.indexOf(renames[0]);
      const syncs = (name: string) => (line: string) => /f(data)?sync\(/.test(line) && line.includes(`<${name}>`);
      assert(lines.slice(0, at).some(syncs(temporary)), `not synced before its rename: ${output}\n${lines.join("\n")}`);
      assert(lines.slice(at).some(syncs(folder)), `folder not synced: ${output}\n${lines.join("\n")}`);
      // never unlink before rename
      assert(!lines.some((line) => line.includes("unlink") && line.includes(`"${path}"`)), lines.join("\n"));
    }
    // the cache, which says that they are there, no later than the end
    const cache = Deno.realPathSync(project.path(".build_cache.json"));
    const renamed = lines.findIndex((line) => line.includes("rename") && line.includes(`"${cache}"`));
    const isSync = (line: string) => /f(data)?sync\(/.test(line);
    const cacheSync = (line: string) => isSync(line) && line.includes(`<${cache}.tmp.`);
    const folderSync = (line: string) => isSync(line) && line.includes(`<${dirname(cache)}>`);
    assert(lines.slice(0, renamed).some(cacheSync), `cache not synced before its rename\n${lines.join("\n")}`);
    assert(lines.slice(renamed).some(folderSync), `folder of the cache not synced\n${lines.join("\n")}`);
    // one process id for all: that of the build
    const pids = new Set([...Deno.readTextFileSync(log).matchAll(/\.tmp\.(\d+)\./g)].map(([, pid]) => pid));
    assertEquals(pids.size, 1, said(ended));
    assert(lines.some((line) => line.startsWith(`${[...pids][0]} `)), "it is a process of the trace");
  },
});
