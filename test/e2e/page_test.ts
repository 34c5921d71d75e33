// `troupe report` and `troupe ui` without a browser: what is in the page, and what a live one is told.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname } from "@std/path";
import { type Rig, rigTest } from "../rig.ts";
import type { PageChange, PageData } from "../../graph/picture/page_data.ts";

/** The data of a page. */
function dataOf(html: string): PageData {
  return JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]);
}

/** How `troupe` itself is started. */
function main(rig: Rig): string[] {
  return ["run", "--no-code-cache", "-A", `${dirname(rig.program)}/main.ts`];
}

// S6.13, S6.19
rigTest(
  "a report has all of a run: results, flakiness, reasons, inputs, output; and runs no script but its own",
  async (rig) => {
    rig.write("src.txt", "</script><b>");
    rig.write("build.json", {
      tasks: [
        {
          name: "<i>shaky</i>",
          source_files: ["src.txt"],
          output: "shaky.txt",
          retries: 1,
          command: 'cat src.txt; if [ -e was ]; then cp src.txt "$OUT"; else : > was; exit 1; fi',
        },
        {
          name: "rest",
          dependencies: ["<i>shaky</i>"],
          output: "rest.txt",
          command: "head -c 200000 /dev/zero | tr '\\0' y; exit 4",
        },
      ],
    });
    await rig.build();
    assertEquals((await rig.ask(["report", "-o", "one.html"])).code, 0);
    const html = rig.read("one.html");
    const data = dataOf(html);
    assertEquals([data.title, data.mode, data.run?.what, data.run?.state], ["Run #1", "report", "build", "finished"]);
    assertEquals([data.names, data.states, data.needs], [["<i>shaky</i>", "rest"], "pf", [[], [0]]]);
    assertEquals([data.past, data.flaky], [["fp", "f"], { 0: { failed: 1, attempts: 2 } }]);
    assertEquals(data.bars.map(([task, , , , letter]) => [task, letter]), [[0, "f"], [0, "p"], [1, "f"]]);
    assertEquals(data.rows.map(([, [, , attempts, most, , why, error]]) => [attempts, most, why, error]), [
      [2, 2, "new", ""],
      [1, 1, "new", "Command failed with exit code 4"],
    ]);
    assertEquals(data.details[0].inputs?.map(([what, name]) => [what, name]), [["source", "src.txt"]]);
    assertEquals(data.details[0].logs.map(({ attempt, stdout }) => [attempt, stdout]), [
      [1, "</script><b>"],
      [2, "</script><b>"],
    ]);
    const [log] = data.details[1].logs;
    assertMatch(log.stdout, /^y+\n\[… 134464 bytes …\]\ny+$/);
    assertStringIncludes(log.note, "134464 bytes are not shown");

    assert(!html.includes("</script><b>") && !html.includes("<i>"));
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)];
    assertEquals(scripts.length, 1);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(scripts[0][1])));
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)![1];
    assertStringIncludes(policy, `script-src 'sha256-${btoa(String.fromCharCode(...digest))}'`);
    assertMatch(policy, /^default-src 'none'; /);
    assertEquals(html.match(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/g), null);

    rig.write("tasks.txt", "a: echo hello\nb: false [after:a]\n");
    await rig.build(["run", "tasks.txt"], { deno: main(rig) });
    const { stdout } = await rig.ask(["report", "-o", "-"]);
    assertEquals([dataOf(stdout).run?.what, dataOf(stdout).states, dataOf(stdout).points.length], [
      "tasks.txt",
      "pf",
      1,
    ]);
    assertEquals(dataOf((await rig.ask(["report", "1", "-o", "-"])).stdout).title, "Run #1");
    assertEquals(await rig.ask(["graph", "--format", "html", "-o", "graph.html"]), { code: 0, stdout: "", stderr: "" });
    const graph = dataOf(rig.read("graph.html"));
    assertEquals([graph.run, graph.states, graph.layout.boxes.length], [null, "uf", 2]);
    for (
      const [args, sentence] of [
        [[], "troupe report needs a file to write: troupe report -o report.html"],
        [["9", "-o", "x.html"], "Run #9 not found in 'taskrun.db'"],
        [["-o", "x.html", "--db", "none.db"], "Database 'none.db' does not exist"],
      ] as const
    ) {
      const { code, stderr } = await rig.ask(["report", ...args]);
      assertEquals([code, stderr], [2, `${sentence}\n`]);
    }
  },
);

/** Reads events of a live page. */
class Events implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  private constructor(reader: ReadableStreamDefaultReader<string>) {
    this.#reader = reader;
  }

  static async of(url: string): Promise<Events> {
    const { body } = await fetch(url);
    return new Events(body!.pipeThrough(new TextDecoderStream()).getReader());
  }

  /** The next event that is wanted. */
  async next<Value>(name: string, isWanted: (value: Value) => boolean = () => true): Promise<Value> {
    while (true) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(this.#text.slice(0, end)) ?? [];
        this.#text = this.#text.slice(end + 2);
        if (event === name && isWanted(JSON.parse(data))) return JSON.parse(data);
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) throw new Error(`no event ${name}`);
      this.#text += value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel();
  }
}

// S6.13
rigTest(
  "a live page is told of builds as they go on, also of one that is killed, and of a history made anew",
  async (rig) => {
    const held = rig.hold("held");
    rig.write("build.json", { tasks: [{ name: "held", output: "held.txt", command: held.command }] });
    const ui = rig.start(["ui"], { deno: main(rig) });
    const [url] = await ui.says(/http:\S+/);
    assertEquals(dataOf(await (await fetch(url)).text()).title, "No run yet");
    {
      await using none = await Events.of(`${url}events?run=0`);
      const first = rig.start();
      await held.started();
      assertEquals(await none.next("newest"), 1);
      await using one = await Events.of(`${url}events?run=1`);
      const going = await one.next<PageChange>("change", ({ states }) => states === "r");
      assertEquals([going.run?.state, going.bars.length], ["running", 0]);
      held.release();
      await first.ended;
      const over = await one.next<PageChange>("change", ({ run }) => run?.state === "finished");
      assertEquals([over.states, over.bars.length, over.workers], ["p", 1, ["worker 1"]]);
      const detail = await (await fetch(`${url}detail?run=1&task=0`)).json();
      assertEquals(detail.before, null);
      assertEquals((await fetch(`${url}detail?run=1&task=1`)).status, 404);

      const killed = rig.start(["--force"]);
      await held.started();
      assertEquals(await one.next("newest"), 2);
      await using two = await Events.of(`${url}events?run=2`);
      await two.next<PageChange>("change", ({ states }) => states === "r");
      killed.kill("SIGKILL");
      const cut = await two.next<PageChange>("change", ({ run }) => run?.state === "interrupted");
      assertEquals(cut.states, "i");

      for (const name of ["taskrun.db", "taskrun.db-wal", "taskrun.db-shm"]) rig.remove(name);
      const again = rig.start(["--force"]);
      await held.started();
      assertEquals(await two.next("newest"), 1);
      held.release();
      await again.ended;
    }
    const { port } = new URL(url);
    const taken = await rig.start(["ui", "--port", port], { deno: main(rig) }).ended;
    assertEquals(taken.code, 2);
    assertMatch(taken.stderr, new RegExp(`^Cannot listen on port ${port} of 127.0.0.1: `, "m"));
    ui.kill("SIGTERM");
    assertEquals((await ui.ended).code, 143);
    rig.write("taskrun.db", "no database");
    const damaged = await rig.start(["ui"], { deno: main(rig) }).ended;
    assertEquals(damaged.code, 2);
  },
  { ignore: Deno.build.os === "windows" },
);
