// What reaches the streams, seen from outside.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { StandardOutput, type StreamName } from "../../../actors/terminal/standard_output.ts";

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

Deno.test("Reporter gives all that is to stand above a footer to it, errors included, and paints lines", async () => {
  const { stdout, stderr } = await run("PROGRAM footer");
  assertEquals(stdout, "before\n[plain\n<bad>bad</>\n][<bad>wrong</>\n]<good>after</>\n");
  assertEquals(stderr, "");
});

/** Streams that answer each write as `answer` says, and what got through. */
async function onStreams(
  answer: (stream: StreamName, bytes: Uint8Array) => void | Promise<void>,
  write: (output: StandardOutput) => void | Promise<void>,
): Promise<{ stdout: string; stderr: string }> {
  const through = { stdout: "", stderr: "" };
  const originals = { stdout: Deno.stdout.write, stderr: Deno.stderr.write };
  for (const stream of ["stdout", "stderr"] as const) {
    Deno[stream].write = async (bytes) => {
      await answer(stream, bytes);
      through[stream] += new TextDecoder().decode(bytes);
      return bytes.length;
    };
  }
  const output = new StandardOutput();
  try {
    await write(output);
    await output.flush();
  } finally {
    Deno.stdout.write = originals.stdout;
    Deno.stderr.write = originals.stderr;
  }
  return through;
}

const bytes = (text: string) => new TextEncoder().encode(text);

// S0.63
Deno.test("StandardOutput waits for a full non-blocking pipe and writes nothing twice", async () => {
  let writes = 0;
  const text = "0123456789\n".repeat(2000);
  const { stdout } = await onStreams((_, bytes) => {
    assert(bytes.length <= 4096, "a piece that a pipe may take in part");
    if (++writes % 3 === 0) throw new Deno.errors.WouldBlock();
  }, (output) => output.put("stdout", bytes(text)));
  assertEquals(stdout, text);
});

// K21
Deno.test("StandardOutput keeps nobody waiting but those who have much to say, and then in order", async () => {
  const gate = Promise.withResolvers<void>();
  const { stdout, stderr } = await onStreams(() => gate.promise, async (output) => {
    output.put("stdout", bytes("a\n"));
    assertEquals(output.room(), undefined);
    output.put("stdout", new Uint8Array(1024 * 1024).fill(10));
    output.put("stderr", bytes("b\n"));
    output.put("stdout", bytes("c\n"));
    const room = output.room();
    assert(room !== undefined);
    gate.resolve();
    await room;
    await output.flush();
    assertEquals(output.waiting, 0);
  });
  assertEquals([stdout.replace(/\n+/g, "\n"), stderr], ["a\nc\n", "b\n"]);
});

Deno.test("StandardOutput says on stderr that stdout is full, once, and that not all is written", async () => {
  const { stdout, stderr } = await onStreams((stream) => {
    if (stream === "stdout") throw new Error("No space left on device (os error 28)");
  }, async (output) => {
    output.put("stdout", bytes("lost\n"));
    output.put("stdout", bytes("lost too\n"));
    await output.flush();
    assertEquals(output.isWhole("stdout"), false);
    output.put("stdout", bytes("lost as well\n"));
    output.put("stderr", bytes("still told\n"));
  });
  assertEquals([stdout, stderr], ["", "Cannot write to stdout: No space left on device\nstill told\n"]);
});

Deno.test("StandardOutput goes on with stderr when the reader of stdout has gone, and calls that no error", async () => {
  const { stderr } = await onStreams((stream) => {
    if (stream === "stdout") throw new Deno.errors.BrokenPipe();
  }, async (output) => {
    output.put("stdout", bytes("unread"));
    await output.flush();
    assertEquals(output.isWhole("stdout"), true);
    output.put("stderr", bytes("a warning\n"));
  });
  assertEquals(stderr, "a warning\n");
});
