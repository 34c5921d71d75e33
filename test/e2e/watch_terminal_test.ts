// `troupe watch` at a terminal: keys, what is shown, and how the terminal is left.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { KEY, plainText, Terminal } from "../pty.ts";
import { rigTest } from "../rig.ts";
import { MAIN } from "./crew/crew.ts";

const AT_REST = /Watching 2 folders for changes; Enter: build again, f: only what failed, q: quit\r\n/;

// S6.14
rigTest(
  "watch at a terminal hears Enter, f and q, shows none of them, and leaves the terminal as it was",
  async (rig) => {
    rig.write("build.json", {
      tasks: [
        { name: "good", source_files: ["in"], output_artifact: "out/good" },
        { name: "bad", output_artifact: "out/bad", command: 'test -e fixed && echo > "$OUT"' },
        { name: "needy", dependencies: ["bad"], output_artifact: "out/needy" },
      ],
    });
    rig.write("in", "in");
    const script = `stty -a > before; "$0" run -A '${MAIN}' watch --jobs 2; code=$?; stty -a > after; exit $code`;
    const env = { PATH: Deno.env.get("PATH")!, HOME: Deno.env.get("HOME")!, TMPDIR: rig.tmp, NO_COLOR: "1" };
    await using terminal = new Terminal(["sh", "-c", script, Deno.execPath()], { cwd: rig.folder, env, columns: 120 });
    let from = 0;
    const rests = async () => {
      const { index, 0: { length } } = await terminal.shows(AT_REST, from);
      const shown = plainText(terminal.shown.slice(from, from + index));
      from += index + length;
      return shown;
    };
    assertMatch(await rests(), /^✗ 1 failed, 1 not run · 1 built/m);
    await terminal.press("f");
    const again = await rests();
    assertMatch(again, /^✗ 1 failed, 1 not run · \d/m);
    assert(!again.includes("good"), again);
    rig.write("fixed", "");
    await terminal.press("xf");
    assertMatch(await rests(), /^✓ 2 built · \d/m);
    await terminal.press("f");
    await terminal.shows(/Nothing has failed\r\n/, from);
    await terminal.press(KEY.enter);
    assertMatch(await rests(), /^Nothing to do: 3 tasks are up to date/m);
    rig.write("in", "new");
    assertMatch(await rests(), /^in changed\n[^]*✓ 1 built/m);
    await terminal.press("q");
    assertEquals(await terminal.ended, 0);
    assertEquals(rig.read("after"), rig.read("before"));
    // nothing of the view stays
    assertMatch(plainText(terminal.shown), /q: quit\n$/);
    assert(!/^[fxq]/m.test(plainText(terminal.shown)), terminal.shown);
  },
);

// S6.14
rigTest(
  "watch at a terminal ends by Ctrl-C, at rest and in a build, and leaves the terminal as it was",
  async (rig) => {
    const held = rig.hold("held");
    rig.write("build.json", {
      tasks: [{ name: "held", source_files: ["in"], output_artifact: "out/held", command: held.command }],
    });
    rig.write("in", "in");
    const script = `stty -a > before; "$0" run -A '${MAIN}' watch --jobs 2; code=$?; stty -a > after; exit $code`;
    const env = { PATH: Deno.env.get("PATH")!, HOME: Deno.env.get("HOME")!, TMPDIR: rig.tmp, NO_COLOR: "1" };
    for (const key of ["rest", "build", "q"]) {
      await using terminal = new Terminal(["sh", "-c", `trap : INT; ${script}`, Deno.execPath()], {
        cwd: rig.folder,
        env,
      });
      if (key === "rest") {
        await held.started();
        held.release();
        await terminal.shows(/Watching 2 folders/);
      } else {
        rig.write("in", key);
        await held.started();
      }
      await terminal.press(key === "q" ? "q" : KEY.interrupt);
      assertEquals(await terminal.ended, 130);
      assertEquals(rig.read("after"), rig.read("before"));
      assertEquals(rig.has(".build_cache.lock"), false);
    }
  },
);

// S6.14
rigTest("watch in the background of a terminal reads no keys there, and is not stopped for it", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", source_files: ["in"], output_artifact: "out/a" }] });
  rig.write("in", "in");
  const script = `set -m; "$0" run -A '${MAIN}' watch --jobs 2 & read -r _; kill -INT %1; wait %1; echo END $?`;
  const env = { PATH: Deno.env.get("PATH")!, HOME: Deno.env.get("HOME")!, TMPDIR: rig.tmp, NO_COLOR: "1" };
  await using terminal = new Terminal(["bash", "-c", script, Deno.execPath()], { cwd: rig.folder, env });
  await terminal.shows(/Watching 2 folders for changes\r\n/);
  rig.write("in", "new");
  await terminal.shows(/in changed[^]*Watching/);
  await terminal.press(KEY.enter);
  await terminal.shows(/END 130/);
});
