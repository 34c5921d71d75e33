// The package for npm, as `deno task pack` makes it: for those who have Node and no Deno, and for those who have Deno.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { parse } from "@std/jsonc";
import { fromFileUrl } from "@std/path";
import config from "../../deno.json" with { type: "json" };
import { lives, until } from "../faults/rig.ts";
import { isFull } from "../random.ts";
import { type Ended, Rig, type RunChoices } from "../rig.ts";
import { NpmRegistry, type OfferedPackage } from "./npm_registry.ts";
import { installLine, steps, takeSamples, writeSamples } from "./samples.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

/** As it is offered 400 KB; compressed as any gzip does it is a twentieth larger. */
const MOST_BYTES = (isFull ? 400 : 425) * 1024;

const FOLDERS = Deno.env.get("PATH")!.split(":").filter((folder) => isThere(folder));

const HAS_NPM = ["node", "npm", "npx"].every((name) => FOLDERS.some((folder) => isThere(`${folder}/${name}`)));

/** Prints what the library says of a build. */
const LIBRARY = `import { build, type BuildReport } from "troupe";
const report: BuildReport = await build("build.json", { force: true });
console.log(report.completed, "of", report.total_tasks);
`;

/** The package, made once for all tests. */
let packed: { readonly folder: string; readonly made: Promise<string> } | undefined;

Deno.test.afterAll(() => {
  if (packed !== undefined) Deno.removeSync(packed.folder, { recursive: true });
});

async function pack(folder: string): Promise<string> {
  // The same files either way
  const args = ["task", "--quiet", "pack", folder, ...(isFull ? [] : ["--quick"])];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

function packOnce(): Promise<string> {
  if (packed === undefined) {
    const folder = Deno.makeTempDirSync({ prefix: "troupe-packed-" });
    packed = { folder, made: pack(folder) };
  }
  return packed.made;
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path) !== undefined;
  } catch {
    return false;
  }
}

/** Makes a folder with the programs of this machine, without Deno. */
function linkPrograms(at: string): void {
  Deno.mkdirSync(at);
  const seen = new Set<string>();
  for (const folder of FOLDERS) {
    for (const { name } of Deno.readDirSync(folder)) {
      if (/^(deno|dx)/.test(name) || seen.has(name)) continue;
      seen.add(name);
      Deno.symlinkSync(`${folder}/${name}`, `${at}/${name}`);
    }
  }
}

/** A project of somebody who has Node, with the package beside it. */
class NodeProject extends Rig {
  readonly env = {
    PATH: `${this.tmp}/programs`,
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_ignore_scripts: "true",
    npm_config_prefer_offline: "true",
    npm_config_prefix: `${this.tmp}/global`,
    npm_config_update_notifier: "false",
  };

  static async make(): Promise<NodeProject> {
    const project = new NodeProject();
    linkPrograms(project.env.PATH);
    const tarball = await packOnce();
    Deno.mkdirSync(project.path("dist"));
    Deno.copyFileSync(tarball, project.path(`dist/troupe-${config.version}.tgz`));
    project.write("package.json", { private: true, type: "module", scripts: { all: "troupe build --force" } });
    return project;
  }

  shell(line: string, choices: RunChoices = {}): Promise<Ended> {
    return this.spawn("/bin/sh", ["-c", line], { ...choices, env: this.env }).ended;
  }

  /** Starts the program that npm has put there. */
  troupe(...args: string[]) {
    return this.spawn(this.path("node_modules/.bin/troupe"), args, { env: this.env });
  }
}

/** The README's first build. */
function firstBuild(): Record<string, unknown> {
  const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
  return parse(/^## A first build\n[^]*?^```jsonc\n([^]*?)^```/m.exec(readme)![1]) as Record<string, unknown>;
}

// S8.2, S8.4, S8.6
Deno.test({
  name: `with Node and npm alone, the package does all that troupe does${HAS_NPM ? "" : " (there is no npm here)"}`,
  ignore: !HAS_NPM,
  async fn(t) {
    await using project = await NodeProject.make();
    const step = steps(project, t);
    const tarball = project.path(`dist/troupe-${config.version}.tgz`);

    await step("it is small, and has no sources and no tests", async () => {
      assert(Deno.statSync(tarball).size <= MOST_BYTES, `${Deno.statSync(tarball).size} bytes`);
      const { stdout } = await project.shell("tar -tzf dist/*.tgz");
      const names = stdout.trim().split("\n");
      assertEquals(names.filter((name) => /test|bench|fixtures/.test(name) || /(?<!\.d)\.ts$/.test(name)), []);
      for (const name of ["LICENSE", "LICENSES-OF-OTHERS", "README.md", "troupe.js", "types/mod.d.ts"]) {
        assert(names.includes(`package/${name}`), name);
      }
      const licenses = (await project.shell("tar -xzOf dist/*.tgz package/LICENSES-OF-OTHERS")).stdout;
      assertMatch(licenses, /^es-module-lexer \d+\.\d+\.\d+\n\n[^]*Copyright/m);
    });

    const { code, stderr } = await project.shell(installLine("npm install --save-dev"));
    if (
      /killed by the test rig|E(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NOTCACHED|NETUNREACH)/.test(stderr)
    ) {
      return console.warn(`Deno cannot be had from npm here, so the package is not tried:\n${stderr}`);
    }
    assertEquals(code, 0, stderr);

    await step("the README's first build", async () => {
      project.write("first/build.json", firstBuild());
      project.write("first/data/a.csv", "2\n1\n");
      const { code, stdout, stderr } = await project.shell("npx troupe build --junit all.xml", { cwd: "first" });
      assertEquals([code, project.read("first/build/report.txt")], [0, "Numbers\n1\n2\n"], stdout + stderr);
      assertEquals(project.read("first/all.xml").match(/<testcase /g)?.length, 3);
    });

    await step("a run as a page, whose files are text in the package", async () => {
      const { code, stderr } = await project.shell("npx troupe report -o report.html", { cwd: "first" });
      assertEquals([code, stderr], [0, ""]);
      assertMatch(
        project.read("first/report.html"),
        /<title>Run #1<\/title>[^]*"names":\["numbers","title","report"\]/,
      );
    });

    writeSamples(project);
    await step("npm run, with threads and processes of modules that an import map leads on", async () => {
      const { code, stdout, stderr } = await project.shell("npm run --silent all");
      assertEquals([code, stderr], [0, ""], stdout);
      takeSamples(project);
    });

    await step("a crew", async () => {
      const { code, stdout, stderr } = await project.troupe("crew", "2", "build.json", "--db", "crew.db").ended;
      assertEquals(code, 0, stdout + stderr);
      assertMatch(stdout, /Crew of 2 members ended after .*: 3 of 3 tasks completed/);
      takeSamples(project);
    });

    await step("deno task and deno x, which run the program by themselves", async () => {
      for (const line of ["npx deno task all", "npx deno x -A troupe build --force"]) {
        const { code, stdout, stderr } = await project.shell(line);
        assertEquals(code, 0, stdout + stderr);
        takeSamples(project);
      }
    });

    await step("no process stands between a signal and troupe", async () => {
      const held = project.hold("held");
      project.write("held.json", { tasks: [{ name: "held", output_artifact: "held", command: held.command }] });
      const running = project.troupe("build", "held.json");
      await held.started();
      const program = Deno.build.os === "linux" ? Deno.readLinkSync(`/proc/${running.pid}/exe`) : "/deno";
      assert(program.startsWith(project.folder) && program.endsWith("/deno"), program);
      running.kill("SIGINT");
      const { code, stdout } = await running.ended;
      assertEquals(code, 130, stdout);
      assertMatch(stdout, /Build completed in .*: 0 succeeded/);
    });

    await step("what runs is ended when troupe is killed", async () => {
      const task = { name: "a", output_artifact: "a", command: "echo $$ > pid; exec sleep 1000" };
      project.write("killed.json", { tasks: [task] });
      const running = project.troupe("build", "killed.json");
      await until(() => project.has("pid") && project.read("pid") !== "", "the command runs");
      running.kill("SIGKILL");
      await running.ended;
      await until(() => !lives(Number(project.read("pid"))), "the command is gone");
    });

    await step("a watch", async () => {
      const running = project.troupe("watch", "first/build.json");
      await running.says(/^Watching /m);
      project.write("first/data/a.csv", "3\n");
      await running.says(/^data\/a\.csv changed\n[^]*^Watching /m);
      running.kill("SIGINT");
      assertEquals([(await running.ended).code, project.read("first/build/report.txt")], [130, "Numbers\n3\n"]);
    });

    await step("the library", async () => {
      project.write("library.ts", LIBRARY);
      const { code, stdout, stderr } = await project.shell("npx deno run -A --unstable-worker-options library.ts");
      assertEquals([code, stdout], [0, "3 of 3\n"], stderr);
      takeSamples(project);
    });

    await step("its types, to TypeScript's own compiler", async () => {
      const installed = await project.shell("npm install --no-save typescript@5 @types/node@22");
      assertEquals(installed.code, 0, installed.stderr);
      project.write("wrong.ts", 'import { build } from "troupe";\nawait build(1);\n');
      const options = "--noEmit --strict --module nodenext --target esnext --lib esnext,dom";
      const { stdout } = await project.shell(`npx tsc ${options} library.ts wrong.ts`);
      assertMatch(stdout, /^wrong\.ts\(2,13\): error TS2345: .*\n$/);
    });

    await step("the README's line installs it for all folders", async () => {
      const installed = await project.shell(installLine("npm install --global"));
      assertEquals(installed.code, 0, installed.stderr);
      project.remove("node_modules");
      const troupe = project.spawn(`${project.tmp}/global/bin/troupe`, ["build", "--force"], { env: project.env });
      const { code, stdout, stderr } = await troupe.ended;
      assertEquals([code, stderr], [0, ""], stdout);
      takeSamples(project);
    });
  },
});

/** The package as a registry offers it, and one that stands for Deno, which those who have Deno do not need. */
async function offered(rig: Rig): Promise<OfferedPackage[]> {
  rig.write("package/package.json", { name: "deno", version: "2.9.6" });
  const tar = async (...args: string[]) => {
    return (await new Deno.Command("tar", { args: ["-C", rig.folder, ...args] }).output()).stdout;
  };
  const stand = { manifest: { name: "deno", version: "2.9.6" }, tarball: await tar("-cz", "package") };
  const tarball = Deno.readFileSync(await packOnce());
  const manifest = await tar("-xzOf", await packOnce(), "package/package.json");
  rig.remove("package");
  return [stand, { manifest: JSON.parse(new TextDecoder().decode(manifest)), tarball }];
}

// S8.2, S8.4
Deno.test("with Deno alone, the package does all that troupe does, wherever Deno keeps it", async (t) => {
  await using rig = new Rig();
  await using registry = new NpmRegistry(await offered(rig));
  const step = steps(rig, t);
  const root = `${rig.tmp}/root`;
  const env = {
    DENO_DIR: `${rig.tmp}/deno`,
    DENO_INSTALL_ROOT: root,
    NPM_CONFIG_REGISTRY: registry.url,
    NO_COLOR: "1",
  };
  const deno = (...args: string[]) => rig.spawn(Deno.execPath(), args, { env }).ended;
  writeSamples(rig);

  await step("deno add, and the library with types", async () => {
    const added = await deno("add", "npm:troupe");
    assertEquals(added.code, 0, added.stderr);
    rig.write("library.ts", LIBRARY);
    const checked = await deno("check", "--quiet", "library.ts");
    assertEquals([checked.code, checked.stderr], [0, ""]);
    const { code, stdout, stderr } = await deno("run", "-A", "--unstable-worker-options", "library.ts");
    assertEquals([code, stdout], [0, "3 of 3\n"], stderr);
    takeSamples(rig);
  });

  await step("deno task, deno run and deno x", async () => {
    for (const line of ["task all", "run -A npm:troupe build --force", "x -A npm:troupe build --force"]) {
      const { code, stdout, stderr } = await deno(...line.split(" "));
      assertEquals(code, 0, `${line}\n${stdout}${stderr}`);
      takeSamples(rig);
    }
  });

  await step("deno install, for all folders", async () => {
    const installed = await deno("install", "-g", "-A", "npm:troupe");
    assertEquals(installed.code, 0, installed.stderr);
    const { code, stdout, stderr } = await rig.spawn(`${root}/bin/troupe`, ["build", "--force"], { env }).ended;
    assertEquals(code, 0, stdout + stderr);
    takeSamples(rig);
  });
});
