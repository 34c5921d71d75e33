// `troupe completions`: the scripts, run by their shells.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { dirname } from "@std/path";
import { until } from "../faults/rig.ts";
import { plainText, Terminal } from "../pty.ts";
import { type Ended, type Rig, rigTest } from "../rig.ts";

const NAMES = ["web:lint", "web:test", "api:test", "a b", "$(touch pwned)", "it's"];

/** Of the first tasks. */
const TAGS = [{ tags: ["ci", "fast"] }, { tags: ["ci", "pages"] }];

function main(rig: Rig): string {
  return `${dirname(rig.program)}/main.ts`;
}

function troupe(rig: Rig, args: string[]): Promise<Ended> {
  return rig.ask(args);
}

/** A project, and a program called troupe that shells find. */
async function project(rig: Rig, shell: string): Promise<{ PATH: string }> {
  rig.write("build.json", {
    tasks: NAMES.map((name, at) => ({ name, output: `out/${at}`, content: name, ...TAGS[at] })),
  });
  rig.write("bin/troupe", `#!/bin/sh\nexec '${Deno.execPath()}' run -A '${main(rig)}' "$@"\n`);
  Deno.chmodSync(rig.path("bin/troupe"), 0o755);
  const { code, stdout } = await troupe(rig, ["completions", shell]);
  assertEquals(code, 0);
  rig.write("script", stdout);
  return { PATH: `${rig.path("bin")}:${Deno.env.get("PATH")}` };
}

function isThere(shell: string): boolean {
  return new Deno.Command("/bin/sh", { args: ["-c", `command -v ${shell} > /dev/null`] }).outputSync().success;
}

// S6.17
rigTest(
  "bash completes commands, flags, values and names of tasks, and runs nothing that stands in a name",
  async (rig) => {
    const env = await project(rig, "bash");
    rig.write(
      "ask.sh",
      'source ./script\nwhile IFS= read -r COMP_LINE; do COMP_POINT=${#COMP_LINE}; _troupe; printf "%s\\n" "${COMPREPLY[@]}" --; done\n',
    );
    const asked = [
      "troupe bat",
      "troupe web:",
      "troupe build web:t",
      "troupe build --fail",
      "troupe build -t ",
      "troupe retry ",
      "troupe join --failure-policy ",
      "troupe help exit",
      "troupe web:lint --for",
      "troupe build $",
      "troupe clean --s",
      "troupe clean api",
      "troupe init --d",
      "troupe build --log g",
      "troupe list --tag ",
      "troupe build #",
      "troupe \\#f",
    ];
    rig.write("asked", asked.join("\n") + "\n");
    const { stdout, stderr } = await rig.spawn("bash", ["-c", "bash ask.sh < asked"], { env }).ended;
    const answers = stdout.split("--\n").slice(0, -1).map((answer) => answer.split("\n").filter((line) => line !== ""));
    assertEquals([answers.length, stderr], [asked.length, ""]);
    assertEquals(answers, [
      ["batches"],
      ["lint", "test"], // bash has what stands before the colon
      ["test"],
      ["--fail-fast"],
      ["web:lint", "web:test", "api:test", "a\\ b", "\\$\\(touch\\ pwned\\)", "it\\'s"],
      ["last"],
      ["continue", "stop"],
      ["exit-codes"],
      ["--force"],
      ["\\$\\(touch\\ pwned\\)"],
      ["--stale"],
      ["api:test"],
      ["--dry-run"],
      ["group", "github", "gitlab"],
      ["ci", "fast", "pages"],
      ["\\#ci", "\\#fast", "\\#pages"],
      ["\\#fast"],
    ]);
    assert(!rig.has("pwned"));
  },
  { ignore: !isThere("bash") },
);

// S6.17
rigTest("fish completes commands, flags, values and names of tasks", async (rig) => {
  const env = await project(rig, "fish");
  const ask = async (line: string) => {
    const { stdout } = await rig.spawn("fish", ["-N", "-c", 'source script; complete -C "$argv[1]"', line], { env })
      .ended;
    return stdout.trimEnd().split("\n").map((answer) => answer.split("\t")[0]);
  };
  assertEquals(await ask("troupe batc"), ["batches"]);
  assertEquals(await ask("troupe web:"), ["web:lint", "web:test"]);
  assertEquals(await ask("troupe build api"), ["api:test"]);
  assertEquals(await ask("troupe build --fail"), ["--fail-fast"]);
  assertEquals(await ask("troupe web:lint --fail"), ["--fail-fast"]);
  assertEquals(await ask("troupe join --failure-policy "), ["continue", "stop"]);
  assertEquals(await ask("troupe show l"), ["last"]);
  assertEquals(await ask("troupe clean --st"), ["--stale"]);
  assertEquals(await ask("troupe clean api"), ["api:test"]);
  assertEquals(await ask("troupe init --dr"), ["--dry-run"]);
  assertEquals(await ask("troupe build --log gi"), ["github", "gitlab"]);
  assertEquals(await ask("troupe build --tag "), ["ci", "fast", "pages"]);
  assertEquals(await ask("troupe build \\#"), ["#ci", "#fast", "#pages"]);
  assert(!rig.has("pwned"));
}, { ignore: !isThere("fish") });

/** What a line editor shows, without colours, bells, and what it has taken back. */
function typed(shown: string): string {
  let text = plainText(shown).replaceAll("\x07", "");
  while (text.includes("\b")) text = text.replace(/[^\b]?[\b]/g, "");
  return text;
}

// S6.17
rigTest("zsh completes commands, flags, values and names of tasks at its prompt", async (rig) => {
  const env = await project(rig, "zsh");
  const inherited = { ...Deno.env.toObject(), ...env }; // Deno keeps what it has downloaded below HOME
  await using terminal = new Terminal(["zsh", "-f", "-i"], { cwd: rig.folder, env: inherited, columns: 120 });
  await terminal.press("autoload -Uz compinit; compinit -u -D; source ./script; PS1='zsh-''ready> '\r");
  await terminal.shows(/zsh-ready> /);
  const clear = "\x15";
  const begun = terminal.shown.length;
  // What is pressed before the line editor listens is lost
  while (!terminal.shown.slice(begun).includes("#")) {
    await terminal.press("#");
    await delay(20);
  }
  await terminal.press(clear);
  const completes = async (line: string, pattern: RegExp) => {
    const from = terminal.shown.length;
    await terminal.press(`${line}\t`);
    await until(() => pattern.test(typed(terminal.shown.slice(from))), `${line} is completed`);
    await terminal.press(clear);
  };
  await completes("troupe batc", /troupe batches/);
  await completes("troupe web:", /web:lint.*web:test/s);
  await completes("troupe build ap", /troupe build api:test/);
  await completes("troupe build --fail", /troupe build --fail-fast/);
  await completes("troupe join --failure-policy ", /continue.*stop/s);
  await completes("troupe clean --st", /troupe clean --stale/);
  await completes("troupe clean ap", /troupe clean api:test/);
  await completes("troupe init --dr", /troupe init --dry-run/);
  await completes("troupe help exit", /troupe help exit-codes/);
  await completes("troupe build --tag pa", /troupe build --tag pages/);
  await completes("troupe build \\#pa", /troupe build \\#pages/);
  assert(!rig.has("pwned"));
}, { ignore: !isThere("zsh") });

// S6.17
rigTest("completions need a shell that there is a script for", async (rig) => {
  assertEquals((await troupe(rig, ["completions"])).stderr, "troupe completions needs a shell: bash, zsh or fish\n");
  const { code, stderr } = await troupe(rig, ["completions", "cmd"]);
  assertEquals([code, stderr], [2, "There are no completions for 'cmd': bash, zsh or fish\n"]);
  assertStringIncludes((await troupe(rig, ["completions", "zsh"])).stdout, "#compdef troupe");
});
