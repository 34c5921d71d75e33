// Builds with module tasks on a terminal: nobody is asked anything, and what a person presses gives no rights.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { KEY, plainText, type Terminal } from "../pty.ts";
import { type Rig, rigTest } from "../rig.ts";
import { configure } from "./modules.ts";

const ASKING = `
  export const read = () => Deno.readTextFileSync("/etc/hostname");
  export const write = () => { Deno.writeTextFileSync("/nowhere", "x"); return ""; };
  export const net = async () => { await Deno.connect({ hostname: "127.0.0.1", port: 1 }); return ""; };
  export const run = async () => (await new Deno.Command("true").output()).code + "";
  export const env = () => Deno.env.get("HOME") ?? "";
  export const nodeEnv = () => process.env.HOME ?? "";
  export const ffi = () => { Deno.dlopen("/no/such/library.so", {}); return ""; };
  export const sys = () => Deno.hostname();
  export const remote = async () => { await import("https://exam" + "ple.invalid/x.js"); return ""; };
  export const request = async () => (await Deno.permissions.request({ name: "net" })).state;
  export const requestSync = () => Deno.permissions.requestSync({ name: "env" }).state;
  export const typed = () => {
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    for (;; Atomics.wait(nothing, 0, 0, 5)) try {
      Deno.statSync("pressed");
      return Deno.env.get("HOME") ?? "had it";
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  };
`;

const NAMES = [...ASKING.matchAll(/export const (\w+)/g)].map(([, name]) => name);
const ASKED = /Deno requests|Allow\?|bypass this prompt/;
const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));
const LIBRARY = new URL("../../mod.ts", import.meta.url).href;

/** Tasks that ask for what they have no right to, never asked for before; one of them asks once keys have been pressed. */
function asking(rig: Rig, round = 0): void {
  rig.write("tasks.js", ASKING);
  const task = { module: "tasks.js", args: { round } };
  const typed = { ...task, permissions: { read: ["pressed"] } };
  configure(rig, Object.fromEntries(NAMES.map((name) => [name, name === "typed" ? typed : task])));
  if (rig.has("pressed")) rig.remove("pressed");
}

/** Presses what would give a right, sees the program end, and that nothing was asked or given; what each task failed with. */
async function refused(
  rig: Rig,
  terminal: Terminal,
  { code = 1, without = false } = {},
): Promise<string> {
  for (let press = 0; press < 5; press++) await terminal.press(`A${KEY.enter}y${KEY.enter}`);
  rig.write("pressed", "");
  assertEquals(await terminal.ended, code, terminal.shown);
  const shown = plainText(terminal.shown);
  assert(!ASKED.test(shown), shown);
  for (const name of without ? [] : ["request", "requestSync"]) {
    assertEquals(rig.read(`out/${name}`), "denied", name);
    rig.remove(`out/${name}`);
  }
  return shown;
}

// K110
rigTest(
  "nothing that a module asks for is asked on a terminal, and a key that is pressed gives no right",
  async (rig) => {
    asking(rig);
    rig.write("pressed", "");
    const { results } = JSON.parse((await rig.build(["--json"])).stdout);
    const variants: [string[], Parameters<Rig["terminal"]>[1]][] = [
      [[], {}],
      [["-q", "--force"], {}],
      [["--force"], { env: { CI: "1" } }],
      [["--force", "--json"], { pipedTo: "cat; test -t 1" }],
    ];
    for (const [round, [args, choices]] of variants.entries()) {
      asking(rig, round + 1);
      const shown = await refused(rig, rig.terminal(args, choices), { code: choices?.pipedTo === undefined ? 1 : 0 });
      for (const name of NAMES) {
        const { status, error_message } = results[name];
        if (status !== "completed") assertMatch(shown, new RegExp(`Failed task '${name}'|✗ ${name} `));
        if (error_message !== undefined) assertStringIncludes(shown, error_message);
      }
    }
  },
);

// K110
rigTest("nobody is asked in a crew, by one member and by several, nor by a retry", async (rig) => {
  const failures = NAMES.length - 2;
  const commands = [
    ["join", "build.json", "--db", "join.sqlite"],
    ["crew", "2", "build.json", "--db", "crew.sqlite"],
    ["run", "build.json"],
    ["retry", "last"],
  ];
  for (const [round, args] of commands.entries()) {
    asking(rig, round);
    const shown = await refused(rig, rig.terminal(args, { deno: ["run", "-A", MAIN] }), {
      // These were done before.
      without: args[0] === "retry",
    });
    assertEquals(new Set(shown.match(/Failed task '\w+'|(?<=✗ )[a-z]\w*(?= {2})/gi)).size, failures, shown);
  }
});

// K110
rigTest("a program that builds has its terminal to itself before and after, and its modules do not", async (rig) => {
  rig.write(
    "program.ts",
    `import { build } from ${JSON.stringify(LIBRARY)};
    console.log("first", prompt("Before?"));
    const { failed } = await build("build.json", { workers: 2 });
    console.log("failed", failed, prompt("After?"), Deno.stdin.isTerminal());`,
  );
  asking(rig);
  const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
  const terminal = rig.terminal([], { deno: ["run", "-A", `--config=${config}`, rig.path("program.ts")] });
  await terminal.shows(/Before\?/);
  await terminal.press(`one${KEY.enter}`);
  await terminal.shows(/first one/);
  const shown = await refused(rig, terminal, { code: 0 });
  assertMatch(shown, new RegExp(`failed ${NAMES.length - 2} A true\n`));
});

// K110
rigTest("Ctrl-C ends a module on a terminal, and its time on the display goes on until then", async (rig) => {
  rig.write(
    "tasks.js",
    `const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    export const polite = async ({ signal }) => { while (!signal.aborted) await later(5); return Deno.env.get("HOME") ?? ""; };
    export const deaf = () => { Deno.writeTextFileSync("deaf", ""); while (true); };`,
  );
  const task = (name: string, more = {}) => ({ [name]: { module: "tasks.js", ...more } });
  configure(rig, { ...task("polite"), ...task("deaf", { permissions: { write: ["deaf"] }, grace: 0.2 }) });
  const terminal = rig.terminal();
  await terminal.shows(/\d\.\ds[^]*polite|polite[^]*\d\.\ds/);
  while (!rig.has("deaf")) await terminal.shows(/deaf/, terminal.shown.length);
  await terminal.press(`y${KEY.enter}`);
  await terminal.press(KEY.interrupt);
  assertEquals(await terminal.ended, 130, terminal.shown);
  const shown = plainText(terminal.shown);
  assert(!ASKED.test(shown), shown);
  assertStringIncludes(shown, "Stopped by SIGINT");
});

// K110
rigTest(
  "where the terminal cannot be kept from being asked at, that is said before anything is started",
  async (rig) => {
    rig.write("tasks.js", "export const t = () => 'made';");
    configure(rig, { first: { command: 'echo 1 > ran; echo 1 > "$OUT"' }, t: { module: "tasks.js" } });
    const sentence = "Cannot keep Deno from asking at this terminal for what a module wants: add --allow-ffi or " +
      "--no-prompt, or redirect the input by < /dev/null";
    const commands = [["build"], ["join", "build.json", "--db", "join.sqlite"]];
    for (const args of commands) {
      const terminal = rig.terminal(args, { deno: ["run", "-A", "--deny-ffi", MAIN], columns: 200 });
      assertEquals(await terminal.ended, 2, terminal.shown);
      assertStringIncludes(plainText(terminal.shown), sentence);
      assertEquals(rig.has("ran"), false);
    }
    const told = rig.terminal(["build"], { deno: ["run", "-A", "--deny-ffi", "--no-prompt", MAIN] });
    assertEquals(await told.ended, 0, told.shown);
    assertEquals(rig.read("out/t"), "made");
    const piped = await rig.build(["--force"], { deno: ["run", "-A", "--deny-ffi", rig.program] });
    assertEquals(piped.code, 0, piped.stderr);
  },
);
