import { assertEquals, assertMatch } from "@std/assert";
import { KEY, plainText } from "./pty.ts";
import { rigTest } from "./rig.ts";

rigTest("a program in a terminal sees one, has its size, and hears Ctrl-C", async (rig) => {
  rig.write(
    "p.ts",
    `
    console.log(Deno.stdout.isTerminal(), Deno.stdin.isTerminal(), JSON.stringify(Deno.consoleSize()));
    Deno.addSignalListener("SIGINT", () => { console.log("heard"); Deno.exit(7); });
    setInterval(() => {}, 1000);
    console.log("ready");
  `,
  );
  const terminal = rig.terminal([], { deno: ["run", "-A", rig.path("p.ts")], rows: 10, columns: 40 });
  await terminal.shows(/ready/);
  await terminal.press(KEY.interrupt);
  assertEquals(await terminal.ended, 7);
  // Deno itself may say something of its caches before.
  assertMatch(plainText(terminal.shown), /^true true {"columns":40,"rows":10}\nready\n(\^C)?heard\n$/m);
});
