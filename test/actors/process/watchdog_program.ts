/**
 * The troupe of watchdog_test.ts: starts a watchdog and one command for each text it is given, enters them in the
 * ledger if told so, prints their groups as JSON once all are up, and then waits to be killed.
 */
import { createLedger, LedgerSlot } from "../../../actors/process/ledger.ts";
import { startProcess } from "../../../actors/process/process.ts";
import { RUN_VARIABLE, startWatchdog } from "../../../actors/process/watchdog.ts";

const [token, entered, ...texts] = Deno.args;
const ledger = createLedger(texts.length);
startWatchdog({ ledger, token, onGone: console.error });
const groups = await Promise.all(texts.map((text, i) =>
  new Promise<number>((resolve) => {
    const env = { PATH: "/usr/bin:/bin", ...(entered === "marked" ? { [RUN_VARIABLE]: `${token}-${i + 1}` } : {}) };
    const onOutput = () => resolve(running.groupId);
    const running = startProcess({ argv: ["/bin/sh", "-c", text], cwd: "/", env, onOutput });
    if (entered === "entered") new LedgerSlot(ledger, i + 1).set(running.groupId);
  })
));
console.log(JSON.stringify({ groups, ledger }));
setInterval(() => {}, 1000);
