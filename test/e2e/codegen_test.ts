// The code generation example, run as a reader would run it.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { copySync } from "@std/fs";
import { fromFileUrl } from "@std/path";
import { TempFolder } from "../actors/temp_folder.ts";

const FIXTURE = fromFileUrl(new URL("../../fixtures/codegen", import.meta.url));

async function run(args: readonly string[]): Promise<{ code: number; lines: string[] }> {
  const program = new Deno.Command(Deno.execPath(), { args: [...args], env: { NO_COLOR: "1" }, stderr: "inherit" });
  const { code, stdout } = await program.output();
  return { code, lines: new TextDecoder().decode(stdout).trim().split("\n") };
}

// S4.19
Deno.test("fixtures/codegen generates models and validators that compile, and tries them", async () => {
  using folder = new TempFolder();
  const { code, lines } = await run(["run", "-A", `${FIXTURE}/pipeline.ts`, folder.path]);
  assertEquals(code, 0);
  assertEquals(lines.filter((line) => line.endsWith(": done")).length, 13);
  assertEquals(lines.slice(-6), [
    "8 files from 4 contracts",
    "wave 1: parse_address, parse_customer, parse_order, parse_product",
    "wave 2: model_address, model_customer, model_order, model_product",
    "wave 3: validator_address, validator_customer, validator_order, validator_product",
    "wave 4: final_validation",
    "16 examples validated",
  ]);
  const files = ["address.ts", "customer.ts", "order.ts", "product.ts"];
  assertEquals([folder.names("models"), folder.names("validators")], [files, files]);
  assertStringIncludes(Deno.readTextFileSync(folder.file("models/order.ts")), "products: Product[];");
  const { code: checked } = await run(["check", "--quiet", ...files.map((file) => folder.file(`validators/${file}`))]);
  assertEquals(checked, 0);
});

// S4.19
Deno.test("fixtures/codegen with a contract that is wrong generates the others and says so", async () => {
  using folder = new TempFolder();
  copySync(`${FIXTURE}/contracts`, folder.file("contracts"));
  Deno.writeTextFileSync(folder.file("contracts/order.json"), '{"name": "Order", "doc": "", "valid": []}');
  const { code, lines } = await run(["run", "-A", `${FIXTURE}/pipeline.ts`, folder.path, folder.file("contracts")]);
  assertEquals(code, 1);
  assert(lines.includes("parse_order: Contract 'Order' needs 'doc', 'valid' and 'invalid'"));
  assert(lines.includes("final_validation: Skipped because task 'parse_order' failed"));
  assertEquals(folder.names("models"), ["address.ts", "customer.ts", "product.ts"]);
  assertEquals(lines.at(-1), "no examples validated");
});
