// When functions of modules are called again, and when not.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { rigTest } from "../rig.ts";
import { configure, errors } from "./modules.ts";
import { executed, hits, reportOf } from "./said.ts";

// S0.41, S0.42
rigTest("a module task runs again for an edit of what it is made of, and for no other", async (rig) => {
  rig.write(
    "tasks/page.ts",
    'import { title } from "./title.ts";\nexport default ({ args }: any) => title + args.n;\n',
  );
  rig.write(
    "tasks/title.ts",
    'import data from "./data.json" with { type: "json" };\nexport const title: string = data.title;\n',
  );
  rig.write("tasks/data.json", { title: "T" });
  rig.write("tasks/other.ts", "");
  const configureWith = (fields: Record<string, unknown>) =>
    configure(rig, { page: { module: "tasks/page.ts", export: "default", args: { n: 1 }, ...fields } });
  const reason = async () => {
    const dry = reasonOf((await rig.build(["--dry-run"])).stdout);
    const ended = await rig.build();
    assertEquals([ended.code, executed(ended).length], [0, dry === undefined ? 0 : 1], ended.stdout);
    return dry;
  };
  configureWith({});
  assertEquals(await reason(), "new");
  assertEquals([rig.read("out/page"), await reason()], ["T1", undefined]);
  rig.write("tasks/other.ts", "// edited\n");
  assertEquals(await reason(), undefined);
  rig.write("tasks/page.ts", `${rig.read("tasks/page.ts")}// edited\n`);
  assertEquals(await reason(), "source changed: tasks/page.ts");
  rig.write("tasks/title.ts", `${rig.read("tasks/title.ts")}// edited\n`);
  assertEquals(await reason(), "source changed: tasks/title.ts");
  rig.write("tasks/data.json", { title: "U" });
  assertEquals([await reason(), rig.read("out/page")], ["source changed: tasks/data.json", "U1"]);
  configureWith({ args: { n: 2 } });
  assertEquals([await reason(), rig.read("out/page")], ["call changed", "U2"]);
  configureWith({ args: { n: 2 }, permissions: { sys: true } });
  assertEquals(await reason(), "call changed");
  configureWith({ args: { n: 2 }, permissions: { sys: true }, env: { A: "1" } });
  assertEquals(await reason(), "environment added: A");
  configureWith({ args: { n: 2 } });
  assertEquals(await reason(), undefined, "an earlier state is remembered");
  rig.write("tasks/title.ts", 'import "./other.ts";\nexport const title = "V";\n');
  assertEquals(
    await reason(),
    "source changed: tasks/title.ts; source added: tasks/other.ts; source removed: tasks/data.json",
  );
  rig.remove("tasks/other.ts");
  const gone = await rig.build();
  assertEquals([gone.code, errors(gone)], [1, {
    page: "Cannot read source 'tasks/other.ts': No such file or directory",
  }]);
});

function reasonOf(stdout: string): string | undefined {
  return /^Task '.+' would run: (.+)$/m.exec(stdout)?.[1];
}

rigTest("a module may be made by another task, and must then wait for it", async (rig) => {
  const tasks = (dependencies: string[]) => ({
    module: { output: "gen/page.ts", content: 'import { n } from "./n.ts";\nexport default () => `page ${n}`;\n' },
    part: { output: "gen/n.ts", command: 'echo "export const n = $(cat n.txt);" > "$OUT"', source_files: ["n.txt"] },
    page: { module: "gen/page.ts", export: "default", dependencies },
  });
  rig.write("n.txt", "1");
  configure(rig, tasks(["part"]));
  const refused = await rig.build();
  assertEquals(refused.code, 2);
  assertStringIncludes(
    refused.stderr,
    "Task 'page' reads 'gen/page.ts', which task 'module' makes, without depending on it\n  --> build.json:",
  );
  // What the module imports is known only when it is there.
  configure(rig, tasks(["module"]));
  const early = await rig.build(["--jobs", "1"]);
  assertEquals([early.code, errors(early)], [1, {
    page: "Module failed: it imports 'gen/n.ts', which task 'part' makes, without depending on it",
  }]);
  configure(rig, tasks(["module", "part"]));
  assertEquals([(await rig.build()).code, rig.read("out/page")], [0, "page 1"]);
  rig.write("n.txt", "2");
  assertEquals([executed(await rig.build()), rig.read("out/page")], [["page", "part"], "page 2"]);
  assertEquals(executed(await rig.build()), []);
});

rigTest("an artifact that is lost is restored without a call, where another path has the same work", async (rig) => {
  rig.write("tasks.ts", "export default ({ args }: any) => `made of ${args}`;\n");
  configure(rig, { page: { export: "default", args: 1 } });
  assertEquals((await rig.build()).code, 0);
  // The name is seen by the function, the path of its artifact is not.
  configure(rig, { page: { export: "default", args: 1, output: "elsewhere/page" } });
  const moved = await rig.build();
  assertEquals([executed(moved), rig.read("elsewhere/page")], [[], "made of 1"]);
  assertEquals(hits(await rig.build()), ["page"]);
});

rigTest("modules that are many, each in a file of its own, are called in turn", async (rig) => {
  const names = Array.from({ length: 7 }, (_, i) => `m${i}`);
  for (const name of names) rig.write(`${name}.ts`, `export default () => "${name}";\n`);
  configure(rig, Object.fromEntries(names.map((name) => [name, { module: `${name}.ts`, export: "default" }])), 1);
  const report = reportOf(await rig.build(["--json"]));
  assertEquals(report.completed, 7);
  assertEquals(names.map((name) => rig.read(`out/${name}`)), names);
});
