// What reaches the streams, seen from outside.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { Reporter } from "../../actors/reporter.ts";

const PROGRAM = fromFileUrl(new URL("./reporter_program.ts", import.meta.url));

/** Runs the program by a shell line, in which `$0 …` stands for it. */
async function run(line: string): Promise<{ stdout: string; stderr: string }> {
  const program = `'${Deno.execPath()}' run -A --no-check '${PROGRAM}'`;
  const { stdout, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", line.replace("PROGRAM", program)],
  }).output();
  return { stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test("Reporter keeps the order of what it is told across both streams", async () => {
  const { stdout } = await run("PROGRAM order 2>&1");
  assertEquals(
    stdout,
    "1 line\n2 raw, without a newline\n3 line\n4 raw\n5 error\n6 line\n7 result\n8 line\n",
  );
  assertEquals((await run("PROGRAM order")).stderr, "5 error\n");
});

Deno.test("Reporter leaves stdout to the result where lines go to stderr", async () => {
  assertEquals(await run("PROGRAM json"), { stdout: "result\n", stderr: "line\nraw\nerror\n" });
});

// S0.63
Deno.test("Reporter writes 10 000 lines whole, also to a slow reader", async () => {
  const { stdout } = await run('PROGRAM many | { read -r first; echo "$first"; cat; }');
  const lines = stdout.split("\n");
  assertEquals(lines.length, 10_003);
  for (let i = 0; i < 10_000; i++) {
    assertEquals(lines[i].trimEnd(), `Worker ${i % 8}: line ${i} ${"x".repeat(i % 100)}`.trimEnd());
  }
  assertEquals([lines[10_000], lines[10_001]], ["y".repeat(1_000_000), "end"]);
});

Deno.test("Reporter goes on when nobody reads any more", async () => {
  const { stdout, stderr } = await run('{ PROGRAM many; echo "exit $?" >&2; } | head -1');
  assert(stdout.startsWith("Worker 0: line 0"));
  assertEquals(stderr, "exit 0\n");
});

Deno.test("Reporter takes a footer away before it writes and puts it back afterwards, and paints lines", async () => {
  const { stdout } = await run("PROGRAM footer");
  assertEquals(stdout, "before\n[show][hide]plain\n<bad>bad</>\n[show][hide]<good>after</>\n");
});

/** Runs `report` on streams that answer each write as `answer` says; gives back what got through. */
function onStreams(
  answer: (stream: "stdout" | "stderr", bytes: Uint8Array) => void,
  report: (reporter: Reporter) => void,
): { stdout: string; stderr: string } {
  const through = { stdout: "", stderr: "" };
  const originals = { stdout: Deno.stdout.writeSync, stderr: Deno.stderr.writeSync };
  for (const stream of ["stdout", "stderr"] as const) {
    Deno[stream].writeSync = (bytes) => {
      answer(stream, bytes);
      through[stream] += new TextDecoder().decode(bytes);
      return bytes.length;
    };
  }
  try {
    report(new Reporter({ lines: "stdout" }));
  } finally {
    Deno.stdout.writeSync = originals.stdout;
    Deno.stderr.writeSync = originals.stderr;
  }
  return through;
}

// S0.63
Deno.test("Reporter waits for a full non-blocking pipe and writes nothing twice", () => {
  let writes = 0;
  const text = "0123456789\n".repeat(2000);
  const { stdout } = onStreams((_, bytes) => {
    assert(bytes.length <= 4096, "a piece that a pipe may take in part");
    if (++writes % 3 === 0) throw new Deno.errors.WouldBlock();
  }, (reporter) => assert(reporter.result(text.trimEnd())));
  assertEquals(stdout, text);
});

Deno.test("Reporter says on stderr that stdout is full, once, and that the result is not whole", () => {
  const { stdout, stderr } = onStreams((stream) => {
    if (stream === "stdout") throw new Error("No space left on device (os error 28)");
  }, (reporter) => {
    reporter.line("lost");
    assertEquals(reporter.result("lost too"), false);
    reporter.error("still told");
  });
  assertEquals([stdout, stderr], ["", "Cannot write to stdout: No space left on device\nstill told\n"]);
});

Deno.test("Reporter goes on with stderr when the reader of stdout has gone, and calls that no error", () => {
  const { stderr } = onStreams((stream) => {
    if (stream === "stdout") throw new Deno.errors.BrokenPipe();
  }, (reporter) => {
    assertEquals(reporter.result("unread"), true);
    reporter.error("a warning");
  });
  assertEquals(stderr, "a warning\n");
});
