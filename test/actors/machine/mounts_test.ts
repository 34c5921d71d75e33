import { assertEquals } from "@std/assert";
import { clonesFiles } from "../../../actors/machine/cloning_files.ts";
import { mountAt, mountIn } from "../../../actors/machine/mounts.ts";

const TABLE = `22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw,errors=remount-ro
30 22 0:40 / /home rw shared:1 - btrfs /dev/sdb rw,ssd,subvol=/home
31 30 0:41 / /home/a\\040b rw - nfs server:/x rw,local_lock=none
32 22 8:2 / /data rw - ext4 /dev/sdc rw
33 22 8:3 / /data rw - xfs /dev/sdd rw
broken line`;

// S5.20
Deno.test("a path is mounted as the deepest mount around it says, the latest one of a place", () => {
  const kindOf = (path: string) => mountIn(TABLE, path).kind;
  assertEquals(["/", "/homes", "/home", "/home/a", "/home/a b/c", "/data/x"].map(kindOf), [
    ...["ext4", "ext4", "btrfs", "btrfs", "nfs", "xfs"],
  ]);
  assertEquals(mountIn(TABLE, "/home/x").options, ["rw", "ssd", "subvol=/home"]);
  assertEquals(mountIn("", "/x"), { kind: "", options: [] });
});

Deno.test({
  name: "the system tells how a folder is mounted, and copies share blocks where its kind says so",
  ignore: Deno.build.os !== "linux",
  fn: () => {
    assertEquals(mountAt("/proc")?.kind, "proc");
    assertEquals(clonesFiles("/proc"), false);
    const kind = mountAt(Deno.cwd())?.kind;
    assertEquals(clonesFiles(Deno.cwd()), ["xfs", "btrfs", "bcachefs"].includes(kind!));
  },
});
