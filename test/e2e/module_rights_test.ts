// What functions of modules may do, and what they are told when they may not.
import { assert, assertEquals } from "@std/assert";
import { rigTest } from "../rig.ts";
import { configure, errors } from "./modules.ts";

const NO_RIGHT = `
  export const read = () => Deno.readTextFile("secret.txt");
  export const far = () => Deno.readTextFileSync("/etc/hostname");
  export const folder = () => [...Deno.readDirSync("src")].length + "";
  export const source = () => Deno.statSync("src/a.txt").size + "";
  export const write = () => { Deno.writeTextFileSync("side.txt", "x"); return ""; };
  export const net = async () => { try { await Deno.connect({ hostname: "127.0.0.1", port: 1 }); } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
  } return ""; };
  export const run = async () => (await new Deno.Command("true").output()).code + "";
  export const env = () => Deno.env.get("SECRET") ?? "";
  export const ffi = () => { try { Deno.dlopen("/no/such/library.so", {}); } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
  } return ""; };
  export const sys = () => Deno.hostname();
  export const computed = async () => (await import(new URL("src/" + "late.ts", import.meta.url).href)).late;
  export const remote = async () => { try { await import("https://exam" + "ple.invalid/x.js"); } catch (error) {
    if (String(error).includes("Requires import")) throw error;
  } return ""; };
`;

rigTest("a module's function may do nothing undeclared, and is told what to declare; then it may", async (rig) => {
  rig.write("tasks.ts", NO_RIGHT);
  rig.write("secret.txt", "secret");
  rig.write("src/a.txt", "a");
  rig.write("src/late.ts", 'export const late: string = "late";\n');
  const rights: Record<string, Record<string, string[]>> = {
    read: { read: ["secret.txt"] },
    far: { read: ["/etc/hostname"] },
    folder: { read: ["src"] },
    source: { read: ["src/a.txt"] },
    write: { write: ["side.txt"] },
    net: { net: ["127.0.0.1:1"] },
    run: { run: ["true"] },
    env: { env: ["SECRET"] },
    ffi: { ffi: ["/no/such/library.so"] },
    sys: { sys: ["hostname"] },
    computed: { read: ["src/late.ts"] },
    remote: { import: ["example.invalid:443"] },
  };
  const files = (name: string) => name === "source" ? { source_files: ["src/a.txt"] } : {};
  configure(rig, Object.fromEntries(Object.keys(rights).map((name) => [name, files(name)])));
  const env = { SECRET: "secret" };
  const ended = await rig.build([], { env });
  assertEquals(errors(ended), {
    read: `Module may not read 'secret.txt': add it to "source_files", or add "permissions": {"read": ["secret.txt"]}`,
    far:
      `Module may not read '/etc/hostname': add it to "source_files", or add "permissions": {"read": ["/etc/hostname"]}`,
    folder: `Module may not read 'src': add it to "source_files", or add "permissions": {"read": ["src"]}`,
    source: `Module may not read 'src/a.txt': read it by read() or text(), ` +
      `or add "permissions": {"read": ["src/a.txt"]}`,
    write: `Module may not write 'side.txt': return the content or write it to out, ` +
      `or add "permissions": {"write": ["side.txt"]}`,
    net: `Module may not connect to '127.0.0.1:1': add "permissions": {"net": ["127.0.0.1:1"]}`,
    run: `Module may not run 'true': add "permissions": {"run": ["true"]}`,
    env: `Module may not read the environment variable 'SECRET': declare it in "env", ` +
      `or add "permissions": {"env": ["SECRET"]}`,
    ffi: `Module may not load the library '/no/such/library.so': add "permissions": {"ffi": ["/no/such/library.so"]}`,
    sys: `Module may not ask the system for 'hostname': add "permissions": {"sys": ["hostname"]}`,
    computed: `Module may not read 'src/late.ts': import it by a path that is written out, ` +
      `or add "permissions": {"read": ["src/late.ts"]}`,
    remote: `Module may not import from 'example.invalid:443': add "permissions": {"import": ["example.invalid:443"]}`,
  });
  assert(!rig.has("side.txt"));

  configure(
    rig,
    Object.fromEntries(Object.entries(rights).map(([name, permissions]) => [name, { ...files(name), permissions }])),
  );
  assertEquals(errors(await rig.build([], { env })), {});
  assertEquals(["read", "source", "env", "computed", "run"].map((name) => rig.read(`out/${name}`)), [
    "secret",
    "1",
    "secret",
    "late",
    "0",
  ]);
  assertEquals(rig.read("side.txt"), "x");
});

rigTest("a module's paths start at the config's folder, wherever troupe is started", async (rig) => {
  rig.write("project/data/a.txt", "a");
  rig.write(
    "project/tasks.js",
    `import process from "node:process";
    export default async () => {
      Deno.mkdirSync("side");
      await Deno.copyFile("data/a.txt", "side/b.txt");
      Deno.renameSync("side/b.txt", "side/c.txt");
      const { stdout } = await new Deno.Command("pwd").output();
      return [
        Deno.readTextFileSync("./data/a.txt"),
        (await Deno.stat("data/a.txt")).size,
        [...Deno.readDirSync(".")].map(({ name }) => name).filter((name) => !name.startsWith(".")).sort(),
        new TextDecoder().decode(stdout).trim() === Deno.cwd() && Deno.cwd() === process.cwd(),
        Deno.cwd(),
      ];
    };`,
  );
  rig.write("project/build.json", {
    tasks: [{
      name: "look",
      output: "out/look",
      module: "tasks.js",
      permissions: { read: ["."], write: ["side"], run: ["pwd"] },
    }],
  });
  const ended = await rig.build(["project/build.json"]);
  assertEquals(errors(ended), {});
  const found = JSON.parse(rig.read("project/out/look"));
  assertEquals(found, ["a", 1, ["build.json", "data", "side", "tasks.js"], true, rig.path("project")]);
  assertEquals(rig.read("project/side/c.txt"), "a");
});
