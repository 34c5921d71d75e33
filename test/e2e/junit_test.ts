// --junit: a case for each attempt, with what it printed.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { rigTest } from "../rig.ts";

function scrubbed(xml: string): string {
  return xml.replace(/ time="[\d.]+"/g, "").replace(/ timestamp="[\dT:-]+"/g, "");
}

// S6.7
rigTest("--junit writes a case for each attempt, with its output, and nothing that XML forbids", async (rig) => {
  const main = ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")];
  rig.write(
    "flaky.sh",
    `printf ']]> <&"\\033[31mred\\033[0m \\001\\377\\n' >&2\necho one\ntest -e again || { touch again; exit 3; }\n`,
  );
  rig.write(
    "tasks.txt",
    "flaky: sh flaky.sh [retries:1]\nbad: echo oops; false\nnever: true [after:bad]\ngood: true\n",
  );
  const { code, stdout } = await rig.build(["run", "tasks.txt", "--junit", "junit.xml", "-j1"], { deno: main });
  assertEquals(code, 1);
  assertStringIncludes(stdout, "Run completed: 2 passed, 1 failed");
  const err = '      <system-err><![CDATA[]]]]><![CDATA[> <&"red \\u0001\ufffd\n]]></system-err>';
  const cases = [
    '    <testcase classname="tasks" name="flaky">',
    '      <failure message="Command failed with exit code 3: one" type="exit"/>',
    "      <system-out><![CDATA[one\n]]></system-out>",
    err,
    "    </testcase>",
    '    <testcase classname="tasks" name="flaky (attempt 2)">',
    "      <system-out><![CDATA[one\n]]></system-out>",
    err,
    "    </testcase>",
  ].join("\n");
  const xml = scrubbed(rig.read("junit.xml"));
  assertStringIncludes(xml, cases);
  assertStringIncludes(xml, '<testsuites tests="5" failures="2" errors="0" skipped="1">');
  assertStringIncludes(xml, '  <testsuite name="tasks.txt" tests="5" failures="2" errors="0" skipped="1">');
  assertStringIncludes(xml, '    <testcase classname="tasks" name="never">\n      <skipped/>\n    </testcase>');
  assertStringIncludes(xml, '    <testcase classname="tasks" name="good"/>');
  assert(/^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u.test(xml));
});

// S6.7
rigTest(
  "--junit of a build has what is up to date, is as short as it must, and is told where it cannot be",
  async (rig) => {
    rig.write("build.json", {
      tasks: [{ name: "a", output: "a", content: "a" }, { name: "b", output: "b", command: "seq 1 60000; exit 1" }],
    });
    await rig.build(["-t", "a"]);
    assertEquals((await rig.build(["--junit", "reports/junit.xml", "-q"])).code, 1);
    const xml = rig.read("reports/junit.xml");
    assertStringIncludes(scrubbed(xml), '<testcase classname="build" name="a"/>');
    assert(/<!\[CDATA\[\[\d+ bytes dropped\]\n\d+\n/.test(xml) && xml.includes("\n60000\n]]>"));
    assert(xml.length < 270_000);
    const refused = await rig.build(["--junit", "build.json"]);
    assertEquals([refused.code, refused.stdout], [2, ""]);
    assertStringIncludes(refused.stderr, "The JUnit report 'build.json' would replace the build configuration");
    const same = await rig.build(["--junit", "x", "--events", "./x"]);
    assertEquals(same.code, 2);
    assertStringIncludes(same.stderr, "--events and --junit name the same file './x'");
    const lost = await rig.build(["-t", "a", "--junit", "a/junit.xml"]);
    assertEquals(lost.code, 1);
    assertStringIncludes(lost.stderr, "Cannot write JUnit report 'a/junit.xml': Not a directory");
  },
);
