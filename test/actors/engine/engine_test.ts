// One run with real threads, from its first task to its last thread's end.
import { assert, assertEquals } from "@std/assert";
import { Engine } from "../../../actors/engine/engine.ts";
import { Stop } from "../../../actors/process/stop_listener.ts";
import { build } from "../../../mod.ts";
import { planOf } from "../../graph/schedule/world.ts";
import { TempFolder } from "../temp_folder.ts";

/** Sees the threads of this process start and end; while it does, no watchdog is there that a pool would wait for as well. */
class Threads implements Disposable {
  started = 0;
  ended = 0;
  /** How many have said themselves that they have closed; one that was not ready has nothing to close. */
  closed = 0;
  readonly #worker = globalThis.Worker;
  readonly #command = Deno.Command;

  constructor() {
    // deno-lint-ignore no-this-alias
    const seen = this;
    globalThis.Worker = class extends this.#worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        seen.started++;
        this.addEventListener("message", ({ data }) => data.kind === "closed" && seen.closed++);
      }

      override terminate(): void {
        seen.ended++;
        super.terminate();
      }
    };
    Deno.Command = class {
      constructor() {
        throw new Error("no commands here");
      }
    } as unknown as typeof Deno.Command;
  }

  [Symbol.dispose](): void {
    globalThis.Worker = this.#worker;
    Deno.Command = this.#command;
  }
}

// S0.18; first, since `deno test` checks the types of a worker anew for each that starts before it has once done so
Deno.test("build() gives its report when its thread was ended", async () => {
  using temp = new TempFolder();
  using threads = new Threads();
  const tasks = ["a", "b", "c"].map((name) => ({ name, output: name, content: name }));
  Deno.writeTextFileSync(temp.file("build.json"), JSON.stringify({ tasks }));
  const { completed } = await build(temp.file("build.json"), { workers: 1 });
  assert(threads.closed > 0);
  assertEquals([completed, threads.ended], [3, 1]);
});

// S0.18
Deno.test("Engine.close() resolves when its workers have closed, and each thread was ended", async () => {
  using temp = new TempFolder();
  using threads = new Threads();
  const plan = planOf({ a: [], b: [], c: [] });
  const engine = new Engine({
    plan,
    work: {
      check: () => ({ kind: "run" }),
      message: (task) => {
        const { name, action, outputs, env } = plan.tasks[task];
        return { kind: "run", task, name, work: action, outputs, env, sources: [], dependencyArtifacts: [] };
      },
      arrived() {},
      unrestorable() {},
      record() {},
    },
    workers: 3,
    failFast: false,
    folder: temp.path,
    onEvent() {},
    onWarning() {},
  });
  const { ends } = await engine.run(new Stop());
  assertEquals([ends.map(({ status }) => status), threads.ended], [["completed", "completed", "completed"], 0]);
  await engine.close();
  assertEquals([threads.closed > 0, threads.ended], [true, threads.started]);
});

Deno.test("Engine has what its work remembers written while tasks run", async () => {
  using temp = new TempFolder();
  const gate = temp.file("gate");
  await new Deno.Command("mkfifo", { args: [gate] }).output();
  const log: string[] = [];
  const engine = new Engine({
    plan: planOf({ a: [] }),
    work: {
      check: () => ({ kind: "run" }),
      message: (task) => ({ kind: "shell", task, name: "a", command: `read word < ${gate}`, env: {}, stream: false }),
      arrived() {},
      unrestorable() {},
      record: () => void log.push("record"),
      // Only then the command can end.
      checkpoint() {
        if (log.length === 0) Deno.writeTextFileSync(gate, "go\n");
        log.push("checkpoint");
      },
    },
    workers: 1,
    failFast: false,
    folder: temp.path,
    onEvent() {},
    onWarning() {},
  });
  await engine.run(new Stop());
  await engine.close();
  assertEquals([log[0], log.filter((entry) => entry === "record")], ["checkpoint", ["record"]]);
});
