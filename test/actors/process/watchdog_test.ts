import { assert, assertEquals, assertFalse, fail } from "@std/assert";
import { existsSync } from "@std/fs";
import { createLedger, LedgerSlot } from "../../../actors/process/ledger.ts";
import { RUN_VARIABLE, startWatchdog } from "../../../actors/process/watchdog.ts";
import { entryOf, processes } from "../../../actors/machine/process_table.ts";
import { livingInGroups } from "./living.ts";

const isLinux = Deno.build.os === "linux";

async function within(limitMs: number, isTrue: () => boolean, what: () => string): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!isTrue()) {
    assert(performance.now() < deadline, `not within ${limitMs} ms: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Starts watchdog_program.ts, kills it by SIGKILL when its commands are up, and gives what it printed. */
async function killMidway(token: string, args: { mode: "entered" | "marked"; texts: string[]; spawn: string }) {
  const program = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", import.meta.resolve("./watchdog_program.ts"), token, args.mode, ...args.texts],
    env: { TROUPE_SPAWN: args.spawn },
    stdout: "piped",
  }).spawn();
  const reader = program.stdout.getReader();
  const { value } = await reader.read();
  const printed: { groups: number[]; ledger: string } = JSON.parse(new TextDecoder().decode(value));
  assertEquals(livingInGroups(printed.groups).length > printed.groups.length, true);
  assert(existsSync(printed.ledger));
  program.kill("SIGKILL");
  await program.status;
  await reader.cancel();
  return printed;
}

const MEEK = "sleep 1000 & echo up; wait";
const STUBBORN = `trap "" TERM INT HUP; sh -c 'while :; do sleep 1000; done' & echo up; while :; do sleep 1000; done`;

for (const spawn of ["posix", "portable"]) {
  for (const mode of ["entered", "marked"] as const) {
    Deno.test({
      name: `watchdog: nothing outlives a troupe killed by SIGKILL (${spawn}, ${mode})`,
      ignore: !isLinux,
      fn: async () => {
        const token = crypto.randomUUID();
        // a troupe within a troupe, and anything else, has another token
        const bystander = new Deno.Command("sleep", { args: ["1000"], env: { [RUN_VARIABLE]: `${token}0` } }).spawn();
        const { groups, ledger } = await killMidway(token, { mode, texts: [MEEK, STUBBORN, MEEK, STUBBORN], spawn });
        await within(1000, () => livingInGroups(groups).length === 0, () => `ended ${livingInGroups(groups)}`);
        await within(1000, () => !existsSync(ledger), () => "ledger removed");
        assert(existsSync(`/proc/${bystander.pid}`));
        bystander.kill("SIGKILL");
        const { signal } = await bystander.status;
        assertEquals(signal, "SIGKILL");
      },
    });
  }
}

Deno.test({
  name: "watchdog: a marked process that left its group is ended too",
  ignore: !isLinux,
  fn: async () => {
    const token = crypto.randomUUID();
    const escape = "setsid sh -c 'echo $$; exec sleep 1000' & wait; sleep 1000";
    const { groups } = await killMidway(token, { mode: "marked", texts: [`sleep 1000 & ${escape}`], spawn: "posix" });
    const marked = () =>
      [...Deno.readDirSync("/proc")].filter(({ name }) => {
        try {
          return Deno.readTextFileSync(`/proc/${name}/environ`).split("\0").includes(`${RUN_VARIABLE}=${token}-1`);
        } catch {
          return false;
        }
      });
    await within(1000, () => livingInGroups(groups).length + marked().length === 0, () => "all ended");
  },
});

Deno.test({
  name: "watchdog: close() ends nothing, removes the ledger and leaves no process",
  ignore: !isLinux,
  fn: async () => {
    const token = crypto.randomUUID();
    const ledger = createLedger(2);
    const watchdog = startWatchdog({ ledger, token, onGone: fail });
    const child = new Deno.Command("sleep", { args: ["1000"], env: { [RUN_VARIABLE]: `${token}-2` }, detached: true })
      .spawn();
    using slot = new LedgerSlot(ledger, 2);
    slot.set(child.pid);
    await watchdog.close();
    assertFalse(existsSync(ledger));
    assertEquals(livingInGroups([child.pid]).length, 1);
    child.kill("SIGKILL");
    await child.status;
  },
});

Deno.test("LedgerSlot writes its own slot and no other", () => {
  const ledger = createLedger(3);
  try {
    using second = new LedgerSlot(ledger, 2);
    using third = new LedgerSlot(ledger, 3);
    const entries = () => Deno.readTextFileSync(ledger).split("\n").map((line) => line.trim());
    assertEquals(entries(), ["", "", "", ""]);
    third.set(4194304);
    second.set(12);
    assertEquals(entries(), ["", "12", "4194304", ""]);
    third.set(7);
    second.clear();
    assertEquals(entries(), ["", "", "7", ""]);
    assertEquals(Deno.statSync(ledger).size, 48);
  } finally {
    Deno.removeSync(ledger);
  }
});

for (const rights of ["-A", "--allow-run=/bin/sh"]) {
  Deno.test({
    name: `watchdog: it leads a session of its own, which a signal to troupe's group does not reach (${rights})`,
    ignore: !isLinux,
    fn: async () => {
      const program = `
        import { startWatchdog } from ${JSON.stringify(import.meta.resolve("../../../actors/process/watchdog.ts"))};
        startWatchdog({ ledger: "", token: "token", onGone: console.error });
        console.log("up");
        setInterval(() => {}, 1000);`;
      const args = ["run", ...(rights === "-A" ? [rights] : [rights, "--allow-read", "--allow-env"]), "--no-prompt"];
      const entry = Deno.makeTempFileSync({ suffix: ".ts" });
      Deno.writeTextFileSync(entry, program);
      const config = import.meta.resolve("../../../deno.json").slice("file://".length);
      const troupe = new Deno.Command(Deno.execPath(), {
        args: [...args, "--config", config, entry],
        stdout: "piped",
      }).spawn();
      const reader = troupe.stdout.getReader();
      const { value } = await reader.read();
      assertEquals(new TextDecoder().decode(value), "up\n");
      const own = () => processes().filter((id) => entryOf(id)?.parentId === troupe.pid);
      // What it is started by becomes it.
      await within(2000, () => own().some((id) => entryOf(id)?.sessionId === id), () => "a session of its own");
      assertEquals(own().length, 1);
      troupe.kill("SIGKILL");
      await troupe.status;
      await reader.cancel();
      Deno.removeSync(entry);
    },
  });
}
