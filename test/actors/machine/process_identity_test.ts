// What can be known of a process that wrote something down.
import { assertEquals, assertMatch } from "@std/assert";
import { livenessOf, thisProcess } from "../../../actors/machine/process_identity.ts";
import { keepsLocksLocal } from "../../../actors/locks/kernel_lock.ts";
import { CAN_UNSHARE, OWN_NAMESPACE } from "../../containers.ts";

const self = thisProcess();
const [boot, namespace, start] = (self.birth ?? "//").split("/");
const isLinux = Deno.build.os === "linux";

// K70
Deno.test({
  name: "livenessOf() judges processes of this boot and pid namespace only",
  ignore: !isLinux,
  fn() {
    assertMatch(self.birth!, /^[0-9a-f-]+\/\d+\/\d+$/);
    const judged = (other: Partial<typeof self>) => livenessOf({ ...self, ...other });
    assertEquals(judged({}), "alive");
    assertEquals(judged({ pid: 4194305 }), "dead", "above the system's highest");
    assertEquals(judged({ birth: `${boot}/${namespace}/${start}0` }), "dead", "its id is another's by now");
    assertEquals(judged({ birth: `${boot}/1/${start}` }), "unknown", "another container");
    assertEquals(judged({ birth: `${boot}/1/${start}`, pid: 4194305 }), "unknown");
    assertEquals(judged({ birth: `another/${namespace}/${start}`, pid: 4194305 }), "unknown", "another boot, or host");
    assertEquals(judged({ host: "elsewhere", pid: 4194305 }), "unknown");
    // where the system told nothing of the process
    assertEquals(judged({ birth: null }), "alive");
    assertEquals(judged({ birth: null, pid: 4194305 }), "unknown");
    // records of earlier versions
    assertEquals(judged({ birth: `${boot}/${start}` }), "alive");
    assertEquals(judged({ birth: `${boot}/${start}0` }), "dead");
    assertEquals(judged({ birth: `another/${start}` }), "unknown");
  },
});

const PROGRAM = `
  import { livenessOf, thisProcess } from "${import.meta.resolve("../../../actors/machine/process_identity.ts")}";
  const outside = JSON.parse(Deno.args[0]);
  console.log(JSON.stringify({ self: thisProcess(), own: livenessOf(thisProcess()), outside: livenessOf(outside) }));
`;

async function tells(command: readonly string[], rights: readonly string[]): Promise<Record<string, unknown>> {
  const script = `data:application/typescript,${encodeURIComponent(PROGRAM)}`;
  const run = ["run", "--no-check", ...rights, script, JSON.stringify({ ...self, pid: 4194305 })];
  const [program, ...args] = [...command, Deno.execPath(), ...run];
  const { stdout, stderr } = await new Deno.Command(program, { args }).output();
  try {
    return JSON.parse(new TextDecoder().decode(stdout));
  } catch {
    throw new Error(new TextDecoder().decode(stderr));
  }
}

// K70
Deno.test({
  name: "a process with few rights, which may not read /proc, is known all the same",
  ignore: !isLinux,
  async fn() {
    const few = ["--allow-read", "--allow-run", "--allow-sys", "--allow-import"];
    const { self: other, own, outside } = await tells([], few) as { self: typeof self; own: string; outside: string };
    assertEquals([other.birth?.split("/").slice(0, 2), own, outside], [[boot, namespace], "alive", "dead"]);
    const less = await tells([], ["--allow-read", "--allow-sys", "--allow-import"]);
    assertEquals([(less.self as typeof self).birth, less.own, less.outside], [null, "alive", "unknown"]);
  },
});

// K70
Deno.test({
  name: "of a process outside of its container nobody inside knows anything, whatever /proc is mounted",
  ignore: !CAN_UNSHARE,
  async fn() {
    for (const container of [OWN_NAMESPACE, OWN_NAMESPACE.filter((word) => word !== "--mount-proc")]) {
      const { self: other, own, outside } = await tells(container, ["-A"]) as Record<string, unknown>;
      assertEquals([(other as typeof self).host, own, outside], [self.host, "alive", "unknown"]);
    }
  },
});

// K70, K80
// K80
Deno.test("keepsLocksLocal() finds file systems whose locks are a host's own", () => {
  const table = [
    "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw",
    "30 22 0:40 / /nfs rw shared:1 - nfs4 server:/a rw,vers=4.2,local_lock=none,addr=1",
    "31 22 0:41 / /nfs/old rw - nfs server:/b rw,vers=3,nolock,local_lock=all,addr=1",
    "32 22 0:42 / /with\\040blank rw - nfs server:/c rw,local_lock=flock",
    "33 22 0:43 / /fuse rw - fuse.sshfs host:/d rw,user_id=0",
    "34 22 0:44 / /virtual rw - virtiofs share rw",
    "35 22 0:45 / /lustre rw - lustre mgs@tcp:/e rw,flock",
    "36 22 0:46 / /lustre/local rw - lustre mgs@tcp:/f rw,localflock",
    "",
  ].join("\n");
  const local = [
    "/a",
    "/nfs",
    "/nfs/a",
    "/nfs/older/a",
    "/nfs/old",
    "/nfs/old/a/b",
    "/with blank/a",
    "/fuse/a",
    "/fused",
    "/virtual",
    "/lustre",
    "/lustre/local",
  ]
    .filter((path) => keepsLocksLocal(table, path));
  assertEquals(local, ["/nfs/old", "/nfs/old/a/b", "/with blank/a", "/fuse/a", "/virtual", "/lustre/local"]);
});
