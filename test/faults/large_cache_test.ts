// Of a large build cache lines are added to a journal: whatever befalls it, nothing wrong is believed and no build fails.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { isFull } from "../random.ts";
import { type Deed, failio, suffer } from "./faults.ts";
import { assertDone, executed, Project, said } from "./rig.ts";

const library = failio();
const JOURNAL = ".build_cache.jsonl";

/** 600 KB of traces. */
const TASKS = [
  ...Array.from(
    { length: 30 },
    (_, i) => ({ name: `t${i}`, output: `out/${i}`, content: `${i}${"x".repeat(20_000)}` }),
  ),
  { name: "first", output: "out/first", source_files: ["src"], command: "cat $IN > $OUT" },
  { name: "second", output: "out/second", dependencies: ["first"], command: "cat $DEPS $DEPS > $OUT" },
];

const SOME: readonly Deed[] = ["KILL", "EIO"];
const ALL: readonly Deed[] = [...SOME, "KILLAFTER", "SHORT", "ENOSPC"];

// S7.5, S0.38, S0.49
Deno.test({
  name: "a build that is killed or fails at any operation on the journal of a large cache leaves the next one right",
  ignore: library === undefined,
  fn: async () => {
    using project = new Project(TASKS);
    project.write("src", "0\n");
    assertDone(await project.build());
    const strikes: Record<string, number> = {};
    for (const deed of isFull ? ALL : SOME) {
      const calls = deed === "SHORT" ? "write" : "all";
      for (let at = 1, isOver = false; !isOver; at++) {
        const text = `${deed} ${at}\n`, context = `${deed} at ${at}`;
        project.write("src", text);
        const log = `${project.temp}/log`;
        Deno.writeTextFileSync(log, "");
        const env = suffer({ library: library!, path: JOURNAL, at, deed, calls, log });
        const ended = await project.build({ env });
        const operations = Deno.readTextFileSync(log).trim().split("\n").length;
        isOver = at > operations;
        if (isOver) break;
        strikes[deed] = at;
        if (deed !== "EIO" && deed !== "ENOSPC") assertEquals(ended.signal, "SIGKILL", `${context}\n${said(ended)}`);
        else {
          assertDone(ended, context);
          assertMatch(ended.stderr, /^(Cannot write build cache '[^\n]+\n)?$/, said(ended));
        }
        const next = await project.build();
        assertDone(next, context);
        assert(executed(next) <= 2, `${context}\n${said(next)}`);
        assertEquals([project.read("out/first"), project.read("out/second")], [text, text + text], context);
        assertEquals(executed(await project.build()), 0, context);
        assertEquals(project.temporaries(), [], context);
      }
    }
    assert(Object.values(strikes).every((operations) => operations >= 1), JSON.stringify(strikes));
    assertEquals(Object.keys(strikes).length, (isFull ? ALL : SOME).length);
  },
});
