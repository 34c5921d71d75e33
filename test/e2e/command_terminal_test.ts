// Commands at a terminal, which is not theirs.
import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { entryOf } from "../../actors/machine/process_table.ts";
import { until } from "../faults/rig.ts";
import { plainText } from "../pty.ts";
import { rigTest } from "../rig.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** As `sudo` and `ssh` ask for a password. */
const HIDDEN = "stty -echo < /dev/tty; read word < /dev/tty; code=$?; stty echo < /dev/tty";

// K21, K30
for (const spawn of ["posix", "portable"]) {
  rigTest(`a command that asks at the terminal gets an error at once, and waits for nobody (${spawn})`, async (rig) => {
    rig.write("build.json", {
      tasks: [
        { name: "asks", outputs: [], command: "read word < /dev/tty || exit 3" },
        { name: "hides", outputs: [], command: `${HIDDEN}; exit $code` },
      ],
    });
    const deno = ["run", "-A", MAIN];
    const terminal = rig.terminal(["build", "--log", "lines"], { deno, env: { TROUPE_SPAWN: spawn } });
    assertEquals(await terminal.ended, 1, terminal.shown);
    const shown = plainText(terminal.shown);
    assertMatch(shown, /Failed task 'asks' after .* \(error: Command failed with exit code [123]\)/);
    assertMatch(shown, /Failed task 'hides' after .* \(error: Command failed with exit code [12]\)/);
  });
}

/** As `ssh-keygen` does, which takes an error for a wrong answer. */
const ASKS_AGAIN = "exec 3< /dev/tty; until read word <&3; do :; done";

// K21, K30
for (const spawn of ["posix", "portable"]) {
  rigTest(
    `a command that asks at the terminal until it has an answer ends with its own error (${spawn})`,
    async (rig) => {
      rig.write("build.json", { tasks: [{ name: "asks", outputs: [], command: ASKS_AGAIN }] });
      const deno = ["run", "-A", MAIN];
      const terminal = rig.terminal(["build", "--log", "lines"], { deno, env: { TROUPE_SPAWN: spawn } });
      assertEquals(await terminal.ended, 1, terminal.shown);
      const shown = plainText(terminal.shown);
      assertMatch(shown, /\/dev\/tty: No such device or address/);
      assertMatch(shown, /Failed task 'asks' after .* \(error: Command failed with exit code [12]\)/);
    },
  );
}

// K21, K30
rigTest("so does that of a program that builds, whose signals are its own", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "asks", outputs: [], command: ASKS_AGAIN }] });
  rig.write(
    "program.ts",
    `import { build } from "${new URL("../../mod.ts", import.meta.url)}";
    const report = await build("build.json");
    console.log("report", JSON.stringify(report.results.asks.error_message));
    Deno.exit(0);`,
  );
  const terminal = rig.terminal([], { deno: ["run", "-A", "--config", CONFIG, rig.path("program.ts")] });
  assertEquals(await terminal.ended, 0, terminal.shown);
  assertMatch(plainText(terminal.shown), /report "Command failed with exit code [12]"/);
});

// K30
rigTest("what is ignored for troupe's own sake is not ignored in commands", async (rig) => {
  const ignored = "sed -n 's/^SigIgn:.//p' /proc/self/status > \"$OUT\"";
  rig.write("build.json", { tasks: [{ name: "t", output: "ignored", command: ignored }] });
  const terminal = rig.terminal(["build"], { deno: ["run", "-A", MAIN] });
  assertEquals(await terminal.ended, 0, terminal.shown);
  const [ttin, ttou] = [21, 22].map((number) => 1n << BigInt(number - 1));
  assertEquals(BigInt(`0x${rig.read("ignored").trim()}`) & (ttin | ttou), 0n);
}, { ignore: Deno.build.os !== "linux" });

// K21
rigTest("a command that was stopped ends as soon as it is asked to, and not when its grace is over", async (rig) => {
  const command = "trap 'echo heard > heard; exit 1' TERM; echo $$ > pid; kill -STOP $$; :";
  rig.write("build.json", { tasks: [{ name: "stopped", outputs: [], command }] });
  const running = rig.start(["build.json", "--grace", "600"]);
  const pid = () => rig.has("pid") ? Number(rig.read("pid")) : 0;
  await until(() => pid() > 0 && entryOf(pid())?.state === "T", "the command has stopped");
  running.kill("SIGTERM");
  assertEquals((await running.ended).code, 143);
  assertEquals(rig.read("heard"), "heard\n");
});
