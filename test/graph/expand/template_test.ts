// Texts with placeholders: values in, texts out, and what is wrong in them.
import { assertEquals } from "@std/assert";
import { combinationsOf, namesOf } from "../../../graph/expand/combinations.ts";
import { type Mistake, TemplateReader } from "../../../graph/expand/template.ts";

function made(value: unknown, values: Record<string, string>, fromFiles = 0): unknown {
  const mistakes: Mistake[] = [];
  const reader = new TemplateReader({ names: Object.keys(values), fromFiles }, (mistake) => mistakes.push(mistake));
  const make = reader.read(value, ["tasks", 0]);
  assertEquals(mistakes, []);
  return make(Object.values(values));
}

function mistakes(text: string): Mistake[] {
  const found: Mistake[] = [];
  new TemplateReader({ names: ["stem"], fromFiles: 0 }, (mistake) => found.push(mistake)).read({ text }, ["tasks", 0]);
  return found;
}

// S5.13
Deno.test("placeholders stand in all texts, and in the keys below those of a task", () => {
  const value = {
    name: "c:{a}",
    list: ["{a}/{b}", "plain", 7, { "k-{b}": "{b}{a}{b}", other: null }],
    "{a}": "a task's own keys are words",
  };
  assertEquals(made(value, { a: "x", b: "y" }), {
    name: "c:x",
    list: ["x/y", "plain", 7, { "k-y": "yxy", other: null }],
    "{a}": "a task's own keys are words",
  });
  const plain = { name: "a", env: { A: "1" } };
  assertEquals(made(plain, { a: "x" }) === plain, true);
  assertEquals(
    made(JSON.parse('{"env": {"__proto__": "{a}"}}'), { a: "x" }),
    JSON.parse('{"env": {"__proto__": "x"}}'),
  );
});

// S5.13
Deno.test("two braces are one, and a brace that begins no placeholder is left", () => {
  const text = (written: string) => (made({ text: written }, { stem: "s" }) as { text: string }).text;
  assertEquals(text("${{CC} {stem}"), "${CC} s");
  assertEquals(text("awk '{{print $1}' | jq '{ a: .b }'"), "awk '{print $1}' | jq '{ a: .b }'");
  assertEquals(text("src/{a,b}.c"), "src/{a,b}.c");
  assertEquals(text("{{stem} {{{stem}"), "{stem} {s");
  assertEquals(text("{stem}}"), "s}");
});

// S5.13
Deno.test("what is no placeholder is told, with the brace that was meant for a shell", () => {
  const path = ["tasks", 0, "text"];
  assertEquals(mistakes("{stm} ${CC}"), [
    { kind: "unknown", path, name: "stm", isShell: false },
    { kind: "unknown", path, name: "CC", isShell: true },
  ]);
  assertEquals(mistakes("--format '{{.Names}}'"), [{ kind: "double", path, text: "{{.Names}}" }]);
});

// S5.13
Deno.test("a file's name in a command is what a shell reads as it is, wherever it stands", () => {
  const command = (written: string, stem: string) =>
    (made({ command: written }, { stem }, 1) as { command: string }).command;
  assertEquals(command("cat {stem} > $OUT", "a/b.c"), "cat a/b.c > $OUT");
  assertEquals(command("cat {stem} '{stem}' \"{stem}\"", "a b"), "cat 'a b' 'a b' \"a b\"");
  assertEquals(command("cat {stem} '{stem}' \"{stem}\"", "it's $5"), "cat 'it'\\''s $5' 'it'\\''s $5' \"it's \\$5\"");
  assertEquals(
    command('echo "$(cat {stem})" # don\'t {stem}\ncat {stem}', "a b"),
    "echo \"$(cat 'a b')\" # don't a b\ncat 'a b'",
  );
  assertEquals(command('echo `cat {stem}` \\" {stem}', "a b"), "echo `cat 'a b'` \\\" 'a b'");
  // What the config says itself is put in as it is written.
  assertEquals((made({ command: "cc {flags}" }, { flags: "-O2 -g" }) as { command: string }).command, "cc -O2 -g");
  assertEquals((made({ content: "{stem}" }, { stem: "a b" }, 1) as { content: string }).content, "a b");
});

// S5.13: the shell itself says so.
Deno.test("a shell gets back any name that a file may have", async () => {
  const names = ["plain.c", "a b", "it's", '"', "$HOME", "`id`", "a\\", "#c", "*", "~", "ü;&|", "(x)", "-n"];
  for (const name of names) {
    const written =
      "printf '%s|' {stem} '{stem}' \"{stem}\" x{stem} \"$(printf '%s' {stem})\" \"$(printf '%s' \"{stem}\")\"";
    const { command } = made({ command: written }, { stem: name }, 1) as { command: string };
    const { stdout } = await new Deno.Command("/bin/sh", { args: ["-c", command] }).output();
    assertEquals(new TextDecoder().decode(stdout), `${name}|${name}|${name}|x${name}|${name}|${name}|`, command);
  }
});

// S5.13
Deno.test("the names of a file", () => {
  assertEquals(namesOf("src/a/b.tar.gz"), ["src/a/b.tar.gz", "src/a", "b.tar.gz", "b.tar", ".gz"]);
  assertEquals(namesOf("Makefile"), ["Makefile", ".", "Makefile", "Makefile", ""]);
  assertEquals(namesOf("/etc/.profile"), ["/etc/.profile", "/etc", ".profile", ".profile", ""]);
  assertEquals(namesOf("/x.c")[1], "/");
  assertEquals(namesOf("!odd")[0], "./!odd");
});

// S5.13
Deno.test("combinations: the last name changes fastest, files slowest", () => {
  const all = combinationsOf(["a.c", "b.c"], [["x", ["1", "2"]], ["y", ["p", "q", "r"]]]);
  assertEquals([all.size, all.names], [12, ["path", "dir", "name", "stem", "ext", "x", "y"]]);
  const told = Array.from({ length: all.size }, (_, at) => all.at(at)).map((values) =>
    [values[3], values[5], values[6]].join("")
  );
  assertEquals(told.join(" "), "a1p a1q a1r a2p a2q a2r b1p b1q b1r b2p b2q b2r");
  assertEquals(combinationsOf([], [["x", ["1"]]]).size, 0);
  assertEquals(combinationsOf(undefined, []).size, 1);
});
