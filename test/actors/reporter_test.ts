// What reaches the streams, seen from outside.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

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
