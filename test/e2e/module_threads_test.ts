// Threads that modules start themselves, and modules that are required: with walls, and otherwise as Deno has them.
import { assertEquals } from "@std/assert";
import { rigTest } from "../rig.ts";
import { configure, errors } from "./modules.ts";

const THREADS = `
  import { Worker as NodeWorker } from "node:worker_threads";
  const url = (text) => "data:text/javascript," + encodeURIComponent(text);
  const web = async (text) => {
    const worker = new Worker(url(text), { type: "module" });
    const answer = new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
    worker.postMessage("first");
    worker.postMessage("second");
    const made = await answer;
    worker.terminate();
    return made;
  };
  const node = async (text, options) => {
    const worker = new NodeWorker(text, { workerData: "data", ...options });
    const answer = new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
    worker.postMessage("first");
    worker.postMessage("second");
    const made = await answer;
    await worker.terminate();
    return made;
  };
  const SLOW = "await new Promise((resolve) => setTimeout(resolve, 50));";
  const ALL = "const heard = []; onmessage = ({ data }) => heard.push(data) === 2 && postMessage(heard.join());";
  const ASKED = "const all = []; await new Promise((resolve) => " +
    "addEventListener('message', ({ data }) => all.push(data) === 2 && resolve())); postMessage(all.join());";
  const PORT = "const said = []; let mayKill = 'killed'; " +
    "try { process.kill(process.pid, 'SIGUSR2'); } catch (error) { mayKill = error.name; } " +
    "parentPort.on('message', (text) => said.push(text) === 2 && " +
    "parentPort.postMessage([...said, workerData, mayKill].join()));";
  export const late = () => web(SLOW + ALL);
  export const imported = () => web("import " + JSON.stringify(url(SLOW)) + ";" + ALL);
  export const waiting = () => web(SLOW + ASKED);
  export const required = () =>
    node(
      "const { parentPort, workerData } = require('node:worker_threads'); const process = require('process'); " + PORT,
      { eval: true },
    );
  export const port = () =>
    node(new URL(url("import process from 'node:process'; import { parentPort, workerData } from 'worker_threads'; " +
      SLOW + PORT)));
`;

// Where a module's names cannot be answered by others, those of Node's threads are the real ones.
const NODE = Deno.version.deno.startsWith("2.4.") ? [] : ["required", "port"];

// K114
rigTest(
  "a thread that a module starts hears what it was told before it listened, and has what it was given",
  async (rig) => {
    rig.write("tasks.js", THREADS);
    const names = ["late", "imported", "waiting", ...NODE];
    configure(rig, Object.fromEntries(names.map((name) => [name, { module: "tasks.js", timeout: 60 }])));
    assertEquals(errors(await rig.build()), {});
    for (const name of names.slice(0, 3)) assertEquals(rig.read(`out/${name}`), "first,second", name);
    for (const name of names.slice(3)) assertEquals(rig.read(`out/${name}`), "first,second,data,NotSupported", name);
  },
);

// K114
rigTest("what is required is what is imported, walls included", async (rig) => {
  rig.write(
    "lib.cjs",
    `const fs = require("fs"), threads = require("node:worker_threads"), { execSync } = require("child_process");
    const { kill } = require("process"); const { sep } = require("path");
    exports.refused = (() => { try { return kill(0, "SIGSTOP"); } catch (error) { return error.name; } })();
    exports.seen = [threads.workerData, threads.parentPort, typeof fs.readFileSync, typeof execSync, sep].join();`,
  );
  rig.write(
    "tasks.js",
    `import { createRequire } from "node:module";
    import lib from "./lib.cjs";
    export const imported = () => lib;
    export const made = () => { createRequire(import.meta.url)("fs").writeSync(1, "by descriptor\\n"); return ""; };`,
  );
  configure(rig, { imported: { module: "tasks.js" }, made: { module: "tasks.js" } }, 1);
  const ended = await rig.build(["--json", "--verbose"]);
  assertEquals(ended.code, 0);
  assertEquals(JSON.parse(rig.read("out/imported")), { refused: "NotSupported", seen: ",,function,function,/" });
  assertEquals(JSON.parse(ended.stdout).completed, 2);
});
