/**
 * Owns the same projects as projects.ts, in the terms of tools that remember by content what they have done.
 *
 * @module
 */
import type { Project } from "./projects.ts";
import type { Space } from "./space.ts";

/** Writes a project for `deno task all`, with its cache. */
export function denoProject(space: Space, size: number): Project {
  const folder = space.folder("deno-task"), names = namesOf(size);
  Deno.mkdirSync(`${folder}/src`);
  Deno.mkdirSync(`${folder}/out`);
  const tasks = names.map((name) => {
    const source = `src/${name}.txt`, output = `out/${name}.txt`;
    Deno.writeTextFileSync(`${folder}/${source}`, `This is ${source}.\n`);
    return [name, { command: `cat ${source} > ${output}`, files: [source], output: [output] }];
  });
  const all = { dependencies: names };
  Deno.writeTextFileSync(`${folder}/deno.json`, JSON.stringify({ tasks: { ...Object.fromEntries(tasks), all } }));
  return projectOf(folder, size, (name) => [`src/${name}.txt`, `out/${name}.txt`]);
}

/** Writes a workspace for turbo, and fetches turbo; undefined when npm cannot. */
export async function turboProject(
  space: Space,
  size: number,
): Promise<{ readonly project: Project; readonly program: string } | undefined> {
  const tool = space.folder("turbo"), folder = space.folder("turbo-workspace"), names = namesOf(size);
  const args = ["install", "--prefix", tool, "--no-audit", "--no-fund", "turbo@2"];
  if (!await isDone("npm", args)) return undefined;
  const write = (name: string, value: object) => Deno.writeTextFileSync(`${folder}/${name}`, JSON.stringify(value));
  const about = { name: "workspace", workspaces: ["packages/*"] };
  write("package.json", { ...about, private: true, packageManager: "npm@10.0.0" });
  write("turbo.json", { tasks: { build: { inputs: ["src.txt"], outputs: ["out.txt"] } } });
  const links: Record<string, object> = { "": about };
  for (const name of names) {
    const path = `packages/${name}`;
    Deno.mkdirSync(`${folder}/${path}`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/${path}/src.txt`, `This is ${path}.\n`);
    write(`${path}/package.json`, { name, version: "0.0.0", scripts: { build: "cat src.txt > out.txt" } });
    links[`node_modules/${name}`] = { resolved: path, link: true };
    links[path] = { name, version: "0.0.0" };
  }
  write("package-lock.json", { name: about.name, lockfileVersion: 3, requires: true, packages: links });
  const project = projectOf(folder, size, (name) => [`packages/${name}/src.txt`, `packages/${name}/out.txt`]);
  return { project, program: `${tool}/node_modules/.bin/turbo` };
}

function namesOf(size: number): string[] {
  return Array.from({ length: size }, (_, i) => `t${i}`);
}

function projectOf(folder: string, size: number, paths: (name: string) => [source: string, artifact: string]): Project {
  const [source, artifact] = paths(`t${Math.floor(size / 2)}`);
  return { folder, size, source: `${folder}/${source}`, artifact: `${folder}/${artifact}` };
}

async function isDone(program: string, args: readonly string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}
