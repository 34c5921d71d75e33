/** A program for reporter_test.ts: says things in the ways its argument names, to whatever its streams are. */
import { Reporter } from "../../../actors/terminal/reporter.ts";
import { standardOutput } from "../../../actors/terminal/standard_output.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

switch (Deno.args[0]) {
  case "order": {
    const reporter = new Reporter({ lines: "stdout" });
    reporter.line("1 line");
    reporter.raw(bytes("2 raw, without a newline"));
    reporter.line("3 line");
    reporter.raw(bytes("4 raw\n"));
    reporter.raw(bytes(""));
    reporter.error("5 error");
    reporter.line("6 line");
    await reporter.result("7 result");
    reporter.line("8 line");
    await reporter.flush();
    break;
  }
  case "json": {
    const reporter = new Reporter({ lines: "stderr" });
    reporter.line("line");
    reporter.raw(bytes("raw\n"));
    reporter.error("error");
    await reporter.result("result");
    break;
  }
  case "many": {
    const reporter = new Reporter({ lines: "stdout" });
    for (let i = 0; i < 10_000; i++) {
      reporter.line(`Worker ${i % 8}: line ${i} ${"x".repeat(i % 100)}`);
      if (i % 1000 === 0) await Promise.resolve();
    }
    reporter.raw(bytes("y".repeat(1_000_000)));
    reporter.line("end");
    break;
  }
  case "footer": {
    const reporter = new Reporter({ lines: "stdout", paint: (text, tone) => `<${tone}>${text}</>` });
    const above = (lines: readonly Uint8Array[]) => {
      for (const piece of [bytes("["), ...lines, bytes("]")]) standardOutput.put("stdout", piece);
    };
    reporter.line("before");
    reporter.footer = { above, takesErrors: true };
    reporter.line("plain");
    reporter.line("bad", "bad");
    reporter.error("wrong");
    await Promise.resolve();
    await Promise.resolve();
    reporter.footer = undefined;
    reporter.line("after", "good");
  }
}
